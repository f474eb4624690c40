// A graph under construction by random steps: what was made so far, and what may still be spent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "tests/campaign/random.h"

namespace sinter::campaign {

using ir::ValueId;
using Dims = std::vector<ir::Dim>;

class GraphSketch {
 public:
  explicit GraphSketch(Random &random) : random(random) {}

  Random &random;
  ir::Graph graph;
  ValueId last = -1;  // what the last step made

  ValueId input(Dims dims);
  ValueId weight(Dims dims, bool positive = false, ir::VariableKind kind = ir::VariableKind::weight);
  // Adds the node if its shapes fit and it is not too expensive, and makes it `last`; otherwise -1. `cost`:
  // operations an element of the result.
  ValueId add(std::string_view op, const std::string &attributes, std::vector<ValueId> inputs,
              int64_t cost = 1);

  // A value that a step may read, recent ones more often; -1 if there is none of the rank (0: any).
  ValueId some(int rank = 0);
  // Another value of the same type, or -1.
  ValueId like(ValueId value);
  const std::vector<ValueId> &values() const { return values_; }

  const Dims &dims(ValueId value) const { return graph.type(value).dims; }
  int64_t dim(ValueId value, int i) const { return dims(value)[static_cast<size_t>(i)].value(); }
  int64_t channels(ValueId value) const { return dims(value).back().value(); }
  int rank(ValueId value) const { return graph.type(value).rank(); }

  // Output channels: mostly few; at times around one register or one block of packed weights, or some of
  // them.
  int64_t some_channels();

  // "[1, 2]"
  static std::string list(const std::vector<int64_t> &numbers);

 private:
  std::vector<ValueId> values_;
  int64_t budget_ = 400000;  // operations a sample
};

}  // namespace sinter::campaign

// What rounding may do to a result. A graph is evaluated in double exactly, and some times with every operand
// of every op that rounds changed by a random part of 2^-23 (Monte Carlo arithmetic; Parker, "Monte Carlo
// arithmetic", 1997). The differences are what an evaluation in f32 differs by, up to a small factor,
// whatever cancels or is divided by on the way.
#pragma once

#include <string>
#include <vector>

#include "ir/interpret.h"
#include "tests/campaign/random.h"

namespace sinter::campaign {

struct Evaluation {
  std::vector<ir::ReferenceTensor> exact;    // by value
  std::vector<std::vector<double>> changes;  // by value and element: the largest difference that was seen

  // The largest of a value.
  double noise(ir::ValueId value) const;
  // Of an element: 0 if it never changed, else at least the root mean square over the value.
  std::vector<double> element_noise(ir::ValueId value) const;
};

Evaluation evaluate(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &inputs,
                    const std::vector<ir::ReferenceTensor> &variables, int64_t n, Random &random);

enum class Kinks : uint8_t {
  jumps,    // places where an op's result jumps
  corners,  // those, and places where its gradient does
};

// The first node at a kink: an operand so close to it that rounding may decide on which side it lies. Only
// nodes with `considered` (by node) are looked at. "": there is none.
std::string kink(const ir::Graph &graph, const Evaluation &evaluation, const std::vector<bool> &considered,
                 Kinks kinks);

// By node: whether one of `values` depends on it.
std::vector<bool> ancestors(const ir::Graph &graph, const std::vector<ir::ValueId> &values);

}  // namespace sinter::campaign

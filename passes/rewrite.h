// Rebuilds a graph node by node: what passes have in common. The result has the source's inputs and
// variables, in their order; nodes follow in the order in which the pass copies or emits them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "passes/pass.h"

namespace sinter::passes {

class Rewriter {
 public:
  // `source` must outlive the rewriter. With `live` (by value), variables that are not live are left out.
  explicit Rewriter(const ir::Graph &source, const std::vector<bool> *live = nullptr);

  const ir::Graph &source() const { return source_; }
  ir::Graph &result() { return result_; }

  // The result's counterpart of a value of the source, which must have been copied or replaced.
  ir::ValueId map(ir::ValueId value) const;
  std::vector<ir::ValueId> map(const std::vector<ir::ValueId> &values) const;
  void replace(ir::ValueId value, ir::ValueId result_value) {
    map_[static_cast<size_t>(value)] = result_value;
  }

  // Copies a node of the source; its outputs keep their names, whatever was emitted before.
  void copy(const ir::Node &node);
  // The same op with other attributes or operands (of the result) and outputs of the same types.
  void copy(const ir::Node &node, ir::Attributes attributes, std::vector<ir::ValueId> operands);
  // Adds a node that cannot fail. Its name is `name`, or one derived from it if that is taken.
  ir::ValueId emit(std::string_view op, ir::Attributes attributes, std::vector<ir::ValueId> operands,
                   std::string_view name, std::string_view layer = {});
  // Gives a value of the result this very name; another value that has it gets another.
  void rename(ir::ValueId result_value, std::string_view name);

  // The result, with the source's outputs.
  ir::Graph finish();

 private:
  void free_name(std::string_view name);

  const ir::Graph &source_;
  ir::Graph result_;
  std::vector<ir::ValueId> map_;
};

// The attributes of an op from text, such as "shape=[1, 4]"; CHECKs that they are right.
ir::Attributes attributes_of(std::string_view op, std::string_view text);

// By value: whether it depends on variables alone.
std::vector<bool> parameter_values(const ir::Graph &graph);

// By value: whether an output depends on it.
std::vector<bool> live_values(const ir::Graph &graph);

// Drops nodes on which no output depends; with `keep_variables` false, such variables too.
ir::Graph without_dead_nodes(const ir::Graph &graph, bool keep_variables);

// Weights of graph `to` from those of `from`: variables are the same if their keys are. Pass weights by
// std::move: data is moved, not copied.
Weights follow_variables(Weights weights, const ir::Graph &from, const ir::Graph &to);

}  // namespace sinter::passes

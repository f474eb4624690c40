#include "passes/fold_constants.h"

#include <algorithm>
#include <utility>

#include "ir/interpret.h"
#include "passes/rewrite.h"

namespace sinter::passes {

namespace {

using ir::Graph;
using ir::Node;
using ir::ReferenceTensor;
using ir::ValueId;

size_t index(ValueId id) {
  return static_cast<size_t>(id);
}

ir::TensorData to_data(const ReferenceTensor &tensor) {
  return {tensor.dims, std::vector<float>(tensor.data.begin(), tensor.data.end())};
}

// Values that are folded, in double: a chain of nodes is rounded to f32 once, at its end.
class ConstantFolder {
 public:
  explicit ConstantFolder(GraphWithWeights &program)
      : graph_(program.graph),
        weights_(program.weights),
        rewriter_(graph_),
        folded_(foldable()),
        values_(folded_.size()),
        remaining_uses_(folded_.size(), 0),
        is_needed_(folded_.size(), false) {
    for (const Node &node : graph_.nodes)
      for (const ValueId input : node.inputs) {
        if (folded_[index(node.outputs[0])])
          ++remaining_uses_[index(input)];
        else
          is_needed_[index(input)] = true;
      }
  }

  GraphWithWeights run() {
    for (const Node &node : graph_.nodes) {
      if (folded_[index(node.outputs[0])])
        fold(node);
      else
        rewriter_.copy(node);
    }
    Graph full = rewriter_.finish();
    Weights weights = follow_variables(std::move(weights_), graph_, full);
    for (auto &[variable, data] : data_) weights[variable] = std::move(data);
    Graph result = without_dead_nodes(full, false);
    Weights result_weights = follow_variables(std::move(weights), full, result);
    return {std::move(result), std::move(result_weights)};
  }

 private:
  // Outputs of the graph stay nodes: a program writes its outputs.
  std::vector<bool> foldable() const {
    std::vector<bool> result = parameter_values(graph_);
    for (const Node &node : graph_.nodes) {
      const bool writes_output =
          std::ranges::any_of(node.outputs, [&](ValueId id) { return graph_.is_output(id); });
      for (const ValueId output : node.outputs)
        result[index(output)] = result[index(output)] && !writes_output;
    }
    // A node behind such an output is not folded either.
    for (const Node &node : graph_.nodes) {
      const bool all = std::ranges::all_of(node.inputs, [&](ValueId id) { return result[index(id)]; });
      for (const ValueId output : node.outputs) result[index(output)] = result[index(output)] && all;
    }
    return result;
  }

  std::optional<ReferenceTensor> operand(ValueId id) {
    if (!graph_.is_variable(id)) {
      if (--remaining_uses_[index(id)] == 0) return std::exchange(values_[index(id)], std::nullopt);
      return values_[index(id)];
    }
    const auto variable = static_cast<size_t>(graph_.value(id).variable);
    if (variable >= weights_.size() || !weights_[variable]) return std::nullopt;
    return ir::to_reference(*weights_[variable]);
  }

  void fold(const Node &node) {
    std::vector<ir::TensorType> types;
    std::vector<ReferenceTensor> operands;
    for (const ValueId input : node.inputs) {
      types.push_back(graph_.type(input));
      if (std::optional<ReferenceTensor> tensor = operand(input)) operands.push_back(*std::move(tensor));
    }
    const bool is_known = operands.size() == node.inputs.size();
    std::vector<ReferenceTensor> results;
    if (is_known) results = interpret_op(*node.op, node.attributes, types, std::move(operands), 1);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId output = node.outputs[i];
      if (is_needed_[index(output)])
        add_constant(output, is_known ? std::optional(to_data(results[i])) : std::nullopt);
      if (is_known && remaining_uses_[index(output)] > 0) values_[index(output)] = std::move(results[i]);
    }
  }

  void add_constant(ValueId output, std::optional<ir::TensorData> data) {
    Graph &result = rewriter_.result();
    const ir::Value &value = graph_.value(output);
    const ValueId constant = result.add_variable(value.name, value.type, ir::VariableKind::constant, false);
    rewriter_.rename(constant, value.name);
    rewriter_.replace(output, constant);
    data_.emplace_back(result.variables.size() - 1, std::move(data));
  }

  const Graph &graph_;
  Weights &weights_;
  Rewriter rewriter_;
  std::vector<bool> folded_;
  std::vector<std::optional<ReferenceTensor>> values_;
  std::vector<size_t> remaining_uses_;  // by folded nodes
  std::vector<bool> is_needed_;         // by a node that is not folded
  std::vector<std::pair<size_t, std::optional<ir::TensorData>>> data_;
};

}  // namespace

GraphWithWeights fold_constants(GraphWithWeights program) {
  return ConstantFolder(program).run();
}

}  // namespace sinter::passes

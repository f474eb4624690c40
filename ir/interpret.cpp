#include "ir/interpret.h"

#include <algorithm>
#include <utility>

#include "support/check.h"

namespace sinter::ir {

namespace {

ReferenceTensor zeros(const TensorType &type, int64_t n) {
  ReferenceTensor tensor;
  for (const Dim dim : type.dims) tensor.dims.push_back(dim.at(n));
  tensor.data.assign(static_cast<size_t>(tensor.elements()), 0.0);
  return tensor;
}

std::vector<ReferenceTensor> evaluate(const OpInfo &op, const Attributes &attributes,
                                      std::vector<ReferenceTensor> inputs,
                                      const std::vector<TensorType> &types, int64_t n) {
  ReferenceTensors tensors;
  tensors.inputs = std::move(inputs);
  for (const TensorType &type : types) tensors.outputs.push_back(zeros(type, n));
  op.reference(attributes, tensors);
  return std::move(tensors.outputs);
}

void check_shape(const ReferenceTensor &tensor, const Value &value, int64_t n) {
  SINTER_CHECK(tensor.dims.size() == value.type.dims.size(), value.name);
  for (size_t i = 0; i < tensor.dims.size(); ++i)
    SINTER_CHECK(tensor.dims[i] == value.type.dims[i].at(n), value.name);
  SINTER_CHECK(static_cast<int64_t>(tensor.data.size()) == tensor.elements(), value.name);
}

}  // namespace

std::vector<ReferenceTensor> interpret(const Graph &graph, const std::vector<ReferenceTensor> &inputs,
                                       const std::vector<ReferenceTensor> &variables, int64_t n,
                                       bool all_values) {
  SINTER_CHECK(inputs.size() == graph.inputs.size());
  SINTER_CHECK(variables.size() == graph.variables.size());
  SecondaryMap<ValueId, ReferenceTensor> tensors(graph.values);
  SecondaryMap<ValueId, size_t> remaining_uses(graph.values, 0);
  for (const Node &node : graph.nodes)
    for (const ValueId input : node.inputs) ++remaining_uses[input];
  for (const ValueId output : graph.outputs) ++remaining_uses[output];
  if (all_values)
    for (size_t &count : remaining_uses) ++count;

  const auto bind = [&](ValueId id, const ReferenceTensor &tensor) {
    if (remaining_uses[id] == 0) return;
    if (graph.is_variable(id) && tensor.dims.empty() && tensor.data.empty()) {
      SINTER_CHECK(all_values && remaining_uses[id] == 1, graph.value(id).name);
      return;
    }
    check_shape(tensor, graph.value(id), n);
    tensors[id] = tensor;
  };
  for (size_t i = 0; i < inputs.size(); ++i) bind(graph.inputs[i], inputs[i]);
  for (const VariableId id : graph.variables.ids()) bind(graph.variables[id].value, variables[id.index()]);

  // The last use of a value takes its memory.
  const auto take = [&](ValueId id) {
    ReferenceTensor &tensor = tensors[id];
    return --remaining_uses[id] == 0 ? std::exchange(tensor, {}) : tensor;
  };
  for (const Node &node : graph.nodes) {
    std::vector<ReferenceTensor> operands;
    for (const ValueId input : node.inputs) operands.push_back(take(input));
    std::vector<TensorType> types;
    for (const ValueId output : node.outputs) types.push_back(graph.type(output));
    std::vector<ReferenceTensor> results = evaluate(*node.op, node.attributes, std::move(operands), types, n);
    for (size_t i = 0; i < results.size(); ++i)
      if (remaining_uses[node.outputs[i]] > 0) tensors[node.outputs[i]] = std::move(results[i]);
  }
  if (all_values) return {tensors.begin(), tensors.end()};
  std::vector<ReferenceTensor> outputs;
  for (const ValueId output : graph.outputs) outputs.push_back(take(output));
  return outputs;
}

std::vector<ReferenceTensor> interpret_op(const OpInfo &op, const Attributes &attributes, Types types,
                                          std::vector<ReferenceTensor> inputs, int64_t n) {
  Checker checker;
  const std::optional<std::vector<TensorType>> results = op.infer(attributes, types, checker);
  SINTER_CHECK(results.has_value(), checker.message());
  return evaluate(op, attributes, std::move(inputs), *results, n);
}

std::vector<ReferenceTensor> interpret_op(const OpInfo &op, const Attributes &attributes,
                                          std::vector<ReferenceTensor> inputs, int64_t n) {
  std::vector<TensorType> types;
  for (const ReferenceTensor &input : inputs)
    types.emplace_back(std::vector<Dim>(input.dims.begin(), input.dims.end()));
  Checker checker;
  if (!op.infer(attributes, types, checker))
    for (TensorType &type : types)
      if (type.rank() > 0 && type.dims[0] == Dim(n)) type.dims[0] = Dim::batch();
  return interpret_op(op, attributes, types, std::move(inputs), n);
}

ReferenceTensor to_reference(const TensorData &data) {
  return {data.dims, std::vector<double>(data.values.begin(), data.values.end())};
}

}  // namespace sinter::ir

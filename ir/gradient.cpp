#include "ir/gradient.h"

#include "support/check.h"

namespace sinter::ir {

Attributes make_attributes(const OpInfo &op, std::initializer_list<NamedAttribute> fields) {
  Attributes attributes = op.default_attributes();
  for (const NamedAttribute &given : fields) {
    bool is_set = false;
    for (size_t i = 0; i < op.fields.size(); ++i)
      if (op.fields[i].name == given.name) is_set = op.with_attribute(attributes, i, given.value);
    SINTER_CHECK(is_set, std::string(op.name) + " " + std::string(given.name));
  }
  return attributes;
}

std::vector<int64_t> sizes_per_sample(const TensorType &type) {
  std::vector<int64_t> sizes;
  for (size_t d = type.has_batch() ? 1 : 0; d < type.dims.size(); ++d) sizes.push_back(type.dims[d].value());
  return sizes;
}

GradientBuilder::GradientBuilder(Graph &graph, NodeId node, std::vector<ValueId> output_gradients,
                                 std::vector<bool> needed)
    : graph_(graph),
      inputs_(graph.node(node).inputs),
      outputs_(graph.node(node).outputs),
      output_gradients_(std::move(output_gradients)),
      needed_(std::move(needed)),
      name_(graph.value(outputs_[0]).name + ".backward"),
      layer_(graph.node(node).layer) {}

ValueId GradientBuilder::emit(std::string_view op_name, std::initializer_list<NamedAttribute> fields,
                              std::vector<ValueId> inputs) {
  return emit(op_name, make_attributes(op(op_name), fields), std::move(inputs));
}

ValueId GradientBuilder::emit(std::string_view op_name, Attributes attributes, std::vector<ValueId> inputs) {
  return graph_.emit(op_name, std::move(attributes), std::move(inputs), name_, layer_);
}

ValueId GradientBuilder::reshape(ValueId value, const TensorType &to) {
  if (type(value) == to) return value;
  return emit("reshape", {{"shape", sizes_per_sample(to)}}, {value});
}

void GradientBuilder::add(int i, ValueId gradient) {
  if (!needs(i)) return;
  SINTER_CHECK(type(gradient) == input_type(i),
               print(type(gradient)) + " for " + graph_.value(input(i)).name);
  contributions_.emplace_back(i, gradient);
}

void GradientBuilder::add_broadcast(int i, ValueId gradient) {
  if (!needs(i)) return;
  const TensorType from = type(gradient), to = input_type(i);
  const int shift = from.rank() - to.rank();
  std::vector<int64_t> stretched;
  for (int d = 0; d < from.rank(); ++d) {
    const bool is_missing = d < shift;
    if (is_missing || to.dims[static_cast<size_t>(d - shift)] != from.dims[static_cast<size_t>(d)])
      stretched.push_back(d);
  }
  if (!stretched.empty()) {
    const bool over_batch = from.has_batch() && stretched[0] == 0;
    gradient = emit(over_batch ? "batch_sum" : "reduce_sum", {{"axes", stretched}}, {gradient});
  }
  add(i, reshape(gradient, to));
}

}  // namespace sinter::ir

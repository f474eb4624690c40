#include "tests/campaign/graph_sketch.h"

#include "support/check.h"

namespace sinter::campaign {

namespace {

constexpr int64_t max_elements = 6000;  // of a value, a sample

}  // namespace

ValueId GraphSketch::input(Dims dims) {
  const ValueId value =
      graph.add_input("x" + std::to_string(graph.inputs.size()), ir::TensorType(std::move(dims)));
  values_.push_back(value);
  return last = value;
}

ValueId GraphSketch::weight(Dims dims, bool positive, ir::VariableKind kind) {
  return graph.add_variable("w" + std::to_string(graph.variables.size()), ir::TensorType(std::move(dims)),
                            kind, kind == ir::VariableKind::weight,
                            positive ? ir::Initializer{"ones", {}} : ir::Initializer{});
}

ValueId GraphSketch::add(std::string_view op, const std::string &attributes, std::vector<ValueId> inputs,
                         int64_t cost) {
  const ir::OpInfo &info = ir::op(op);
  std::string error;
  const std::optional<ir::Attributes> parsed = ir::parse_attributes(info, attributes, &error);
  SINTER_CHECK(parsed.has_value(), error);
  std::vector<ir::TensorType> types;
  for (const ValueId value : inputs) {
    if (value < 0) return -1;
    types.push_back(graph.type(value));
  }
  ir::Checker checker;
  const auto results = info.infer(*parsed, types, checker);
  if (!results) return -1;
  const int64_t elements = (*results)[0].elements_per_sample();
  if (elements < 1 || elements > max_elements || elements * cost > budget_) return -1;
  budget_ -= elements * cost;
  const ir::NodeId id = graph.add_node(info, *parsed, std::move(inputs), std::string(op), checker);
  SINTER_CHECK(id >= 0, checker.message());
  last = graph.node(id).outputs[0];
  if (graph.type(last).has_batch() && graph.type(last).rank() >= 2) values_.push_back(last);
  return last;
}

ValueId GraphSketch::some(int wanted) {
  std::vector<ValueId> fitting;
  for (const ValueId value : values_)
    if (wanted == 0 || rank(value) == wanted) fitting.push_back(value);
  if (fitting.empty()) return -1;
  if (!random.one_in(3)) return fitting.back();
  return random.of(fitting);
}

ValueId GraphSketch::like(ValueId value) {
  std::vector<ValueId> fitting;
  for (const ValueId other : values_)
    if (other != value && graph.type(other) == graph.type(value)) fitting.push_back(other);
  return fitting.empty() ? ValueId() : random.of(fitting);
}

int64_t GraphSketch::some_channels() {
  switch (random.below(8)) {
    case 0:
      return 1;
    case 1:
      return random.of({15, 16, 17});
    case 2:
      return random.of({31, 32, 33, 40, 48});
    case 3:
      return random.one_in(3) ? random.of({64, 70, 96}) : random.between(8, 24);
    default:
      return random.between(1, 12);
  }
}

std::string GraphSketch::list(const std::vector<int64_t> &numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(numbers[i]);
  return text + "]";
}

}  // namespace sinter::campaign

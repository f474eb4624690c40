#include "ir/ops/update/update_rules.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>

#include "ir/kernel/adjoint.h"

namespace sinter::ir::rules {

std::optional<std::vector<TensorType>> update_types(Types in, size_t slots, Checker &check) {
  if (!tensors(in, slots + 3, check)) return std::nullopt;
  TensorType type = in[0];
  if (type.has_batch()) {
    check.fail("the variable " + print_shape(type.dims) + " has a batch");
    return std::nullopt;
  }
  for (size_t i = 1; i < slots + 2; ++i) {
    bool same = in[i].rank() == type.rank();
    for (size_t d = 0; same && d < type.dims.size(); ++d) {
      const std::optional<Dim> dim = same_dim(type.dims[d], in[i].dims[d]);
      same = dim.has_value();
      if (same) type.dims[d] = *dim;
    }
    if (!same) {
      const std::string what = i == 1 ? "the gradient" : fmt::format("slot {}", i - 2);
      check.fail(fmt::format("{} {} and the variable {} differ", what, print_shape(in[i].dims),
                             print_shape(in[0].dims)));
      return std::nullopt;
    }
  }
  if (!hyper(in.back(), check)) return std::nullopt;
  const std::optional<TensorType> checked = result(std::move(type), check);
  if (!checked) return std::nullopt;
  return std::vector<TensorType>(slots + 1, *checked);
}

float complement(float attribute) {
  char text[32];
  const std::to_chars_result written = std::to_chars(text, text + sizeof text, attribute);
  double value = attribute;
  std::from_chars(text, written.ptr, value);
  return static_cast<float>(1 - value);
}

bool hyper(const TensorType &type, Checker &check) {
  if (type == TensorType{static_cast<int64_t>(hyper_size)}) return true;
  check.fail(fmt::format("hyper must be f32[{}], got {}", hyper_size, print(type)));
  return false;
}

bool fraction(std::string_view name, float value, Checker &check) {
  if (value >= 0 && value < 1) return true;
  check.fail(fmt::format("{} must be in [0, 1), got {}", name, print(AttributeValue(double{value}))));
  return false;
}

bool not_negative(std::string_view name, float value, Checker &check) {
  if (std::isfinite(value) && value >= 0) return true;
  check.fail(
      fmt::format("{} must be finite and at least 0, got {}", name, print(AttributeValue(double{value}))));
  return false;
}

Expr Update<Expr>::operand(StageValue value) {
  for (const auto &[var, known] : operands_)
    if (known.source == value.source && known.element == value.element) return kernel::ref(var);
  operands_.emplace_back(kernel::make_var("u", {kernel::Base::f32, 1}), value);
  return kernel::ref(operands_.back().first);
}

StageValue Update<Expr>::stage(const Expr &value) {
  std::vector<StageValue> read;
  std::vector<Var> vars;
  for (const auto &[var, operand] : operands_) {
    if (!kernel::depends_on(value, var)) continue;
    vars.push_back(var);
    read.push_back(operand);
  }
  return forms_.map(read, forms_.output_type(0), [&](const std::vector<Expr> &v) {
    std::map<int, Expr> by_id;
    for (size_t i = 0; i < vars.size(); ++i) by_id.emplace(vars[i].id, v[i]);
    return kernel::substitute(value, by_id);
  });
}

Expr Update<Expr>::output(int index, const Expr &value) {
  const StageValue result = stage(value);
  forms_.output(index, result);
  return operand(result);
}

void update_reference(ReferenceTensors &t, const std::function<double(Update<double> &)> &step) {
  const size_t slots = t.inputs.size() - 3;
  std::vector<double> state(slots);
  for (size_t e = 0; e < t.inputs[0].data.size(); ++e) {
    for (size_t s = 0; s < slots; ++s) state[s] = t.inputs[2 + s].data[e];
    Update<double> update(t.inputs[0].data[e], t.inputs[1].data[e], state, t.inputs.back().data);
    t.outputs[0].data[e] = step(update);
    for (size_t s = 0; s < slots; ++s) t.outputs[1 + s].data[e] = state[s];
  }
}

std::vector<Case> update_examples(const std::string &attributes, size_t slots) {
  std::vector<Case> cases;
  for (const TensorType &type : {TensorType{3, 3, 5, 7}, TensorType{6, 10}, TensorType{9}}) {
    Case example{attributes, {}, 0.125f, 1};
    example.inputs.assign(slots + 2, type);
    example.inputs.push_back(TensorType{static_cast<int64_t>(hyper_size)});
    cases.push_back(std::move(example));
  }
  return cases;
}

}  // namespace sinter::ir::rules

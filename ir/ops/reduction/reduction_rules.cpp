#include "ir/ops/reduction/reduction_rules.h"

#include <fmt/format.h>

namespace sinter::ir::rules {

namespace {

// By dimension: is it reduced? nullopt: an axis is wrong.
std::optional<std::vector<bool>> reduced_dims(const ReductionAttrs &attrs, TensorType x, bool batch_too,
                                              Checker &check) {
  if (batch_too && x.has_batch()) x.dims[0] = Dim::unknown();
  if (!check.require(!attrs.axes.empty(), "axes must name at least one axis")) return std::nullopt;
  std::vector<bool> reduced(x.dims.size(), false);
  for (const int64_t a : attrs.axes) {
    const std::optional<int> index = axis_index(x, a, check);
    if (!index) return std::nullopt;
    if (reduced[static_cast<size_t>(*index)]) {
      check.fail(fmt::format("axes [{}] name axis {} of {} twice", fmt::join(attrs.axes, ", "), *index,
                             print_shape(x.dims)));
      return std::nullopt;
    }
    reduced[static_cast<size_t>(*index)] = true;
  }
  return reduced;
}

}  // namespace

std::optional<TensorType> reduction_type(const ReductionAttrs &attrs, Types in, Checker &check,
                                         bool batch_too) {
  if (!tensors(in, 1, check)) return std::nullopt;
  const std::optional<std::vector<bool>> reduced = reduced_dims(attrs, in[0], batch_too, check);
  if (!reduced) return std::nullopt;
  TensorType type;
  for (size_t d = 0; d < reduced->size(); ++d) {
    if (!(*reduced)[d])
      type.dims.push_back(in[0].dims[d]);
    else if (attrs.keep)
      type.dims.push_back(1);
  }
  return type;
}

TensorType kept_type(const ReductionAttrs &attrs, const TensorType &x) {
  TensorType type = x;
  for (const int64_t a : attrs.axes) type.dims[static_cast<size_t>(a < 0 ? a + x.rank() : a)] = 1;
  return type;
}

void spread_gradient(const ReductionAttrs &attrs, GradientBuilder &g, bool mean) {
  const TensorType x = g.input_type(0);
  // Leading sizes of 1 are implied by broadcasting.
  TensorType kept = kept_type(attrs, x);
  while (kept.rank() > g.output_type().rank() && kept.dims[0] == Dim(1)) kept.dims.erase(kept.dims.begin());
  g.add(0, g.emit("broadcast_to", {{"shape", sizes_per_sample(x)}, {"batch", x.has_batch()}, {"mean", mean}},
                  {g.reshape(g.output_gradient(), kept)}));
}

void lower_reduction(const ReductionAttrs &attrs, FormBuilder &f, MonoidKind monoid,
                     const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  std::vector<int> axes;
  for (const int64_t a : attrs.axes) axes.push_back(static_cast<int>(a < 0 ? a + f.input_type(0).rank() : a));
  f.output(0, f.reduce(f.input(0), axes, attrs.keep, monoid, finish));
}

void reduction_reference(const ReductionAttrs &attrs, ReferenceTensors &t,
                         const std::function<double(const std::vector<double> &)> &f) {
  const ReferenceTensor &x = t.inputs[0];
  std::vector<bool> reduced(x.dims.size(), false);
  for (const int64_t a : attrs.axes)
    reduced[static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(x.dims.size()) : a)] = true;
  // The output that each element belongs to: its index without the reduced dimensions.
  std::vector<std::vector<double>> elements(t.outputs[0].data.size());
  for (size_t i = 0; i < x.data.size(); ++i) {
    size_t rest = i, output = 0, stride = 1;
    for (size_t d = x.dims.size(); d-- > 0;) {
      const auto size = static_cast<size_t>(x.dims[d]);
      if (!reduced[d]) {
        output += rest % size * stride;
        stride *= size;
      }
      rest /= size;
    }
    elements[output].push_back(x.data[i]);
  }
  for (size_t i = 0; i < elements.size(); ++i) t.outputs[0].data[i] = f(elements[i]);
}

std::vector<Case> reduction_examples() {
  const Dim n = Dim::batch();
  return {{"axes=[1, 2]", {TensorType{n, 3, 5, 7}}},
          {"axes=[1, 2], keep=true", {TensorType{n, 4, 4, 33}}},
          {"axes=[3]", {TensorType{n, 3, 5, 7}}},
          {"axes=[-1], keep=true", {TensorType{n, 10}}},
          {"axes=[1]", {TensorType{n, 19}}},
          {"axes=[2]", {TensorType{n, 3, 5, 7}}},
          {"axes=[3, 1]", {TensorType{n, 3, 5, 7}}},
          {"axes=[0]", {TensorType{6, 5}}},
          {"axes=[0, 1], keep=true", {TensorType{6, 5}}}};
}

std::vector<Case> batch_reduction_examples() {
  const Dim n = Dim::batch();
  return {{"axes=[0]", {TensorType{n}}},
          {"axes=[0]", {TensorType{n, 3, 17}}},
          {"axes=[0, 1, 2]", {TensorType{n, 3, 5, 7}}},
          {"axes=[0, 2], keep=true", {TensorType{n, 3, 5, 7}}},
          {"axes=[-1, 0]", {TensorType{n, 6, 4}}},
          {"axes=[0, 1]", {TensorType{4, 3, 2}}}};
}

}  // namespace sinter::ir::rules

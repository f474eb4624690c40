#include "ir/ops/shared/elementwise_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace sinter::ir::rules {

namespace {

std::optional<Dim> broadcast_dim(Dim a, Dim b) {
  if (a == Dim(1)) return b;
  if (b == Dim(1)) return a;
  return same_dim(a, b);
}

std::string print_shapes(Types in) {
  std::string text;
  for (size_t i = 0; i < in.size(); ++i) text += (i == 0 ? "" : " with ") + print_shape(in[i].dims);
  return text;
}

}  // namespace

std::optional<TensorType> unary_type(Types in, Checker &check) {
  if (!tensors(in, 1, check)) return std::nullopt;
  return in[0];
}

std::optional<TensorType> equal_type(Types in, size_t count, Checker &check) {
  if (!tensors(in, count, check)) return std::nullopt;
  TensorType type = in[0];
  for (const TensorType &other : in) {
    bool fits = other.rank() == type.rank();
    for (size_t d = 0; fits && d < type.dims.size(); ++d) {
      const std::optional<Dim> dim = same_dim(type.dims[d], other.dims[d]);
      fits = dim.has_value();
      if (fits) type.dims[d] = *dim;
    }
    if (!fits) {
      check.fail("expected inputs of one shape, got " + print_shapes(in));
      return std::nullopt;
    }
  }
  return result(std::move(type), check);
}

std::optional<TensorType> broadcast_type(Types in, Checker &check) {
  if (!tensors_at_least(in, 1, check)) return std::nullopt;
  size_t rank = 0;
  for (const TensorType &type : in) rank = std::max(rank, type.dims.size());
  std::vector<Dim> dims(rank, Dim(1));
  for (const TensorType &type : in) {
    const size_t shift = rank - type.dims.size();
    for (size_t i = 0; i < type.dims.size(); ++i) {
      const std::optional<Dim> dim = broadcast_dim(dims[shift + i], type.dims[i]);
      if (!dim || (dim->is_batch() && shift + i > 0)) {
        check.fail("cannot broadcast " + print_shapes(in),
                   "sizes must be equal or 1, counted from the last dimension");
        return std::nullopt;
      }
      dims[shift + i] = *dim;
    }
  }
  return result(TensorType(std::move(dims)), check);
}

void unary_reference(ReferenceTensors &t, const std::function<double(double)> &f) {
  std::ranges::transform(t.inputs[0].data, t.outputs[0].data.begin(), f);
}

void binary_reference(ReferenceTensors &t, const std::function<double(double, double)> &f) {
  ReferenceTensor &out = t.outputs[0];
  for (int64_t i = 0; i < out.elements(); ++i)
    out.data[static_cast<size_t>(i)] =
        f(broadcast_element(t.inputs[0], out.dims, i), broadcast_element(t.inputs[1], out.dims, i));
}

double broadcast_element(const ReferenceTensor &x, const std::vector<int64_t> &result, int64_t flat) {
  size_t offset = 0;
  size_t stride = 1;
  for (size_t i = 0; i < x.dims.size(); ++i) {  // from the last dimension
    const int64_t size = result[result.size() - 1 - i];
    const int64_t own = x.dims[x.dims.size() - 1 - i];
    if (own != 1) offset += static_cast<size_t>(flat % size) * stride;
    flat /= size;
    stride *= static_cast<size_t>(own);
  }
  return x.data[offset];
}

std::vector<Case> unary_examples(const std::vector<std::string> &attributes, float low, float high) {
  const Dim n = Dim::batch();
  std::vector<Case> cases;
  for (const std::string &text : attributes) {
    cases.push_back({text, {TensorType{n, 3, 5, 7}}, low, high});
    cases.push_back({text, {TensorType{n, 33}}, low, high});
    cases.push_back({text, {TensorType{5}}, low, high});
  }
  return cases;
}

Expr log1p(const Expr &x) {
  const Expr sum = 1.0f + x;
  return kernel::select(kernel::equal(sum, 1.0f), x, kernel::log(sum) * (x / (sum - 1.0f)));
}

std::vector<Case> binary_examples(float low, float high) {
  const Dim n = Dim::batch();
  return {{"", {TensorType{n, 3, 5, 7}, TensorType{n, 3, 5, 7}}, low, high},
          {"", {TensorType{n, 3, 5, 7}, TensorType{7}}, low, high},
          {"", {TensorType{5, 1}, TensorType{n, 3, 5, 7}}, low, high},
          {"", {TensorType{n, 3, 1, 7}, TensorType{n, 1, 5, 1}}, low, high},
          {"", {TensorType{1, 9}, TensorType{n, 9}}, low, high},
          {"", {TensorType{n, 1}, TensorType{17}}, low, high},
          {"", {TensorType{4}, TensorType{3, 1}}, low, high}};
}

}  // namespace sinter::ir::rules

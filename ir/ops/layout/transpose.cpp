#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct Transpose {
  static constexpr std::string_view name = "transpose",
                                    doc = "dimension i of y is dimension permutation[i] of x";
  static constexpr std::string_view keras = "Permute", onnx = "Transpose";
  struct Attrs {
    std::vector<int64_t> permutation;
    static constexpr auto fields =
        std::tuple{field("permutation", &Attrs::permutation, "of all dimensions; the batch stays the first")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check)) return std::nullopt;
    const TensorType &x = in[0];
    std::vector<bool> seen(x.dims.size(), false);
    bool valid = a.permutation.size() == x.dims.size();
    TensorType type;
    for (size_t i = 0; valid && i < x.dims.size(); ++i) {
      const int64_t from = a.permutation[i];
      valid = from >= 0 && from < x.rank() && !seen[static_cast<size_t>(from)];
      if (!valid) break;
      seen[static_cast<size_t>(from)] = true;
      type.dims.push_back(x.dims[static_cast<size_t>(from)]);
    }
    if (!valid) {
      check.fail(fmt::format("[{}] is not a permutation of the {} dimensions of {}",
                             fmt::join(a.permutation, ", "), x.rank(), print_shape(x.dims)));
      return std::nullopt;
    }
    if (x.has_batch() && a.permutation[0] != 0) {
      check.fail(fmt::format("permutation [{}] moves the batch of {}", fmt::join(a.permutation, ", "),
                             print_shape(x.dims)),
                 "the batch must stay the first dimension");
      return std::nullopt;
    }
    return type;
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &y = f.output_type(0);
    Access access(y.dims.size());
    for (int i = 0; i < y.rank(); ++i)
      access[static_cast<size_t>(a.permutation[static_cast<size_t>(i)])] = axis(i, y.rank());
    f.output(0, f.move(f.input(0), y.dims, std::move(access), false, 0, y));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    ReferenceTensor &y = t.outputs[0];
    const size_t rank = x.dims.size();
    std::vector<size_t> strides(rank, 1);
    for (size_t d = rank; d-- > 1;) strides[d - 1] = strides[d] * static_cast<size_t>(x.dims[d]);
    for (size_t i = 0; i < y.data.size(); ++i) {
      size_t rest = i, source = 0;
      for (size_t d = rank; d-- > 0;) {
        const auto size = static_cast<size_t>(y.dims[d]);
        source += rest % size * strides[static_cast<size_t>(a.permutation[d])];
        rest /= size;
      }
      y.data[i] = x.data[source];
    }
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    std::vector<int64_t> inverse(a.permutation.size());
    for (size_t i = 0; i < inverse.size(); ++i)
      inverse[static_cast<size_t>(a.permutation[i])] = static_cast<int64_t>(i);
    g.add(0, g.emit("transpose", {{"permutation", inverse}}, {g.output_gradient()}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"permutation=[0, 3, 1, 2]", {TensorType{n, 3, 5, 7}}},
            {"permutation=[0, 2, 3, 1]", {TensorType{n, 3, 5, 7}}},
            {"permutation=[0, 1, 3, 2]", {TensorType{n, 2, 9, 16}}},
            {"permutation=[0, 1]", {TensorType{n, 5}}},
            {"permutation=[0, 2, 1]", {TensorType{n, 17, 3}}},
            {"permutation=[1, 0]", {TensorType{4, 6}}},
            {"permutation=[3, 0, 2, 1]", {TensorType{2, 3, 4, 5}}}};
  }
};

}  // namespace

OpInfo describe_transpose() {
  return describe<Transpose>();
}

}  // namespace sinter::ir

#include <fmt/format.h>

#include <algorithm>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct Reshape {
  static constexpr std::string_view name = "reshape",
                                    doc = "the same elements in the same order in another shape";
  static constexpr std::string_view keras = "Flatten, Reshape", onnx = "Reshape, Flatten";
  struct Attrs {
    std::vector<int64_t> shape = {-1};
    static constexpr auto fields = std::tuple{
        field("shape", &Attrs::shape, "of the result, without the batch; one size may be -1: what remains")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check)) return std::nullopt;
    const TensorType &x = in[0];
    TensorType type;
    if (x.has_batch()) type.dims.push_back(Dim::batch());
    std::optional<size_t> open;  // the dimension given as -1
    for (const int64_t size : a.shape) {
      if (size == -1 && !open) {
        open = type.dims.size();
        type.dims.push_back(1);
      } else if (size >= 1) {
        type.dims.push_back(size);
      } else {
        check.fail(
            fmt::format("shape [{}] must have positive sizes and at most one -1", fmt::join(a.shape, ", ")));
        return std::nullopt;
      }
    }
    if (!rules::result(type, check)) return std::nullopt;
    if (!x.is_fully_known()) {
      if (open) type.dims[*open] = Dim::unknown();
      return type;
    }
    const int64_t elements = x.elements_per_sample(), rest = type.elements_per_sample();
    if (open ? elements % rest != 0 : elements != rest) {
      check.fail(fmt::format("cannot reshape {} ({} elements{}) into [{}]", print_shape(x.dims), elements,
                             x.has_batch() ? " a sample" : "", fmt::join(a.shape, ", ")));
      return std::nullopt;
    }
    if (open) type.dims[*open] = elements / rest;
    return type;
  }
  static void lower(const Attrs &, FormBuilder &f) { f.alias(0, 0); }
  static void reference(const Attrs &, ReferenceTensors &t) { t.outputs[0].data = t.inputs[0].data; }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.reshape(g.output_gradient(), g.input_type(0)));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 5, 7}}},
            {"shape=[5, -1, 7]", {TensorType{n, 3, 5, 7}}},
            {"shape=[1, 1, 24]", {TensorType{n, 24}}},
            {"shape=[1]", {TensorType{n}}},
            {"shape=[6, 4]", {TensorType{3, 8}}}};
  }
};

}  // namespace

OpInfo describe_reshape() {
  return describe<Reshape>();
}

}  // namespace sinter::ir

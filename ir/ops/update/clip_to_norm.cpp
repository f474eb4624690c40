#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/whole_tensor.h"

namespace sinter::ir {

namespace {

struct ClipToNorm {
  static constexpr std::string_view name = "clip_to_norm";
  static constexpr std::string_view doc =
      "x min(1, max_norm / sqrt(square)); inputs x and a sum of squares [], of x alone (clipnorm) or of all "
      "gradients (global)";
  static constexpr std::string_view keras = "clipnorm, global_clipnorm", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float max_norm = 1;
    static constexpr auto fields =
        std::tuple{field("max_norm", &Attrs::max_norm, "longest that a gradient may be")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !rules::finite("max_norm", a.max_norm, check)) return std::nullopt;
    if (!check.require(a.max_norm > 0, "max_norm must be above 0") || !rules::no_batch(in[0], check) ||
        !rules::scalar(in[1], "the sum of squares", check))
      return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x, Expr square) {
      return x * (a.max_norm / kernel::max(kernel::sqrt(square), a.max_norm));
    });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::binary_reference(t, [&](double x, double square) {
      const double norm = std::sqrt(square);
      return norm <= a.max_norm ? x : x * a.max_norm / norm;
    });
  }
  static std::vector<Case> examples() {
    const TensorType square;
    return {{"", {TensorType{3, 3, 5, 7}, square}, 0, 2},
            {"max_norm=0.5", {TensorType{6, 10}, square}, 0, 2},
            {"max_norm=1.25", {TensorType{9}, square}, 0, 2}};
  }
};

}  // namespace

OpInfo describe_clip_to_norm() {
  return describe<ClipToNorm>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/nan.h"
#include "ir/ops/shared/whole_tensor.h"

namespace sinter::ir {

namespace {

struct L1L2PenaltyGradient {
  static constexpr std::string_view name = "l1_l2_penalty_gradient";
  static constexpr std::string_view doc =
      "gradient of l1_l2_penalty: dy (l1 sign(w) + 2 l2 w); inputs w, dy []";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float l1 = 0, l2 = 0;
    static constexpr auto fields = std::tuple{field("l1", &Attrs::l1, "weight of the sum of |w|"),
                                              field("l2", &Attrs::l2, "weight of the sum of w^2")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check)) return std::nullopt;
    if (!rules::finite("l1", a.l1, check) || !rules::finite("l2", a.l2, check)) return std::nullopt;
    if (!rules::no_batch(in[0], check) || !rules::scalar(in[1], "dy", check)) return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr w, Expr dy) { return dy * (a.l1 * rules::sign(w) + 2 * a.l2 * w); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::binary_reference(t,
                            [&](double w, double dy) { return dy * (a.l1 * rules::sign(w) + 2 * a.l2 * w); });
  }
  static std::vector<Case> examples() {
    return {{"l2=0.5", {TensorType{3, 3, 5, 7}, TensorType{}}},
            {"l1=0.25", {TensorType{6, 10}, TensorType{}}},
            {"l1=0.25, l2=0.5", {TensorType{9}, TensorType{}}}};
  }
};

}  // namespace

OpInfo describe_l1_l2_penalty_gradient() {
  return describe<L1L2PenaltyGradient>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct HingeGradient : rules::ElementwiseLossGradient<HingeGradient> {
  static constexpr std::string_view name = "hinge_gradient";
  static constexpr std::string_view doc = "gradient of hinge by p; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    bool binary_labels = false;
    static constexpr auto fields =
        std::tuple{field("binary_labels", &Attrs::binary_labels, "a target of 0 means -1")};
  };

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr derivative(const Attrs &a, const Expr &p, const Expr &t) {
    const Expr label = a.binary_labels ? kernel::select(kernel::equal(t, 0.0f), -1.0f, t) : t;
    const Expr margin = 1.0f - label * p;
    return rules::keep_nan(margin, kernel::select(margin > 0.0f, -label, 0.0f));
  }
  static double derivative(const Attrs &a, double p, double t) {
    const double label = a.binary_labels && t == 0 ? -1 : t;
    const double margin = 1 - label * p;
    return rules::keep_nan(margin, margin > 0 ? -label : 0);
  }
  static std::vector<Case> examples() {
    return rules::loss_gradient_examples({"", "binary_labels=true"}, -2, 2);
  }
};

}  // namespace

OpInfo describe_hinge_gradient() {
  return describe<HingeGradient>();
}

}  // namespace sinter::ir

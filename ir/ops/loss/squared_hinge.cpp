#include <algorithm>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct SquaredHinge : rules::ElementwiseLoss<SquaredHinge> {
  static constexpr std::string_view name = "squared_hinge";
  static constexpr std::string_view doc = "max(1 - t p, 0)^2, mean over a sample; targets are -1 and 1";
  static constexpr KerasObjective losses[] = {{"squared_hinge, SquaredHinge"}};
  static constexpr std::string_view onnx = "";
  struct Attrs {
    bool binary_labels = false;
    static constexpr auto fields =
        std::tuple{field("binary_labels", &Attrs::binary_labels, "a target of 0 means -1")};
  };

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &a, const Expr &p, const Expr &t) {
    const Expr label = a.binary_labels ? kernel::select(kernel::equal(t, 0.0f), -1.0f, t) : t;
    const Expr margin = kernel::max(1.0f - label * p, 0.0f);
    return margin * margin;
  }
  static double term(const Attrs &a, double p, double t) {
    const double label = a.binary_labels && t == 0 ? -1 : t;
    const double margin = std::max(1 - label * p, 0.0);
    return margin * margin;
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    if (g.needs(0))
      g.add(0,
            rules::emit_gradient(
                g, "squared_hinge_gradient",
                make_attributes(op("squared_hinge_gradient"), {{"binary_labels", a.binary_labels}}), 0, 1));
    if (g.needs(1))
      g.add(1, rules::emit_gradient(g, "squared_hinge_gradient",
                                    op("squared_hinge_gradient").default_attributes(), 1, 0));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "binary_labels=true"}, -2, 2); }
};

}  // namespace

OpInfo describe_squared_hinge() {
  return describe<SquaredHinge>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/sgd.py. Polyak (1964); Nesterov's form as in Sutskever et al., ICML 2013.
struct SgdUpdate : rules::OptimizerUpdate<SgdUpdate> {
  static constexpr std::string_view name = "sgd_update";
  static constexpr std::string_view doc =
      "variable - lr gradient; with momentum: m' = momentum m - lr gradient, variable + m' "
      "(nesterov: variable + momentum m' - lr gradient); inputs variable, gradient, m (if momentum > 0), "
      "hyper";
  struct Attrs {
    float momentum = 0;
    bool nesterov = false;
    static constexpr auto fields =
        std::tuple{field("momentum", &Attrs::momentum, "how much of the last step stays"),
                   field("nesterov", &Attrs::nesterov, "look ahead")};
  };

  static bool valid(const Attrs &a, Checker &check) { return rules::fraction("momentum", a.momentum, check); }
  static size_t slots(const Attrs &a) { return a.momentum > 0 ? 1 : 0; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real lr = u.hyper(0), g = u.gradient();
    if (a.momentum == 0) return u.variable() - lr * g;
    const Real m = u.new_slot(0, a.momentum * u.slot(0) - lr * g);
    return a.nesterov ? u.variable() + a.momentum * m - lr * g : u.variable() + m;
  }
  static std::vector<Case> examples() {
    return examples_of({"", "momentum=0.9", "momentum=0.875, nesterov=true"});
  }
};

}  // namespace

OpInfo describe_sgd_update() {
  return describe<SgdUpdate>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adadelta.py. Zeiler, arXiv:1212.5701, algorithm 1.
struct AdadeltaUpdate : rules::OptimizerUpdate<AdadeltaUpdate> {
  static constexpr std::string_view name = "adadelta_update";
  static constexpr std::string_view doc =
      "a' = rho a + (1 - rho) gradient^2, step = gradient sqrt(d + epsilon) / sqrt(a' + epsilon), "
      "d' = rho d + (1 - rho) step^2, variable - lr step; inputs variable, gradient, a, d, hyper";
  struct Attrs {
    float rho = 0.95f;
    float epsilon = 1e-7f;
    static constexpr auto fields = std::tuple{field("rho", &Attrs::rho, "how much of the mean squares stays"),
                                              field("epsilon", &Attrs::epsilon, "added to the mean squares")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::fraction("rho", a.rho, check) && rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &) { return 2; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real g = u.gradient();
    const Real square = u.new_slot(0, rules::moving_mean(a.rho, u.slot(0), Real(g * g)));
    const Real step = u.hold(g * rules::sqrt(u.slot(1) + a.epsilon) / rules::sqrt(square + a.epsilon));
    u.new_slot(1, rules::moving_mean(a.rho, u.slot(1), Real(step * step)));
    return u.variable() - u.hyper(0) * step;
  }
  static std::vector<Case> examples() { return examples_of({"", "rho=0.5, epsilon=1e-08"}); }
};

}  // namespace

OpInfo describe_adadelta_update() {
  return describe<AdadeltaUpdate>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/rmsprop.py. Tieleman and Hinton, Coursera lecture 6.5 (2012); centered: Graves,
// arXiv:1308.0850.
struct RmspropUpdate : rules::OptimizerUpdate<RmspropUpdate> {
  static constexpr std::string_view name = "rmsprop_update";
  static constexpr std::string_view doc =
      "v' = rho v + (1 - rho) gradient^2, variable - lr gradient / (sqrt(v') + epsilon); inputs variable, "
      "gradient, v, mean gradient (if centered), m (if momentum > 0), hyper";
  struct Attrs {
    float rho = 0.9f;
    float momentum = 0;
    bool centered = false;
    float epsilon = 1e-7f;
    bool epsilon_inside = true;
    static constexpr auto fields = std::tuple{
        field("rho", &Attrs::rho, "how much of the mean square stays"),
        field("momentum", &Attrs::momentum, "how much of the last step stays"),
        field("centered", &Attrs::centered, "subtract the mean gradient's square from the mean square"),
        field("epsilon", &Attrs::epsilon, "keeps the divisor from 0"),
        field("epsilon_inside", &Attrs::epsilon_inside, "sqrt(v + epsilon) instead of sqrt(v) + epsilon")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::fraction("rho", a.rho, check) && rules::fraction("momentum", a.momentum, check) &&
           rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &a) { return size_t{1} + (a.centered ? 1 : 0) + (a.momentum > 0 ? 1 : 0); }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real g = u.gradient();
    Real variance = u.new_slot(0, rules::moving_mean(a.rho, u.slot(0), Real(g * g)));
    if (a.centered) {
      const Real mean = u.new_slot(1, rules::moving_mean(a.rho, u.slot(1), g));
      variance = rules::max(variance - mean * mean, 0.0f);  // rounding may leave it a little below 0
    }
    const Real step = u.hyper(0) * g / rules::root(variance, a.epsilon, a.epsilon_inside);
    if (a.momentum == 0) return u.variable() - step;
    const int last = a.centered ? 2 : 1;
    return u.variable() - u.new_slot(last, a.momentum * u.slot(last) + step);
  }
  static std::vector<Case> examples() {
    return examples_of({"", "epsilon=1e-08, epsilon_inside=false", "momentum=0.5",
                        "centered=true, epsilon=0.25", "momentum=0.5, centered=true, epsilon=0.25"});
  }
};

}  // namespace

OpInfo describe_rmsprop_update() {
  return describe<RmspropUpdate>();
}

}  // namespace sinter::ir

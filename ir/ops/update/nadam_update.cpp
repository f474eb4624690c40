#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/nadam.py. Dozat, "Incorporating Nesterov Momentum into Adam" (2016).
struct NadamUpdate : rules::OptimizerUpdate<NadamUpdate> {
  static constexpr std::string_view name = "nadam_update";
  static constexpr std::string_view doc =
      "m' = beta_1 m + (1 - beta_1) gradient, v' = beta_2 v + (1 - beta_2) gradient^2, variable - (hyper[1] "
      "gradient + "
      "hyper[2] m') / (sqrt(hyper[3] v') + epsilon); inputs variable, gradient, m, v, hyper";
  struct Attrs {
    float beta_1 = 0.9f;
    float beta_2 = 0.999f;
    float epsilon = 1e-7f;
    static constexpr auto fields =
        std::tuple{field("beta_1", &Attrs::beta_1, "how much of the mean gradient stays"),
                   field("beta_2", &Attrs::beta_2, "how much of the mean square stays"),
                   field("epsilon", &Attrs::epsilon, "added to the root")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::fraction("beta_1", a.beta_1, check) && rules::fraction("beta_2", a.beta_2, check) &&
           rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &) { return 2; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real g = u.gradient();
    const Real m = u.new_slot(0, rules::moving_mean(a.beta_1, u.slot(0), g));
    const Real square = u.new_slot(1, rules::moving_mean(a.beta_2, u.slot(1), Real(g * g)));
    return u.variable() - (u.hyper(1) * g + u.hyper(2) * m) / (rules::sqrt(u.hyper(3) * square) + a.epsilon);
  }
  static std::vector<Case> examples() { return examples_of({"", "beta_1=0.5, beta_2=0.875, epsilon=1e-08"}); }
};

}  // namespace

OpInfo describe_nadam_update() {
  return describe<NadamUpdate>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adam.py. Kingma and Ba, arXiv:1412.6980, in the form of the end of section 2; amsgrad:
// Reddi, Kale and Kumar, ICLR 2018.
struct AdamUpdate : rules::OptimizerUpdate<AdamUpdate> {
  static constexpr std::string_view name = "adam_update";
  static constexpr std::string_view doc =
      "m' = beta_1 m + (1 - beta_1) gradient, v' = beta_2 v + (1 - beta_2) gradient^2, "
      "variable - alpha m' / (sqrt(v') + epsilon); inputs variable, gradient, m, v, largest v (if amsgrad), "
      "hyper";
  struct Attrs {
    float beta_1 = 0.9f;
    float beta_2 = 0.999f;
    float epsilon = 1e-7f;
    bool amsgrad = false;
    static constexpr auto fields =
        std::tuple{field("beta_1", &Attrs::beta_1, "how much of the mean gradient stays"),
                   field("beta_2", &Attrs::beta_2, "how much of the mean square stays"),
                   field("epsilon", &Attrs::epsilon, "added to the root"),
                   field("amsgrad", &Attrs::amsgrad, "divide by the root of the largest mean square so far")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::fraction("beta_1", a.beta_1, check) && rules::fraction("beta_2", a.beta_2, check) &&
           rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &a) { return a.amsgrad ? 3 : 2; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real g = u.gradient();
    const Real m = u.new_slot(0, rules::moving_mean(a.beta_1, u.slot(0), g));
    Real square = u.new_slot(1, rules::moving_mean(a.beta_2, u.slot(1), Real(g * g)));
    if (a.amsgrad) square = u.new_slot(2, rules::max(u.slot(2), square));
    return u.variable() - u.hyper(1) * m / (rules::sqrt(square) + a.epsilon);
  }
  static std::vector<Case> examples() {
    return examples_of({"", "beta_1=0.5, beta_2=0.875, epsilon=1e-08", "amsgrad=true"});
  }
};

}  // namespace

OpInfo describe_adam_update() {
  return describe<AdamUpdate>();
}

}  // namespace sinter::ir

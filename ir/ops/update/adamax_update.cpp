#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adamax.py. Kingma and Ba, arXiv:1412.6980, algorithm 2.
struct AdamaxUpdate : rules::OptimizerUpdate<AdamaxUpdate> {
  static constexpr std::string_view name = "adamax_update";
  static constexpr std::string_view doc =
      "m' = beta_1 m + (1 - beta_1) gradient, u' = max(beta_2 u, |gradient|), "
      "variable - alpha m' / (u' + epsilon); inputs variable, gradient, m, u, hyper";
  struct Attrs {
    float beta_1 = 0.9f;
    float beta_2 = 0.999f;
    float epsilon = 1e-7f;
    static constexpr auto fields =
        std::tuple{field("beta_1", &Attrs::beta_1, "how much of the mean gradient stays"),
                   field("beta_2", &Attrs::beta_2, "how much of the largest gradient stays"),
                   field("epsilon", &Attrs::epsilon, "added to the largest gradient")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::fraction("beta_1", a.beta_1, check) && rules::fraction("beta_2", a.beta_2, check) &&
           rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &) { return 2; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real m = u.new_slot(0, rules::moving_mean(a.beta_1, u.slot(0), u.gradient()));
    const Real largest = u.new_slot(1, rules::max(a.beta_2 * u.slot(1), rules::abs(u.gradient())));
    return u.variable() - u.hyper(1) * m / (largest + a.epsilon);
  }
  static std::vector<Case> examples() { return examples_of({"", "beta_1=0.5, beta_2=0.875, epsilon=1e-08"}); }
};

}  // namespace

OpInfo describe_adamax_update() {
  return describe<AdamaxUpdate>();
}

}  // namespace sinter::ir

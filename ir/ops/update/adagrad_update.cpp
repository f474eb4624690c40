#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adagrad.py. Duchi, Hazan and Singer, JMLR 12 (2011).
struct AdagradUpdate : rules::OptimizerUpdate<AdagradUpdate> {
  static constexpr std::string_view name = "adagrad_update";
  static constexpr std::string_view doc =
      "a' = a + gradient^2, variable - lr gradient / (sqrt(a') + epsilon); inputs variable, gradient, a, "
      "hyper";
  struct Attrs {
    float epsilon = 1e-7f;
    bool epsilon_inside = true;
    static constexpr auto fields = std::tuple{
        field("epsilon", &Attrs::epsilon, "keeps the divisor from 0"),
        field("epsilon_inside", &Attrs::epsilon_inside, "sqrt(a + epsilon) instead of sqrt(a) + epsilon")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::not_negative("epsilon", a.epsilon, check);
  }
  static size_t slots(const Attrs &) { return 1; }
  template <class Real>
  static Real step(const Attrs &a, rules::Update<Real> &u) {
    const Real g = u.gradient();
    const Real square = u.new_slot(0, u.slot(0) + g * g);
    return u.variable() - u.hyper(0) * g / rules::root(square, a.epsilon, a.epsilon_inside);
  }
  static std::vector<Case> examples() { return examples_of({"", "epsilon=1e-08, epsilon_inside=false"}); }
};

}  // namespace

OpInfo describe_adagrad_update() {
  return describe<AdagradUpdate>();
}

}  // namespace sinter::ir

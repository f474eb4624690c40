#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adagrad.py. Duchi, Hazan and Singer, JMLR 12 (2011).
struct AdagradUpdate {
  static constexpr std::string_view name = "adagrad_update";
  static constexpr std::string_view doc =
      "a' = a + gradient^2, variable - lr gradient / (sqrt(a') + epsilon); inputs variable, gradient, a, "
      "hyper";
  static constexpr std::string_view keras = "Adagrad", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float epsilon = 1e-7f;
    bool epsilon_inside = true;
    static constexpr auto fields = std::tuple{
        field("epsilon", &Attrs::epsilon, "keeps the divisor from 0"),
        field("epsilon_inside", &Attrs::epsilon_inside, "sqrt(a + epsilon) instead of sqrt(a) + epsilon")};
  };

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::not_negative("epsilon", a.epsilon, check)) return std::nullopt;
    return rules::update_types(in, 1, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::UpdateForms update(f);
    const StageValue square = update.new_slot(0, {update.slot(0), update.gradient()},
                                              [](const std::vector<Expr> &v) { return v[0] + v[1] * v[1]; });
    update.new_variable(
        {update.variable(), update.gradient(), update.hyper(0), square}, [&](const std::vector<Expr> &v) {
          return v[0] -
                 v[2] * v[1] /
                     (a.epsilon_inside ? kernel::sqrt(v[3] + a.epsilon) : kernel::sqrt(v[3]) + a.epsilon);
        });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const double epsilon = a.epsilon;
    rules::update_reference(
        t, [&](double p, double g, std::span<double> slots, std::span<const double> hyper) {
          slots[0] += g * g;
          return p - hyper[0] * g /
                         (a.epsilon_inside ? std::sqrt(slots[0] + epsilon) : std::sqrt(slots[0]) + epsilon);
        });
  }
  static std::vector<Case> examples() {
    return rules::update_examples({{"", 1}, {"epsilon=1e-08, epsilon_inside=false", 1}});
  }
};

}  // namespace

OpInfo describe_adagrad_update() {
  return describe<AdagradUpdate>();
}

}  // namespace sinter::ir

#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/adadelta.py. Zeiler, arXiv:1212.5701, algorithm 1.
struct AdadeltaUpdate {
  static constexpr std::string_view name = "adadelta_update";
  static constexpr std::string_view doc =
      "a' = rho a + (1 - rho) gradient^2, step = gradient sqrt(d + epsilon) / sqrt(a' + epsilon), "
      "d' = rho d + (1 - rho) step^2, variable - lr step; inputs variable, gradient, a, d, hyper";
  static constexpr std::string_view keras = "Adadelta", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float rho = 0.95f;
    float epsilon = 1e-7f;
    static constexpr auto fields = std::tuple{field("rho", &Attrs::rho, "how much of the mean squares stays"),
                                              field("epsilon", &Attrs::epsilon, "added to the mean squares")};
  };

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::fraction("rho", a.rho, check) || !rules::not_negative("epsilon", a.epsilon, check))
      return std::nullopt;
    return rules::update_types(in, 2, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::UpdateForms update(f);
    const auto mean = [&](const std::vector<Expr> &v) {
      return a.rho * v[0] + rules::complement(a.rho) * (v[1] * v[1]);
    };
    const StageValue square = update.new_slot(0, {update.slot(0), update.gradient()}, mean);
    const StageValue step =
        update.map({update.gradient(), update.slot(1), square}, [&](const std::vector<Expr> &v) {
          return v[0] * kernel::sqrt(v[1] + a.epsilon) / kernel::sqrt(v[2] + a.epsilon);
        });
    update.new_slot(1, {update.slot(1), step}, mean);
    update.new_variable({update.variable(), update.hyper(0), step},
                        [](const std::vector<Expr> &v) { return v[0] - v[1] * v[2]; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const double rho = a.rho, epsilon = a.epsilon;
    const double rest = rules::complement(a.rho);
    rules::update_reference(
        t, [&](double p, double g, std::span<double> slots, std::span<const double> hyper) {
          slots[0] = rho * slots[0] + rest * g * g;
          const double step = g * std::sqrt(slots[1] + epsilon) / std::sqrt(slots[0] + epsilon);
          slots[1] = rho * slots[1] + rest * step * step;
          return p - hyper[0] * step;
        });
  }
  static std::vector<Case> examples() {
    return rules::update_examples({{"", 2}, {"rho=0.5, epsilon=1e-08", 2}});
  }
};

}  // namespace

OpInfo describe_adadelta_update() {
  return describe<AdadeltaUpdate>();
}

}  // namespace sinter::ir

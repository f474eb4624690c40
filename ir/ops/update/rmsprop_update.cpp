#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/rmsprop.py. Tieleman and Hinton, Coursera lecture 6.5 (2012); centered: Graves,
// arXiv:1308.0850.
struct RmspropUpdate {
  static constexpr std::string_view name = "rmsprop_update";
  static constexpr std::string_view doc =
      "v' = rho v + (1 - rho) gradient^2, variable - lr gradient / (sqrt(v') + epsilon); inputs variable, "
      "gradient, v, mean gradient (if centered), m (if momentum > 0), hyper";
  static constexpr std::string_view keras = "RMSprop", onnx = "";
  static constexpr bool differentiable = false;
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

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::fraction("rho", a.rho, check) || !rules::fraction("momentum", a.momentum, check) ||
        !rules::not_negative("epsilon", a.epsilon, check))
      return std::nullopt;
    return rules::update_types(in, 1 + (a.centered ? 1 : 0) + (a.momentum > 0 ? 1 : 0), check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::UpdateForms update(f);
    const StageValue g = update.gradient();
    const auto mean = [&](Expr old, Expr x) {
      return a.rho * std::move(old) + rules::complement(a.rho) * std::move(x);
    };
    const StageValue square = update.new_slot(
        0, {update.slot(0), g}, [&](const std::vector<Expr> &v) { return mean(v[0], v[1] * v[1]); });
    std::vector<StageValue> operands = {g, update.hyper(0), square};
    if (a.centered)
      operands.push_back(update.new_slot(1, {update.slot(1), g},
                                         [&](const std::vector<Expr> &v) { return mean(v[0], v[1]); }));
    const auto step = [&](const std::vector<Expr> &v) {
      // Rounding may leave a variance a little below 0.
      const Expr variance = a.centered ? kernel::max(v[2] - v[3] * v[3], 0.0f) : v[2];
      return v[1] * v[0] /
             (a.epsilon_inside ? kernel::sqrt(variance + a.epsilon) : kernel::sqrt(variance) + a.epsilon);
    };
    if (a.momentum == 0) {
      operands.push_back(update.variable());
      update.new_variable(operands, [&](const std::vector<Expr> &v) { return v.back() - step(v); });
      return;
    }
    const int slot = a.centered ? 2 : 1;
    operands.push_back(update.slot(slot));
    const StageValue m = update.new_slot(
        slot, operands, [&](const std::vector<Expr> &v) { return a.momentum * v.back() + step(v); });
    update.new_variable({update.variable(), m}, [](const std::vector<Expr> &v) { return v[0] - v[1]; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const double rho = a.rho, epsilon = a.epsilon;
    const double rest = rules::complement(a.rho);
    rules::update_reference(t, [&](double p, double g, std::span<double> slots,
                                   std::span<const double> hyper) {
      slots[0] = rho * slots[0] + rest * g * g;
      double variance = slots[0];
      if (a.centered) {
        slots[1] = rho * slots[1] + rest * g;
        variance = std::max(variance - slots[1] * slots[1], 0.0);
      }
      const double divisor = a.epsilon_inside ? std::sqrt(variance + epsilon) : std::sqrt(variance) + epsilon;
      double step = hyper[0] * g / divisor;
      if (a.momentum > 0) step = slots.back() = a.momentum * slots.back() + step;
      return p - step;
    });
  }
  static std::vector<Case> examples() {
    return rules::update_examples({{"", 1},
                                   {"epsilon=1e-08, epsilon_inside=false", 1},
                                   {"momentum=0.5", 2},
                                   {"centered=true, epsilon=0.25", 2},
                                   {"momentum=0.5, centered=true, epsilon=0.25", 3}});
  }
};

}  // namespace

OpInfo describe_rmsprop_update() {
  return describe<RmspropUpdate>();
}

}  // namespace sinter::ir

#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/nadam.py. Dozat, "Incorporating Nesterov Momentum into Adam" (2016).
struct NadamUpdate {
  static constexpr std::string_view name = "nadam_update";
  static constexpr std::string_view doc =
      "m' = beta_1 m + (1 - beta_1) gradient, v' = beta_2 v + (1 - beta_2) gradient^2, variable - (hyper[1] "
      "gradient + "
      "hyper[2] m') / (sqrt(hyper[3] v') + epsilon); inputs variable, gradient, m, v, hyper";
  static constexpr std::string_view keras = "Nadam", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float beta_1 = 0.9f;
    float beta_2 = 0.999f;
    float epsilon = 1e-7f;
    static constexpr auto fields =
        std::tuple{field("beta_1", &Attrs::beta_1, "how much of the mean gradient stays"),
                   field("beta_2", &Attrs::beta_2, "how much of the mean square stays"),
                   field("epsilon", &Attrs::epsilon, "added to the root")};
  };

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::fraction("beta_1", a.beta_1, check) || !rules::fraction("beta_2", a.beta_2, check) ||
        !rules::not_negative("epsilon", a.epsilon, check))
      return std::nullopt;
    return rules::update_types(in, 2, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::UpdateForms update(f);
    const StageValue g = update.gradient();
    const StageValue m = update.new_slot(0, {update.slot(0), g}, [&](const std::vector<Expr> &v) {
      return a.beta_1 * v[0] + rules::complement(a.beta_1) * v[1];
    });
    const StageValue square = update.new_slot(1, {update.slot(1), g}, [&](const std::vector<Expr> &v) {
      return a.beta_2 * v[0] + rules::complement(a.beta_2) * (v[1] * v[1]);
    });
    update.new_variable({update.variable(), g, m, square, update.hyper(1), update.hyper(2), update.hyper(3)},
                        [&](const std::vector<Expr> &v) {
                          return v[0] - (v[4] * v[1] + v[5] * v[2]) / (kernel::sqrt(v[6] * v[3]) + a.epsilon);
                        });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const double beta_1 = a.beta_1, beta_2 = a.beta_2, epsilon = a.epsilon;
    const double rest_1 = rules::complement(a.beta_1);
    const double rest_2 = rules::complement(a.beta_2);
    rules::update_reference(
        t, [&](double p, double g, std::span<double> slots, std::span<const double> hyper) {
          slots[0] = beta_1 * slots[0] + rest_1 * g;
          slots[1] = beta_2 * slots[1] + rest_2 * g * g;
          return p - (hyper[1] * g + hyper[2] * slots[0]) / (std::sqrt(hyper[3] * slots[1]) + epsilon);
        });
  }
  static std::vector<Case> examples() {
    return rules::update_examples({{"", 2}, {"beta_1=0.5, beta_2=0.875, epsilon=1e-08", 2}});
  }
};

}  // namespace

OpInfo describe_nadam_update() {
  return describe<NadamUpdate>();
}

}  // namespace sinter::ir

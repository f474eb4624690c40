#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Keras: optimizers/sgd.py. Polyak (1964); Nesterov's form as in Sutskever et al., ICML 2013.
struct SgdUpdate {
  static constexpr std::string_view name = "sgd_update";
  static constexpr std::string_view doc =
      "variable - lr gradient; with momentum: m' = momentum m - lr gradient, variable + m' "
      "(nesterov: variable + momentum m' - lr gradient); inputs variable, gradient, m (if momentum > 0), "
      "hyper";
  static constexpr std::string_view keras = "SGD", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float momentum = 0;
    bool nesterov = false;
    static constexpr auto fields =
        std::tuple{field("momentum", &Attrs::momentum, "how much of the last step stays"),
                   field("nesterov", &Attrs::nesterov, "look ahead")};
  };

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::fraction("momentum", a.momentum, check)) return std::nullopt;
    return rules::update_types(in, a.momentum > 0 ? 1 : 0, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::UpdateForms update(f);
    const StageValue lr = update.hyper(0);
    if (a.momentum == 0) {
      update.new_variable({update.variable(), update.gradient(), lr},
                          [](const std::vector<Expr> &v) { return v[0] - v[2] * v[1]; });
      return;
    }
    const StageValue m =
        update.new_slot(0, {update.slot(0), update.gradient(), lr},
                        [&](const std::vector<Expr> &v) { return a.momentum * v[0] - v[2] * v[1]; });
    update.new_variable({update.variable(), update.gradient(), lr, m}, [&](const std::vector<Expr> &v) {
      return a.nesterov ? v[0] + a.momentum * v[3] - v[2] * v[1] : v[0] + v[3];
    });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::update_reference(t,
                            [&](double p, double g, std::span<double> slots, std::span<const double> hyper) {
                              if (a.momentum == 0) return p - hyper[0] * g;
                              slots[0] = a.momentum * slots[0] - hyper[0] * g;
                              return a.nesterov ? p + a.momentum * slots[0] - hyper[0] * g : p + slots[0];
                            });
  }
  static std::vector<Case> examples() {
    return rules::update_examples({{"", 0}, {"momentum=0.9", 1}, {"momentum=0.875, nesterov=true", 1}});
  }
};

}  // namespace

OpInfo describe_sgd_update() {
  return describe<SgdUpdate>();
}

}  // namespace sinter::ir

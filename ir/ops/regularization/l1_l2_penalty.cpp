#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"
#include "ir/ops/shared/whole_tensor.h"

namespace sinter::ir {

namespace {

struct L1L2Penalty {
  static constexpr std::string_view name = "l1_l2_penalty";
  static constexpr std::string_view doc = "l1 (sum of |w|) + l2 (sum of w^2) over all elements -> f32[]";
  static constexpr std::string_view keras = "L1, L2, L1L2 (regularizers)", onnx = "";
  struct Attrs {
    float l1 = 0, l2 = 0;
    static constexpr auto fields = std::tuple{field("l1", &Attrs::l1, "weight of the sum of |w|"),
                                              field("l2", &Attrs::l2, "weight of the sum of w^2")};
  };
  using Gradient = rules::ElementwiseGradient<L1L2Penalty>;
  static constexpr bool is_sum_of_all = true;

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("l1", a.l1, check) && rules::finite("l2", a.l2, check);
  }
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !valid(a, check) || !rules::no_batch(in[0], check))
      return std::nullopt;
    return TensorType{};
  }
  template <class Real>
  static Real value(const Attrs &a, const Real &w) {
    if (a.l1 == 0) return a.l2 * (w * w);
    if (a.l2 == 0) return a.l1 * abs(w);
    return a.l1 * abs(w) + a.l2 * (w * w);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_sum_of_all(f, f.input(0), [&](const Expr &w) { return value(a, w); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    for (const double w : t.inputs[0].data) t.outputs[0].data[0] += value(a, rules::Dual(w)).value;
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit(Gradient::name, Attributes(a), {g.input(0), g.output_gradient()}));
  }
  static std::vector<Case> examples() {
    return {{"l2=0.5", {TensorType{3, 3, 5, 7}}},
            {"l1=0.25", {TensorType{6, 10}}},
            {"l1=0.25, l2=0.5", {TensorType{9}}}};
  }
};

}  // namespace

OpInfo describe_l1_l2_penalty() {
  return describe<L1L2Penalty>();
}

}  // namespace sinter::ir

#include <algorithm>
#include <cmath>

#include "ir/ops/activation/softmax_rules.h"
#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct SoftmaxCrossentropyGradient {
  static constexpr std::string_view name = "softmax_crossentropy_gradient";
  static constexpr std::string_view doc =
      "gradient of softmax_crossentropy by x: softmax(x) (sum of t) - t; inputs x, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = rules::ClassSmoothing;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::label_smoothing(a.label_smoothing, check)) return std::nullopt;
    return rules::loss_gradient_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &type = f.input_type(0);
    const Expr rows = Expr(rules::rows_per_sample(type));
    const std::vector<int> row = rules::row_axis(type.rank());
    const rules::Smoothing smooth(a.label_smoothing, type.dims.back().value());
    const StageValue targets = f.reduce(
        {f.input(1)}, type.dims, [&](const std::vector<Expr> &v) { return smooth(v[0]); }, row, true,
        MonoidKind::sum);
    const rules::SoftmaxStages softmax = rules::softmax_stages(f);
    f.output(0, f.map({softmax.powers, softmax.total, targets, f.input(1), f.input(2)}, type,
                      [&](const std::vector<Expr> &v) {
                        return v[4] / rows * (v[0] / v[1] * v[2] - smooth(v[3]));
                      }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_gradient_reference(
        t, [&](std::span<const double> x, std::span<const double> target, size_t i, double dy) {
          const rules::Smoothing smooth(a.label_smoothing, static_cast<int64_t>(x.size()));
          const double largest = std::ranges::max(x);
          double total = 0, targets = 0;
          for (const double logit : x) total += std::exp(logit - largest);
          for (const double label : target) targets += smooth(label);
          return dy * (std::exp(x[i] - largest) / total * targets - smooth(target[i]));
        });
  }
  static std::vector<Case> examples() {
    return rules::loss_gradient_examples(rules::loss_examples({"", "label_smoothing=0.25"}, -3, 3));
  }
};

}  // namespace

OpInfo describe_softmax_crossentropy_gradient() {
  return describe<SoftmaxCrossentropyGradient>();
}

}  // namespace sinter::ir

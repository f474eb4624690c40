#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct SoftmaxCrossentropy {
  static constexpr std::string_view name = "softmax_crossentropy";
  static constexpr std::string_view doc =
      "-sum of t log(softmax(x)) over a row, mean over rows; inputs logits x and target t";
  static constexpr std::string_view keras = "categorical_crossentropy(from_logits)", onnx = "";
  static constexpr int differentiable_inputs = 1;
  using Attrs = rules::ClassSmoothing;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::label_smoothing(a.label_smoothing, check)) return std::nullopt;
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &type = f.input_type(0);
    const rules::Smoothing smooth(a.label_smoothing, type.dims.back().value());
    const std::vector<int> row = rules::row_axis(type.rank());
    const StageValue largest = f.reduce(f.input(0), row, true, MonoidKind::max);
    const StageValue total = f.reduce(
        {f.input(0), largest}, type.dims, [](const std::vector<Expr> &v) { return kernel::exp(v[0] - v[1]); },
        row, true, MonoidKind::sum);
    rules::lower_sample_sum(
        f, {f.input(0), f.input(1), largest, total}, rules::rows_per_sample(type),
        [&](const std::vector<Expr> &v) { return smooth(v[1]) * (kernel::log(v[3]) - (v[0] - v[2])); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_loss_reference(t, [&](std::span<const double> x, std::span<const double> target) {
      const rules::Smoothing smooth(a.label_smoothing, static_cast<int64_t>(x.size()));
      const double largest = std::ranges::max(x);
      double total = 0, sum = 0;
      for (const double logit : x) total += std::exp(logit - largest);
      for (size_t i = 0; i < x.size(); ++i) sum += smooth(target[i]) * (std::log(total) - (x[i] - largest));
      return sum;
    });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("softmax_crossentropy_gradient", Attributes(a),
                    {g.input(0), g.input(1), rules::sample_gradient(g)}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "label_smoothing=0.25"}, -3, 3); }
};

}  // namespace

OpInfo describe_softmax_crossentropy() {
  return describe<SoftmaxCrossentropy>();
}

}  // namespace sinter::ir

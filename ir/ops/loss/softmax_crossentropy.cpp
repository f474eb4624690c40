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
  struct Attrs {
    float label_smoothing = 0;
    static constexpr auto fields =
        std::tuple{field("label_smoothing", &Attrs::label_smoothing,
                         "this part of a target is spread evenly over the classes")};
  };

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
    if (g.needs(0))
      g.add(0, rules::emit_gradient(g, "softmax_crossentropy_gradient",
                                    make_attributes(op("softmax_crossentropy_gradient"),
                                                    {{"label_smoothing", a.label_smoothing}}),
                                    0, 1));
    if (!g.needs(1)) return;
    const double share = 1 / rules::rows_per_sample(g.input_type(0));
    const ValueId logarithm = g.emit("log_softmax", {g.input(0)});
    g.add(1, rules::scale_by_sample(g, logarithm, -share * (1 - a.label_smoothing)));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "label_smoothing=0.25"}, -3, 3); }
};

}  // namespace

OpInfo describe_softmax_crossentropy() {
  return describe<SoftmaxCrossentropy>();
}

}  // namespace sinter::ir

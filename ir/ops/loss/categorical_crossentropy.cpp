#include <algorithm>
#include <cmath>
#include <numeric>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

// keras/backend: renormalise, clip, then the entropy.
struct CategoricalCrossentropy {
  static constexpr std::string_view name = "categorical_crossentropy";
  static constexpr std::string_view doc =
      "-sum of t log(p / sum of p) over a row, with the quotient clipped to [1e-7, 1 - 1e-7]; mean over rows";
  static constexpr KerasObjective losses[] = {
      {.names = "categorical_crossentropy, CategoricalCrossentropy",
       .arguments = "from_logits label_smoothing axis reduction name",
       .of_logits = "softmax_crossentropy",
       .activation = "softmax"},
      {.names = "sparse_categorical_crossentropy, SparseCategoricalCrossentropy",
       .arguments = "from_logits ignore_class reduction axis name",
       .targets = Targets::ids_as_rows,
       .of_logits = "softmax_crossentropy",
       .activation = "softmax"}};
  static constexpr std::string_view onnx = "";
  static constexpr int differentiable_inputs = 1;
  using Attrs = rules::ClassSmoothing;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::label_smoothing(a.label_smoothing, check)) return std::nullopt;
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &type = f.input_type(0);
    const rules::Smoothing smooth(a.label_smoothing, type.dims.back().value());
    const StageValue total = f.reduce(f.input(0), rules::row_axis(type.rank()), true, MonoidKind::sum);
    rules::lower_sample_sum(
        f, {f.input(0), f.input(1), total}, rules::rows_per_sample(type), [&](const std::vector<Expr> &v) {
          const Expr clipped =
              kernel::min(kernel::max(v[0] / v[2], Expr(rules::loss_epsilon)), Expr(rules::loss_one));
          return -(smooth(v[1]) * kernel::log(clipped));
        });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_loss_reference(t, [&](std::span<const double> p, std::span<const double> target) {
      const rules::Smoothing smooth(a.label_smoothing, static_cast<int64_t>(p.size()));
      const double total = std::accumulate(p.begin(), p.end(), 0.0);
      double sum = 0;
      for (size_t i = 0; i < p.size(); ++i)
        sum -= smooth(target[i]) * std::log(std::clamp(p[i] / total, rules::loss_epsilon, rules::loss_one));
      return sum;
    });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("categorical_crossentropy_gradient", Attributes(a),
                    {g.input(0), g.input(1), rules::sample_gradient(g)}));
  }
  static std::vector<Case> examples() {
    return rules::loss_examples({"", "label_smoothing=0.25"}, 0.0625f, 0.9375f);
  }
};

}  // namespace

OpInfo describe_categorical_crossentropy() {
  return describe<CategoricalCrossentropy>();
}

}  // namespace sinter::ir

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
    if (g.needs(0))
      g.add(0, rules::emit_gradient(g, "categorical_crossentropy_gradient",
                                    make_attributes(op("categorical_crossentropy_gradient"),
                                                    {{"label_smoothing", a.label_smoothing}}),
                                    0, 1));
    if (!g.needs(1)) return;
    const ValueId total =
        g.emit("reduce_sum", {{"axes", std::vector<int64_t>{-1}}, {"keep", true}}, {g.input(0)});
    const ValueId clipped = g.emit("clip", {{"min", rules::loss_epsilon}, {"max", rules::loss_one}},
                                   {g.emit("div", {g.input(0), total})});
    const double share = 1 / rules::rows_per_sample(g.input_type(0));
    g.add(1, rules::scale_by_sample(g, g.emit("log", {clipped}), -share * (1 - a.label_smoothing)));
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

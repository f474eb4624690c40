#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/normalization/batch_norm_rules.h"

namespace sinter::ir {

namespace {

struct BatchNormGammaGradient {
  static constexpr std::string_view
      name = "batch_norm_gamma_gradient",
      doc =
          "dgamma [C] = sum of dy * (x - mean) / sqrt(variance + epsilon); inputs dy and x "
          "[..., C], mean and variance [C]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool batch_dependent = true;
  using Attrs = rules::BatchNormAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    const std::optional<TensorType> x = rules::batch_norm_type(a, in, 2, {"mean", "variance"}, check);
    if (!x) return std::nullopt;
    return TensorType{x->dims.back()};
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(1);
    const StageValue sum = f.reduce(
        {f.input(0), f.input(1), f.input(2)}, x.dims,
        [](const std::vector<Expr> &v) { return v[0] * (v[1] - v[2]); }, rules::all_but_channel(x), false,
        MonoidKind::sum);
    f.output(0, f.map({sum, f.input(3)}, f.output_type(0),
                      [&](const std::vector<Expr> &v) { return v[0] / kernel::sqrt(v[1] + a.epsilon); }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const std::vector<double> &dy = t.inputs[0].data, &x = t.inputs[1].data;
    const std::vector<double> &mean = t.inputs[2].data, &variance = t.inputs[3].data;
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t c = i % mean.size();
      t.outputs[0].data[c] += dy[i] * (x[i] - mean[c]) / std::sqrt(variance[c] + a.epsilon);
    }
  }
  static std::vector<Case> examples() {
    const auto example = [](std::string attributes, TensorType x) {
      const TensorType channel{x.dims.back()};
      return Case{std::move(attributes), {x, x, channel, channel}, 0.125f, 2};
    };
    return {example("", {Dim::batch(), 3, 5, 7}), example("epsilon=1e-05", {Dim::batch(), 19}),
            example("", {2, 3, 4})};
  }
};

}  // namespace

OpInfo describe_batch_norm_gamma_gradient() {
  return describe<BatchNormGammaGradient>();
}

}  // namespace sinter::ir

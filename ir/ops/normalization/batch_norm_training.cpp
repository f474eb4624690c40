#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/normalization/batch_norm_rules.h"

namespace sinter::ir {

namespace {

// Ioffe and Szegedy, "Batch Normalization" (2015), algorithm 1: with the statistics of the batch, over
// everything but the channel. The variance is biased (divided by the count).
struct BatchNormTraining {
  static constexpr std::string_view
      name = "batch_norm_training",
      doc =
          "y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the batch's own mean and "
          "variance a channel; inputs x [..., C], gamma, beta [C]; outputs y, mean, variance";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool batch_dependent = true;
  struct Attrs {
    float epsilon = 1e-3f;
    bool constant_statistics = false;
    static constexpr auto fields = std::tuple{field("epsilon", &Attrs::epsilon, "added to the variance"),
                                              field("constant_statistics", &Attrs::constant_statistics,
                                                    "the gradient takes mean and variance for constants, as "
                                                    "Keras 3.0.0 on PyTorch did (keras pull request 19102)")};
  };

  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    std::optional<TensorType> y = rules::batch_norm_type({a.epsilon}, in, 1, {"gamma", "beta"}, check);
    if (!y) return std::nullopt;
    const TensorType channel = {y->dims.back()};
    return std::vector<TensorType>{*std::move(y), channel, channel};
  }

  // The variance by way of the mean: a sum of squares less a square loses digits.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(0);
    const std::vector<int> axes = rules::all_but_channel(x);
    const auto by_count = [](const std::vector<Expr> &sum, Expr count) { return sum[0] / count; };
    const StageValue mean = f.reduce(f.input(0), axes, false, MonoidKind::sum, by_count);
    const StageValue variance = f.reduce(
        {f.input(0), mean}, x.dims, [](const std::vector<Expr> &v) { return (v[0] - v[1]) * (v[0] - v[1]); },
        axes, false, MonoidKind::sum, by_count);
    f.output(1, mean);
    f.output(2, variance);
    f.output(0, f.map({f.input(0), f.input(1), f.input(2), mean, variance}, f.output_type(0),
                      [&](const std::vector<Expr> &v) {
                        return (v[0] - v[3]) * (v[1] / kernel::sqrt(v[4] + a.epsilon)) + v[2];
                      }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    const auto channels = static_cast<size_t>(x.dims.back());
    const auto [mean, variance] = rules::channel_statistics(x);
    for (size_t i = 0; i < x.data.size(); ++i) {
      const size_t c = i % channels;
      const double normalized = (x.data[i] - mean[c]) / std::sqrt(variance[c] + a.epsilon);
      t.outputs[0].data[i] = normalized * t.inputs[1].data[c] + t.inputs[2].data[c];
    }
    t.outputs[1].data = mean;
    t.outputs[2].data = variance;
  }

  // The first part is what y gives; mean and variance are seldom asked.
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId x = g.input(0), gamma = g.input(1), mean = g.output(1), variance = g.output(2);
    if (const ValueId dy = g.output_gradient(0); dy >= 0) {
      const std::vector<int64_t> axes = all_axes(g.type(x));
      ValueId dgamma = -1, dbeta = -1;
      if (g.needs(0) && a.constant_statistics) {
        const ValueId deviation = g.emit("sqrt", {g.emit("affine", {{"shift", a.epsilon}}, {variance})});
        g.add(0, g.emit("mul", {dy, g.emit("div", {gamma, deviation})}));
      }
      const bool through_statistics = g.needs(0) && !a.constant_statistics;
      if (through_statistics || g.needs(1))
        dgamma = g.emit("batch_norm_gamma_gradient", {{"epsilon", a.epsilon}}, {dy, x, mean, variance});
      if (through_statistics || g.needs(2))
        dbeta = axes.empty() ? dy : g.emit("batch_sum", {{"axes", axes}}, {dy});
      if (through_statistics)
        g.add(0, g.emit("batch_norm_input_gradient", {{"epsilon", a.epsilon}},
                        {dy, x, gamma, mean, variance, dgamma, dbeta}));
      if (g.needs(1)) g.add(1, dgamma);
      if (g.needs(2)) g.add(2, dbeta);
    }
    if (!g.needs(0)) return;
    const auto spread = [&](ValueId dy) {
      const TensorType &type = g.type(x);
      return g.emit("broadcast_to",
                    {{"shape", sizes_per_sample(type)}, {"batch", type.has_batch()}, {"mean", true}}, {dy});
    };
    if (g.output_gradient(1) >= 0) g.add(0, spread(g.output_gradient(1)));
    if (g.output_gradient(2) >= 0) {
      const ValueId deviation = g.emit("sub", {x, mean});
      const ValueId product = g.emit("mul", {deviation, spread(g.output_gradient(2))});
      g.add(0, g.emit("affine", {{"scale", 2.0f}}, {product}));
    }
  }
  static std::vector<int64_t> all_axes(const TensorType &x) {
    const std::vector<int> axes = rules::all_but_channel(x);
    return {axes.begin(), axes.end()};
  }

  static std::vector<Case> examples() {
    const auto example = [](std::string attributes, TensorType x) {
      const TensorType parameter{x.dims.back()};
      return Case{std::move(attributes), {std::move(x), parameter, parameter}};
    };
    return {example("", {Dim::batch(), 3, 5, 7}), example("epsilon=1e-05", {Dim::batch(), 19}),
            example("epsilon=0.1", {2, 3, 4})};
  }
};

}  // namespace

OpInfo describe_batch_norm_training() {
  return describe<BatchNormTraining>();
}

}  // namespace sinter::ir

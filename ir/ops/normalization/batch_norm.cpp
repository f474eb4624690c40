#include <fmt/format.h>

#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"
#include "ir/training_builder.h"

namespace sinter::ir {

namespace {

// Ioffe and Szegedy, "Batch Normalization" (2015), with the moving statistics that inference uses. The
// channel is the last dimension.
struct BatchNorm {
  static constexpr std::string_view
      name = "batch_norm",
      doc =
          "y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, per channel; "
          "inputs x, gamma, beta, mean, variance";
  static constexpr std::string_view keras = "BatchNormalization", onnx = "BatchNormalization";
  struct Attrs {
    float epsilon = 1e-3f;
    float momentum = 0.99f;
    bool constant_statistics = false;
    static constexpr auto fields = std::tuple{
        field("epsilon", &Attrs::epsilon, "added to the variance"),
        field("momentum", &Attrs::momentum, "training: how much of the moving statistics a step keeps"),
        field("constant_statistics", &Attrs::constant_statistics, "training: as of batch_norm_training")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 5, check) || !rules::axis_index(in[0], -1, check)) return std::nullopt;
    if (!(a.momentum >= 0 && a.momentum <= 1)) {
      check.fail("momentum must be in [0, 1], got " + print(AttributeValue(double{a.momentum})));
      return std::nullopt;
    }
    if (!(std::isfinite(a.epsilon) && a.epsilon >= 0)) {
      check.fail("epsilon must be finite and at least 0, got " + print(AttributeValue(double{a.epsilon})));
      return std::nullopt;
    }
    const char *names[] = {"x", "gamma", "beta", "mean", "variance"};
    TensorType type = in[0];
    for (size_t i = 1; i < 5; ++i) {
      if (!rules::weight(in[i], 1, names[i], check)) return std::nullopt;
      const std::optional<Dim> channels = rules::same_dim(type.dims.back(), in[i].dims[0]);
      if (!channels) {
        const std::string other = in[0].dims.back().is_constant()
                                      ? fmt::format("the input {} has {} channels", print_shape(in[0].dims),
                                                    type.dims.back().value())
                                      : fmt::format("gamma has {}", type.dims.back().value());
        check.fail(fmt::format("{} has {} elements, but {}", names[i], in[i].dims[0].value(), other));
        return std::nullopt;
      }
      type.dims.back() = *channels;
    }
    return rules::result(std::move(type), check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    std::vector<StageValue> operands;
    for (int i = 0; i < 5; ++i) operands.push_back(f.input(i));
    f.output(0, f.map(operands, f.output_type(0), [&](const std::vector<Expr> &v) {
      return (v[0] - v[3]) * (v[1] / kernel::sqrt(v[4] + a.epsilon)) + v[2];
    }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const auto parameter = [&](size_t input, size_t channel) { return t.inputs[input].data[channel]; };
    const auto channels = static_cast<size_t>(t.inputs[0].dims.back());
    for (size_t i = 0; i < t.outputs[0].data.size(); ++i) {
      const size_t c = i % channels;
      const double deviation = std::sqrt(parameter(4, c) + a.epsilon);
      t.outputs[0].data[i] =
          (t.inputs[0].data[i] - parameter(3, c)) / deviation * parameter(1, c) + parameter(2, c);
    }
  }
  // Of both versions of Keras the moving variance follows the biased one (divided by the count).
  static void training(const Attrs &a, TrainingBuilder &t) {
    if (t.is_frozen()) return;
    const NodeId y = t.emit("batch_norm_training",
                            {{"epsilon", a.epsilon}, {"constant_statistics", a.constant_statistics}},
                            {t.input(0), t.input(1), t.input(2)});
    t.move_average(t.input(3), t.output_of(y, 1), a.momentum);
    t.move_average(t.input(4), t.output_of(y, 2), a.momentum);
    t.result(t.output_of(y));
  }
  // scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale.
  static ScaleShift scale_shift(const Attrs &a, Graph &graph, const std::vector<ValueId> &inputs) {
    const ValueId gamma = inputs[1], beta = inputs[2], mean = inputs[3], variance = inputs[4];
    const std::string epsilon = "shift=" + print(AttributeValue(double{a.epsilon}));
    const auto named = [&](ValueId value, std::string_view suffix) {
      return fmt::format("{}.{}", graph.value(value).name, suffix);
    };
    const Attributes add_epsilon = *parse_attributes(op("affine"), epsilon, nullptr);
    const ValueId raised = graph.emit("affine", add_epsilon, {variance}, named(variance, "raised"));
    const ValueId deviation =
        graph.emit("sqrt", Attributes(NoAttrs{}), {raised}, named(variance, "deviation"));
    const ValueId scale = graph.emit("div", Attributes(NoAttrs{}), {gamma, deviation}, named(gamma, "scale"));
    const ValueId offset = graph.emit("mul", Attributes(NoAttrs{}), {mean, scale}, named(mean, "scaled"));
    const ValueId shift = graph.emit("sub", Attributes(NoAttrs{}), {beta, offset}, named(beta, "shift"));
    return {scale, shift};
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId dy = g.output_gradient();
    const ValueId deviation = g.emit("sqrt", {g.emit("affine", {{"shift", a.epsilon}}, {g.input(4)})});
    g.add_broadcast(2, dy);
    ValueId dx = -1, normalized = -1;
    if (g.needs(0) || g.needs(3) || g.needs(4))
      dx = g.emit("mul", {dy, g.emit("div", {g.input(1), deviation})});
    if (g.needs(1) || g.needs(4))
      normalized = g.emit("div", {g.emit("sub", {g.input(0), g.input(3)}), deviation});
    if (g.needs(0)) g.add(0, dx);
    if (g.needs(1)) g.add_broadcast(1, g.emit("mul", {dy, normalized}));
    if (g.needs(3)) g.add_broadcast(3, g.emit("neg", {dx}));
    if (g.needs(4)) {
      const ValueId half = g.emit("affine", {{"scale", -0.5f}}, {g.emit("mul", {dx, normalized})});
      g.add_broadcast(4, g.emit("div", {half, deviation}));
    }
  }
  static std::vector<Case> examples() {
    const auto example = [](std::string attributes, TensorType x) {
      const TensorType parameter{x.dims.back()};
      return Case{
          std::move(attributes), {std::move(x), parameter, parameter, parameter, parameter}, 0.125f, 2};
    };
    return {example("", {Dim::batch(), 3, 5, 7}), example("epsilon=1e-05", {Dim::batch(), 19}),
            example("", {2, 3, 4})};
  }
};

}  // namespace

OpInfo describe_batch_norm() {
  return describe<BatchNorm>();
}

}  // namespace sinter::ir

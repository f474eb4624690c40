#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/normalization/batch_norm_rules.h"

namespace sinter::ir {

namespace {

// dx = gamma / s * (dy - dbeta / m - (x - mean) / s * dgamma / m) with s = sqrt(variance + epsilon) and m
// elements a channel: the chain rule of Ioffe and Szegedy (2015), section 3, collected by dgamma and dbeta.
struct BatchNormInputGradient {
  static constexpr std::string_view
      name = "batch_norm_input_gradient",
      doc =
          "gradient of batch_norm_training with respect to x; inputs dy and x [..., C], gamma, mean, "
          "variance, dgamma and dbeta [C]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool batch_dependent = true;
  using Attrs = rules::BatchNormAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::batch_norm_type(a, in, 2, {"gamma", "mean", "variance", "dgamma", "dbeta"}, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.output_type(0);
    std::vector<StageValue> operands;
    for (int i = 0; i < 7; ++i) operands.push_back(f.input(i));
    f.output(0, f.map(operands, x, [&](const std::vector<Expr> &v) {
      const Expr per_sample = static_cast<float>(x.elements_per_sample() / x.dims.back().value());
      const Expr count = x.has_batch() ? f.batch_size() * per_sample : per_sample;
      const Expr deviation = kernel::sqrt(v[4] + a.epsilon);
      const Expr normalized = (v[1] - v[3]) / deviation;
      return v[2] / deviation * (v[0] - (v[6] + normalized * v[5]) / count);
    }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const std::vector<double> &dy = t.inputs[0].data, &x = t.inputs[1].data;
    const auto channels = static_cast<size_t>(t.inputs[0].dims.back());
    const double count = static_cast<double>(x.size() / channels);
    for (size_t i = 0; i < x.size(); ++i) {
      const auto vector = [&](size_t input) { return t.inputs[input].data[i % channels]; };
      const double gamma = vector(2), mean = vector(3), variance = vector(4), dgamma = vector(5),
                   dbeta = vector(6);
      const double s = std::sqrt(variance + a.epsilon);
      t.outputs[0].data[i] = gamma / s * (dy[i] - dbeta / count - (x[i] - mean) / s * dgamma / count);
    }
  }
  static std::vector<Case> examples() {
    const auto example = [](std::string attributes, TensorType x) {
      const TensorType channel{x.dims.back()};
      return Case{std::move(attributes), {x, x, channel, channel, channel, channel, channel}, 0.125f, 2};
    };
    return {example("", {Dim::batch(), 3, 5, 7}), example("epsilon=1e-05", {Dim::batch(), 19}),
            example("", {2, 3, 4})};
  }
};

}  // namespace

OpInfo describe_batch_norm_input_gradient() {
  return describe<BatchNormInputGradient>();
}

}  // namespace sinter::ir

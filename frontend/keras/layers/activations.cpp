// Activation functions, given by name, and the layers that are activations.
#include <fmt/format.h>

#include <cmath>

#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {
namespace {

using ir::ValueId;
using nlohmann::json;
using Function = std::optional<ValueId> (*)(LayerImport &, ValueId);

// Klambauer et al., "Self-Normalizing Neural Networks" (2017).
constexpr double kSeluAlpha = 1.6732632423543772;
constexpr double kSeluScale = 1.0507009873554805;

template <char const *op>
std::optional<ValueId> plain(LayerImport &layer, ValueId x) {
  return layer.node(op, {}, {x});
}

std::optional<ValueId> affine(LayerImport &layer, std::optional<ValueId> x, double scale, double shift) {
  if (!x) return std::nullopt;
  return layer.node("affine", {{"scale", scale}, {"shift", shift}}, {*x});
}

std::optional<ValueId> clip(LayerImport &layer, std::optional<ValueId> x, double low, double high) {
  if (!x) return std::nullopt;
  return layer.node("clip", {{"min", low}, {"max", high}}, {*x});
}

std::optional<ValueId> product(LayerImport &layer, ValueId x, std::optional<ValueId> factor) {
  if (!factor) return std::nullopt;
  return layer.node("mul", {}, {x, *factor});
}

// Keras 2: 0.2 x + 0.5; Keras 3: x / 6 + 0.5; both cut to [0, 1].
std::optional<ValueId> hard_sigmoid(LayerImport &layer, ValueId x) {
  return clip(layer, affine(layer, x, layer.keras3 ? 1.0 / 6 : 0.2, 0.5), 0, 1);
}

std::optional<ValueId> hard_silu(LayerImport &layer, ValueId x) {
  return product(layer, x, clip(layer, affine(layer, x, 1.0 / 6, 0.5), 0, 1));
}

std::optional<ValueId> swish(LayerImport &layer, ValueId x) {
  return product(layer, x, layer.node("sigmoid", {}, {x}));
}

std::optional<ValueId> mish(LayerImport &layer, ValueId x) {
  const auto softplus = layer.node("softplus", {}, {x});
  if (!softplus) return std::nullopt;
  return product(layer, x, layer.node("tanh", {}, {*softplus}));
}

std::optional<ValueId> selu(LayerImport &layer, ValueId x) {
  return affine(layer, layer.node("elu", {{"alpha", kSeluAlpha}}, {x}), kSeluScale, 0);
}

// x / (1 + |x|)
std::optional<ValueId> softsign(LayerImport &layer, ValueId x) {
  const auto negative = layer.node("neg", {}, {x});
  if (!negative) return std::nullopt;
  const auto divisor = affine(layer, layer.node("maximum", {}, {x, *negative}), 1, 1);
  if (!divisor) return std::nullopt;
  return layer.node("div", {}, {x, *divisor});
}

std::optional<ValueId> leaky_relu(LayerImport &layer, ValueId x) {
  return layer.node("leaky_relu", {{"slope", 0.2}}, {x});
}

constexpr char kRelu[] = "relu", kRelu6[] = "relu6", kSigmoid[] = "sigmoid", kTanh[] = "tanh", kElu[] = "elu",
               kSoftplus[] = "softplus", kExp[] = "exp", kIdentity[] = "identity";

const std::map<std::string, Function> &functions() {
  static const std::map<std::string, Function> table = {{"linear", plain<kIdentity>},
                                                        {"relu", plain<kRelu>},
                                                        {"relu6", plain<kRelu6>},
                                                        {"sigmoid", plain<kSigmoid>},
                                                        {"tanh", plain<kTanh>},
                                                        {"elu", plain<kElu>},
                                                        {"softplus", plain<kSoftplus>},
                                                        {"exponential", plain<kExp>},
                                                        {"hard_sigmoid", hard_sigmoid},
                                                        {"swish", swish},
                                                        {"silu", swish},
                                                        {"selu", selu},
                                                        {"softsign", softsign},
                                                        {"mish", mish},
                                                        {"leaky_relu", leaky_relu},
                                                        {"hard_silu", hard_silu},
                                                        {"hard_swish", hard_silu}};
  return table;
}

// Over Keras's axis; the ops work on the last stored one.
std::optional<Tensor> softmax(LayerImport &layer, Tensor x, std::string_view op, const json &given_axis) {
  const auto axis = layer.axis(x, given_axis);
  if (!axis) return std::nullopt;
  const auto rank = static_cast<int64_t>(layer.dims(x).size());
  std::vector<int64_t> swapped;
  for (int64_t i = 0; i < rank; ++i) swapped.push_back(i);
  std::swap(swapped[static_cast<size_t>(*axis)], swapped.back());
  const bool is_last = *axis == rank - 1;
  auto y = is_last ? std::optional(x.value) : layer.node("transpose", {{"permutation", swapped}}, {x.value});
  if (y) y = layer.node(op, {}, {*y});
  if (y && !is_last) y = layer.node("transpose", {{"permutation", swapped}}, {*y});
  if (!y) return std::nullopt;
  return Tensor{*y, x.channels_first};
}

std::optional<Tensor> apply(LayerImport &layer, const Tensor &x, std::optional<ValueId> y) {
  (void)layer;
  if (!y) return std::nullopt;
  return Tensor{*y, x.channels_first};
}

// f(x) = max_value above it, x above `threshold`, negative_slope * (x - threshold) below.
std::optional<Tensor> relu_with(LayerImport &layer, const Tensor &x, std::optional<double> max_value,
                                double slope, double threshold) {
  if (!std::isfinite(slope) || !std::isfinite(threshold) || slope < 0 || (max_value && !(*max_value >= 0)))
    return layer.fail(fmt::format(
        "max_value, negative_slope ({}) and threshold ({}) must be finite, the first two not negative", slope,
        threshold));
  if (slope == 0 && threshold == 0) {
    if (!max_value) return apply(layer, x, layer.node("relu", {}, {x.value}));
    if (*max_value == 6) return apply(layer, x, layer.node("relu6", {}, {x.value}));
    return apply(layer, x, clip(layer, x.value, 0, *max_value));
  }
  auto y = threshold == 0
               ? layer.node("leaky_relu", {{"slope", slope}}, {x.value})
               : layer.node("threshold_relu", {{"threshold", threshold}, {"slope", slope}}, {x.value});
  if (max_value) y = clip(layer, y, -INFINITY, *max_value);
  return apply(layer, x, y);
}

}  // namespace

std::optional<Tensor> activate(LayerImport &layer, Tensor x, const json &activation) {
  std::string name = "linear";
  if (activation.is_string()) {
    name = activation.get<std::string>();
  } else if (activation.is_object()) {
    // A function of the user's or Keras's, or a layer: {"class_name": "function", "config": "relu6"}.
    const json class_name = activation.value("class_name", json()),
               config = activation.value("config", json());
    name = config.is_string()       ? config.get<std::string>()
           : class_name.is_string() ? class_name.get<std::string>()
                                    : "";
    static const std::map<std::string, double> slopes = {{"LeakyReLU", 0.3}};
    if (const auto slope = slopes.find(name); slope != slopes.end()) {
      double value = slope->second;
      if (config.is_object())
        for (const char *key : {"alpha", "negative_slope"})
          if (config.contains(key) && config[key].is_number()) value = config[key].get<double>();
      return relu_with(layer, x, std::nullopt, value, 0);
    }
    static const std::map<std::string, std::string> layers = {
        {"ReLU", "relu"}, {"Softmax", "softmax"}, {"ELU", "elu"}};
    if (const auto found = layers.find(name); found != layers.end()) name = found->second;
  } else if (!activation.is_null()) {
    return layer.fail(fmt::format("activation is {}, but must be a name", print_json(activation)));
  }
  if (name == "linear" && layer.layer.class_name != "Activation") return x;
  if (name == "softmax") return softmax(layer, x, "softmax", -1);
  if (name == "log_softmax") return softmax(layer, x, "log_softmax", -1);
  const auto function = functions().find(name);
  if (function == functions().end()) {
    std::vector<std::string> names = {"softmax", "log_softmax"};
    for (const auto &[known, f] : functions()) names.push_back(known);
    return layer.fail(fmt::format("the activation '{}' is not supported", name),
                      fmt::format("supported are {}", fmt::join(names, ", ")));
  }
  return apply(layer, x, function->second(layer, x.value));
}

std::optional<Tensor> import_activation(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  return activate(layer, layer.inputs[0], layer.argument("activation"));
}

std::optional<Tensor> import_leaky_relu(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto slope = layer.number("alpha");
  if (!slope) return std::nullopt;
  return apply(layer, layer.inputs[0],
               layer.node("leaky_relu", {{"slope", *slope}}, {layer.inputs[0].value}));
}

std::optional<Tensor> import_relu(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto slope = layer.number("negative_slope");
  const auto threshold = layer.number("threshold");
  const bool limited = !layer.argument("max_value").is_null();
  const auto max_value = limited ? layer.number("max_value") : std::nullopt;
  if (!slope || !threshold || (limited && !max_value)) return std::nullopt;
  return relu_with(layer, layer.inputs[0], max_value, *slope, *threshold);
}

std::optional<Tensor> import_elu(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto alpha = layer.number("alpha");
  if (!alpha) return std::nullopt;
  return apply(layer, layer.inputs[0], layer.node("elu", {{"alpha", *alpha}}, {layer.inputs[0].value}));
}

std::optional<Tensor> import_softmax(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  return softmax(layer, layer.inputs[0], "softmax", layer.argument("axis"));
}

std::optional<Tensor> import_thresholded_relu(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto theta = layer.number("theta");
  if (!theta) return std::nullopt;
  return relu_with(layer, layer.inputs[0], std::nullopt, 0, *theta);
}

}  // namespace sinter::keras

#include <fmt/format.h>

#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {

// gamma and beta, if the layer learns them, then the moving mean and variance, each [C] over the layer's
// axis.
std::optional<Tensor> import_batch_normalization(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto epsilon = layer.number("epsilon"), momentum = layer.number("momentum");
  const auto scale = layer.boolean("scale");
  const auto center = layer.boolean("center");
  if (!epsilon || !momentum || !scale || !center) return std::nullopt;
  if (layer.argument("renorm") == true) return layer.fail("renorm=True is not supported");

  Tensor x = layer.inputs[0];
  auto axis = layer.axis(x, layer.argument("axis"));
  if (!axis) return std::nullopt;
  const int last = static_cast<int>(layer.dims(x).size()) - 1;
  if (*axis != last && last == 3) {
    // The other storage has this axis last, if it is Keras's axis 1 or 3.
    x = layer.stored(x, !x.channels_first);
    axis = layer.axis(x, layer.argument("axis"));
  }
  // Any other axis is brought last, and back afterwards.
  std::vector<int64_t> swapped;
  for (int64_t i = 0; i <= last; ++i) swapped.push_back(i);
  std::swap(swapped[static_cast<size_t>(*axis)], swapped.back());
  const bool is_last = *axis == last;
  if (!is_last) {
    const auto brought_last = layer.node("transpose", {{"permutation", swapped}}, {x.value});
    if (!brought_last) return std::nullopt;
    x.value = *brought_last;
  }
  const ir::Dim size = layer.dims(x)[static_cast<size_t>(last)];
  if (!size.is_constant())
    return layer.fail(fmt::format("needs a known number of channels, but gets {}", layer.shape(x)));
  const int64_t channels = size.value();

  const auto gamma = *scale ? layer.weight("gamma", {channels}, "gamma_initializer")
                            : std::optional(layer.constant("gamma", channels, 1));
  const auto beta = *center ? layer.weight("beta", {channels}, "beta_initializer")
                            : std::optional(layer.constant("beta", channels, 0));
  const auto mean =
      layer.weight("moving_mean", {channels}, "moving_mean_initializer", ir::VariableKind::statistic);
  const auto variance =
      layer.weight("moving_variance", {channels}, "moving_variance_initializer", ir::VariableKind::statistic);
  if (!gamma || !beta || !mean || !variance) return std::nullopt;
  auto y = layer.node("batch_norm", {{"epsilon", *epsilon}, {"momentum", *momentum}},
                      {x.value, *gamma, *beta, *mean, *variance});
  if (y && !is_last) y = layer.node("transpose", {{"permutation", swapped}}, {*y});
  if (!y) return std::nullopt;
  return Tensor{*y, x.channels_first};
}

}  // namespace sinter::keras

#include <fmt/format.h>

#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {
namespace {

using Ints = std::vector<int64_t>;

// What every convolution starts with.
struct Convolution {
  Tensor x;          // stored channels last
  int64_t channels;  // of x
  std::array<int64_t, 2> kernel_size, strides, dilations;
  Ints pads;  // top, bottom, left, right

  AttributeList attributes() const {
    return {{"strides", Ints(strides.begin(), strides.end())},
            {"dilations", Ints(dilations.begin(), dilations.end())},
            {"pads", pads}};
  }
};

std::optional<Convolution> read(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto kernel_size = layer.pair("kernel_size");
  const auto strides = layer.pair("strides");
  const auto dilations = layer.pair("dilation_rate");
  const auto padding = layer.choice("padding", {"valid", "same"});
  const auto channels_first = layer.channels_first();
  if (!kernel_size || !strides || !dilations || !padding || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  const std::vector<ir::Dim> &dims = layer.dims(*x);
  if (!dims[3].is_constant())
    return layer.fail(fmt::format("needs a known number of channels, but gets {}", layer.shape(*x)));
  Ints pads = {0, 0, 0, 0};
  if (*padding == "same")
    for (size_t i = 0; i < 2; ++i) {
      const auto [before, after] =
          same_padding(dims[i + 1], (*kernel_size)[i], (*strides)[i], (*dilations)[i]);
      pads[2 * i] = before;
      pads[2 * i + 1] = after;
    }
  return Convolution{*x, dims[3].value(), *kernel_size, *strides, *dilations, std::move(pads)};
}

std::optional<Tensor> depthwise(LayerImport &layer, const Convolution &c, int64_t multiplier) {
  const auto kernel =
      layer.weight("depthwise_kernel", {c.kernel_size[0], c.kernel_size[1], c.channels, multiplier},
                   "depthwise_initializer");
  if (!kernel) return std::nullopt;
  const auto y = layer.node("depthwise_conv2d", c.attributes(), {c.x.value, *kernel});
  if (!y) return std::nullopt;
  return Tensor{*y, c.x.channels_first};
}

}  // namespace

std::optional<Tensor> import_conv2d(LayerImport &layer) {
  const auto c = read(layer);
  const auto filters = layer.integer("filters");
  const auto groups = layer.integer("groups");
  if (!c || !filters || !groups) return std::nullopt;
  if (c->channels % *groups != 0 || *filters % *groups != 0)
    return layer.fail(fmt::format("{} input channels and {} filters cannot both be divided into {} groups",
                                  c->channels, *filters, *groups));
  const auto kernel =
      layer.weight("kernel", {c->kernel_size[0], c->kernel_size[1], c->channels / *groups, *filters},
                   "kernel_initializer");
  if (!kernel) return std::nullopt;
  AttributeList attributes = c->attributes();
  attributes.emplace_back("groups", *groups);
  const auto y = layer.node("conv2d", attributes, {c->x.value, *kernel});
  if (!y) return std::nullopt;
  return bias_and_activation(layer, {*y, c->x.channels_first}, *filters);
}

std::optional<Tensor> import_depthwise_conv2d(LayerImport &layer) {
  const auto c = read(layer);
  const auto multiplier = layer.integer("depth_multiplier");
  if (!c || !multiplier) return std::nullopt;
  const auto y = depthwise(layer, *c, *multiplier);
  if (!y) return std::nullopt;
  return bias_and_activation(layer, *y, c->channels * *multiplier);
}

// A depthwise convolution, then a pointwise one with the bias and the activation.
std::optional<Tensor> import_separable_conv2d(LayerImport &layer) {
  const auto c = read(layer);
  const auto filters = layer.integer("filters");
  const auto multiplier = layer.integer("depth_multiplier");
  if (!c || !filters || !multiplier) return std::nullopt;
  const auto middle = depthwise(layer, *c, *multiplier);
  if (!middle) return std::nullopt;
  const auto kernel =
      layer.weight("pointwise_kernel", {1, 1, c->channels * *multiplier, *filters}, "pointwise_initializer");
  if (!kernel) return std::nullopt;
  const auto y = layer.node("conv2d", {}, {middle->value, *kernel});
  if (!y) return std::nullopt;
  return bias_and_activation(layer, {*y, middle->channels_first}, *filters);
}

}  // namespace sinter::keras

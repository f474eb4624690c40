#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {
namespace {

using Ints = std::vector<int64_t>;

bool is_maximum(const LayerImport &layer) {
  return layer.layer.class_name.find("Max") != std::string::npos;
}

}  // namespace

std::optional<Tensor> import_pooling2d(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto size = layer.pair("pool_size");
  const auto strides = layer.argument("strides").is_null() ? size : layer.pair("strides");
  const auto padding = layer.choice("padding", {"valid", "same"});
  const auto channels_first = layer.channels_first();
  if (!size || !strides || !padding || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  Ints pads = {0, 0, 0, 0};
  if (*padding == "same")
    for (size_t i = 0; i < 2; ++i) {
      const auto [before, after] = same_padding(layer.dims(*x)[i + 1], (*size)[i], (*strides)[i], 1);
      pads[2 * i] = before;
      pads[2 * i + 1] = after;
    }
  const auto y = layer.node(is_maximum(layer) ? "max_pool" : "average_pool",
                            {{"size", Ints(size->begin(), size->end())},
                             {"strides", Ints(strides->begin(), strides->end())},
                             {"pads", pads}},
                            {x->value});
  if (!y) return std::nullopt;
  return Tensor{*y, x->channels_first};
}

std::optional<Tensor> import_global_pooling2d(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto keep = layer.boolean("keepdims");
  const auto channels_first = layer.channels_first();
  if (!keep || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  const auto y = layer.node(is_maximum(layer) ? "reduce_max" : "reduce_mean",
                            {{"axes", Ints{1, 2}}, {"keep", *keep}}, {x->value});
  if (!y) return std::nullopt;
  return Tensor{*y, *keep && x->channels_first};
}

}  // namespace sinter::keras

// Layers that compute nothing, or next to nothing: dropout, flattening, reshaping, permuting, rescaling.
#include <fmt/format.h>

#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {

std::optional<Tensor> import_dropout(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto rate = layer.number("rate");
  if (!rate) return std::nullopt;
  if (!(*rate >= 0 && *rate < 1))
    return layer.fail(fmt::format("rate is {}, but must be at least 0 and below 1", *rate));
  if (layer.layer.class_name == "SpatialDropout2D" && !layer.input(0, 4, layer.inputs[0].channels_first))
    return std::nullopt;
  if (!layer.argument("noise_shape").is_null())
    layer.warn("noise_shape has no effect: elements are dropped one by one");
  const bool spatial = layer.layer.class_name == "SpatialDropout2D";
  const auto y = layer.node("dropout", {{"rate", *rate}, {"spatial", spatial}}, {layer.inputs[0].value});
  if (!y) return std::nullopt;
  return Tensor{*y, layer.inputs[0].channels_first};
}

// Keras's data_format='channels_first' of Flatten means: channels are brought last before flattening.
std::optional<Tensor> import_flatten(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto channels_first = layer.channels_first();
  if (!channels_first) return std::nullopt;
  const Tensor x = layer.stored(layer.inputs[0], *channels_first);
  const auto y = layer.node("reshape", {{"shape", std::vector<int64_t>{-1}}}, {x.value});
  if (!y) return std::nullopt;
  return Tensor{*y};
}

std::optional<Tensor> import_reshape(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const nlohmann::json &target = layer.argument("target_shape");
  std::vector<int64_t> shape;
  bool valid = target.is_array() && target.size() <= 7;
  if (valid)
    for (const nlohmann::json &size : target) {
      valid &= size.is_number_integer() && size >= -1 && size != 0 && size <= (int64_t{1} << 40);
      if (valid) shape.push_back(size.get<int64_t>());
    }
  if (!valid)
    return layer.fail(fmt::format("target_shape is {}, but must be a list of sizes, one of which may be -1",
                                  print_json(target)));
  const Tensor x = layer.stored(layer.inputs[0], false);
  const auto y = layer.node("reshape", {{"shape", shape}}, {x.value});
  if (!y) return std::nullopt;
  return Tensor{*y};
}

std::optional<Tensor> import_permute(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const nlohmann::json &dims = layer.argument("dims");
  std::vector<int64_t> permutation = {0};
  bool valid = dims.is_array() && dims.size() <= 7;
  if (valid)
    for (const nlohmann::json &dim : dims) {
      valid &= dim.is_number_integer() && dim >= 1 && dim <= 7;
      if (valid) permutation.push_back(dim.get<int64_t>());
    }
  if (!valid)
    return layer.fail(
        fmt::format("dims is {}, but must be a list of dimensions from 1 on", print_json(dims)));
  const Tensor x = layer.stored(layer.inputs[0], false);
  const auto y = layer.node("transpose", {{"permutation", permutation}}, {x.value});
  if (!y) return std::nullopt;
  return Tensor{*y};
}

std::optional<Tensor> import_rescaling(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto scale = layer.number("scale");
  const auto offset = layer.number("offset");
  if (!scale || !offset) return std::nullopt;
  const auto y = layer.node("affine", {{"scale", *scale}, {"shift", *offset}}, {layer.inputs[0].value});
  if (!y) return std::nullopt;
  return Tensor{*y, layer.inputs[0].channels_first};
}

}  // namespace sinter::keras

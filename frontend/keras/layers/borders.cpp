// Layers that change height and width only: padding, cropping, upsampling.
#include <fmt/format.h>

#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

// 1, (1, 2) or ((1, 2), (3, 4)): top, bottom, left, right.
std::optional<std::array<int64_t, 4>> sides(LayerImport &layer, std::string_view name) {
  const json &value = layer.argument(name);
  const auto valid = [](const json &v) { return v.is_number_integer() && v >= 0 && v <= (1 << 20); };
  std::array<int64_t, 4> result{};
  bool ok = true;
  for (size_t i = 0; i < 4 && ok; ++i) {
    json side = value;
    if (value.is_array() && value.size() == 2) {
      side = value[i / 2];
      if (side.is_array() && side.size() == 2) side = json(side[i % 2]);
    }
    ok = valid(side);
    if (ok) result[i] = side.get<int64_t>();
  }
  if (ok) return result;
  return layer.fail(fmt::format("{} is {}, but must be n, (rows, columns) or ((top, bottom), (left, right))",
                                name, print_json(value)));
}

}  // namespace

std::optional<Tensor> import_zero_padding2d(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto pads = sides(layer, "padding");
  const auto channels_first = layer.channels_first();
  if (!pads || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  const auto y = layer.node("pad", {{"pads", std::vector<int64_t>(pads->begin(), pads->end())}}, {x->value});
  if (!y) return std::nullopt;
  return Tensor{*y, x->channels_first};
}

std::optional<Tensor> import_cropping2d(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto cropping = sides(layer, "cropping");
  const auto channels_first = layer.channels_first();
  if (!cropping || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  const auto [top, bottom, left, right] = *cropping;
  const auto y = layer.node(
      "crop",
      {{"before", std::vector<int64_t>{top, left, 0}}, {"after", std::vector<int64_t>{bottom, right, 0}}},
      {x->value});
  if (!y) return std::nullopt;
  return Tensor{*y, x->channels_first};
}

std::optional<Tensor> import_up_sampling2d(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto size = layer.pair("size");
  const auto interpolation = layer.choice("interpolation", {"nearest"});
  const auto channels_first = layer.channels_first();
  if (!size || !interpolation || !channels_first) return std::nullopt;
  const auto x = layer.input(0, 4, *channels_first);
  if (!x) return std::nullopt;
  const auto y = layer.node("upsample_nearest",
                            {{"factors", std::vector<int64_t>(size->begin(), size->end())}}, {x->value});
  if (!y) return std::nullopt;
  return Tensor{*y, x->channels_first};
}

}  // namespace sinter::keras

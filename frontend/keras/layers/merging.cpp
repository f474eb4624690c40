// Layers that take several tensors.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {
namespace {

std::string shapes(const LayerImport &layer) {
  std::string text;
  for (size_t i = 0; i < layer.inputs.size(); ++i)
    text += (i == 0 ? "" : i + 1 == layer.inputs.size() ? " and " : ", ") + layer.shape(layer.inputs[i]);
  return text;
}

// All inputs in one storage: channels last if they differ.
std::vector<ir::ValueId> align(LayerImport &layer, bool &channels_first) {
  channels_first = std::ranges::all_of(layer.inputs, &Tensor::channels_first);
  std::vector<ir::ValueId> values;
  for (const Tensor &input : layer.inputs) values.push_back(layer.stored(input, channels_first).value);
  return values;
}

bool have_equal_rank(LayerImport &layer) {
  for (const Tensor &input : layer.inputs)
    if (layer.dims(input).size() != layer.dims(layer.inputs[0]).size()) {
      layer.fail(fmt::format("cannot merge {}: their numbers of dimensions differ", shapes(layer)));
      return false;
    }
  return true;
}

}  // namespace

std::optional<Tensor> import_merge(LayerImport &layer) {
  static const std::map<std::string, std::string> ops = {{"Add", "add"},         {"Subtract", "sub"},
                                                         {"Multiply", "mul"},    {"Average", "average"},
                                                         {"Maximum", "maximum"}, {"Minimum", "minimum"}};
  const std::string &op = ops.at(layer.layer.class_name);
  if (layer.inputs.size() < 2 || (op == "sub" && layer.inputs.size() != 2))
    return layer.fail(fmt::format("merges {} tensors, but is called on {}", op == "sub" ? "2" : "2 or more",
                                  layer.inputs.size()));
  if (!have_equal_rank(layer)) return std::nullopt;
  const size_t rank = layer.dims(layer.inputs[0]).size();
  for (size_t i = 0; i < rank; ++i) {
    std::optional<int64_t> size;
    for (const Tensor &input : layer.inputs) {
      const ir::Dim dim = layer.keras_dims(input)[i];
      if (!dim.is_constant() || dim.value() == 1) continue;
      if (size && *size != dim.value())
        return layer.fail(fmt::format("cannot merge {}: dimension {} differs", shapes(layer), i),
                          "sizes must be equal, or 1");
      size = dim.value();
    }
  }
  bool channels_first = false;
  const std::vector<ir::ValueId> values = align(layer, channels_first);
  if (op == "average") {
    const auto y = layer.node(op, {}, values);
    return y ? std::optional(Tensor{*y, channels_first}) : std::nullopt;
  }
  std::optional<ir::ValueId> y = values[0];
  for (size_t i = 1; i < values.size() && y; ++i) y = layer.node(op, {}, {*y, values[i]});
  if (!y) return std::nullopt;
  return Tensor{*y, channels_first};
}

std::optional<Tensor> import_concatenate(LayerImport &layer) {
  if (layer.inputs.empty()) return layer.fail("is called on no tensors");
  if (!have_equal_rank(layer)) return std::nullopt;
  bool channels_first = false;
  const std::vector<ir::ValueId> values = align(layer, channels_first);
  const auto axis = layer.axis({values[0], channels_first}, layer.argument("axis"));
  if (!axis) return std::nullopt;
  for (size_t i = 0; i < layer.dims({values[0]}).size(); ++i)
    for (const ir::ValueId value : values) {
      const ir::Dim a = layer.dims({values[0]})[i], b = layer.dims({value})[i];
      if (static_cast<int>(i) != *axis && a.is_constant() && b.is_constant() && a != b)
        return layer.fail(fmt::format("cannot concatenate {} along axis {}", shapes(layer),
                                      print_json(layer.argument("axis"))),
                          "all other sizes must be equal");
    }
  if (values.size() == 1) {
    const auto same = layer.node("identity", {}, values);
    return same ? std::optional(Tensor{*same, channels_first}) : std::nullopt;
  }
  const auto y = layer.node("concat", {{"axis", static_cast<int64_t>(*axis)}}, values);
  if (!y) return std::nullopt;
  return Tensor{*y, channels_first};
}

}  // namespace sinter::keras

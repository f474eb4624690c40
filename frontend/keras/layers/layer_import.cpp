#include "frontend/keras/layers/layer_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/print_json.h"
#include "frontend/keras/summary.h"
#include "support/check.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

constexpr int64_t kMaxSize = int64_t{1} << 20;      // of a kernel, a stride, a number of filters
constexpr int64_t kMaxElements = int64_t{1} << 40;  // of a weight

// NHWC from NCHW and back.
const std::vector<int64_t> kToChannelsLast = {0, 2, 3, 1};
const std::vector<int64_t> kToChannelsFirst = {0, 3, 1, 2};

}  // namespace

std::string value_name(std::string_view name) {
  std::string out(name);
  for (char &c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("_./:-").find(c) == std::string_view::npos)
      c = '_';
  return out.empty() ? "_" : out;
}

std::nullopt_t LayerImport::fail(const std::string &message, const std::string &hint) {
  diagnostics_.error(layer.where, fmt::format("layer '{}' ({}): {}", layer.name, layer.class_name, message),
                     hint);
  return std::nullopt;
}

void LayerImport::warn(const std::string &message, const std::string &hint) {
  diagnostics_.warning(layer.where, fmt::format("layer '{}' ({}): {}", layer.name, layer.class_name, message),
                       hint);
}

const json &LayerImport::argument(std::string_view name) const {
  if (const auto given = layer.config.find(name); given != layer.config.end()) return *given;
  static const json none;
  const LayerSignature *signature = find_layer(layer.class_name);
  if (!signature) return none;
  const auto parameter = std::ranges::find(signature->parameters, name, &Parameter::name);
  return parameter == signature->parameters.end() ? none : parameter->default_value;
}

std::optional<int64_t> LayerImport::integer(std::string_view name, int64_t minimum) {
  const json &value = argument(name);
  // Configs made by numpy hold 32.0 for 32.
  const bool whole =
      value.is_number_integer() ||
      (value.is_number_float() && value.get<double>() == static_cast<double>(static_cast<int64_t>(
                                                             std::clamp(value.get<double>(), -1e9, 1e9))));
  if (whole && value >= minimum && value <= kMaxSize) return value.get<int64_t>();
  return fail(fmt::format("{} is {}, but must be a whole number from {} to {}", name, print_json(value),
                          minimum, kMaxSize));
}

std::optional<std::array<int64_t, 2>> LayerImport::pair(std::string_view name, int64_t minimum) {
  const json &value = argument(name);
  const auto valid = [&](const json &v) { return v.is_number_integer() && v >= minimum && v <= kMaxSize; };
  if (valid(value)) return std::array{value.get<int64_t>(), value.get<int64_t>()};
  if (value.is_array() && value.size() == 2 && valid(value[0]) && valid(value[1]))
    return std::array{value[0].get<int64_t>(), value[1].get<int64_t>()};
  return fail(fmt::format("{} is {}, but must be one or two whole numbers from {} to {}", name,
                          print_json(value), minimum, kMaxSize));
}

std::optional<double> LayerImport::number(std::string_view name) {
  const json &value = argument(name);
  if (value.is_number()) return value.get<double>();
  // Keras 3 writes arrays of one number in this form.
  if (value.is_object() && value.contains("config") && value["config"].is_object()) {
    const json inner = value["config"].value("value", json());
    if (inner.is_number()) return inner.get<double>();
  }
  return fail(fmt::format("{} is {}, but must be a number", name, print_json(value)));
}

std::optional<bool> LayerImport::boolean(std::string_view name) {
  const json &value = argument(name);
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer() && (value == 0 || value == 1)) return value == 1;
  return fail(fmt::format("{} is {}, but must be True or False", name, print_json(value)));
}

std::optional<std::string> LayerImport::choice(std::string_view name,
                                               std::initializer_list<std::string_view> allowed) {
  const json &value = argument(name);
  if (value.is_string() && std::ranges::count(allowed, value.get<std::string>()) > 0)
    return value.get<std::string>();
  return fail(fmt::format("{} is {}, but must be {}", name, print_json(value), fmt::join(allowed, " or ")));
}

std::optional<bool> LayerImport::channels_first() {
  if (argument("data_format").is_null()) return false;
  const auto format = choice("data_format", {"channels_last", "channels_first"});
  if (!format) return std::nullopt;
  return *format == "channels_first";
}

std::vector<ir::Dim> LayerImport::keras_dims(const Tensor &tensor) const {
  std::vector<ir::Dim> result = dims(tensor);
  if (tensor.channels_first) std::rotate(result.begin() + 1, result.end() - 1, result.end());
  return result;
}

std::string LayerImport::shape(const Tensor &tensor) const {
  return print_keras_shape(keras_dims(tensor));
}

bool LayerImport::expect_inputs(size_t count) {
  if (inputs.size() == count) return true;
  fail(fmt::format("takes {} input{}, but is called on {}", count, count == 1 ? "" : "s", inputs.size()));
  return false;
}

std::optional<Tensor> LayerImport::input(size_t index, int rank, bool channels_first) {
  const Tensor &tensor = inputs[index];
  if (static_cast<int>(dims(tensor).size()) != rank)
    return fail(fmt::format("expects an input of {} dimensions, the batch included, but gets {}", rank,
                            shape(tensor)));
  return stored(tensor, channels_first);
}

Tensor LayerImport::stored(const Tensor &tensor, bool channels_first) {
  if (tensor.channels_first == channels_first || dims(tensor).size() != 4) return tensor;
  const auto transposed = node(
      "transpose", {{"permutation", channels_first ? kToChannelsLast : kToChannelsFirst}}, {tensor.value});
  SINTER_CHECK(transposed.has_value());
  return {*transposed, channels_first};
}

std::optional<int> LayerImport::axis(const Tensor &tensor, const json &given) {
  const json &value = given.is_array() && given.size() == 1 ? given[0] : given;
  const auto rank = static_cast<int64_t>(dims(tensor).size());
  if (!value.is_number_integer() || value < -rank || value >= rank)
    return fail(fmt::format("axis is {}, but the input {} has {} dimensions", print_json(given),
                            shape(tensor), rank));
  int64_t axis = value.get<int64_t>();
  if (axis < 0) axis += rank;
  if (axis == 0) return fail("axis 0 is the batch", "choose another axis");
  if (!tensor.channels_first) return static_cast<int>(axis);
  return axis == 1 ? 3 : static_cast<int>(axis - 1);
}

std::optional<ir::ValueId> LayerImport::node(std::string_view op_name, const AttributeList &attributes,
                                             std::vector<ir::ValueId> in) {
  const ir::OpInfo &op = ir::op(op_name);
  ir::Attributes values = op.default_attributes();
  for (const auto &[name, value] : attributes) {
    const auto field = std::ranges::find(op.fields, name, &ir::AttributeField::name);
    SINTER_CHECK(field != op.fields.end(), name);
    SINTER_CHECK(op.with_attribute(values, static_cast<size_t>(field - op.fields.begin()), value), name);
  }
  ir::Checker checker;
  const int number = nodes_[op.name]++;
  const std::string name = number == 0 ? fmt::format("{}.{}", prefix_, op_name)
                                       : fmt::format("{}.{}.{}", prefix_, op_name, number);
  const ir::NodeId id = model_.graph.add_node(op, values, std::move(in), name, checker, layer.name);
  if (id < 0) return fail(checker.message(), checker.hint());
  return model_.graph.node(id).outputs[0];
}

std::optional<ir::ValueId> LayerImport::weight(std::string_view name, const std::vector<int64_t> &dims,
                                               std::string_view initializer, ir::VariableKind kind) {
  if (const auto known = variables_.find(std::string(name)); known != variables_.end()) {
    const std::vector<ir::Dim> &made = model_.graph.type(known->second).dims;
    if (std::ranges::equal(made, dims, [](ir::Dim a, int64_t b) { return a == ir::Dim(b); }))
      return known->second;
    return fail(fmt::format("is shared between inputs that need a {} of {} and of [{}]", name,
                            ir::print_shape(made), fmt::join(dims, ", ")));
  }
  int64_t elements = 1;
  for (const int64_t dim : dims) {
    if (dim <= 0 || dim > kMaxElements / elements)
      return fail(fmt::format("the {} would have the shape [{}], more than {} elements", name,
                              fmt::join(dims, ", "), kMaxElements));
    elements *= dim;
  }
  const auto first_value =
      initializer.empty() ? ir::Initializer{"zeros", {}} : initializer_from(argument(initializer));
  if (!first_value)
    return fail(
        fmt::format("{} is {}, which is not supported", initializer, print_json(argument(initializer))));
  const bool trainable = layer.trainable && kind == ir::VariableKind::weight;
  const ir::ValueId value = model_.graph.add_variable(
      fmt::format("{}.{}", prefix_, name), ir::TensorType(std::vector<ir::Dim>(dims.begin(), dims.end())),
      kind, trainable, *first_value);
  variables_.emplace(name, value);
  info_.variables.push_back(model_.graph.value(value).variable);
  constexpr std::string_view suffix = "_initializer";
  if (initializer.ends_with(suffix) && kind == ir::VariableKind::weight)
    training_of(info_.variables.back(),
                std::string(initializer.substr(0, initializer.size() - suffix.size())));
  info_.params += elements;
  if (trainable) info_.trainable_params += elements;
  return value;
}

ir::ValueId LayerImport::constant(std::string_view name, int64_t size, float value) {
  if (const auto known = variables_.find(std::string(name)); known != variables_.end()) return known->second;
  const ir::ValueId id = model_.graph.add_variable(fmt::format("{}.{}", prefix_, name), ir::TensorType{size},
                                                   ir::VariableKind::constant, false);
  model_.weights.resize(model_.graph.variables.size());
  model_.weights.back() = ir::TensorData{{size}, std::vector<float>(static_cast<size_t>(size), value)};
  variables_.emplace(name, id);
  return id;
}

std::array<int64_t, 2> same_padding(ir::Dim size, int64_t window, int64_t stride, int64_t dilation) {
  const int64_t in = size.is_constant() ? size.value() : stride;
  const int64_t out = (in + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (out - 1) * stride + (window - 1) * dilation + 1 - in);
  return {total / 2, total - total / 2};
}

std::optional<Tensor> bias_and_activation(LayerImport &layer, Tensor x, int64_t channels) {
  const auto use_bias = layer.boolean("use_bias");
  if (!use_bias) return std::nullopt;
  if (*use_bias) {
    const auto bias = layer.weight("bias", {channels}, "bias_initializer");
    if (!bias) return std::nullopt;
    const auto sum = layer.node("add", {}, {x.value, *bias});
    if (!sum) return std::nullopt;
    x.value = *sum;
  }
  return activate(layer, x, layer.argument("activation"));
}

}  // namespace sinter::keras

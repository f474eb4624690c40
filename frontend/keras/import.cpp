#include "frontend/keras/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "frontend/keras/inline_models.h"
#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"
#include "frontend/keras/summary.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

constexpr int64_t kMaxInputSize = int64_t{1} << 31;

struct CallId {
  size_t layer = 0, call = 0;
  auto operator<=>(const CallId &) const = default;
};

// The declared shape of an InputLayer without the batch; null for open sizes. nullopt: none, or not a shape.
std::optional<json> declared_shape(const Layer &input) {
  const auto batch_shape = input.config.find("batch_input_shape");
  if (batch_shape != input.config.end() && batch_shape->is_array() && !batch_shape->empty())
    return json(std::vector<json>(batch_shape->begin() + 1, batch_shape->end()));
  const auto shape = input.config.find("input_shape");
  if (shape != input.config.end() && shape->is_array()) return *shape;
  const auto size = input.config.find("input_dim");
  if (size != input.config.end() && size->is_number_integer()) return json::array({*size});
  return std::nullopt;
}

class Importer {
 public:
  Importer(const ModelConfig &config, Diagnostics &diagnostics)
      : config_(config), diagnostics_(diagnostics) {}
  std::optional<ImportedModel> run();

 private:
  void fail(const Layer &layer, const std::string &message, const std::string &hint = {}) {
    diagnostics_.error(layer.where, fmt::format("layer '{}' ({}): {}", layer.name, layer.class_name, message),
                       hint);
    failed_ = true;
  }
  void check_type(const Layer &layer);
  void import_call(CallId id);
  std::optional<Tensor> import_input(const Layer &layer);
  std::optional<Tensor> import_layer(CallId id, std::vector<Tensor> inputs);
  void describe(CallId id, const std::optional<Tensor> &output);
  void order_inputs_and_outputs();
  void describe_inner_models();
  std::vector<CallId> topological_order();

  const ModelConfig &config_;
  Diagnostics &diagnostics_;
  ImportedModel model_;
  bool failed_ = false;
  bool channels_first_ = false;  // some layer of the model is
  std::unordered_map<std::string, size_t> index_;
  std::vector<std::vector<std::optional<Tensor>>> tensors_;    // per layer, per call
  std::vector<std::map<std::string, ir::ValueId>> variables_;  // per layer, by weight name
};

// All numbers are float32. Keras 3's files hold a policy of that name.
void Importer::check_type(const Layer &layer) {
  for (const char *name : {"sparse", "ragged"})
    if (const auto found = layer.config.find(name); found != layer.config.end() && *found == true)
      fail(layer, fmt::format("{}=True is not supported", name));
  const auto found = layer.config.find("dtype");
  if (found == layer.config.end() || found->is_null()) return;
  json type = *found;
  if (type.is_object() && type.contains("config") && type["config"].is_object())
    type = type["config"].value("name", json());
  if (type != "float32")
    fail(layer, fmt::format("dtype is {}, which is not supported", print_json(type)),
         "models compute in float32");
}

// Calls in an order in which all inputs are made before they are used, else in the order of the layers.
// Cycles and references to what does not exist are reported and left out.
std::vector<CallId> Importer::topological_order() {
  std::vector<std::vector<size_t>> waiting(config_.layers.size());
  std::map<CallId, std::vector<CallId>> users;
  std::set<CallId> ready;
  size_t total = 0;
  for (size_t i = 0; i < config_.layers.size(); ++i) {
    const Layer &layer = config_.layers[i];
    waiting[i].resize(layer.calls.size(), 0);
    for (size_t c = 0; c < layer.calls.size(); ++c) {
      ++total;
      bool valid = true;
      for (const TensorRef &input : layer.calls[c].inputs) {
        const auto found = index_.find(input.layer);
        if (found == index_.end() || input.node < 0 || input.tensor != 0 ||
            static_cast<size_t>(input.node) >= config_.layers[found->second].calls.size()) {
          fail(layer,
               fmt::format("reads {}[{}][{}], which does not exist", input.layer, input.node, input.tensor));
          valid = false;
          continue;
        }
        users[{found->second, static_cast<size_t>(input.node)}].push_back({i, c});
        ++waiting[i][c];
      }
      if (!valid) ++waiting[i][c];  // never ready
      if (waiting[i][c] == 0) ready.insert({i, c});
    }
  }
  std::vector<CallId> order;
  while (!ready.empty()) {
    const CallId id = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(id);
    for (const CallId user : users[id])
      if (--waiting[user.layer][user.call] == 0) ready.insert(user);
  }
  if (order.size() != total && !failed_)
    for (size_t i = 0; i < config_.layers.size(); ++i)
      if (std::ranges::any_of(waiting[i], [](size_t n) { return n > 0; })) {
        fail(config_.layers[i], "is part of a cycle of layers, or depends on one");
        break;
      }
  return order;
}

std::optional<Tensor> Importer::import_input(const Layer &layer) {
  const auto shape = declared_shape(layer);
  if (!shape) {
    fail(layer, "the model does not say the shape of its input", "give the first layer an input_shape");
    return std::nullopt;
  }
  std::vector<ir::Dim> dims = {ir::Dim::batch()};
  for (const json &size : *shape) {
    if (size.is_null())
      dims.push_back(ir::Dim::unknown());
    else if (size.is_number_integer() && size >= 1 && size <= kMaxInputSize)
      dims.push_back(size.get<int64_t>());
    else
      return fail(layer, fmt::format("the input shape {} must consist of sizes from 1 on, or None",
                                     print_json(*shape))),
             std::nullopt;
  }
  if (dims.size() > 8)
    return fail(layer, fmt::format("an input of {} dimensions; 7 are supported", dims.size() - 1)),
           std::nullopt;
  const bool channels_first = channels_first_ && dims.size() == 4;
  if (channels_first) std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
  return Tensor{model_.graph.add_input(value_name(layer.name), ir::TensorType(std::move(dims))),
                channels_first};
}

std::optional<Tensor> Importer::import_layer(CallId id, std::vector<Tensor> inputs) {
  const Layer &layer = config_.layers[id.layer];
  const LayerImporter importer = find_layer_importer(layer.class_name);
  if (!importer) {
    fail(layer, "the class is not supported");
    return std::nullopt;
  }
  // Names must differ even where the characters that the text form lacks are replaced, and from call to call.
  std::string prefix = value_name(layer.name);
  if (prefix != layer.name && model_.graph.find_value(prefix) >= 0) prefix += fmt::format(":{}", id.layer);
  if (id.call > 0) prefix += fmt::format(":call{}", id.call);
  LayerImport context(model_, layer, prefix, std::move(inputs), variables_[id.layer], model_.layers[id.layer],
                      config_.semantics == Semantics::keras3, diagnostics_);
  const size_t first_node = model_.graph.nodes.size();
  const auto output = importer(context);
  if (!output) {
    failed_ = true;
    return std::nullopt;
  }
  // The call's last value carries the layer's name.
  if (model_.graph.nodes.size() > first_node)
    model_.graph.rename_value(output->value, model_.graph.unique_name(prefix));
  return output;
}

void Importer::describe(CallId id, const std::optional<Tensor> &output) {
  const Layer &layer = config_.layers[id.layer];
  LayerInfo &info = model_.layers[id.layer];
  const LayerCall &call = layer.calls[id.call];
  for (const TensorRef &input : call.shown.empty() ? call.inputs : call.shown)
    info.connected_to.push_back(fmt::format("{}[{}][{}]", input.layer, input.node, input.tensor));
  if (!output) return;
  std::vector<ir::Dim> dims = model_.graph.type(output->value).dims;
  if (output->channels_first) std::rotate(dims.begin() + 1, dims.end() - 1, dims.end());
  info.output_shapes.resize(layer.calls.size());
  info.output_shapes[id.call] = std::move(dims);
  info.output = output->value;
}

void Importer::import_call(CallId id) {
  const Layer &layer = config_.layers[id.layer];
  const LayerCall &call = layer.calls[id.call];
  std::optional<Tensor> output;
  if (layer.class_name == "InputLayer") {
    output = import_input(layer);
  } else if (call.inputs.empty()) {
    fail(layer, "is called on no tensor");
  } else {
    std::vector<Tensor> inputs;
    for (const TensorRef &input : call.inputs) {
      const auto &tensor = tensors_[index_.at(input.layer)][static_cast<size_t>(input.node)];
      if (!tensor) break;  // already reported where it went wrong
      inputs.push_back(*tensor);
    }
    if (inputs.size() == call.inputs.size()) output = import_layer(id, std::move(inputs));
  }
  describe(id, output);
  tensors_[id.layer][id.call] = output;
}

void Importer::order_inputs_and_outputs() {
  static const std::vector<int> channels_first_axes = {0, 2, 3, 1};
  const auto tensor_of = [&](const TensorRef &ref) -> std::optional<Tensor> {
    const auto found = index_.find(ref.layer);
    if (found == index_.end() || ref.node < 0 ||
        static_cast<size_t>(ref.node) >= tensors_[found->second].size()) {
      diagnostics_.error(
          {}, fmt::format("the model names {}[{}][{}] as an input or output, but has no such tensor",
                          ref.layer, ref.node, ref.tensor));
      failed_ = true;
      return std::nullopt;
    }
    return tensors_[found->second][static_cast<size_t>(ref.node)];
  };
  std::vector<ir::ValueId> inputs;
  for (const TensorRef &ref : config_.inputs)
    if (const auto tensor = tensor_of(ref)) {
      inputs.push_back(tensor->value);
      model_.input_axes.push_back(tensor->channels_first ? channels_first_axes : std::vector<int>{});
    }
  // Inputs that the model does not name keep their place after the named ones.
  for (const ir::ValueId input : model_.graph.inputs)
    if (std::ranges::count(inputs, input) == 0) {
      inputs.push_back(input);
      model_.input_axes.emplace_back();
    }
  model_.graph.inputs = std::move(inputs);
  for (const TensorRef &ref : config_.outputs)
    if (const auto tensor = tensor_of(ref)) {
      model_.graph.outputs.push_back(tensor->value);
      model_.output_axes.push_back(tensor->channels_first ? channels_first_axes : std::vector<int>{});
    }
}

void Importer::describe_inner_models() {
  model_.files_are_flat = config_.files_are_flat;
  for (const InnerModel &inner : config_.inner_models) {
    InnerModelInfo info{inner.name, inner.class_name, inner.outer, {}, {}};
    for (const TensorRef &input : inner.connected_to)
      info.connected_to.push_back(fmt::format("{}[{}][{}]", input.layer, input.node, input.tensor));
    for (const TensorRef &output : inner.outputs) {
      const auto found = index_.find(output.layer);
      if (found == index_.end()) continue;
      const auto &shapes = model_.layers[found->second].output_shapes;
      if (static_cast<size_t>(output.node) < shapes.size())
        info.output_shapes.push_back(shapes[static_cast<size_t>(output.node)]);
    }
    model_.inner_models.push_back(std::move(info));
  }
}

std::optional<ImportedModel> Importer::run() {
  model_.graph.name = value_name(config_.name.empty() ? "model" : config_.name);
  model_.keras3 = config_.semantics == Semantics::keras3;
  model_.is_sequential = config_.class_name == "Sequential";
  tensors_.resize(config_.layers.size());
  variables_.resize(config_.layers.size());
  for (size_t i = 0; i < config_.layers.size(); ++i) {
    const Layer &layer = config_.layers[i];
    if (!index_.emplace(layer.name, i).second)
      fail(layer, "two layers have this name", "give one of them another name");
    tensors_[i].resize(layer.calls.size());
    LayerInfo info;
    info.name = layer.name;
    info.class_name = layer.class_name;
    info.inner_model = layer.inner_model;
    info.is_implicit_input = i == 0 && config_.input_is_implicit;
    model_.layers.push_back(std::move(info));
    check_type(layer);
    const auto format = layer.config.find("data_format");
    channels_first_ |= format != layer.config.end() && *format == "channels_first";
    if (const auto penalty = layer.config.find("activity_regularizer");
        penalty != layer.config.end() && !penalty->is_null())
      model_.untrainable.emplace_back(
          layer.where, fmt::format("layer '{}' ({}): activity_regularizer cannot be trained in this version",
                                   layer.name, layer.class_name));
  }
  if (failed_) return std::nullopt;
  for (const CallId id : topological_order()) import_call(id);
  order_inputs_and_outputs();
  describe_inner_models();
  model_.weights.resize(model_.graph.variables.size());
  if (failed_) return std::nullopt;
  if (model_.graph.outputs.empty()) {
    diagnostics_.error({}, "the model has no outputs");
    return std::nullopt;
  }
  return std::move(model_);
}

}  // namespace

std::optional<ImportedModel> import_model(const ModelConfig &config, Diagnostics &diagnostics) {
  if (!has_inner_models(config)) return Importer(config, diagnostics).run();
  const auto flat = inline_models(config);
  if (flat) return Importer(*flat, diagnostics).run();
  diagnostics.error({}, "the models within the model are called too often");
  return std::nullopt;
}

bool set_input_shape(ModelConfig &config, const std::vector<int64_t> &shape, Diagnostics &diagnostics) {
  const std::string name = config.inputs.empty() ? "" : config.inputs[0].layer;
  const auto layer = std::ranges::find(config.layers, name, &Layer::name);
  if (layer == config.layers.end()) {
    diagnostics.error({}, "the model has no input to give a shape to");
    return false;
  }
  json batch_shape = json::array({nullptr});
  for (const int64_t size : shape) batch_shape.push_back(size);
  const json given = json(std::vector<json>(batch_shape.begin() + 1, batch_shape.end()));
  if (const auto declared = declared_shape(*layer)) {
    bool fits = declared->size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = (*declared)[i].is_null() || (*declared)[i] == shape[i];
    if (!fits) {
      diagnostics.error(layer->where,
                        fmt::format("--input-shape {} does not fit the input '{}' of shape {}",
                                    print_json(given), name, print_json(*declared)),
                        "sizes that the model states must be kept");
      return false;
    }
  }
  for (const char *key : {"input_shape", "input_dim"}) layer->config.erase(key);
  layer->config["batch_input_shape"] = std::move(batch_shape);
  return true;
}

}  // namespace sinter::keras

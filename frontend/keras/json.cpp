#include "frontend/keras/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "frontend/keras/json_tensors.h"
#include "frontend/keras/layer_order.h"
#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/parse_json.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

constexpr int kMaxModelDepth = 20;
constexpr size_t kMaxLayers = 20'000;
constexpr size_t kMaxReferences = 200'000;  // of all calls together

// A member of an object, nullptr if `object` is none or has no such member.
const json *member(const json &object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const json *value) {
  return value && value->is_string() ? value->get<std::string>() : "";
}

// Keras 1's Merge layer is one class for all ways of merging.
void translate_merge(std::string &class_name, json &config) {
  if (class_name != "Merge") return;
  static const std::unordered_map<std::string, std::string> classes = {
      {"sum", "Add"}, {"mul", "Multiply"}, {"concat", "Concatenate"}, {"ave", "Average"}, {"max", "Maximum"}};
  const auto found = classes.find(text_of(member(config, "mode")));
  if (found == classes.end()) return;
  class_name = found->second;
  json translated = json::object();
  if (class_name == "Concatenate") translated["axis"] = config.value("concat_axis", json(-1));
  if (const json *name = member(config, "name")) translated["name"] = *name;
  config = std::move(translated);
}

class Reader {
 public:
  Reader(const Location &where, Diagnostics &diagnostics) : where_(where), diagnostics_(diagnostics) {}

  // `depth`: how many models are around this one.
  std::optional<ModelConfig> read(const json &root, const std::string &path, std::string_view keras_version,
                                  int depth = 0);

 private:
  void fail(const std::string &path, const std::string &message, const std::string &hint = {}) {
    diagnostics_.error(at(path), message, hint);
    failed_ = true;
  }
  Location at(const std::string &path) const {
    Location location = where_;
    location.path += location.path.empty() ? path : path.substr(1);  // without the '$' of the root
    return location;
  }

  void read_layers(const json &layers, const std::string &path, bool functional);
  bool read_layer(const json &entry, const std::string &path, Layer &layer);
  void read_inner_model(const json &entry, const std::string &path, Layer &layer);
  void check_arguments(const LayerSignature &signature, const Layer &layer, const std::string &path);
  void read_sequential(const json &config, const std::string &path, const json &root);
  void read_functional(const json &config, const std::string &path);
  void read_calls(const json &entry, const std::string &path, Layer &layer);
  std::vector<TensorRef> read_ends(const json &config, const char *name, const std::string &path);
  void connect_sequential(const json *build_shape);
  void check_references();
  bool check_reference(const TensorRef &tensor, const std::string &path, const std::string &user);

  const Location &where_;
  Diagnostics &diagnostics_;
  ModelConfig model_;
  bool failed_ = false;
  bool listed_supported_ = false;
  std::unordered_map<std::string, size_t> index_;
  std::vector<std::string> paths_;  // per layer
  size_t references_ = 0;
  int depth_ = 0;
};

bool is_model_class(std::string_view class_name) {
  return class_name == "Sequential" || class_name == "Model" || class_name == "Functional";
}

// A model that is a layer of this one.
void Reader::read_inner_model(const json &entry, const std::string &path, Layer &layer) {
  if (depth_ >= kMaxModelDepth)
    return fail(path, fmt::format("models are nested more than {} deep", kMaxModelDepth));
  Reader reader(where_, diagnostics_);
  auto inner = reader.read(entry, path, model_.keras_version, depth_ + 1);
  if (!inner) {
    failed_ = true;
    return;
  }
  inner->semantics = model_.semantics;
  // Keras 2.0 gives a Sequential within a Sequential no name.
  for (int i = 1; layer.name.empty(); ++i)
    if (const std::string name = fmt::format("sequential_{}", i); !index_.contains(name)) layer.name = name;
  inner->name = layer.name;
  layer.class_name = inner->class_name;
  layer.config = json::object();
  layer.inner = std::make_shared<const ModelConfig>(std::move(*inner));
}

bool Reader::read_layer(const json &entry, const std::string &path, Layer &layer) {
  layer.class_name = text_of(member(entry, "class_name"));
  if (layer.class_name.empty()) return fail(path, "a layer without \"class_name\""), false;
  if (const json *config = member(entry, "config")) layer.config = *config;
  layer.name = text_of(member(entry, "name"));
  if (layer.name.empty()) layer.name = text_of(member(layer.config, "name"));
  const std::string shown = layer.name.empty() ? "a layer" : fmt::format("layer '{}'", layer.name);
  if (is_model_class(layer.class_name)) {
    layer.where = at(path);
    read_inner_model(entry, path, layer);
    return layer.inner != nullptr;
  }
  if (!layer.config.is_object() && !find_layer(layer.class_name)) layer.config = json::object();
  if (!layer.config.is_object()) return fail(path, fmt::format("{} has no \"config\" object", shown)), false;
  translate_merge(layer.class_name, layer.config);
  layer.where = at(path);
  const LayerSignature *signature = find_layer(layer.class_name);
  if (!signature) {
    std::vector<std::string> names;
    for (const LayerSignature &known : all_layers()) names.push_back(known.class_name);
    fail(path, fmt::format("{} has the class {}, which is not supported", shown, layer.class_name),
         std::exchange(listed_supported_, true) ? ""
                                                : fmt::format("supported are {}", fmt::join(names, ", ")));
    return false;
  }
  layer.class_name = signature->class_name;
  translate_aliases(*signature, layer.config);
  if (layer.name.empty())
    return fail(path, fmt::format("a {} layer without a name", layer.class_name)), false;
  if (const json *trainable = member(layer.config, "trainable"); trainable && trainable->is_boolean())
    layer.trainable = trainable->get<bool>();
  check_arguments(*signature, layer, path);
  return true;
}

// Missing required arguments are errors; unknown ones that say something are warned about.
void Reader::check_arguments(const LayerSignature &signature, const Layer &layer, const std::string &path) {
  for (const Parameter &parameter : signature.parameters)
    if (parameter.required && !layer.config.contains(parameter.name))
      fail(path + ".config", fmt::format("layer '{}' ({}) lacks the argument '{}'", layer.name,
                                         layer.class_name, parameter.name));
  static const std::set<std::string> without_effect = {"ragged",
                                                       "fused",
                                                       "input_length",
                                                       "input_spec",
                                                       "autocast",
                                                       "optional",
                                                       "lora_rank",
                                                       "lora_alpha",
                                                       "weights",
                                                       "virtual_batch_size",
                                                       "adjustment",
                                                       "renorm_clipping",
                                                       "renorm_momentum",
                                                       "quantization_config",
                                                       "mode",
                                                       "arguments"};
  for (const auto &[name, value] : layer.config.items()) {
    const bool known = is_common_layer_argument(name) ||
                       std::ranges::count(signature.parameters, name, &Parameter::name) > 0;
    const bool says_nothing = value.is_null() || value == false || without_effect.contains(name);
    if (!known && !says_nothing)
      diagnostics_.warning(at(path + ".config." + name),
                           fmt::format("layer '{}' ({}): the argument {}={} is not known and has no effect",
                                       layer.name, layer.class_name, name, print_json(value)));
  }
}

void Reader::read_calls(const json &entry, const std::string &path, Layer &layer) {
  const json *nodes = member(entry, "inbound_nodes");
  if (!nodes || !nodes->is_array()) {
    if (nodes) fail(path, "\"inbound_nodes\" is not a list");
  } else {
    for (size_t i = 0; i < nodes->size(); ++i) {
      TensorReader reader;
      const bool read = reader.read_call((*nodes)[i]);
      references_ += 1 + reader.tensors.size();
      if (references_ > kMaxReferences) {
        return fail(path, fmt::format("the layers have more than {} inputs", kMaxReferences));
      }
      if (read) {
        layer.calls.push_back({std::move(reader.tensors)});
      } else {
        fail(fmt::format("{}.inbound_nodes[{}]", path, i),
             fmt::format("layer '{}': {}", layer.name, reader.problem));
        layer.calls.emplace_back();
      }
    }
  }
  if (layer.calls.empty() && layer.class_name == "InputLayer") layer.calls.emplace_back();
}

void Reader::read_layers(const json &layers, const std::string &path, bool functional) {
  if (!layers.is_array()) return fail(path, "\"layers\" is not a list");
  if (layers.size() > kMaxLayers)
    return fail(path, fmt::format("{} layers; the limit is {}", layers.size(), kMaxLayers));
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string layer_path = fmt::format("{}[{}]", path, i);
    Layer layer;
    const bool ok = read_layer(layers[i], layer_path, layer);
    if (layer.name.empty()) continue;
    if (functional) read_calls(layers[i], layer_path, layer);
    if (!index_.emplace(layer.name, model_.layers.size()).second) {
      fail(layer_path, fmt::format("two layers are named '{}'", layer.name));
      continue;
    }
    (void)ok;  // unsupported layers stay, so that references to them are not reported too
    model_.layers.push_back(std::move(layer));
    paths_.push_back(layer_path);
  }
}

// The input and the calls of a chain of layers.
void Reader::connect_sequential(const json *build_shape) {
  const bool keras3 = model_.semantics == Semantics::keras3;
  if (model_.layers.empty()) return;
  if (model_.layers.front().class_name != "InputLayer") {
    const Layer &first = model_.layers.front();
    Layer input;
    input.class_name = "InputLayer";
    input.name = keras3 ? "input_layer" : first.name + "_input";
    if (index_.contains(input.name)) input.name += "_1";
    input.where = first.where;
    input.config = {{"name", input.name}};
    // Keras reads a first inner model through its own input.
    const json &config = first.inner ? first.inner->find(first.inner->inputs[0].layer)->config : first.config;
    for (const char *key :
         {"batch_input_shape", "batch_shape", "input_shape", "input_dim", "batch_size", "dtype"})
      if (const json *value = member(config, key); value && !value->is_null()) input.config[key] = *value;
    if (const json *shape = member(input.config, "batch_shape")) {
      input.config["batch_input_shape"] = *shape;
      input.config.erase("batch_shape");
    }
    const bool has_shape = input.config.contains("batch_input_shape") ||
                           input.config.contains("input_shape") || input.config.contains("input_dim");
    if (!has_shape && build_shape && build_shape->is_array())
      input.config["batch_input_shape"] = *build_shape;
    model_.layers.insert(model_.layers.begin(), std::move(input));
    paths_.insert(paths_.begin(), paths_.front());
    model_.input_is_implicit = true;
  }
  for (size_t i = 0; i < model_.layers.size(); ++i) {
    model_.layers[i].calls = {LayerCall{}};
    if (i > 0) model_.layers[i].calls[0].inputs = {{model_.layers[i - 1].name}};
  }
  model_.inputs = {{model_.layers.front().name}};
  model_.outputs = {{model_.layers.back().name}};
}

void Reader::read_sequential(const json &config, const std::string &path, const json &root) {
  // Keras 1 and 2.0 to 2.1: the config is the list of layers itself.
  const bool is_list = config.is_array();
  const json *layers = is_list ? &config : member(config, "layers");
  if (!layers) return fail(path, "the model has no \"layers\"");
  model_.name = is_list ? "sequential_1" : text_of(member(config, "name"));
  read_layers(*layers, is_list ? path : path + ".layers", false);
  if (model_.layers.empty()) return failed_ ? void() : fail(path, "the model has no layers");
  const json *build_shape = member(config, "build_input_shape");
  if (const json *build = member(root, "build_config")) build_shape = member(*build, "input_shape");
  // Only Keras 2.0 lists an InputLayer that was added by hand.
  const bool listed = is_list && model_.semantics == Semantics::keras2;
  const bool starts_with_input = model_.layers.front().class_name == "InputLayer";
  connect_sequential(build_shape);
  model_.input_is_implicit = !(starts_with_input && listed);
}

std::vector<TensorRef> Reader::read_ends(const json &config, const char *name, const std::string &path) {
  const json *ends = member(config, name);
  TensorReader reader;
  if (!ends || !reader.read_ends(*ends) || reader.tensors.empty()) {
    fail(path, fmt::format("\"{}\" is not a list of [layer, node, tensor]", name));
    return {};
  }
  return std::move(reader.tensors);
}

bool Reader::check_reference(const TensorRef &tensor, const std::string &path, const std::string &user) {
  const auto found = index_.find(tensor.layer);
  if (found == index_.end()) {
    fail(path, fmt::format("{} reads layer '{}', which the model does not have", user, tensor.layer));
    return false;
  }
  const Layer &layer = model_.layers[found->second];
  const size_t calls = layer.calls.size(), outputs = layer.inner ? layer.inner->outputs.size() : 1;
  if (tensor.node >= 0 && static_cast<size_t>(tensor.node) < calls && tensor.tensor >= 0 &&
      static_cast<size_t>(tensor.tensor) < outputs)
    return true;
  fail(path, fmt::format("{} reads {}[{}][{}], but layer '{}' is called {} times and has {}", user,
                         tensor.layer, tensor.node, tensor.tensor, tensor.layer, calls,
                         outputs == 1 ? "one output" : fmt::format("{} outputs", outputs)));
  return false;
}

void Reader::check_references() {
  for (size_t i = 0; i < model_.layers.size(); ++i) {
    const Layer &layer = model_.layers[i];
    for (const LayerCall &call : layer.calls) {
      for (const TensorRef &input : call.inputs)
        check_reference(input, paths_[i], fmt::format("layer '{}'", layer.name));
      if (layer.inner && call.inputs.size() != layer.inner->inputs.size())
        fail(paths_[i], fmt::format("layer '{}' is a model of {} inputs, but is called on {}", layer.name,
                                    layer.inner->inputs.size(), call.inputs.size()));
    }
  }
  for (const TensorRef &input : model_.inputs)
    if (check_reference(input, "$.config.input_layers", "the model's input"))
      if (const Layer &layer = model_.layers[index_[input.layer]]; layer.class_name != "InputLayer")
        fail("$.config.input_layers",
             fmt::format("the model's input '{}' is a {}, not an InputLayer", layer.name, layer.class_name));
  for (const TensorRef &output : model_.outputs)
    check_reference(output, "$.config.output_layers", "the model's output");
}

void Reader::read_functional(const json &config, const std::string &path) {
  const json *layers = member(config, "layers");
  if (!layers) return fail(path, "the model has no \"layers\"");
  model_.name = text_of(member(config, "name"));
  read_layers(*layers, path + ".layers", true);
  model_.inputs = read_ends(config, "input_layers", path);
  model_.outputs = read_ends(config, "output_layers", path);
  check_references();
  if (!failed_) order_by_depth(model_);
}

std::optional<ModelConfig> Reader::read(const json &root, const std::string &path,
                                        std::string_view keras_version, int depth) {
  depth_ = depth;
  model_.keras_version = text_of(member(root, "keras_version"));
  if (model_.keras_version.empty()) model_.keras_version = keras_version;
  const bool keras3 = model_.keras_version.empty()
                          ? member(root, "registered_name") || member(root, "module")
                          : model_.keras_version[0] >= '3' && model_.keras_version[0] <= '9';
  model_.semantics = keras3 ? Semantics::keras3 : Semantics::keras2;
  model_.class_name = text_of(member(root, "class_name"));
  const json *config = member(root, "config");
  if (model_.class_name.empty() || !config) {
    fail(path, "not the JSON of a Keras model: it has no \"class_name\" and \"config\"",
         "expected what model.to_json() returns");
    return std::nullopt;
  }
  if (model_.class_name == "Sequential")
    read_sequential(*config, path + ".config", root);
  else if (model_.class_name == "Model" || model_.class_name == "Functional")
    read_functional(*config, path + ".config");
  else
    fail(path, fmt::format("models of class {} are not supported", model_.class_name),
         "Sequential and functional models are");
  if (const json *trainable = member(*config, "trainable"); trainable && *trainable == false)
    for (Layer &layer : model_.layers) layer.trainable = false;
  return failed_ ? std::nullopt : std::optional(std::move(model_));
}

}  // namespace

std::optional<ModelConfig> model_from_json(const json &root, const Location &where, Diagnostics &diagnostics,
                                           std::string_view keras_version) {
  // The topology file of TensorFlow.js wraps the same JSON.
  const json *model = &root;
  std::string path = "$";
  std::string version(keras_version);
  for (const char *wrapper : {"modelTopology", "model_config"})
    if (const json *inner = member(*model, wrapper)) {
      if (const std::string stated = text_of(member(*inner, "keras_version")); !stated.empty())
        version = stated;
      model = inner;
      path += std::string(".") + wrapper;
    }
  return Reader(where, diagnostics).read(*model, path, version);
}

std::optional<ModelConfig> parse_model_json(std::string_view text, const Location &where,
                                            Diagnostics &diagnostics, std::string_view keras_version) {
  const auto root = parse_json(text, where, diagnostics);
  if (!root) return std::nullopt;
  return model_from_json(*root, where, diagnostics, keras_version);
}

}  // namespace sinter::keras

#include "frontend/script/keras_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "frontend/keras/layer_order.h"
#include "frontend/script/limits.h"
#include "frontend/script/nested_models.h"

namespace sinter::script {

std::string automatic_name(KerasState &keras, const std::string &prefix) {
  int &counter = keras.name_counters[prefix];
  const int number = keras.dialect.counts_from_one() ? ++counter : counter++;
  return number == 0 ? prefix : prefix + "_" + std::to_string(number);
}

LayerObject *new_layer(Evaluator &evaluator, Position at) {
  if (++evaluator.keras.layer_count > limits::layers) {
    evaluator.error(at, fmt::format("the script makes more than {} layers", limits::layers));
    throw Stopped{};
  }
  auto *layer = evaluator.make<LayerObject>();
  layer->at = at;
  return layer;
}

SymbolicTensor *add_call(Evaluator &evaluator, LayerObject *layer, std::vector<SymbolicTensor *> inputs,
                         bool internal, std::vector<const ModelObject *> through) {
  evaluator.charge(1 + static_cast<std::int64_t>(inputs.size()));
  evaluator.allocate(sizeof(LayerNode) + inputs.size() * sizeof(void *));
  auto *output = evaluator.make<SymbolicTensor>();
  output->layer = layer;
  output->node = static_cast<int>(layer->calls.size());
  layer->calls.push_back({std::move(inputs), output, internal, std::move(through)});
  return output;
}

namespace {

// `input_layer` (Keras 3); `input_1` in Keras 2 and, unlike its other names, in tensorflow.keras.
std::string automatic_input_name(KerasState &keras) {
  if (keras.dialect.semantics == keras::Semantics::keras3 && !keras.dialect.tf_keras)
    return automatic_name(keras, "input_layer");
  return "input_" + std::to_string(++keras.name_counters["input"]);
}

std::string automatic_layer_name(KerasState &keras, const std::string &class_name) {
  return class_name == "InputLayer" ? automatic_input_name(keras)
                                    : automatic_name(keras, keras::to_snake_case(class_name));
}

bool looks_automatic(const std::string &class_name, const std::string &name) {
  const auto matches = [&](const std::string &prefix) {
    if (!name.starts_with(prefix)) return false;
    const std::string rest = name.substr(prefix.size());
    return rest.empty() || (rest.size() > 1 && rest[0] == '_' &&
                            rest.find_first_not_of("0123456789", 1) == std::string::npos);
  };
  return class_name == "InputLayer" ? matches("input") || matches("input_layer")
                                    : matches(keras::to_snake_case(class_name));
}

}  // namespace

SymbolicTensor *new_input(Evaluator &evaluator, const nlohmann::json &batch_shape, std::string name,
                          Position at) {
  LayerObject *layer = new_layer(evaluator, at);
  layer->class_name = "InputLayer";
  layer->name = name.empty() ? automatic_input_name(evaluator.keras) : std::move(name);
  layer->config["batch_input_shape"] = batch_shape;
  layer->batch_input_shape = batch_shape;
  return add_call(evaluator, layer, {});
}

std::vector<std::pair<LayerObject *, int>> calls_behind(Evaluator &evaluator,
                                                        const std::vector<SymbolicTensor *> &outputs,
                                                        const std::vector<SymbolicTensor *> &inputs) {
  struct Visit {
    LayerObject *layer;
    int node;
    std::size_t next = 0;
  };
  std::vector<std::pair<LayerObject *, int>> order;
  std::set<std::pair<LayerObject *, int>> seen;
  std::vector<Visit> stack;
  const auto enter = [&](const SymbolicTensor *tensor) {
    if (seen.emplace(tensor->layer, tensor->node).second) stack.push_back({tensor->layer, tensor->node});
  };
  for (const SymbolicTensor *output : outputs) {
    enter(output);
    while (!stack.empty()) {
      Visit &top = stack.back();
      evaluator.charge(1 + static_cast<std::int64_t>(inputs.size() / 64));
      const LayerNode &node = top.layer->calls[static_cast<std::size_t>(top.node)];
      const bool is_input = std::ranges::find(inputs, node.output) != inputs.end();
      if (!is_input && top.next < node.inputs.size()) {
        enter(node.inputs[top.next++]);
      } else {
        order.emplace_back(top.layer, top.node);
        stack.pop_back();
      }
    }
  }
  for (const SymbolicTensor *input : inputs)
    if (seen.emplace(input->layer, input->node).second) order.emplace_back(input->layer, input->node);
  return order;
}

std::optional<keras::ModelConfig> snapshot(Evaluator &evaluator, const ModelObject &model) {
  const KerasDialect &dialect = evaluator.keras.dialect;
  keras::ModelConfig config;
  config.name = model.name;
  config.semantics = dialect.semantics;
  config.input_is_implicit = model.input_is_implicit;
  const auto calls = calls_behind(evaluator, model.outputs, model.inputs);

  // The calls within the model, renumbered from 0 in each layer.
  std::map<LayerObject *, std::vector<int>> nodes;
  std::vector<LayerObject *> order;
  for (const auto &[layer, node] : calls) {
    if (nodes[layer].empty()) order.push_back(layer);
    nodes[layer].push_back(node);
  }
  for (auto &[layer, list] : nodes) std::ranges::sort(list);
  const auto ref = [&](const SymbolicTensor *tensor) {
    const std::vector<int> &list = nodes[tensor->layer];
    const auto at = std::ranges::find(list, tensor->node) - list.begin();
    return keras::TensorRef{tensor->layer->name, static_cast<int>(at), 0};
  };

  bool linear = model.sequential;
  std::map<std::string, const LayerObject *> names;
  for (LayerObject *layer : order) {
    const auto [other, fresh] = names.emplace(layer->name, layer);
    if (!fresh) {
      evaluator.error(layer->at,
                      fmt::format("the name '{}' is used by two layers of the model '{}' (lines {} and {})",
                                  layer->name, model.name, other->second->at.line, layer->at.line),
                      "names are unique within a model; change one of them");
      return std::nullopt;
    }
    keras::Layer out;
    out.class_name = layer->class_name;
    out.name = layer->name;
    out.config = layer->config;
    out.config["name"] = layer->name;
    out.where = evaluator.location(layer->at);
    out.trainable = layer->trainable && model.trainable;
    if (nodes[layer].size() != 1) linear = false;
    for (const int node : nodes[layer]) {
      const LayerNode &call = layer->calls[static_cast<std::size_t>(node)];
      keras::LayerCall out_call;
      const bool is_input = std::ranges::find(model.inputs, call.output) != model.inputs.end();
      for (const SymbolicTensor *input : is_input ? std::vector<SymbolicTensor *>{} : call.inputs)
        out_call.inputs.push_back(ref(input));
      if (out_call.inputs.size() > 1) linear = false;
      for (const ModelObject *outer : call.through) out.trainable = out.trainable && outer->trainable;
      out.calls.push_back(std::move(out_call));
    }
    if (model.compiled && model.frozen_at_compile)
      out.trainable = std::ranges::find(*model.frozen_at_compile, out.name) == model.frozen_at_compile->end();
    config.layers.push_back(std::move(out));
  }
  for (const SymbolicTensor *input : model.inputs) config.inputs.push_back(ref(input));
  for (const SymbolicTensor *output : model.outputs) config.outputs.push_back(ref(output));
  if (linear) {
    config.class_name = "Sequential";
  } else {
    config.class_name = dialect.semantics == keras::Semantics::keras3 ? "Functional" : "Model";
    config.input_is_implicit = false;
    keras::order_by_depth(config);
  }
  mark_inner_models(model, nodes, config);
  return config;
}

ModelObject *from_config(Evaluator &evaluator, const keras::ModelConfig &config, Position at,
                         SymbolicTensor *input) {
  auto *model = evaluator.make<ModelObject>();
  model->at = at;
  model->name = config.name;
  std::map<std::string, LayerObject *> by_name;
  for (const keras::Layer &layer : config.layers) {
    if (input && layer.class_name == "InputLayer") {
      by_name[layer.name] = input->layer;
      continue;
    }
    LayerObject *copy = new_layer(evaluator, at);
    copy->class_name = layer.class_name;
    copy->name = looks_automatic(layer.class_name, layer.name)
                     ? automatic_layer_name(evaluator.keras, layer.class_name)
                     : layer.name;
    copy->config = layer.config;
    copy->trainable = layer.trainable;
    const keras::LayerSignature *signature = keras::find_layer(layer.class_name);
    copy->merges = signature && signature->merges;
    if (const auto shape = layer.config.find("batch_input_shape"); shape != layer.config.end())
      copy->batch_input_shape = *shape;
    for (std::size_t i = 0; i < layer.calls.size(); ++i) add_call(evaluator, copy, {});
    by_name[layer.name] = copy;
  }
  const auto tensor = [&](const keras::TensorRef &ref) {
    if (input && by_name[ref.layer] == input->layer) return input;
    return by_name[ref.layer]->calls[static_cast<std::size_t>(ref.node)].output;
  };
  for (const keras::Layer &layer : config.layers) {
    if (input && layer.class_name == "InputLayer") continue;
    for (std::size_t i = 0; i < layer.calls.size(); ++i)
      for (const keras::TensorRef &ref : layer.calls[i].inputs)
        by_name[layer.name]->calls[i].inputs.push_back(tensor(ref));
  }
  for (const keras::TensorRef &ref : config.inputs) model->inputs.push_back(tensor(ref));
  for (const keras::TensorRef &ref : config.outputs) model->outputs.push_back(tensor(ref));
  evaluator.keras.models.push_back(model);
  return model;
}

}  // namespace sinter::script

#include "frontend/script/keras_shapes.h"

#include "frontend/keras/import.h"
#include "frontend/script/keras_graph.h"

namespace sinter::script {

namespace {

using Shape = std::vector<std::int64_t>;  // -1: open

constexpr std::int64_t steps_of_one_layer = 100;  // what importing a layer costs, in steps of the evaluator

nlohmann::json json_of(const Shape &shape) {
  nlohmann::json sizes = nlohmann::json::array();
  for (const std::int64_t size : shape) sizes.push_back(size < 0 ? nlohmann::json() : nlohmann::json(size));
  return sizes;
}

keras::Layer input_layer(const std::string &name, const nlohmann::json &batch_shape) {
  keras::Layer layer;
  layer.class_name = "InputLayer";
  layer.name = name;
  layer.config = {{"name", name}, {"batch_input_shape", batch_shape}};
  layer.calls.emplace_back();
  return layer;
}

// The shape rule of one layer, asked of the importer: a model of the layer alone on inputs of the given
// shapes.
std::optional<Shape> output_shape(const KerasState &keras, const LayerObject &layer, const LayerNode &call) {
  keras::ModelConfig model;
  model.name = "one_layer";
  model.class_name = "Model";
  model.semantics = keras.dialect.semantics;
  keras::Layer asked;
  asked.class_name = layer.class_name;
  asked.name = "asked";
  asked.config = layer.config;
  asked.config["name"] = asked.name;
  if (call.inputs.empty()) {  // an InputLayer
    Shape shape;
    for (const nlohmann::json &size : layer.batch_input_shape)
      shape.push_back(size.is_number_integer() ? size.get<std::int64_t>() : -1);
    return shape;
  }
  asked.calls.emplace_back();
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const auto known = keras.shapes.find(call.inputs[i]);
    if (known == keras.shapes.end()) return std::nullopt;
    const std::string name = "input_" + std::to_string(i);
    model.layers.push_back(input_layer(name, json_of(known->second)));
    model.inputs.push_back({name, 0, 0});
    asked.calls.front().inputs.push_back({name, 0, 0});
  }
  model.layers.push_back(std::move(asked));
  model.outputs.push_back({"asked", 0, 0});
  Diagnostics reported_later;  // by the import of the whole model
  const auto imported = keras::import_model(model, reported_later);
  if (!imported) return std::nullopt;
  for (const keras::LayerInfo &info : imported->layers) {
    if (info.name != "asked" || info.output_shapes.empty()) continue;
    Shape shape;
    for (const ir::Dim &size : info.output_shapes.front())
      shape.push_back(size.is_constant() ? size.value() : -1);
    return shape;
  }
  return std::nullopt;
}

}  // namespace

Value shape_of(Evaluator &evaluator, SymbolicTensor *tensor, Position at) {
  KerasState &keras = evaluator.keras;
  if (!keras.shapes.count(tensor))
    for (const auto &[layer, node] : calls_behind(evaluator, {tensor}, {})) {
      const LayerNode &call = layer->calls[static_cast<std::size_t>(node)];
      if (keras.shapes.count(call.output)) continue;
      evaluator.charge(steps_of_one_layer);
      const auto shape = output_shape(keras, *layer, call);
      if (shape) keras.shapes[call.output] = *shape;
    }
  const auto known = keras.shapes.find(tensor);
  if (known == keras.shapes.end()) return evaluator.opaque(at, "the shape of a tensor");
  std::vector<Value> sizes;
  for (const std::int64_t size : known->second) sizes.push_back(size < 0 ? Value(None{}) : Value(size));
  return evaluator.tuple(std::move(sizes));
}

Value shapes_of(Evaluator &evaluator, const std::vector<SymbolicTensor *> &tensors, Position at) {
  if (tensors.size() == 1) return shape_of(evaluator, tensors.front(), at);
  std::vector<Value> shapes;
  for (SymbolicTensor *tensor : tensors) shapes.push_back(shape_of(evaluator, tensor, at));
  return evaluator.list(std::move(shapes));
}

}  // namespace sinter::script

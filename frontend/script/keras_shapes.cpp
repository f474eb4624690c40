#include "frontend/script/keras_shapes.h"

#include "frontend/keras/import.h"
#include "frontend/script/keras_graph.h"

namespace sinter::script {

Value shape_of(Evaluator &evaluator, SymbolicTensor *tensor, Position at) {
  ModelObject part;
  part.name = "part";
  part.outputs = {tensor};
  const auto calls = calls_behind(part.outputs, {});
  for (const auto &[layer, node] : calls)
    if (layer->class_name == "InputLayer")
      part.inputs.push_back(layer->calls[static_cast<std::size_t>(node)].output);
  evaluator.charge(20 * static_cast<std::int64_t>(calls.size()));
  const auto config = snapshot(evaluator, part);
  if (!config) return Poison{};
  Diagnostics reported_later;
  const auto model = keras::import_model(*config, reported_later);
  if (model)
    for (const ir::LayerInfo &layer : model->layers) {
      const int node = config->outputs.front().node;
      if (layer.name != config->outputs.front().layer ||
          layer.output_shapes.size() <= static_cast<std::size_t>(node))
        continue;
      std::vector<Value> sizes;
      for (const ir::Dim &size : layer.output_shapes[static_cast<std::size_t>(node)])
        sizes.push_back(size.is_constant() ? Value(std::int64_t{size.value()}) : Value(None{}));
      return evaluator.tuple(std::move(sizes));
    }
  return evaluator.opaque(at, "the shape of a tensor");
}

Value shapes_of(Evaluator &evaluator, const std::vector<SymbolicTensor *> &tensors, Position at) {
  if (tensors.size() == 1) return shape_of(evaluator, tensors.front(), at);
  std::vector<Value> shapes;
  for (SymbolicTensor *tensor : tensors) shapes.push_back(shape_of(evaluator, tensor, at));
  return evaluator.list(std::move(shapes));
}

}  // namespace sinter::script

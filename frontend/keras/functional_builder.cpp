#include "frontend/keras/functional_builder.h"

#include <algorithm>

#include "frontend/keras/layer_order.h"
#include "frontend/keras/layer_signatures.h"

namespace sinter::keras {

std::string FunctionalBuilder::automatic_name(const std::string &class_name) {
  const bool keras3 = semantics() == Semantics::keras3;
  std::string prefix = to_snake_case(class_name);
  if (class_name == "InputLayer") prefix = keras3 ? "input_layer" : "input";
  auto counter = std::ranges::find(counters_, prefix, &std::pair<std::string, int>::first);
  if (counter == counters_.end()) counter = counters_.insert(counters_.end(), {prefix, 0});
  const int number = keras3 ? counter->second++ : ++counter->second;
  return number == 0 ? prefix : prefix + "_" + std::to_string(number);
}

TensorRef FunctionalBuilder::input(const nlohmann::json &shape) {
  nlohmann::json batch_shape = nlohmann::json::array({nullptr});
  for (const nlohmann::json &dimension : shape) batch_shape.push_back(dimension);
  return layer("InputLayer", "", {{"batch_input_shape", std::move(batch_shape)}}, {});
}

TensorRef FunctionalBuilder::layer(const std::string &class_name, std::string name, nlohmann::json config,
                                   std::vector<TensorRef> inputs) {
  if (name.empty()) name = automatic_name(class_name);
  Layer layer;
  layer.class_name = class_name;
  layer.name = name;
  layer.config = std::move(config);
  layer.config["name"] = name;
  layer.calls.push_back({std::move(inputs)});
  layer.where = where_;
  model_.layers.push_back(std::move(layer));
  return {std::move(name)};
}

ModelConfig FunctionalBuilder::finish(std::string name, std::vector<TensorRef> inputs,
                                      std::vector<TensorRef> outputs) {
  model_.name = std::move(name);
  model_.class_name = semantics() == Semantics::keras3 ? "Functional" : "Model";
  model_.inputs = std::move(inputs);
  model_.outputs = std::move(outputs);
  order_by_depth(model_);
  return std::move(model_);
}

}  // namespace sinter::keras

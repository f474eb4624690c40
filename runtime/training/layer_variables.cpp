#include "runtime/training/layer_variables.h"

#include <algorithm>

#include "schema/program_generated.h"

namespace sinter::runtime {

namespace {

LayerVariables variables_of(const Trainer &trainer, const schema::Layer &layer,
                            std::vector<bool> &has_layer) {
  LayerVariables result{layer.name()->str(), layer.class_name()->str(), {}, {}};
  if (layer.members())
    for (const schema::Layer *member : *layer.members())
      result.members.push_back(variables_of(trainer, *member, has_layer));
  if (!layer.variables()) return result;
  for (const uint32_t index : *layer.variables()) {
    result.variables.push_back(&trainer.variables[index]);
    has_layer[index] = true;
  }
  return result;
}

}  // namespace

std::vector<LayerVariables> layer_variables(const Trainer &trainer) {
  std::vector<LayerVariables> layers;
  std::vector<bool> has_layer(trainer.variables.size());
  if (const auto *described = trainer.metadata->layers())
    for (const schema::Layer *layer : *described) layers.push_back(variables_of(trainer, *layer, has_layer));
  for (size_t i = 0; i < trainer.variables.size(); ++i) {
    const VariableInfo &variable = trainer.variables[i];
    if (!variable.is_parameter() || has_layer[i]) continue;
    const size_t dot = variable.name.rfind('.');
    const std::string name = dot == std::string::npos ? "" : variable.name.substr(0, dot);
    auto layer = std::ranges::find(layers, name, &LayerVariables::name);
    if (layer == layers.end()) layer = layers.insert(layer, {name, name, {}, {}});
    layer->variables.push_back(&variable);
  }
  return layers;
}

}  // namespace sinter::runtime

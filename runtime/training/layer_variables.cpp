#include "runtime/training/layer_variables.h"

#include <algorithm>

#include "schema/program_generated.h"

namespace sinter::runtime {

namespace {

WeightGroup group_of(const Trainer &trainer, const schema::Layer &layer, std::vector<bool> &has_layer) {
  WeightGroup group{layer.name()->str(), layer.class_name()->str(), {}, {}, {}};
  if (layer.members())
    for (const schema::Layer *member : *layer.members())
      group.members.push_back(group_of(trainer, *member, has_layer));
  if (!layer.variables()) return group;
  for (const uint32_t index : *layer.variables()) {
    // "conv2d_1.kernel": within its layer "kernel", within an inner model "conv2d_1/kernel".
    std::string name = trainer.variables[index].name;
    const size_t dot = name.rfind('.');
    if (dot != std::string::npos)
      name = group.members.empty() ? name.substr(dot + 1) : name.replace(dot, 1, "/");
    group.variables.push_back(static_cast<int>(index));
    group.names.push_back(std::move(name));
    has_layer[index] = true;
  }
  return group;
}

}  // namespace

std::vector<WeightGroup> weight_groups(const Trainer &trainer) {
  std::vector<WeightGroup> groups;
  std::vector<bool> has_layer(trainer.variables.size());
  if (const auto *described = trainer.metadata->layers())
    for (const schema::Layer *layer : *described) groups.push_back(group_of(trainer, *layer, has_layer));
  for (size_t i = 0; i < trainer.variables.size(); ++i) {
    const VariableInfo &variable = trainer.variables[i];
    if (!variable.is_parameter() || has_layer[i]) continue;
    const size_t dot = variable.name.rfind('.');
    const std::string name = dot == std::string::npos ? "" : variable.name.substr(0, dot);
    auto group = std::ranges::find(groups, name, &WeightGroup::name);
    if (group == groups.end()) group = groups.insert(group, {name, name, {}, {}, {}});
    group->variables.push_back(static_cast<int>(i));
    group->names.push_back(variable.name.substr(dot == std::string::npos ? 0 : dot + 1));
  }
  return groups;
}

}  // namespace sinter::runtime

#include "frontend/keras/weight_groups.h"

#include <algorithm>

namespace sinter::keras {
namespace {

WeightGroup group_of(const ImportedModel &model, const LayerInfo &layer) {
  WeightGroup group{layer.name, layer.class_name, layer.variables, {}, {}};
  for (const int index : layer.variables) {
    const std::string &name = model.graph.value(model.graph.variables[static_cast<size_t>(index)].value).name;
    group.names.push_back(name.substr(name.rfind('.') + 1));
  }
  return group;
}

// The group of an inner model within those of the model around it; it is made at its first layer.
WeightGroup &find_group(const ImportedModel &model, int inner_model, std::vector<WeightGroup> &top) {
  const InnerModelInfo &inner = model.inner_models[static_cast<size_t>(inner_model)];
  std::vector<WeightGroup> &groups = inner.outer < 0 ? top : find_group(model, inner.outer, top).members;
  const auto found = std::ranges::find(groups, inner.name, &WeightGroup::name);
  if (found != groups.end()) return *found;
  groups.push_back({inner.name, inner.class_name, {}, {}, {}});
  return groups.back();
}

// Gathers what the members have.
void fill(const ImportedModel &model, WeightGroup &group) {
  for (WeightGroup &member : group.members) fill(model, member);
  for (const bool trainable : {true, false})
    for (const WeightGroup &member : group.members)
      for (size_t i = 0; i < member.variables.size(); ++i) {
        const ir::Variable &variable = model.graph.variables[static_cast<size_t>(member.variables[i])];
        if ((variable.kind == ir::VariableKind::weight && variable.trainable) != trainable) continue;
        group.variables.push_back(member.variables[i]);
        group.names.push_back(member.name + "/" + member.names[i]);
      }
}

}  // namespace

std::vector<WeightGroup> weight_groups(const ImportedModel &model, bool is_flat) {
  std::vector<WeightGroup> groups;
  for (const LayerInfo &layer : model.layers) {
    if (layer.is_implicit_input) continue;
    auto &siblings =
        is_flat || layer.inner_model < 0 ? groups : find_group(model, layer.inner_model, groups).members;
    siblings.push_back(group_of(model, layer));
  }
  for (WeightGroup &group : groups)
    if (!group.members.empty()) fill(model, group);
  return groups;
}

}  // namespace sinter::keras

// Weights of a file into the variables of a model.
#include <utility>

#include "formats/weights/match_weights.h"
#include "frontend/keras/import.h"
#include "frontend/keras/weight_groups.h"

namespace sinter::keras {
namespace {

std::vector<WantedWeight> wanted_weights(const ImportedModel &model) {
  std::vector<WantedWeight> wanted;
  for (size_t v = 0; v < model.graph.variables.size(); ++v) {
    const ir::Variable &variable = model.graph.variables[v];
    if (variable.kind == ir::VariableKind::constant) continue;
    const ir::Value &value = model.graph.value(variable.value);
    wanted.push_back({static_cast<int>(v), value.name, {}});
    for (const ir::Dim dim : value.type.dims) wanted.back().dims.push_back(dim.value());
  }
  return wanted;
}

}  // namespace

bool assign_weights(ImportedModel &model, const StoredWeights &weights, Diagnostics &diagnostics) {
  std::vector<std::vector<WeightGroup>> groupings{weight_groups(model)};
  if (!model.inner_models.empty()) groupings.push_back(weight_groups(model, !model.files_are_flat));
  std::vector<Error> problems;
  const auto matches = match_weights(weights, groupings, wanted_weights(model), problems);
  for (const Error &problem : problems) report(problem, diagnostics);
  if (!matches) return false;
  model.weights.resize(model.graph.variables.size());
  for (const WeightMatch &match : *matches)
    model.weights[static_cast<size_t>(match.variable)] =
        ir::TensorData{match.weight->data.dims, match.weight->data.values};
  return true;
}

}  // namespace sinter::keras

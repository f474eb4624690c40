// Weights and statistics from files of every kind.
#include <algorithm>

#include "formats/weights/match_weights.h"
#include "formats/weights/read_weights.h"
#include "runtime/training/layer_variables.h"
#include "runtime/training/weight_files.h"

namespace sinter::runtime {
namespace {

// The layers of models within the model as the model's own.
void add_flat(const std::vector<WeightGroup> &groups, std::vector<WeightGroup> &flat) {
  for (const WeightGroup &group : groups)
    if (group.members.empty())
      flat.push_back(group);
    else
      add_flat(group.members, flat);
}

}  // namespace

Status load_weights(const Trainer &trainer, TrainingState &state, const std::string &path) {
  std::vector<Error> problems;
  const std::optional<StoredWeights> weights = read_weights(path, problems);
  if (!weights) return problems[0];
  std::vector<WantedWeight> wanted;
  for (size_t i = 0; i < trainer.variables.size(); ++i)
    if (const VariableInfo &variable = trainer.variables[i]; variable.is_parameter())
      wanted.push_back({static_cast<int>(i), variable.name, variable.dims});
  std::vector<std::vector<WeightGroup>> groupings{weight_groups(trainer), {}};
  add_flat(groupings[0], groupings[1]);
  const auto matches = match_weights(*weights, groupings, wanted, problems);
  if (!matches) return problems[0];
  for (const WeightMatch &match : *matches)
    state.write(trainer.variables[static_cast<size_t>(match.variable)], match.weight->data.values.data());
  return {};
}

}  // namespace sinter::runtime

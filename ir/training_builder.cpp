#include "ir/training_builder.h"

#include <algorithm>

namespace sinter::ir {

namespace {

const Variable *variable_of(const Graph &graph, ValueId v) {
  return graph.is_variable(v) ? &graph.variables[graph.value(v).variable] : nullptr;
}

}  // namespace

ValueId TrainingBuilder::random() {
  if (step_.random < 0)
    step_.random = step_.graph->add_input("random", TensorType({4}, DType::i32), InputRole::random);
  return step_.random;
}

bool TrainingBuilder::is_frozen() const {
  if (!step_.keras3) return false;
  int weights = 0, trainable = 0;
  for (const ValueId v : inputs_) {
    const Variable *variable = variable_of(*step_.graph, v);
    if (!variable || variable->kind != VariableKind::weight) continue;
    ++weights;
    trainable += variable->trainable ? 1 : 0;
  }
  return weights > 0 && trainable == 0;
}

NodeId TrainingBuilder::emit(std::string_view name, std::initializer_list<NamedAttribute> fields,
                             std::vector<ValueId> operands, std::string_view suffix) {
  const std::string value = suffix.empty() ? name_ : name_ + "." + std::string(suffix);
  const ValueId result =
      step_.graph->emit(name, make_attributes(op(name), fields), std::move(operands), value, layer_);
  return step_.graph->value(result).producer;
}

void TrainingBuilder::move_average(ValueId statistic, ValueId batch, float momentum) {
  const Variable *variable = variable_of(*step_.graph, statistic);
  if (!variable || variable->kind != VariableKind::statistic) return;
  const std::string name = step_.graph->value(statistic).name;
  auto moved = std::ranges::find(step_.updates, statistic, &std::pair<ValueId, ValueId>::first);
  if (moved == step_.updates.end()) moved = step_.updates.insert(moved, {statistic, statistic});
  const ValueId kept = output_of(emit("affine", {{"scale", momentum}}, {moved->second}, "kept"));
  const ValueId added = output_of(emit("affine", {{"scale", 1 - momentum}}, {batch}, "added"));
  moved->second =
      step_.graph->emit("add", op("add").default_attributes(), {kept, added}, name + ".next", layer_);
}

}  // namespace sinter::ir

// Regularizers and constraints of a layer's weights.
#include <fmt/format.h>

#include <cctype>

#include "frontend/keras/layers/layer_import.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {

namespace {

using nlohmann::json;

// "MaxNorm", "max_norm" and "maxnorm" are one.
std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Class and arguments: {"class_name": …, "config": {…}}, Keras 1's {"name": …, …}, or a name alone.
struct Described {
  std::string name;
  json config = json::object();

  double number(const char *key, double fallback) const {
    const auto found = config.find(key);
    return found == config.end() || !found->is_number() ? fallback : found->get<double>();
  }
};

std::optional<Described> describe(const json &value) {
  if (value.is_string()) return Described{plain(value.get<std::string>())};
  if (!value.is_object()) return std::nullopt;
  for (const char *key : {"class_name", "name"}) {
    const auto name = value.find(key);
    if (name == value.end() || !name->is_string()) continue;
    const auto config = value.find("config");
    return Described{plain(name->get<std::string>()),
                     config != value.end() && config->is_object() ? *config : value};
  }
  return std::nullopt;
}

std::optional<ir::PenaltyConfig> penalty_of(const Described &given) {
  if (given.name == "l1") return ir::PenaltyConfig{-1, given.number("l1", 0.01), 0};
  if (given.name == "l2") return ir::PenaltyConfig{-1, 0, given.number("l2", 0.01)};
  if (given.name == "l1l2" || given.name == "weightregularizer")
    return ir::PenaltyConfig{-1, given.number("l1", 0), given.number("l2", 0)};
  return std::nullopt;
}

std::optional<ir::ConstraintConfig> constraint_of(const Described &given) {
  ir::ConstraintConfig constraint;
  if (given.name == "maxnorm") {
    constraint.max_value = given.number("max_value", given.number("m", 2));
  } else if (given.name == "minmaxnorm") {
    constraint.kind = ir::ConstraintKind::min_max_norm;
    constraint.min_value = given.number("min_value", 0);
    constraint.max_value = given.number("max_value", 1);
    constraint.rate = given.number("rate", 1);
  } else if (given.name == "unitnorm") {
    constraint.kind = ir::ConstraintKind::unit_norm;
  } else if (given.name == "nonneg") {
    constraint.kind = ir::ConstraintKind::non_negative;
  } else {
    return std::nullopt;
  }
  const auto axis = given.config.find("axis");
  if (axis == given.config.end() || axis->is_null()) return constraint;
  constraint.axes.clear();
  for (const json &one : axis->is_array() ? *axis : json::array({*axis})) {
    if (!one.is_number_integer()) return std::nullopt;
    constraint.axes.push_back(one.get<int64_t>());
  }
  return constraint;
}

}  // namespace

void LayerImport::cannot_train(std::string_view what) {
  model_.untrainable.emplace_back(
      layer.where, fmt::format("layer '{}' ({}): {} cannot be trained in this version", layer.name,
                               layer.class_name, what));
}

void LayerImport::training_of(int variable, const std::string &stem) {
  const auto given = [&](const char *suffix) -> const json & {
    static const json none;
    const auto found = layer.config.find(stem + suffix);
    return found == layer.config.end() ? none : *found;
  };
  if (const json &value = given("_regularizer"); !value.is_null()) {
    const auto described = describe(value);
    auto penalty = described ? penalty_of(*described) : std::nullopt;
    if (penalty) {
      penalty->variable = variable;
      if (penalty->l1 != 0 || penalty->l2 != 0) model_.penalties.push_back(*penalty);
    } else {
      cannot_train(stem + "_regularizer " + print_json(value));
    }
  }
  if (const json &value = given("_constraint"); !value.is_null()) {
    const auto described = describe(value);
    auto constraint = described ? constraint_of(*described) : std::nullopt;
    if (constraint) {
      constraint->variable = variable;
      constraint->where = layer.where;
      const int rank = model_.graph.type(model_.graph.variables[static_cast<size_t>(variable)].value).rank();
      for (int64_t &axis : constraint->axes)
        if (axis < 0) axis += rank;
      model_.constraints.push_back(std::move(*constraint));
    } else {
      cannot_train(stem + "_constraint " + print_json(value));
    }
  }
}

}  // namespace sinter::keras

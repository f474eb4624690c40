#include "ir/objectives.h"

#include <algorithm>

namespace sinter::ir {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

// Classes are written in mixed case.
bool is_class(std::string_view name) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return is_upper(name[0]) && !std::ranges::all_of(name, is_upper);
}

Objective objective(const OpInfo &op, const KerasObjective &given, bool is_loss) {
  Objective result{.op = &op, .activation = given.activation, .targets = given.targets, .is_loss = is_loss};
  result.names = split(given.names, ", ");
  result.name = result.names.front();
  if (is_class(result.names.back())) result.class_name = result.names.back();
  result.signature = !given.arguments.empty() ? given.arguments : is_loss ? "reduction name" : "name dtype";
  if (!given.of_logits.empty()) result.of_logits = &ir::op(given.of_logits);
  return result;
}

Objective as_metric(Objective loss, const KerasObjective &given) {
  std::string signature = "name dtype";
  for (const std::string_view argument : split(loss.signature, " "))
    if (argument != "name" && argument != "reduction") signature.append(" ").append(argument);
  loss.signature = std::move(signature);
  if (!given.metric_class.empty()) loss.class_name = loss.names.back() = given.metric_class;
  return loss;
}

const Objective *find(const std::vector<Objective> &table, std::string_view name) {
  for (const Objective &each : table)
    if (std::ranges::find(each.names, name) != each.names.end()) return &each;
  return nullptr;
}

}  // namespace

const AttributeField *Objective::attribute(std::string_view argument) const {
  const std::vector<std::string_view> arguments = split(signature, " ");
  if (!op || std::ranges::find(arguments, argument) == arguments.end()) return nullptr;
  const auto field = std::ranges::find(op->fields, argument, &AttributeField::name);
  return field == op->fields.end() ? nullptr : &*field;
}

const std::vector<Objective> &losses() {
  static const std::vector<Objective> table = [] {
    std::vector<Objective> list;
    for (const OpInfo &op : all_ops())
      for (const KerasObjective &each : op.losses) list.push_back(objective(op, each, true));
    return list;
  }();
  return table;
}

const std::vector<Objective> &metrics() {
  static const std::vector<Objective> table = [] {
    std::vector<Objective> list = {{.name = "accuracy", .names = {"accuracy", "acc"}}};
    for (const OpInfo &op : all_ops())
      for (const KerasObjective &each : op.metrics) list.push_back(objective(op, each, false));
    for (const OpInfo &op : all_ops())
      for (const KerasObjective &each : op.losses) list.push_back(as_metric(objective(op, each, true), each));
    return list;
  }();
  return table;
}

const Objective *find_loss(std::string_view name) {
  return find(losses(), name);
}

const Objective *find_metric(std::string_view name) {
  return find(metrics(), name);
}

std::vector<std::string_view> names_of(const std::vector<Objective> &table) {
  std::vector<std::string_view> names;
  for (const Objective &each : table) names.insert(names.end(), each.names.begin(), each.names.end());
  return names;
}

std::span<const std::string_view> unsupported_objectives() {
  static constexpr std::string_view names[] = {"categorical_hinge", "CategoricalHinge", "cosine_proximity",
                                               "cosine_similarity", "CosineSimilarity", "Accuracy"};
  return names;
}

const FixedArgument *find_fixed_argument(std::string_view name) {
  static const FixedArgument arguments[] = {
      {"name", "", true},
      {"fn", "", true},  // of files, beside the class that it is the function of
      {"axis", "the last axis, -1, is", false, false, -1},
      {"ignore_class", "None is", false, true},
      {"reduction", "the mean over the batch is", false, false, {}, {"sum_over_batch_size", "auto", "mean"}},
      {"dtype", "float32 is", false, true, {}, {"float32"}},
  };
  const auto found = std::ranges::find(arguments, name, &FixedArgument::name);
  return found == std::end(arguments) ? nullptr : &*found;
}

}  // namespace sinter::ir

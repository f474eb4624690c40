#include "ir/optimizer.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace sinter::ir {

UpdateRule update_rule(const OptimizerConfig &config) {
  const OptimizerEntry &entry = entry_of(config.optimizer);
  const OpInfo &info = op(entry.update);
  UpdateRule rule{entry.update, info.default_attributes(), {}};
  for (size_t i = 0; i < info.fields.size(); ++i) {
    const OptimizerArgument *argument = find_optimizer_argument(info.fields[i].name);
    if (argument && argument->number)
      info.with_attribute(rule.attributes, i, config.*(argument->number));
    else if (argument)
      info.with_attribute(rule.attributes, i, config.*(argument->flag));
    // Keras 2 adds epsilon to the root, Keras 3 to what is under it, in the two optimizers that have no other
    // reference than Keras itself.
    else if (info.fields[i].name == "epsilon_inside")
      info.with_attribute(rule.attributes, i, config.keras3);
  }
  for (const OptimizerSlot &slot : entry.slots)
    if (!slot.name.empty() && (!slot.is_kept || slot.is_kept(config))) rule.slots.push_back(slot);
  return rule;
}

std::string optimizer_signature(const OptimizerEntry &entry, bool keras3) {
  // Names as they stand between spaces.
  const auto lists = [](const std::string &names, const std::string &name) {
    return (" " + names + " ").find(" " + name + " ") != std::string::npos;
  };
  const std::string own(keras3 ? entry.keras3 : entry.keras2);
  std::string named, other(keras3 ? "decay" : entry.keras3);
  const std::string clipping = "clipnorm clipvalue global_clipnorm";
  for (size_t at = 0; at < other.size();) {
    const size_t end = std::min(other.find(' ', at), other.size());
    const std::string word = other.substr(at, end - at);
    if (!lists(own, word)) named += " " + word;
    at = end + 1;
  }
  const std::string signature = keras3 ? own + " " + clipping + " *" + named : own + " * " + clipping + named;
  return "learning_rate|lr" + signature.substr(std::string_view("learning_rate").size()) + " name";
}

std::set<std::string, std::less<>> all_slot_names() {
  std::set<std::string, std::less<>> names;
  for (const OptimizerEntry &entry : optimizers)
    for (const OptimizerSlot &slot : entry.slots)
      if (!slot.name.empty()) names.emplace(slot.name);
  return names;
}

std::vector<std::string> problems_of(const OptimizerConfig &config) {
  std::vector<std::string> problems;
  for (const OptimizerArgument &argument : optimizer_arguments) {
    if (!argument.number) continue;
    const double value = config.*(argument.number);
    const auto rounded = static_cast<float>(value);  // updates compute in f32, in which 0.99999999999 is 1
    if (argument.below_one && !(value >= 0 && rounded < 1))
      problems.push_back(fmt::format("{} must be in [0, 1), got {}", argument.name, value));
    else if (!(value >= 0 && std::isfinite(rounded)))
      problems.push_back(fmt::format("{} must be finite and at least 0, got {}", argument.name, value));
  }
  if (config.keras3 && (config.clipnorm > 0) + (config.clipvalue > 0) + (config.global_clipnorm > 0) > 1)
    problems.push_back("only one of clipnorm, clipvalue and global_clipnorm can be set");
  return problems;
}

}  // namespace sinter::ir

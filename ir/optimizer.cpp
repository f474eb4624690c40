#include "ir/optimizer.h"

#include <fmt/format.h>

#include <cmath>

#include "ir/gradient.h"

namespace sinter::ir {

namespace {

// Keras 2 adds epsilon to the root, Keras 3 to what is under it, in the two optimizers that have no other
// reference than Keras itself.
bool epsilon_inside(const OptimizerConfig &config) {
  return config.keras3;
}

}  // namespace

UpdateRule update_rule(const OptimizerConfig &config) {
  const auto make = [](std::string_view op_name, std::initializer_list<NamedAttribute> fields,
                       std::vector<OptimizerSlot> slots) {
    return UpdateRule{op_name, make_attributes(op(op_name), fields), std::move(slots)};
  };
  std::vector<OptimizerSlot> slots;
  switch (config.optimizer) {
    case Optimizer::sgd:
      if (config.momentum > 0) slots.push_back({"momentum"});
      return make("sgd_update", {{"momentum", config.momentum}, {"nesterov", config.nesterov}}, slots);
    case Optimizer::rmsprop:
      slots.push_back({"velocity"});
      if (config.centered) slots.push_back({"average_gradient"});
      if (config.momentum > 0) slots.push_back({"momentum"});
      return make("rmsprop_update",
                  {{"rho", config.rho},
                   {"momentum", config.momentum},
                   {"centered", config.centered},
                   {"epsilon", config.epsilon},
                   {"epsilon_inside", epsilon_inside(config)}},
                  slots);
    case Optimizer::adagrad:
      return make("adagrad_update", {{"epsilon", config.epsilon}, {"epsilon_inside", epsilon_inside(config)}},
                  {{"accumulator", config.initial_accumulator}});
    case Optimizer::adadelta:
      return make("adadelta_update", {{"rho", config.rho}, {"epsilon", config.epsilon}},
                  {{"accumulated_grad"}, {"accumulated_delta_var"}});
    case Optimizer::adam:
    case Optimizer::adamw:
      slots = {{"momentum"}, {"velocity"}};
      if (config.amsgrad) slots.push_back({"velocity_hat"});
      return make("adam_update",
                  {{"beta_1", config.beta_1},
                   {"beta_2", config.beta_2},
                   {"epsilon", config.epsilon},
                   {"amsgrad", config.amsgrad}},
                  slots);
    case Optimizer::adamax:
      return make("adamax_update",
                  {{"beta_1", config.beta_1}, {"beta_2", config.beta_2}, {"epsilon", config.epsilon}},
                  {{"momentum"}, {"norm"}});
    case Optimizer::nadam:
      return make("nadam_update",
                  {{"beta_1", config.beta_1}, {"beta_2", config.beta_2}, {"epsilon", config.epsilon}},
                  {{"momentum"}, {"velocity"}});
  }
  return {};
}

std::set<std::string, std::less<>> all_slot_names() {
  std::set<std::string, std::less<>> names;
  for (const auto &[class_name, optimizer] : optimizer_names) {
    OptimizerConfig config = default_optimizer_config(optimizer, false);
    config.momentum = 0.5;
    config.centered = config.amsgrad = true;
    for (const OptimizerSlot &slot : update_rule(config).slots) names.emplace(slot.name);
  }
  return names;
}

std::vector<std::string> problems_of(const OptimizerConfig &config) {
  std::vector<std::string> problems;
  const auto fraction = [&](std::string_view what, double value) {
    // 0.99999999999 is 1 in f32, in which updates compute.
    if (!(value >= 0 && static_cast<float>(value) < 1))
      problems.push_back(fmt::format("{} must be in [0, 1), got {}", what, value));
  };
  const auto not_negative = [&](std::string_view what, double value) {
    if (!(value >= 0 && std::isfinite(static_cast<float>(value))))
      problems.push_back(fmt::format("{} must be finite and at least 0, got {}", what, value));
  };
  not_negative("learning_rate", config.learning_rate);
  not_negative("decay", config.decay);
  fraction("momentum", config.momentum);
  fraction("rho", config.rho);
  fraction("beta_1", config.beta_1);
  fraction("beta_2", config.beta_2);
  not_negative("epsilon", config.epsilon);
  not_negative("initial_accumulator_value", config.initial_accumulator);
  not_negative("schedule_decay", config.schedule_decay);
  not_negative("weight_decay", config.weight_decay);
  not_negative("clipnorm", config.clipnorm);
  not_negative("clipvalue", config.clipvalue);
  not_negative("global_clipnorm", config.global_clipnorm);
  if (config.keras3 && (config.clipnorm > 0) + (config.clipvalue > 0) + (config.global_clipnorm > 0) > 1)
    problems.push_back("only one of clipnorm, clipvalue and global_clipnorm can be set");
  return problems;
}

}  // namespace sinter::ir

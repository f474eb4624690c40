// The optimizers: Keras's names, arguments, their defaults in Keras 2.0 and Keras 3, the op of the update and the
// state that it keeps. Scripts, training_config of files, `--optimizer`, the passes and generated trainers are all
// made from this table; header-only, since trainers share it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sinter {

enum class Optimizer : uint8_t { sgd, rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam };

struct OptimizerConfig {
  Optimizer optimizer = Optimizer::sgd;
  bool keras3 = false;  // where epsilon goes, the norm that clipnorm means, nadam's schedule
  double learning_rate = 0.01;
  double decay = 0;       // K2: lr / (1 + decay * steps done)
  double momentum = 0;    // sgd, rmsprop
  bool nesterov = false;  // sgd
  bool centered = false;  // rmsprop
  double rho = 0.9;       // rmsprop, adadelta
  double beta_1 = 0.9;    // adam and its kin
  double beta_2 = 0.999;
  bool amsgrad = false;  // adam, adamw
  double epsilon = 1e-8;
  double initial_accumulator = 0;  // adagrad
  double schedule_decay = 0.004;   // nadam
  double weight_decay = 0;         // decoupled: variable -= lr * weight_decay * variable, before the update
  // Clipping of gradients; 0: none. clipnorm is by all gradients' common norm in Keras 2, by each one's own
  // in Keras 3.
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
};

// An argument of Keras's constructors: a number that is finite and at least 0 (and below 1), or a flag.
struct OptimizerArgument {
  std::string_view name;
  double OptimizerConfig::*number = nullptr;
  bool below_one = false;
  bool OptimizerConfig::*flag = nullptr;
};

inline constexpr OptimizerArgument optimizer_arguments[] = {
    {"learning_rate", &OptimizerConfig::learning_rate},
    {"decay", &OptimizerConfig::decay},
    {"momentum", &OptimizerConfig::momentum, true},
    {"nesterov", nullptr, false, &OptimizerConfig::nesterov},
    {"centered", nullptr, false, &OptimizerConfig::centered},
    {"rho", &OptimizerConfig::rho, true},
    {"beta_1", &OptimizerConfig::beta_1, true},
    {"beta_2", &OptimizerConfig::beta_2, true},
    {"amsgrad", nullptr, false, &OptimizerConfig::amsgrad},
    {"epsilon", &OptimizerConfig::epsilon},
    {"initial_accumulator_value", &OptimizerConfig::initial_accumulator},
    {"schedule_decay", &OptimizerConfig::schedule_decay},
    {"weight_decay", &OptimizerConfig::weight_decay},
    {"clipnorm", &OptimizerConfig::clipnorm},
    {"clipvalue", &OptimizerConfig::clipvalue},
    {"global_clipnorm", &OptimizerConfig::global_clipnorm},
};

// nullptr if no optimizer has the argument.
constexpr const OptimizerArgument *find_optimizer_argument(std::string_view name) {
  for (const OptimizerArgument &argument : optimizer_arguments)
    if (argument.name == name) return &argument;
  return nullptr;
}

// A default that is not OptimizerConfig's own.
struct OptimizerDefault {
  double OptimizerConfig::*number = nullptr;
  double keras2 = 0, keras3 = 0;
};

// State that an optimizer keeps beside a variable, in its shape.
struct OptimizerSlot {
  std::string_view name;                               // as Keras 3 calls it
  bool (*is_kept)(const OptimizerConfig &) = nullptr;  // nullptr: always
  double OptimizerConfig::*initial = nullptr;          // what it starts from; nullptr: 0
  // Keras 3's build() goes over the variables in several rounds and makes slots in each: the one of this slot, which
  // gives its place in files. -1: the files of this optimizer hold more than its slots.
  int round = 0;
};

struct OptimizerEntry {
  Optimizer optimizer;
  std::string_view name;  // the class in Keras, which reads it without regard to case
  std::string_view
      update;  // the op; it takes variable, gradient, the slots and hyper, and has the arguments as attributes
  // Positional arguments of the class. All take the clipping of gradients, weight_decay and a name besides.
  std::string_view keras2, keras3;
  std::array<OptimizerDefault, 3> defaults;
  std::array<OptimizerSlot, 3> slots;
};

namespace detail {

constexpr bool has_momentum(const OptimizerConfig &config) {
  return config.momentum > 0;
}
constexpr bool is_centered(const OptimizerConfig &config) {
  return config.centered;
}
constexpr bool is_amsgrad(const OptimizerConfig &config) {
  return config.amsgrad;
}

}  // namespace detail

inline constexpr OptimizerEntry optimizers[] = {
    {.optimizer = Optimizer::sgd,
     .name = "SGD",
     .update = "sgd_update",
     .keras2 = "learning_rate momentum decay nesterov",
     .keras3 = "learning_rate momentum nesterov weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.01, 0.01}}},
     .slots = {{{"momentum", detail::has_momentum}}}},
    {.optimizer = Optimizer::rmsprop,
     .name = "RMSprop",
     .update = "rmsprop_update",
     .keras2 = "learning_rate rho epsilon decay",
     .keras3 = "learning_rate rho momentum epsilon centered weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.001, 0.001}}},
     .slots = {{{"velocity"},
                {"average_gradient", detail::is_centered, nullptr, 2},
                {"momentum", detail::has_momentum, nullptr, 1}}}},
    {.optimizer = Optimizer::adagrad,
     .name = "Adagrad",
     .update = "adagrad_update",
     .keras2 = "learning_rate epsilon decay",
     .keras3 = "learning_rate initial_accumulator_value epsilon weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.01, 0.001},
                   {&OptimizerConfig::initial_accumulator, 0, 0.1}}},
     .slots = {{{"accumulator", nullptr, &OptimizerConfig::initial_accumulator}}}},
    {.optimizer = Optimizer::adadelta,
     .name = "Adadelta",
     .update = "adadelta_update",
     .keras2 = "learning_rate rho epsilon decay",
     .keras3 = "learning_rate rho epsilon weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 1, 0.001}, {&OptimizerConfig::rho, 0.95, 0.95}}},
     .slots = {{{"accumulated_grad"}, {"accumulated_delta_var"}}}},
    {.optimizer = Optimizer::adam,
     .name = "Adam",
     .update = "adam_update",
     .keras2 = "learning_rate beta_1 beta_2 epsilon decay amsgrad",
     .keras3 = "learning_rate beta_1 beta_2 epsilon amsgrad weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.001, 0.001}}},
     .slots = {{{"momentum"}, {"velocity"}, {"velocity_hat", detail::is_amsgrad, nullptr, 1}}}},
    {.optimizer = Optimizer::adamw,
     .name = "AdamW",
     .update = "adam_update",
     .keras2 = "learning_rate weight_decay beta_1 beta_2 epsilon amsgrad",
     .keras3 = "learning_rate weight_decay beta_1 beta_2 epsilon amsgrad",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.001, 0.001},
                   {&OptimizerConfig::weight_decay, 0.004, 0.004}}},
     .slots = {{{"momentum"}, {"velocity"}, {"velocity_hat", detail::is_amsgrad, nullptr, 1}}}},
    {.optimizer = Optimizer::adamax,
     .name = "Adamax",
     .update = "adamax_update",
     .keras2 = "learning_rate beta_1 beta_2 epsilon decay",
     .keras3 = "learning_rate beta_1 beta_2 epsilon weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.002, 0.001}}},
     .slots = {{{"momentum"}, {"norm"}}}},
    // Keras 3's files also hold the running product of its momenta.
    {.optimizer = Optimizer::nadam,
     .name = "Nadam",
     .update = "nadam_update",
     .keras2 = "learning_rate beta_1 beta_2 epsilon schedule_decay",
     .keras3 = "learning_rate beta_1 beta_2 epsilon weight_decay",
     .defaults = {{{&OptimizerConfig::learning_rate, 0.002, 0.001},
                   {&OptimizerConfig::schedule_decay, 0.004, 1}}},
     .slots = {{{"momentum", nullptr, nullptr, -1}, {"velocity", nullptr, nullptr, -1}}}},
};

constexpr const OptimizerEntry &entry_of(Optimizer optimizer) {
  return optimizers[static_cast<size_t>(optimizer)];
}
static_assert(
    [] {
      for (size_t i = 0; i < std::size(optimizers); ++i)
        if (static_cast<size_t>(optimizers[i].optimizer) != i) return false;
      return std::size(optimizers) == static_cast<size_t>(Optimizer::nadam) + 1;
    }(),
    "the table is in the order of the enum");

constexpr std::string_view name(Optimizer optimizer) {
  return entry_of(optimizer).name;
}

constexpr std::optional<Optimizer> optimizer_from_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const OptimizerEntry &entry : optimizers) {
    bool same = entry.name.size() == name.size();
    for (size_t i = 0; same && i < name.size(); ++i) same = lower(entry.name[i]) == lower(name[i]);
    if (same) return entry.optimizer;
  }
  return std::nullopt;
}

// What Keras takes where a script says nothing.
constexpr OptimizerConfig default_optimizer_config(Optimizer optimizer, bool keras3) {
  OptimizerConfig config;
  config.optimizer = optimizer;
  config.keras3 = keras3;
  config.epsilon = keras3 ? 1e-7 : 1e-8;
  for (const OptimizerDefault &each : entry_of(optimizer).defaults)
    if (each.number) config.*(each.number) = keras3 ? each.keras3 : each.keras2;
  return config;
}

}  // namespace sinter

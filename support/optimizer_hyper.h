// Optimizers: their settings as Keras 2.0 and Keras 3 default them, and the numbers that an update needs anew
// in every step. Header-only: the compiler makes update ops from the settings (ir/optimizer.h), a generated
// trainer calls hyper() before every step and hands the result to the step as its input `hyper`.
//
// Layout of `hyper`, f32[hyper_size]; t is the number of the step, from 1; lr is the learning rate after K2's
// decay:
//   [0]  lr, for every optimizer (decoupled weight decay uses it too)
//   [1]  adam, adamw: lr sqrt(1 - beta_2^t) / (1 - beta_1^t)
//        adamax:      lr / (1 - beta_1^t)
//        nadam:       lr (1 - mu_t) / (1 - mu_1 … mu_t), what the gradient is multiplied with
//   [2]  nadam:       lr mu_(t+1) / (1 - mu_1 … mu_(t+1)), what the first moment is multiplied with
//   [3]  nadam:       1 / (1 - beta_2^t)
// What an optimizer does not use is 0. mu_i = beta_1 (1 - 0.96^(i decay) / 2), decay = schedule_decay (K3:
// 1).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace sinter {

enum class Optimizer : uint8_t { sgd, rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam };

// The class in Keras, which reads without regard to case.
inline constexpr std::array<std::pair<std::string_view, Optimizer>, 8> optimizer_names = {
    {{"SGD", Optimizer::sgd},
     {"RMSprop", Optimizer::rmsprop},
     {"Adagrad", Optimizer::adagrad},
     {"Adadelta", Optimizer::adadelta},
     {"Adam", Optimizer::adam},
     {"AdamW", Optimizer::adamw},
     {"Adamax", Optimizer::adamax},
     {"Nadam", Optimizer::nadam}}};

constexpr std::string_view name(Optimizer optimizer) {
  for (const auto &[text, entry] : optimizer_names)
    if (entry == optimizer) return text;
  return "?";
}

constexpr std::optional<Optimizer> optimizer_from_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const auto &[text, optimizer] : optimizer_names) {
    bool same = text.size() == name.size();
    for (size_t i = 0; same && i < text.size(); ++i) same = lower(text[i]) == lower(name[i]);
    if (same) return optimizer;
  }
  return std::nullopt;
}

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

// What Keras takes where a script says nothing.
constexpr OptimizerConfig default_optimizer_config(Optimizer optimizer, bool keras3) {
  OptimizerConfig config;
  config.optimizer = optimizer;
  config.keras3 = keras3;
  config.epsilon = keras3 ? 1e-7 : 1e-8;
  switch (optimizer) {
    case Optimizer::sgd:
      config.learning_rate = 0.01;
      break;
    case Optimizer::adagrad:
      config.learning_rate = keras3 ? 0.001 : 0.01;
      config.initial_accumulator = keras3 ? 0.1 : 0;
      break;
    case Optimizer::adadelta:
      config.learning_rate = keras3 ? 0.001 : 1.0;
      config.rho = 0.95;
      break;
    case Optimizer::adamax:
    case Optimizer::nadam:
      config.learning_rate = keras3 ? 0.001 : 0.002;
      if (keras3) config.schedule_decay = 1;
      break;
    case Optimizer::adamw:
      config.learning_rate = 0.001;
      config.weight_decay = 0.004;
      break;
    case Optimizer::rmsprop:
    case Optimizer::adam:
      config.learning_rate = 0.001;
      break;
  }
  return config;
}

constexpr size_t hyper_size = 4;

namespace detail {

// 1 - beta^t, exact for beta near 1; beta in [0, 1).
inline double one_minus_power(double beta, double t) {
  return -std::expm1(t * std::log(beta));
}

inline double nadam_mu(const OptimizerConfig &config, double t) {
  return config.beta_1 * (1 - 0.5 * std::pow(0.96, t * config.schedule_decay));
}

}  // namespace detail

// For the step after `steps_done` others, with the learning rate that callbacks have left
// (config.learning_rate at first).
inline std::array<float, hyper_size> hyper(const OptimizerConfig &config, int64_t steps_done,
                                           double learning_rate) {
  const double t = static_cast<double>(steps_done) + 1;
  const double lr = learning_rate / (1 + config.decay * static_cast<double>(steps_done));
  std::array<double, hyper_size> values = {lr, 0, 0, 0};
  switch (config.optimizer) {
    case Optimizer::sgd:
    case Optimizer::rmsprop:
    case Optimizer::adagrad:
    case Optimizer::adadelta:
      break;
    case Optimizer::adam:
    case Optimizer::adamw:
      values[1] = lr * std::sqrt(detail::one_minus_power(config.beta_2, t)) /
                  detail::one_minus_power(config.beta_1, t);
      break;
    case Optimizer::adamax:
      values[1] = lr / detail::one_minus_power(config.beta_1, t);
      break;
    case Optimizer::nadam: {
      double product = 1;
      constexpr double negligible = 1e-20;  // beside 1: later factors change nothing
      for (double i = 1; i <= t && product > negligible; ++i) product *= detail::nadam_mu(config, i);
      const double mu = detail::nadam_mu(config, t), next = detail::nadam_mu(config, t + 1);
      values[1] = lr * (1 - mu) / (1 - product);
      values[2] = lr * next / (1 - product * next);
      values[3] = 1 / detail::one_minus_power(config.beta_2, t);
      break;
    }
  }
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2]),
          static_cast<float>(values[3])};
}

}  // namespace sinter

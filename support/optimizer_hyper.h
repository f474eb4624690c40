// The numbers that an update needs anew in every step. Header-only: the compiler makes update ops from an
// optimizer's settings (ir/optimizer.h), a generated trainer calls hyper() before every step and hands the
// result to the step as its input `hyper`.
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

#include "support/optimizer_table.h"

namespace sinter {

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

#include "runtime/predictor/losses.h"

#include <algorithm>
#include <cmath>

namespace sinter::runtime {
namespace {

using Row = std::span<const float>;

constexpr double epsilon = 1e-7;  // keras.backend.epsilon()

double clipped(double p) {
  return std::clamp(p, epsilon, 1 - epsilon);
}

template <class Term>
double mean_of(Row prediction, Row target, Term term) {
  double sum = 0;
  for (size_t i = 0; i < prediction.size(); ++i) sum += term(double{prediction[i]}, double{target[i]});
  return sum / static_cast<double>(prediction.size());
}

// keras/backend: the prediction is scaled to sum 1, clipped, and -sum(target * log(prediction)) is taken.
double categorical_crossentropy(Row prediction, Row target) {
  double total = 0, loss = 0;
  for (const float p : prediction) total += p;
  for (size_t i = 0; i < prediction.size(); ++i)
    if (target[i] != 0) loss -= target[i] * std::log(clipped(prediction[i] / total));
  return loss;
}

double binary_crossentropy(Row prediction, Row target) {
  return mean_of(prediction, target, [](double p, double t) {
    return -(t * std::log(clipped(p)) + (1 - t) * std::log(1 - clipped(p)));
  });
}

double mean_squared_error(Row prediction, Row target) {
  return mean_of(prediction, target, [](double p, double t) { return (p - t) * (p - t); });
}

double mean_absolute_error(Row prediction, Row target) {
  return mean_of(prediction, target, [](double p, double t) { return std::abs(p - t); });
}

double kl_divergence(Row prediction, Row target) {
  double sum = 0;
  for (size_t i = 0; i < prediction.size(); ++i) {
    const double t = std::clamp<double>(target[i], epsilon, 1),
                 p = std::clamp<double>(prediction[i], epsilon, 1);
    sum += t * std::log(t / p);
  }
  return sum;
}

double poisson(Row prediction, Row target) {
  return mean_of(prediction, target, [](double p, double t) { return p - t * std::log(p + epsilon); });
}

constexpr LossInfo losses[] = {
    {"categorical_crossentropy", "", categorical_crossentropy, categorical_accuracy},
    {"sparse_categorical_crossentropy", "", categorical_crossentropy, categorical_accuracy},
    {"binary_crossentropy", "", binary_crossentropy, binary_accuracy},
    {"mean_squared_error", "mse", mean_squared_error, nullptr},
    {"mean_absolute_error", "mae", mean_absolute_error, nullptr},
    {"kl_divergence", "kullback_leibler_divergence", kl_divergence, nullptr},
    {"poisson", "", poisson, nullptr},
};

}  // namespace

double categorical_accuracy(Row prediction, Row target) {
  const auto largest = [](Row row) { return std::max_element(row.begin(), row.end()) - row.begin(); };
  return largest(prediction) == largest(target) ? 1 : 0;
}

double binary_accuracy(Row prediction, Row target) {
  return mean_of(prediction, target, [](double p, double t) { return (p > 0.5) == (t > 0.5) ? 1.0 : 0.0; });
}

const LossInfo *find_loss(std::string_view name) {
  for (const LossInfo &loss : losses)
    if (loss.name == name || (!loss.alias.empty() && loss.alias == name)) return &loss;
  return nullptr;
}

std::string known_losses() {
  std::string names;
  for (const LossInfo &loss : losses) names += (names.empty() ? "" : ", ") + std::string(loss.name);
  return names;
}

}  // namespace sinter::runtime

#include "tests/campaign/case.h"

#include <cmath>

#include "tests/campaign/random.h"

namespace sinter::campaign {

namespace {

ir::ReferenceTensor uniform(const ir::TensorType &type, int64_t n, Random random, double low, double high) {
  ir::ReferenceTensor tensor;
  for (const ir::Dim dim : type.dims) tensor.dims.push_back(dim.at(n));
  for (int64_t i = 0; i < tensor.elements(); ++i)
    tensor.data.push_back(double{static_cast<float>(random.uniform(low, high))});
  return tensor;
}

// By rows of the last axis: a one, or numbers that add up to one.
void make_distributions(ir::ReferenceTensor &tensor, Random random, bool soft) {
  const auto classes = static_cast<size_t>(tensor.dims.back());
  for (size_t row = 0; row < tensor.data.size(); row += classes) {
    const auto one = static_cast<size_t>(random.below(static_cast<int64_t>(classes)));
    double sum = 0;
    for (size_t i = 0; i < classes; ++i)
      sum += tensor.data[row + i] = soft ? random.uniform(0.1, 1) : (i == one ? 1 : 0);
    for (size_t i = 0; i < classes; ++i)
      tensor.data[row + i] = double{static_cast<float>(tensor.data[row + i] / sum)};
  }
}

}  // namespace

int variable_index(const ir::Graph &graph, const std::string &name) {
  const ir::ValueId value = graph.find_value(name);
  return value < 0 ? ir::VariableId() : graph.value(value).variable;
}

passes::TrainingRequest request_of(const Case &c) {
  const Fit &fit = *c.fit;
  passes::TrainingRequest request;
  request.graph = c.graph;
  request.optimizer = fit.optimizer;
  request.loss.keras3 = fit.optimizer.keras3;
  request.loss.sample_weights = fit.weighting != Weighting::none;
  for (const Loss &loss : fit.losses) {
    request.loss.losses.push_back(
        {.name = loss.name, .from_logits = loss.from_logits, .weight = loss.weight});
    std::vector<ir::NamedAttribute> &attributes = request.loss.losses.back().attributes;
    if (loss.label_smoothing != 0) attributes.emplace_back("label_smoothing", loss.label_smoothing);
    if (loss.delta != 1) attributes.emplace_back("delta", loss.delta);
  }
  for (const Metric &metric : fit.metrics) {
    const Loss &loss = fit.losses[static_cast<size_t>(metric.output)];
    request.loss.metrics.push_back({.name = metric.name,
                                    .output = metric.output,
                                    .from_logits = metric.name == loss.name && loss.from_logits,
                                    .attributes = {{"k", metric.k}}});
  }
  for (const Penalty &penalty : fit.penalties)
    if (const int variable = variable_index(c.graph, penalty.variable); variable >= 0)
      request.loss.penalties.push_back({variable, penalty.l1, penalty.l2});
  for (const Constraint &constraint : fit.constraints)
    if (const int variable = variable_index(c.graph, constraint.variable); variable >= 0)
      request.constraints.push_back({.variable = variable,
                                     .kind = constraint.kind,
                                     .axes = constraint.axes,
                                     .max_value = constraint.max_value,
                                     .min_value = constraint.min_value,
                                     .rate = constraint.rate});
  return request;
}

ir::ReferenceTensor variable_data(const Case &c, const ir::Variable &variable) {
  const ir::Value &value = c.graph.value(variable.value);
  const Random random(hash_of(value.name, c.seed));
  if (variable.initializer.name == "ones") return uniform(value.type, 1, random, 0.5, 1.5);
  if (value.type.rank() < 2) return uniform(value.type, 1, random, -0.5, 0.5);
  // Sums of products of two numbers of variance 1 / fan-in and 1 have variance 1.
  double fan_in = 1;
  for (size_t d = 0; d + 1 < value.type.dims.size(); ++d)
    fan_in *= static_cast<double>(value.type.dims[d].value());
  const double bound = std::sqrt(3 / fan_in);
  return uniform(value.type, 1, random, -bound, bound);
}

ir::ReferenceTensor input_data(const Case &c, ir::ValueId input, int64_t n, size_t run) {
  const ir::Value &value = c.graph.value(input);
  return uniform(value.type, n, Random(hash_of(value.name + "@" + std::to_string(run), c.seed)), -1, 1);
}

ir::ReferenceTensor target_data(const Case &c, size_t output, const ir::TensorType &type, int64_t classes,
                                int64_t n, size_t run) {
  const std::string &loss = c.fit->losses[output].name;
  Random random(hash_of("target" + std::to_string(output) + "@" + std::to_string(run), c.seed));
  ir::ReferenceTensor tensor = uniform(type, n, random, -1, 1);
  if (loss.starts_with("sparse")) {
    for (double &x : tensor.data) x = static_cast<double>(random.below(classes));
  } else if (loss == "categorical_crossentropy" || loss == "kl_divergence") {
    make_distributions(tensor, random, c.seed % 2 == 0);
  } else if (loss == "binary_crossentropy") {
    for (double &x : tensor.data) x = x > 0 ? 1 : 0;
  } else if (loss.ends_with("hinge")) {
    for (double &x : tensor.data) x = x > 0 ? 1 : -1;
  } else if (loss == "mean_absolute_percentage_error" || loss == "mean_squared_logarithmic_error" ||
             loss == "poisson") {
    for (double &x : tensor.data) x = double{static_cast<float>(std::abs(x) + 0.5)};
  }
  return tensor;
}

// Weights of classes repeat; weights of samples may be 0.
ir::ReferenceTensor weight_data(const Case &c, int64_t n, size_t run) {
  Random random(hash_of("sample_weight@" + std::to_string(run), c.seed));
  ir::ReferenceTensor tensor{{n}, {}};
  for (int64_t i = 0; i < n; ++i)
    tensor.data.push_back(c.fit->weighting == Weighting::classes
                              ? random.of({0.5, 1.0, 2.0, 4.0})
                              : (random.one_in(5) ? 0 : double{static_cast<float>(random.uniform(0.1, 2))}));
  return tensor;
}

}  // namespace sinter::campaign

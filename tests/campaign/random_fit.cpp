#include "tests/campaign/random_fit.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "ir/gradient.h"
#include "tests/campaign/random.h"
#include "tests/campaign/random_model.h"

namespace sinter::campaign {

namespace {

constexpr size_t steps = 10;

// A loss and the op that makes its predictions, "" where it takes any number.
struct LossChoice {
  const char *loss;
  const char *head;
  bool from_logits = false;
  bool needs_classes = false;
};

const std::vector<LossChoice> &loss_choices() {
  static const std::vector<LossChoice> table = {
      {"mean_squared_error", ""},
      {"mean_squared_error", "tanh"},
      {"mean_absolute_error", ""},
      {"mean_absolute_percentage_error", ""},
      {"mean_squared_logarithmic_error", "softplus"},
      {"huber", ""},
      {"log_cosh", ""},
      {"poisson", "softplus"},
      {"hinge", ""},
      {"squared_hinge", "tanh"},
      {"kl_divergence", "softmax", false, true},
      {"binary_crossentropy", "sigmoid"},
      {"binary_crossentropy", "", true},
      {"binary_crossentropy", "softmax", false, true},
      {"categorical_crossentropy", "softmax", false, true},
      {"categorical_crossentropy", "softmax", false, true},
      {"categorical_crossentropy", "sigmoid", false, true},
      {"categorical_crossentropy", "", true, true},
      {"sparse_categorical_crossentropy", "softmax", false, true},
      {"sparse_categorical_crossentropy", "", true, true},
  };
  return table;
}

Loss some_loss(Random &random, ir::Graph &graph, size_t output) {
  ir::ValueId &value = graph.outputs[output];
  const int64_t classes = graph.type(value).dims.back().value();
  const LossChoice *choice = &random.of(loss_choices());
  while (choice->needs_classes && classes < 2) choice = &random.of(loss_choices());
  if (*choice->head != '\0') {
    const ir::OpInfo &op = ir::op(choice->head);
    value = graph.emit(choice->head, op.default_attributes(), {value}, graph.unique_name(choice->head));
  }
  Loss loss{.name = choice->loss, .from_logits = choice->from_logits};
  if (loss.name == "categorical_crossentropy" || loss.name == "binary_crossentropy")
    if (random.one_in(3)) loss.label_smoothing = 0.125;
  if (loss.name == "huber") loss.delta = random.of({1.0, 0.25});
  if (random.one_in(3)) loss.weight = random.of({0.5, 2.0, 0.3});
  return loss;
}

void add_metrics(Random &random, const ir::Graph &graph, size_t output, Fit &fit) {
  const std::string &loss = fit.losses[output].name;
  const int64_t classes = graph.type(graph.outputs[output]).dims.back().value();
  std::vector<std::string> names = {"accuracy", "binary_accuracy", "mean_squared_error",
                                    "mean_absolute_error"};
  if (classes >= 2) {
    names.insert(names.end(), {"categorical_accuracy", "top_k_categorical_accuracy"});
    if (loss.starts_with("sparse"))
      names.insert(names.end(), {"sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"});
  }
  if (!loss.empty()) names.push_back(loss);
  for (int64_t i = random.below(3); i > 0; --i)
    fit.metrics.push_back({random.of(names), static_cast<int>(output),
                           random.between(1, std::max<int64_t>(1, std::min<int64_t>(3, classes)))});
}

OptimizerConfig some_optimizer(Random &random, bool keras3) {
  const Optimizer optimizer = optimizers[static_cast<size_t>(random.below(std::size(optimizers)))].optimizer;
  OptimizerConfig config = default_optimizer_config(optimizer, keras3);
  config.learning_rate = random.of({0.01, 0.05, 0.002});
  if (optimizer == Optimizer::adadelta) config.learning_rate = random.of({1.0, 0.3});
  if (!keras3 && random.one_in(3)) config.decay = random.of({0.01, 1e-4});
  if (optimizer == Optimizer::sgd && random.one_in(2)) {
    config.momentum = random.of({0.9, 0.5});
    config.nesterov = random.one_in(2);
  }
  if (optimizer == Optimizer::rmsprop) {
    config.centered = keras3 && random.one_in(3);
    if (keras3 && random.one_in(3)) config.momentum = 0.5;
  }
  if (optimizer == Optimizer::adam || optimizer == Optimizer::adamw) config.amsgrad = random.one_in(3);
  if (random.one_in(3)) {
    config.rho = random.of({0.8, 0.95});
    config.beta_1 = random.of({0.8, 0.5});
    config.beta_2 = random.of({0.99, 0.9});
  }
  if (random.one_in(2)) config.epsilon = random.of({1e-3, 1e-5, 1e-7});
  if (optimizer == Optimizer::adagrad && random.one_in(2)) config.initial_accumulator = 0.1;
  if (keras3 && optimizer != Optimizer::adamw && random.one_in(5))
    config.weight_decay = random.of({0.01, 0.1});
  switch (random.below(8)) {
    case 0:
      config.clipvalue = random.of({0.01, 0.1});
      break;
    case 1:
      config.clipnorm = random.of({0.05, 1.0});
      break;
    case 2:
      if (keras3) config.global_clipnorm = random.of({0.05, 1.0});
      break;
    default:
      break;
  }
  return config;
}

// Of a graph of ops, which has no layers to say them.
void add_weight_rules(Random &random, const ir::Graph &graph, Fit &fit) {
  for (const ir::Variable &variable : graph.variables) {
    if (variable.kind != ir::VariableKind::weight) continue;
    const std::string &name = graph.value(variable.value).name;
    const int64_t rank = graph.type(variable.value).rank();
    if (random.one_in(8)) fit.penalties.push_back({name, random.one_in(2) ? 0.01 : 0, 0.02});
    if (!random.one_in(10)) continue;
    Constraint constraint{.variable = name, .kind = static_cast<ir::ConstraintKind>(random.below(4))};
    if (random.one_in(2)) {
      constraint.axes.clear();
      for (int64_t axis = 0; axis < std::max<int64_t>(1, rank - 1); ++axis) constraint.axes.push_back(axis);
    }
    constraint.max_value = random.of({0.5, 1.0});
    constraint.min_value = constraint.kind == ir::ConstraintKind::min_max_norm ? 0.25 : 0;
    constraint.rate = random.of({1.0, 0.5});
    fit.constraints.push_back(constraint);
  }
}

void choose_batches(Random &random, Case &c, size_t runs) {
  c.max_batch = random.of({1, 2, 3, 4, 5, 8});
  for (size_t i = 0; i < runs; ++i)
    c.batches.push_back(random.one_in(3) ? random.between(1, c.max_batch) : c.max_batch);
  if (random.one_in(3)) c.target = "x86_64-linux-gnu:x86-64";
  c.interpreter = random.one_in(8);
}

RandomModel some_model(Random &random, uint64_t number, bool trainable, bool keras3) {
  RandomModel model = number % 2 == 0 ? random_graph(random, trainable) : random_keras_model(random, keras3);
  model.graph.name = (trainable ? "fit_" : "prediction_") + std::to_string(number);
  return model;
}

}  // namespace

Case random_prediction(uint64_t number) {
  Random random(hash_of("prediction", number));
  Case c;
  c.seed = number;
  RandomModel model = some_model(random, number, false, random.one_in(2));
  c.graph = std::move(model.graph);
  c.layers = std::move(model.layers);
  choose_batches(random, c, 1);
  return c;
}

Case random_fit(uint64_t number) {
  Random random(hash_of("fit", number));
  Case c;
  c.seed = number;
  const bool keras3 = random.one_in(2);
  RandomModel model = some_model(random, number, true, keras3);
  c.graph = std::move(model.graph);
  c.layers = std::move(model.layers);
  Fit fit;
  fit.penalties = std::move(model.penalties);
  fit.constraints = std::move(model.constraints);
  if (number % 2 == 0) add_weight_rules(random, c.graph, fit);
  for (size_t output = 0; output < c.graph.outputs.size(); ++output) {
    // At times an output without a loss, beside others.
    if (output > 0 && random.one_in(4))
      fit.losses.push_back({.name = ""});
    else
      fit.losses.push_back(some_loss(random, c.graph, output));
    add_metrics(random, c.graph, output, fit);
  }
  fit.optimizer = some_optimizer(random, keras3);
  if (random.one_in(3)) fit.weighting = random.one_in(2) ? Weighting::samples : Weighting::classes;
  fit.first_step = random.one_in(3) ? random.of({uint64_t{1}, uint64_t{100}, uint64_t{10000}}) : 0;
  if (random.one_in(4))
    for (ir::Variable &variable : c.graph.variables)
      if (random.one_in(3) && variable.kind == ir::VariableKind::weight) variable.trainable = false;
  c.fit = std::move(fit);
  choose_batches(random, c, steps);
  return c;
}

}  // namespace sinter::campaign

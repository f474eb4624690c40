// Classes that are their name and their arguments: optimizers, callbacks, initializers, regularizers,
// constraints, losses, metrics, activations, learning rate schedules. One table a category.
#include "frontend/script/keras_configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "frontend/script/arguments.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_objects.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

struct ConfigClass {
  const char *name;       // as scripts write it
  const char *canonical;  // the class it makes; nullptr: the name itself
  const char *keras2;     // signatures; see bind_arguments
  const char *keras3;     // nullptr: the same
};

constexpr ConfigClass optimizers[] = {
    {"SGD", nullptr,
     "learning_rate|lr momentum decay nesterov * clipnorm clipvalue global_clipnorm weight_decay name",
     "learning_rate|lr momentum nesterov weight_decay clipnorm clipvalue global_clipnorm * decay name"},
    {"RMSprop", nullptr,
     "learning_rate|lr rho epsilon decay * momentum centered clipnorm clipvalue global_clipnorm weight_decay "
     "name",
     "learning_rate|lr rho momentum epsilon centered weight_decay clipnorm clipvalue global_clipnorm * decay "
     "name"},
    {"Adagrad", nullptr,
     "learning_rate|lr epsilon decay * initial_accumulator_value clipnorm clipvalue global_clipnorm "
     "weight_decay name",
     "learning_rate|lr initial_accumulator_value epsilon weight_decay clipnorm clipvalue global_clipnorm * "
     "decay name"},
    {"Adadelta", nullptr,
     "learning_rate|lr rho epsilon decay * clipnorm clipvalue global_clipnorm weight_decay name",
     "learning_rate|lr rho epsilon weight_decay clipnorm clipvalue global_clipnorm * decay name"},
    {"Adam", nullptr,
     "learning_rate|lr beta_1 beta_2 epsilon decay amsgrad * clipnorm clipvalue global_clipnorm weight_decay "
     "name",
     "learning_rate|lr beta_1 beta_2 epsilon amsgrad weight_decay clipnorm clipvalue global_clipnorm * decay "
     "name"},
    {"Adamax", nullptr,
     "learning_rate|lr beta_1 beta_2 epsilon decay * clipnorm clipvalue global_clipnorm weight_decay name",
     "learning_rate|lr beta_1 beta_2 epsilon weight_decay clipnorm clipvalue global_clipnorm * decay name"},
    {"Nadam", nullptr,
     "learning_rate|lr beta_1 beta_2 epsilon schedule_decay * clipnorm clipvalue global_clipnorm "
     "weight_decay name",
     "learning_rate|lr beta_1 beta_2 epsilon weight_decay clipnorm clipvalue global_clipnorm * decay name"},
    {"AdamW", nullptr,
     "learning_rate|lr weight_decay beta_1 beta_2 epsilon amsgrad clipnorm clipvalue global_clipnorm * name",
     nullptr},
};

constexpr ConfigClass schedules[] = {
    {"ExponentialDecay", nullptr, "initial_learning_rate! decay_steps! decay_rate! staircase name", nullptr},
    {"PiecewiseConstantDecay", nullptr, "boundaries! values! name", nullptr},
    {"CosineDecay", nullptr, "initial_learning_rate! decay_steps! alpha name", nullptr},
    {"InverseTimeDecay", nullptr, "initial_learning_rate! decay_steps! decay_rate! staircase name", nullptr},
    {"PolynomialDecay", nullptr, "initial_learning_rate! decay_steps! end_learning_rate power cycle name",
     nullptr},
};

constexpr ConfigClass callbacks[] = {
    {"ModelCheckpoint", nullptr,
     "filepath! monitor verbose save_best_only save_weights_only mode period * save_freq "
     "initial_value_threshold",
     "filepath! monitor verbose save_best_only save_weights_only mode save_freq initial_value_threshold * "
     "period"},
    {"EarlyStopping", nullptr,
     "monitor min_delta patience verbose mode baseline restore_best_weights start_from_epoch", nullptr},
    {"ReduceLROnPlateau", nullptr, "monitor factor patience verbose mode min_delta|epsilon cooldown min_lr",
     nullptr},
    {"LearningRateScheduler", nullptr, "schedule! verbose", nullptr},
    {"CSVLogger", nullptr, "filename! separator append", nullptr},
    {"TensorBoard", nullptr,
     "log_dir histogram_freq batch_size write_graph write_grads write_images embeddings_freq "
     "embeddings_layer_names embeddings_metadata * update_freq profile_batch write_steps_per_second",
     "log_dir histogram_freq write_graph write_images write_steps_per_second update_freq profile_batch "
     "embeddings_freq embeddings_metadata * batch_size write_grads embeddings_layer_names"},
    {"TerminateOnNaN", nullptr, "", nullptr},
    {"BackupAndRestore", nullptr, "backup_dir! save_freq delete_checkpoint", nullptr},
    {"History", nullptr, "", nullptr},
    {"BaseLogger", nullptr, "", nullptr},
    {"ProgbarLogger", nullptr, "count_mode", nullptr},
};

constexpr ConfigClass initializers[] = {
    {"Zeros", nullptr, "", nullptr},
    {"zeros", "Zeros", "", nullptr},
    {"zero", "Zeros", "", nullptr},
    {"Ones", nullptr, "", nullptr},
    {"ones", "Ones", "", nullptr},
    {"one", "Ones", "", nullptr},
    {"Constant", nullptr, "value", nullptr},
    {"constant", "Constant", "value", nullptr},
    {"RandomNormal", nullptr, "mean stddev seed", nullptr},
    {"random_normal", "RandomNormal", "mean stddev seed", nullptr},
    {"normal", "RandomNormal", "mean stddev seed", nullptr},
    {"RandomUniform", nullptr, "minval maxval seed", nullptr},
    {"random_uniform", "RandomUniform", "minval maxval seed", nullptr},
    {"uniform", "RandomUniform", "minval maxval seed", nullptr},
    {"TruncatedNormal", nullptr, "mean stddev seed", nullptr},
    {"truncated_normal", "TruncatedNormal", "mean stddev seed", nullptr},
    {"VarianceScaling", nullptr, "scale mode distribution seed", nullptr},
    {"Orthogonal", nullptr, "gain seed", nullptr},
    {"orthogonal", "Orthogonal", "gain seed", nullptr},
    {"Identity", nullptr, "gain", nullptr},
    {"identity", "Identity", "gain", nullptr},
    {"GlorotUniform", nullptr, "seed", nullptr},
    {"glorot_uniform", "GlorotUniform", "seed", nullptr},
    {"GlorotNormal", nullptr, "seed", nullptr},
    {"glorot_normal", "GlorotNormal", "seed", nullptr},
    {"HeUniform", nullptr, "seed", nullptr},
    {"he_uniform", "HeUniform", "seed", nullptr},
    {"HeNormal", nullptr, "seed", nullptr},
    {"he_normal", "HeNormal", "seed", nullptr},
    {"LecunUniform", nullptr, "seed", nullptr},
    {"lecun_uniform", "LecunUniform", "seed", nullptr},
    {"LecunNormal", nullptr, "seed", nullptr},
    {"lecun_normal", "LecunNormal", "seed", nullptr},
};

constexpr ConfigClass regularizers[] = {
    {"l1", "L1L2", "l1|l", nullptr},     {"L1", "L1L2", "l1|l", nullptr},
    {"l2", "L1L2", "l2|l", nullptr},     {"L2", "L1L2", "l2|l", nullptr},
    {"l1_l2", "L1L2", "l1 l2", nullptr}, {"l1l2", "L1L2", "l1 l2", nullptr},
    {"L1L2", nullptr, "l1 l2", nullptr},
};

constexpr ConfigClass constraints[] = {
    {"MaxNorm", nullptr, "max_value|m axis", nullptr},
    {"max_norm", "MaxNorm", "max_value|m axis", nullptr},
    {"maxnorm", "MaxNorm", "max_value|m axis", nullptr},
    {"NonNeg", nullptr, "", nullptr},
    {"non_neg", "NonNeg", "", nullptr},
    {"nonneg", "NonNeg", "", nullptr},
    {"UnitNorm", nullptr, "axis", nullptr},
    {"unit_norm", "UnitNorm", "axis", nullptr},
    {"unitnorm", "UnitNorm", "axis", nullptr},
    {"MinMaxNorm", nullptr, "min_value max_value rate axis", nullptr},
    {"min_max_norm", "MinMaxNorm", "min_value max_value rate axis", nullptr},
};

constexpr ConfigClass losses[] = {
    {"CategoricalCrossentropy", "categorical_crossentropy", "from_logits label_smoothing axis reduction name",
     nullptr},
    {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy",
     "from_logits ignore_class reduction axis name", nullptr},
    {"BinaryCrossentropy", "binary_crossentropy", "from_logits label_smoothing axis reduction name", nullptr},
    {"MeanSquaredError", "mean_squared_error", "reduction name", nullptr},
    {"MeanAbsoluteError", "mean_absolute_error", "reduction name", nullptr},
    {"Hinge", "hinge", "reduction name", nullptr},
    {"SquaredHinge", "squared_hinge", "reduction name", nullptr},
    {"Huber", "huber", "delta reduction name", nullptr},
    {"Poisson", "poisson", "reduction name", nullptr},
    {"KLDivergence", "kl_divergence", "reduction name", nullptr},
    {"LogCosh", "log_cosh", "reduction name", nullptr},
};

constexpr ConfigClass metrics[] = {
    {"Accuracy", "accuracy", "name dtype", nullptr},
    {"CategoricalAccuracy", "categorical_accuracy", "name dtype", nullptr},
    {"SparseCategoricalAccuracy", "sparse_categorical_accuracy", "name dtype", nullptr},
    {"BinaryAccuracy", "binary_accuracy", "name dtype threshold", nullptr},
    {"TopKCategoricalAccuracy", "top_k_categorical_accuracy", "k name dtype", nullptr},
    {"SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", "k name dtype", nullptr},
    {"MeanSquaredError", "mean_squared_error", "name dtype", nullptr},
    {"MeanAbsoluteError", "mean_absolute_error", "name dtype", nullptr},
    {"CategoricalCrossentropy", "categorical_crossentropy", "name dtype from_logits label_smoothing",
     nullptr},
};

constexpr const char *loss_functions[] = {"mean_squared_error",
                                          "mse",
                                          "MSE",
                                          "mean_absolute_error",
                                          "mae",
                                          "MAE",
                                          "mean_absolute_percentage_error",
                                          "mape",
                                          "mean_squared_logarithmic_error",
                                          "msle",
                                          "squared_hinge",
                                          "hinge",
                                          "categorical_hinge",
                                          "logcosh",
                                          "log_cosh",
                                          "huber",
                                          "categorical_crossentropy",
                                          "sparse_categorical_crossentropy",
                                          "binary_crossentropy",
                                          "kullback_leibler_divergence",
                                          "kl_divergence",
                                          "poisson",
                                          "cosine_proximity",
                                          "cosine_similarity"};
constexpr const char *metric_functions[] = {"accuracy",
                                            "acc",
                                            "binary_accuracy",
                                            "categorical_accuracy",
                                            "sparse_categorical_accuracy",
                                            "top_k_categorical_accuracy",
                                            "sparse_top_k_categorical_accuracy"};
constexpr const char *activation_functions[] = {
    "softmax", "elu",          "selu",      "softplus",    "softsign",   "relu", "tanh",
    "sigmoid", "hard_sigmoid", "linear",    "exponential", "swish",      "silu", "gelu",
    "relu6",   "leaky_relu",   "hard_silu", "mish",        "log_softmax"};

std::span<const ConfigClass> table_of(const std::string &category) {
  if (category == "optimizer") return optimizers;
  if (category == "schedule") return schedules;
  if (category == "callback") return callbacks;
  if (category == "initializer") return initializers;
  if (category == "regularizer") return regularizers;
  if (category == "constraint") return constraints;
  if (category == "loss") return losses;
  if (category == "metric") return metrics;
  return {};
}

const ConfigClass *find_class(const std::string &category, const std::string &name) {
  for (const ConfigClass &each : table_of(category))
    if (name == each.name) return &each;
  return nullptr;
}

Value construct_config(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const ConfigClass &entry = *find_class(native.category, native.name);
  const bool keras3 = !evaluator.keras.dialect.counts_from_one();
  const Bound bound =
      bind_arguments(evaluator, native.name, keras3 && entry.keras3 ? entry.keras3 : entry.keras2, arguments);
  if (!bound.ok()) return Poison{};
  auto *object = evaluator.make<ConfigObject>();
  object->category = native.category;
  object->class_name = entry.canonical ? entry.canonical : entry.name;
  object->at = arguments.at;
  for (const auto *list : {&bound.all(), &bound.extra()})
    for (const Argument &argument : *list) object->config.emplace_back(argument.name, argument.value);
  if (native.category == "regularizer") {
    // The functions of both have defaults that the class, which Keras 3 calls by these names too, has not.
    const bool pure_keras3 = keras3 && !evaluator.keras.dialect.tf_keras;
    const bool both = (native.name == "l1_l2" || native.name == "l1l2") && !pure_keras3;
    if ((both || native.name == "l1" || native.name == "L1") && !bound.has("l1"))
      object->config.emplace_back("l1", 0.01);
    if ((both || native.name == "l2" || native.name == "L2") && !bound.has("l2"))
      object->config.emplace_back("l2", 0.01);
  }
  return object;
}

// A loss, metric or activation function called on values: only results (opaque) may be.
Value call_function_name(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  for (const Argument &argument : arguments.items)
    if (std::holds_alternative<SymbolicTensor *>(argument.value))
      return evaluator.error(
          arguments.at, fmt::format("calling {}() on a tensor is not supported", native.name),
          native.category == "activation" ? fmt::format("use Activation('{}')(x)", native.name)
                                          : "name it in compile()");
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, fmt::format("{}()", native.name));
}

}  // namespace

std::optional<Value> config_member(Evaluator &evaluator, const std::string &category, const std::string &name,
                                   Position) {
  if (find_class(category, name)) return evaluator.native(name, construct_config, None{}, category);
  const auto listed = [&](auto &names) { return std::ranges::find(names, name) != std::end(names); };
  if ((category == "loss" || category == "metric") && listed(loss_functions))
    return evaluator.native(name, call_function_name, None{}, category);
  if (category == "metric" && listed(metric_functions))
    return evaluator.native(name, call_function_name, None{}, category);
  if (category == "activation" && listed(activation_functions))
    return evaluator.native(name, call_function_name, None{}, category);
  return std::nullopt;
}

std::vector<ConfigSignature> config_signatures() {
  std::vector<ConfigSignature> signatures;
  for (const char *category :
       {"optimizer", "schedule", "callback", "initializer", "regularizer", "constraint", "loss", "metric"})
    for (const ConfigClass &each : table_of(category))
      signatures.push_back({category, each.name, each.keras2, each.keras3 ? each.keras3 : each.keras2});
  return signatures;
}

std::vector<std::string> config_names(const std::string &category) {
  std::vector<std::string> names;
  for (const ConfigClass &each : table_of(category)) names.emplace_back(each.name);
  if (category == "loss" || category == "metric")
    names.insert(names.end(), std::begin(loss_functions), std::end(loss_functions));
  if (category == "metric")
    names.insert(names.end(), std::begin(metric_functions), std::end(metric_functions));
  return names;
}

Value config_attribute(Evaluator &evaluator, ConfigObject *object, const std::string &name, Position at) {
  if (object->category == "image_generator") return image_generator_attribute(evaluator, object, name, at);
  for (const auto &[key, value] : object->config)
    if (key == name || (key == "learning_rate" && name == "lr")) return value;
  return evaluator.opaque(at, fmt::format("the attribute '{}' of {}", name, object->class_name));
}

void set_config_attribute(Evaluator &evaluator, ConfigObject *object, const std::string &name,
                          const Value &value, Position at) {
  if (is_poison(value) || !evaluator.effect(at, "setting an option")) return;
  std::string option = name;
  if (const ConfigClass *entry = find_class(object->category, object->class_name)) {
    const auto *signature =
        evaluator.keras.dialect.counts_from_one() || !entry->keras3 ? entry->keras2 : entry->keras3;
    option = parameter_name(signature, name);
    if (option.empty()) {
      evaluator.error(at, fmt::format("{} has no option '{}' that Sinter knows", object->class_name, name),
                      "options are arguments of the constructor");
      return;
    }
  }
  for (ModelObject *model : object->compiled_into)
    record_change_of_state(evaluator, model, fmt::format("setting '{}' after compile()", name), at);
  const auto found = std::ranges::find(object->config, option, &std::pair<std::string, Value>::first);
  if (found == object->config.end())
    object->config.emplace_back(option, value);
  else
    found->second = value;
}

}  // namespace sinter::script

// Classes that are their name and their arguments: optimizers, callbacks, initializers, regularizers,
// constraints, losses, metrics, activations, learning rate schedules. One table a category; optimizers, losses
// and metrics have theirs from support/optimizer_table.h and ir/objectives.h.
#include "frontend/script/keras_configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "frontend/script/arguments.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_objects.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"
#include "ir/objectives.h"
#include "ir/optimizer.h"

namespace sinter::script {

namespace {

struct ConfigClass {
  std::string_view name;         // as scripts write it
  std::string_view canonical;    // the class it makes; empty: the name itself
  std::string_view keras2;       // signatures; see bind_arguments
  std::string_view keras3 = {};  // nothing: the same
};

constexpr ConfigClass schedules[] = {
    {"ExponentialDecay", {}, "initial_learning_rate! decay_steps! decay_rate! staircase name"},
    {"PiecewiseConstantDecay", {}, "boundaries! values! name"},
    {"CosineDecay", {}, "initial_learning_rate! decay_steps! alpha name"},
    {"InverseTimeDecay", {}, "initial_learning_rate! decay_steps! decay_rate! staircase name"},
    {"PolynomialDecay", {}, "initial_learning_rate! decay_steps! end_learning_rate power cycle name"},
};

constexpr ConfigClass callbacks[] = {
    {"ModelCheckpoint",
     {},
     "filepath! monitor verbose save_best_only save_weights_only mode period * save_freq "
     "initial_value_threshold",
     "filepath! monitor verbose save_best_only save_weights_only mode save_freq initial_value_threshold * "
     "period"},
    {"EarlyStopping",
     {},
     "monitor min_delta patience verbose mode baseline restore_best_weights start_from_epoch"},
    {"ReduceLROnPlateau", {}, "monitor factor patience verbose mode min_delta|epsilon cooldown min_lr"},
    {"LearningRateScheduler", {}, "schedule! verbose"},
    {"CSVLogger", {}, "filename! separator append"},
    {"TensorBoard",
     {},
     "log_dir histogram_freq batch_size write_graph write_grads write_images embeddings_freq "
     "embeddings_layer_names embeddings_metadata * update_freq profile_batch write_steps_per_second",
     "log_dir histogram_freq write_graph write_images write_steps_per_second update_freq profile_batch "
     "embeddings_freq embeddings_metadata * batch_size write_grads embeddings_layer_names"},
    {"TerminateOnNaN", {}, ""},
    {"BackupAndRestore", {}, "backup_dir! save_freq delete_checkpoint"},
    {"History", {}, ""},
    {"BaseLogger", {}, ""},
    {"ProgbarLogger", {}, "count_mode"},
};

constexpr ConfigClass initializers[] = {
    {"Zeros", {}, ""},
    {"zeros", "Zeros", ""},
    {"zero", "Zeros", ""},
    {"Ones", {}, ""},
    {"ones", "Ones", ""},
    {"one", "Ones", ""},
    {"Constant", {}, "value"},
    {"constant", "Constant", "value"},
    {"RandomNormal", {}, "mean stddev seed"},
    {"random_normal", "RandomNormal", "mean stddev seed"},
    {"normal", "RandomNormal", "mean stddev seed"},
    {"RandomUniform", {}, "minval maxval seed"},
    {"random_uniform", "RandomUniform", "minval maxval seed"},
    {"uniform", "RandomUniform", "minval maxval seed"},
    {"TruncatedNormal", {}, "mean stddev seed"},
    {"truncated_normal", "TruncatedNormal", "mean stddev seed"},
    {"VarianceScaling", {}, "scale mode distribution seed"},
    {"Orthogonal", {}, "gain seed"},
    {"orthogonal", "Orthogonal", "gain seed"},
    {"Identity", {}, "gain"},
    {"identity", "Identity", "gain"},
    {"GlorotUniform", {}, "seed"},
    {"glorot_uniform", "GlorotUniform", "seed"},
    {"GlorotNormal", {}, "seed"},
    {"glorot_normal", "GlorotNormal", "seed"},
    {"HeUniform", {}, "seed"},
    {"he_uniform", "HeUniform", "seed"},
    {"HeNormal", {}, "seed"},
    {"he_normal", "HeNormal", "seed"},
    {"LecunUniform", {}, "seed"},
    {"lecun_uniform", "LecunUniform", "seed"},
    {"LecunNormal", {}, "seed"},
    {"lecun_normal", "LecunNormal", "seed"},
};

constexpr ConfigClass regularizers[] = {
    {"l1", "L1L2", "l1|l"},     {"L1", "L1L2", "l1|l"},    {"l2", "L1L2", "l2|l"}, {"L2", "L1L2", "l2|l"},
    {"l1_l2", "L1L2", "l1 l2"}, {"l1l2", "L1L2", "l1 l2"}, {"L1L2", {}, "l1 l2"},
};

constexpr ConfigClass constraints[] = {
    {"MaxNorm", {}, "max_value|m axis"},
    {"max_norm", "MaxNorm", "max_value|m axis"},
    {"maxnorm", "MaxNorm", "max_value|m axis"},
    {"NonNeg", {}, ""},
    {"non_neg", "NonNeg", ""},
    {"nonneg", "NonNeg", ""},
    {"UnitNorm", {}, "axis"},
    {"unit_norm", "UnitNorm", "axis"},
    {"unitnorm", "UnitNorm", "axis"},
    {"MinMaxNorm", {}, "min_value max_value rate axis"},
    {"min_max_norm", "MinMaxNorm", "min_value max_value rate axis"},
};

constexpr const char *activation_functions[] = {
    "softmax", "elu",          "selu",      "softplus",    "softsign",   "relu", "tanh",
    "sigmoid", "hard_sigmoid", "linear",    "exponential", "swish",      "silu", "gelu",
    "relu6",   "leaky_relu",   "hard_silu", "mish",        "log_softmax"};

std::vector<ConfigClass> optimizer_classes() {
  static std::vector<std::string> signatures;
  signatures.reserve(2 * std::size(optimizers));
  std::vector<ConfigClass> list;
  for (const OptimizerEntry &each : optimizers) {
    const std::string &keras2 = signatures.emplace_back(ir::optimizer_signature(each, false));
    list.push_back({each.name, {}, keras2, signatures.emplace_back(ir::optimizer_signature(each, true))});
  }
  return list;
}

std::vector<ConfigClass> classes_of(const std::vector<ir::Objective> &table) {
  std::vector<ConfigClass> list;
  for (const ir::Objective &each : table)
    if (!each.class_name.empty()) list.push_back({each.class_name, each.name, each.signature, {}});
  for (const std::string_view name : ir::unsupported_objectives())
    if (std::isupper(static_cast<unsigned char>(name[0])) != 0) list.push_back({name, {}, "**", {}});
  return list;
}

std::span<const ConfigClass> table_of(const std::string &category) {
  static const std::vector<ConfigClass> optimizers = optimizer_classes();
  static const std::vector<ConfigClass> losses = classes_of(ir::losses()),
                                        metrics = classes_of(ir::metrics());
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
  const Bound bound = bind_arguments(evaluator, native.name,
                                     keras3 && entry.keras3.data() ? entry.keras3 : entry.keras2, arguments);
  if (!bound.ok()) return Poison{};
  auto *object = evaluator.make<ConfigObject>();
  object->category = native.category;
  object->class_name = entry.canonical.empty() ? entry.name : entry.canonical;
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
  const std::vector<std::string> names = config_names(category);
  if (std::ranges::find(names, name) != names.end())
    return evaluator.native(name, call_function_name, None{}, category);
  return std::nullopt;
}

std::vector<ConfigSignature> config_signatures() {
  std::vector<ConfigSignature> signatures;
  for (const char *category :
       {"optimizer", "schedule", "callback", "initializer", "regularizer", "constraint", "loss", "metric"})
    for (const ConfigClass &each : table_of(category))
      signatures.push_back(
          {category, each.name, each.keras2, each.keras3.data() ? each.keras3 : each.keras2});
  return signatures;
}

std::vector<std::string> config_names(const std::string &category) {
  std::vector<std::string> names;
  if (category == "activation") {
    names.assign(std::begin(activation_functions), std::end(activation_functions));
  } else if (category == "loss" || category == "metric") {
    for (const std::string_view name : ir::names_of(category == "loss" ? ir::losses() : ir::metrics()))
      names.emplace_back(name);
    const auto unsupported = ir::unsupported_objectives();
    names.insert(names.end(), unsupported.begin(), unsupported.end());
  } else {
    for (const ConfigClass &each : table_of(category)) names.emplace_back(each.name);
  }
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
    const bool keras2 = evaluator.keras.dialect.counts_from_one() || !entry->keras3.data();
    option = parameter_name(keras2 ? entry->keras2 : entry->keras3, name);
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

// Every argument that the front end binds is obeyed or refused by name: each is given a value that is not its
// default, and either the model or its training differs, or a diagnostic names the argument.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <sstream>

#include "codegen/target.h"
#include "driver/build.h"
#include "driver/training/check_single_fit.h"
#include "driver/training/plan_trainer.h"
#include "frontend/keras/applications.h"
#include "frontend/keras/layer_signatures.h"
#include "frontend/script/call_signatures.h"
#include "frontend/script/keras_configs.h"
#include "ir/text.h"
#include "schema/program_generated.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

using driver::LoadedModel;
using script::ConfigValue;

// What a script is understood to say, and what is said about it.
struct Outcome {
  std::string meaning, diagnostics;
};

std::string text_of(const ConfigValue &value) {
  if (const std::string *text = value.text()) return *text;
  if (const auto number = value.number()) return fmt::format("{}", *number);
  if (const auto *flag = std::get_if<bool>(&value.value)) return *flag ? "True" : "False";
  std::string all = "(";
  if (const auto *list = std::get_if<ConfigValue::List>(&value.value))
    for (const ConfigValue &item : *list) all += text_of(item) + ",";
  if (const auto *dict = std::get_if<ConfigValue::Dict>(&value.value))
    for (const auto &[key, item] : *dict) all += key + "=" + text_of(item) + ",";
  return all + ")";
}

std::string text_of(const script::ConfigDict &dict) {
  return text_of(ConfigValue{dict});
}

std::string text_of(const script::DataSet &data) {
  std::string text;
  for (const auto *side : {&data.inputs, &data.targets})
    for (const auto &[name, array] : *side)
      text += fmt::format("{} {} [{}]; ", name, describe(array),
                          array.shape ? fmt::format("{}", fmt::join(*array.shape, ",")) : "?");
  if (data.sample_weight) text += "weights " + describe(*data.sample_weight);
  if (data.generator) text += text_of(data.generator->config) + text_of(data.flow);
  return text;
}

// The model as a graph, and all that training adds to it but the names of its layers.
std::string text_of(const LoadedModel &loaded) {
  const keras::ImportedModel &model = loaded.model;
  std::string text = ir::print(model.graph);
  if (loaded.plan.published_weights) text += "published weights ";
  for (const auto *axes : {&model.input_axes, &model.output_axes})
    for (const std::vector<int> &each : *axes) text += fmt::format("[{}]", fmt::join(each, ","));
  for (const keras::LayerInfo &layer : model.layers)
    text += layer.class_name + (layer.is_implicit_input ? "!" : "") + " ";
  for (const ir::PenaltyConfig &penalty : model.penalties)
    text += fmt::format("penalty {} {} {}; ", penalty.variable, penalty.l1, penalty.l2);
  for (const ir::ConstraintConfig &constraint : model.constraints)
    text += fmt::format("constraint {} {} {} {} {} [{}]; ", constraint.variable,
                        static_cast<int>(constraint.kind), constraint.min_value, constraint.max_value,
                        constraint.rate, fmt::join(constraint.axes, ","));
  for (const script::TrainingAction &action : loaded.plan.actions) {
    if (const auto *fit = std::get_if<script::FitCall>(&action)) {
      text += "fit " + text_of(fit->train) + (fit->validation ? text_of(*fit->validation) : "");
      for (const auto &number : {fit->batch_size, fit->epochs, fit->initial_epoch, fit->steps_per_epoch,
                                 fit->validation_steps, fit->verbose})
        text += fmt::format(" {}", number.value_or(-1));
      text += fmt::format(" {} {} {}", fit->shuffle.value_or(true), fit->class_weight.size(),
                          fit->callbacks.size());
    }
    if (const auto *evaluate = std::get_if<script::EvaluateCall>(&action))
      text += "evaluate " + text_of(evaluate->data);
    if (const auto *load = std::get_if<script::LoadWeightsCall>(&action))
      text += fmt::format("load {} {} {}", load->path, load->by_name, load->skip_mismatch);
    if (const auto *save = std::get_if<script::SaveCall>(&action))
      text += fmt::format("save {} {}", save->path, save->weights_only);
  }
  return text;
}

class Arguments : public testing::TestWithParam<bool> {
 protected:
  bool keras3() const { return GetParam(); }

  Outcome outcome(const std::string &statements) {
    const std::string path = scratch_ / "m.py";
    write_text(path,
               fmt::format("{}from keras.models import *\nfrom keras.layers import *\nfrom keras import "
                           "optimizers, losses, metrics, callbacks, "
                           "initializers, regularizers, constraints, applications, backend\nfrom "
                           "keras.optimizers import schedules\n"
                           "from keras.datasets import mnist, fashion_mnist, cifar10, cifar100\nfrom "
                           "keras.utils import to_categorical\n"
                           "from keras.applications.imagenet_utils import preprocess_input\n"
                           "from keras.preprocessing.image import ImageDataGenerator\nimport numpy as np\n"
                           "(x, y), (xt, yt) = cifar10.load_data()\n{}\n",
                           keras3() ? "import tensorflow.keras as tk\n" : "", statements));
    driver::LoadOptions options;
    options.keras3_semantics = keras3();
    Diagnostics diagnostics;
    Outcome result;
    if (auto loaded = driver::load_model(path, options, diagnostics)) {
      result.meaning = text_of(*loaded);
      for (const auto &[where, problem] : loaded->model.untrainable) diagnostics.error(where, problem);
      const bool trains =
          loaded->plan.first_fit(loaded->main_model) || loaded->plan.last_compile(loaded->main_model);
      if (trains && driver::check_single_fit(*loaded, false, diagnostics))
        result.meaning += trained(std::move(*loaded), diagnostics);
    }
    for (const Diagnostic &each : diagnostics.all())
      if (each.severity != Severity::note) result.diagnostics += each.message + " " + each.hint + "\n";
    return result;
  }

  std::string trained(LoadedModel loaded, Diagnostics &diagnostics) {
    static const auto target = codegen::parse_target("native", diagnostics);
    driver::CompileOptions options;
    loaded.keras_model.reset();
    if (!driver::require_compilable(loaded, "m.py", diagnostics)) return "";
    passes::PipelineOptions pipeline;
    pipeline.max_batch = 0;
    const auto built = build_trainer(std::move(loaded), options, *target, pipeline, diagnostics);
    if (!built) return "";
    schema::TrainerT &metadata = *built->program.trainer->metadata;
    metadata.training_config.clear();  // what the files that it writes repeat of the script
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateTrainer(builder, &metadata));
    return ir::print(built->planned.training.graph) +
           std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  }

  // The call with and without `argument=value`; {} stands for it in the statements.
  void check(const std::string &callee, const std::string &statements, const std::string &argument,
             const std::string &value, const std::string &base_value = "",
             const std::string &canonical = "") {
    const auto with = [&](const std::string &text) {
      std::string all = statements;
      all.replace(all.find("{}"), 2, text);
      return all;
    };
    const std::string base = with(base_value.empty() ? "" : argument + "=" + base_value + ", ");
    if (!bases_.contains(base)) bases_[base] = outcome(base);
    const Outcome &without = bases_[base];
    const Outcome given = outcome(with(argument + "=" + value + ", "));
    ++checked_;
    const bool differs = given.meaning != without.meaning && given.diagnostics == without.diagnostics;
    const bool is_named = given.diagnostics != without.diagnostics &&
                          (given.diagnostics.find(argument) != std::string::npos ||
                           (!canonical.empty() && given.diagnostics.find(canonical) != std::string::npos));
    EXPECT_TRUE(differs || is_named) << callee << ": " << argument << "=" << value
                                     << " is neither obeyed nor refused by name\n"
                                     << with(argument + "=" + value + ", ") << "\n"
                                     << given.diagnostics;
  }

  Scratch scratch_;
  std::map<std::string, Outcome> bases_;
  int checked_ = 0;
};

// The parameters of a signature, each with all its names.
std::vector<std::string> parameters_of(std::string_view signature) {
  std::vector<std::string> names;
  std::istringstream words{std::string(signature)};
  for (std::string word; words >> word;) {
    if (word == "*" || word == "**" || word == "...") continue;
    if (word.back() == '!') word.pop_back();
    std::istringstream aliases(word);
    for (std::string name; std::getline(aliases, name, '|');) names.push_back(name);
  }
  return names;
}

// Arguments that cannot change what a trainer or predictor computes, and why. "*.x": of every callee.
const std::map<std::string, std::string> without_effect = {
    {"*.name", "names are seen in summaries and files only"},
    {"InputLayer.batch_size", "a fixed batch says which batches Keras takes, not what becomes of a sample"},
    {"Input.batch_size", "likewise"},
    {"BatchNormalization.synchronized", "between devices; there is one"},
    {"Dropout.seed", "a trainer's own generator draws; its --seed says which numbers"},
    {"SpatialDropout2D.seed", "likewise"},
    {"initializer.seed", "likewise"},
    {"schedule.*", "every schedule is refused, as the learning_rate of its optimizer"},
    {"callback.backup_dir", "--checkpoint says where the state is kept"},
    {"callback.delete_checkpoint", "likewise"},
    {"callback.batch_size", "of TensorBoard: only for the histograms, which are refused"},
    {"callback.write_graph", "of TensorBoard: the graph is not drawn; curves are the same"},
    {"callback.embeddings_layer_names", "only with embeddings_freq, which is refused"},
    {"callback.embeddings_metadata", "likewise"},
    {"loss.name", "the log calls the loss as Keras calls that of a model"},
    {"compile.run_eagerly", "how Keras computes, not what"},
    {"compile.steps_per_execution", "likewise"},
    {"compile.jit_compile", "likewise"},
    {"compile.auto_scale_loss", "only for float16, which is refused"},
    {"*.max_queue_size", "how Keras loads data, not which"},
    {"*.max_q_size", "likewise"},
    {"*.workers", "likewise"},
    {"*.pickle_safe", "likewise"},
    {"*.use_multiprocessing", "likewise"},
    {"evaluate.batch_size", "means over all samples do not depend on it"},
    {"evaluate.verbose", "what Keras prints while it evaluates"},
    {"evaluate.return_dict", "how the script sees the result, which is not known"},
    {"*.overwrite", "--save-weights says which file is written"},
    {"*.include_optimizer", "likewise"},
    {"*.save_format", "likewise"},
    {"load_model.custom_objects", "custom classes are refused where they are defined"},
    {"load_model.compile", "the model object of this script is meant, as it was compiled"},
    {"mnist.load_data.path", "--data says where the data lies"},
    {"to_categorical.dtype", "zeros and ones are the same in every type"},
    {"np.load.mmap_mode", "how numpy reads, not what"},
    {"np.load.allow_pickle", "arrays of objects are refused when they are read"},
    {"np.array.copy", "the same numbers; aliases are followed"},
    {"astype.copy", "likewise"},
};

bool is_without_effect(const std::string &callee, const std::string &argument) {
  for (const std::string &key : {callee + "." + argument, "*." + argument, callee + ".*"})
    if (without_effect.contains(key)) return true;
  return false;
}

const std::string &look_up(const std::map<std::string, std::string> &values, const std::string &callee,
                           const std::string &argument) {
  static const std::string none;
  for (const std::string &key : {callee + "." + argument, argument})
    if (const auto found = values.find(key); found != values.end()) return found->second;
  ADD_FAILURE() << "no value for " << callee << "." << argument;
  return none;
}

// Values that are not the default, by argument, or by class and argument.
const std::map<std::string, std::string> layer_values = {{"units", "5"},
                                                         {"filters", "8"},
                                                         {"kernel_size", "2"},
                                                         {"strides", "3"},
                                                         {"padding", "'same'"},
                                                         {"ZeroPadding2D.padding", "2"},
                                                         {"data_format", "'channels_first'"},
                                                         {"dilation_rate", "2"},
                                                         {"activation", "'tanh'"},
                                                         {"use_bias", "False"},
                                                         {"groups", "2"},
                                                         {"depth_multiplier", "2"},
                                                         {"pool_size", "3"},
                                                         {"keepdims", "True"},
                                                         {"axis", "1"},
                                                         {"momentum", "0.5"},
                                                         {"epsilon", "0.5"},
                                                         {"center", "False"},
                                                         {"scale", "False"},
                                                         {"Rescaling.scale", "3.0"},
                                                         {"synchronized", "True"},
                                                         {"renorm", "True"},
                                                         {"rate", "0.5"},
                                                         {"noise_shape", "(None, 1, 1, 1)"},
                                                         {"target_shape", "(4, 81)"},
                                                         {"dims", "(3, 2, 1)"},
                                                         {"offset", "3.0"},
                                                         {"size", "3"},
                                                         {"cropping", "1"},
                                                         {"interpolation", "'bilinear'"},
                                                         {"alpha", "0.7"},
                                                         {"max_value", "3.0"},
                                                         {"negative_slope", "0.5"},
                                                         {"threshold", "1.0"},
                                                         {"theta", "2.0"},
                                                         {"kernel_initializer", "'ones'"},
                                                         {"bias_initializer", "'ones'"},
                                                         {"depthwise_initializer", "'ones'"},
                                                         {"pointwise_initializer", "'ones'"},
                                                         {"beta_initializer", "'ones'"},
                                                         {"gamma_initializer", "'zeros'"},
                                                         {"moving_mean_initializer", "'ones'"},
                                                         {"moving_variance_initializer", "'zeros'"},
                                                         {"kernel_regularizer", "regularizers.l2(0.5)"},
                                                         {"bias_regularizer", "regularizers.l2(0.5)"},
                                                         {"activity_regularizer", "regularizers.l2(0.5)"},
                                                         {"depthwise_regularizer", "regularizers.l2(0.5)"},
                                                         {"pointwise_regularizer", "regularizers.l2(0.5)"},
                                                         {"beta_regularizer", "regularizers.l2(0.5)"},
                                                         {"gamma_regularizer", "regularizers.l2(0.5)"},
                                                         {"kernel_constraint", "constraints.NonNeg()"},
                                                         {"bias_constraint", "constraints.NonNeg()"},
                                                         {"depthwise_constraint", "constraints.NonNeg()"},
                                                         {"pointwise_constraint", "constraints.NonNeg()"},
                                                         {"beta_constraint", "constraints.NonNeg()"},
                                                         {"gamma_constraint", "constraints.NonNeg()"},
                                                         {"trainable", "False"},
                                                         {"dtype", "'float16'"},
                                                         {"input_shape", "(8, 4)"},
                                                         {"batch_input_shape", "(None, 8, 4)"},
                                                         {"batch_shape", "(None, 8, 4)"},
                                                         {"input_dim", "4"},
                                                         {"batch_size", "3"},
                                                         {"input_tensor", "Input((4,))"},
                                                         {"sparse", "True"}};
const std::map<std::string, std::string> layer_requirements = {
    {"units", "3"},        {"filters", "4"},         {"kernel_size", "3"},
    {"rate", "0.25"},      {"activation", "'relu'"}, {"target_shape", "(18, 18)"},
    {"dims", "(2, 1, 3)"}, {"scale", "2.0"}};

TEST_P(Arguments, OfLayers) {
  for (const keras::LayerSignature &signature : keras::all_layers()) {
    const std::string &name = signature.class_name;
    std::vector<std::string> arguments;
    for (const keras::Parameter &parameter : signature.parameters) arguments.push_back(parameter.name);
    const bool has_weights = name == "Dense" || name == "BatchNormalization" || name.ends_with("Conv2D");
    if (has_weights) arguments.push_back("trainable");
    if (name != "InputLayer") arguments.push_back("dtype");
    for (const std::string &argument : arguments) {
      if (is_without_effect(name, argument)) continue;
      std::string others;
      for (const keras::Parameter &parameter : signature.parameters)
        if (parameter.required && parameter.name != argument)
          others += parameter.name + "=" + look_up(layer_requirements, name, parameter.name) + ", ";
      const std::string call = name + "(" + others + "{})";
      const bool is_required = layer_requirements.contains(argument) &&
                               std::ranges::any_of(signature.parameters, [&](const auto &p) {
                                 return p.name == argument && p.required;
                               });
      const bool gives_shape = argument.ends_with("input_shape");
      const std::string statements =
          name == "InputLayer" ? fmt::format("m = Sequential([InputLayer({}{{}}), Dense(2)])\nm.summary()",
                                             gives_shape ? "" : "input_shape=(8, 5), ")
          : signature.merges   ? "i = Input((9, 9, 4))\nm = Model(i, " + call + "([i, i]))\nm.summary()"
                               : "i = Input((9, 9, 4))\nm = Model(i, " + call + "(i))\nm.summary()";
      check(name, statements, argument, look_up(layer_values, name, argument),
            is_required                       ? look_up(layer_requirements, name, argument)
            : argument == "input_shape"       ? "(8, 5)"
            : argument == "batch_input_shape" ? "(None, 8, 5)"
                                              : "");
    }
  }
  // Those that every layer takes.
  for (const char *argument : {"input_shape", "batch_input_shape", "batch_shape"})
    check("Dense", "m = Sequential([Dense(3, {})])", argument, look_up(layer_values, "Dense", argument),
          argument[0] == 'i' ? "(8, 5)" : "(None, 8, 5)");
  check("Dense", "m = Sequential([Dense(3, {})])", "input_dim", "4", "5");
  EXPECT_GT(checked_, 150);
}

const std::string network =
    "m = Sequential([Flatten(input_shape=(32, 32, 3)), Dense(4, activation='softmax', {})])\n"
    "m.compile('sgd', 'categorical_crossentropy')\nm.fit(x, to_categorical(y, 4))\n";
std::string compiled(const std::string &arguments, const std::string &target = "to_categorical(y, 4)") {
  return "m = Sequential([Flatten(input_shape=(32, 32, 3)), Dense(4, activation='softmax')])\nm.compile(" +
         arguments + ")\nm.fit(x, " + target + ")\n";
}
std::string in(std::string text, const std::string &call) {
  text.replace(text.find("{}"), 2, call);
  return text;
}

const std::map<std::string, std::string> config_values = {{"learning_rate", "0.3"},
                                                          {"lr", "0.3"},
                                                          {"momentum", "0.3"},
                                                          {"decay", "0.3"},
                                                          {"nesterov", "True"},
                                                          {"clipnorm", "0.3"},
                                                          {"clipvalue", "0.3"},
                                                          {"global_clipnorm", "0.3"},
                                                          {"weight_decay", "0.3"},
                                                          {"rho", "0.3"},
                                                          {"epsilon", "0.3"},
                                                          {"centered", "True"},
                                                          {"initial_accumulator_value", "0.3"},
                                                          {"beta_1", "0.3"},
                                                          {"beta_2", "0.3"},
                                                          {"amsgrad", "True"},
                                                          {"schedule_decay", "0.3"},
                                                          {"filepath", "'w.h5'"},
                                                          {"monitor", "'loss'"},
                                                          {"verbose", "1"},
                                                          {"save_best_only", "True"},
                                                          {"save_weights_only", "True"},
                                                          {"mode", "'max'"},
                                                          {"period", "3"},
                                                          {"save_freq", "3"},
                                                          {"initial_value_threshold", "0.3"},
                                                          {"min_delta", "0.3"},
                                                          {"patience", "3"},
                                                          {"baseline", "0.3"},
                                                          {"restore_best_weights", "True"},
                                                          {"start_from_epoch", "3"},
                                                          {"factor", "0.3"},
                                                          {"callback.epsilon", "0.3"},
                                                          {"cooldown", "3"},
                                                          {"min_lr", "0.3"},
                                                          {"schedule", "lambda e: 0.3"},
                                                          {"filename", "'log.csv'"},
                                                          {"separator", "';'"},
                                                          {"append", "True"},
                                                          {"log_dir", "'tb'"},
                                                          {"histogram_freq", "3"},
                                                          {"write_grads", "True"},
                                                          {"write_images", "True"},
                                                          {"embeddings_freq", "3"},
                                                          {"update_freq", "3"},
                                                          {"profile_batch", "3"},
                                                          {"write_steps_per_second", "True"},
                                                          {"callback.save_freq", "3"},
                                                          {"count_mode", "'steps'"},
                                                          {"value", "0.3"},
                                                          {"mean", "0.3"},
                                                          {"stddev", "0.3"},
                                                          {"minval", "-0.3"},
                                                          {"maxval", "0.3"},
                                                          {"scale", "0.3"},
                                                          {"initializer.mode", "'fan_out'"},
                                                          {"distribution", "'uniform'"},
                                                          {"gain", "0.3"},
                                                          {"l1", "0.3"},
                                                          {"l2", "0.3"},
                                                          {"l", "0.3"},
                                                          {"max_value", "0.3"},
                                                          {"m", "0.3"},
                                                          {"axis", "1"},
                                                          {"min_value", "0.3"},
                                                          {"rate", "0.3"},
                                                          {"from_logits", "True"},
                                                          {"label_smoothing", "0.3"},
                                                          {"loss.axis", "1"},
                                                          {"reduction", "'sum'"},
                                                          {"ignore_class", "1"},
                                                          {"delta", "0.3"},
                                                          {"dtype", "'float64'"},
                                                          {"threshold", "0.3"},
                                                          {"k", "2"}};
const std::map<std::string, std::string> config_requirements = {
    {"filepath", "'v.h5'"}, {"filename", "'v.csv'"}, {"backup_dir", "'v'"}, {"schedule", "lambda e: 0.1"}};

std::string config_statements(std::string_view category, const std::string &call) {
  if (category == "optimizer") return compiled("optimizers." + call + ", 'categorical_crossentropy'");
  if (category == "callback")
    return compiled("'sgd', 'categorical_crossentropy'",
                    "to_categorical(y, 4), callbacks=[callbacks." + call + "]");
  if (category == "initializer") return in(network, "kernel_initializer=initializers." + call);
  if (category == "regularizer") return in(network, "kernel_regularizer=regularizers." + call);
  if (category == "constraint") return in(network, "kernel_constraint=constraints." + call);
  const bool sparse = call.starts_with("Sparse");
  if (category == "loss") return compiled("'sgd', losses." + call, sparse ? "y" : "to_categorical(y, 4)");
  if (sparse)
    return compiled("'sgd', 'sparse_categorical_crossentropy', metrics=[metrics." + call + "]", "y");
  return compiled("'sgd', 'categorical_crossentropy', metrics=[metrics." + call + "]");
}

TEST_P(Arguments, OfConfiguredClasses) {
  for (const script::ConfigSignature &signature : script::config_signatures()) {
    const std::string category(signature.category), name(signature.name);
    for (const std::string &argument : parameters_of(keras3() ? signature.keras3 : signature.keras2)) {
      if (is_without_effect(category, argument)) continue;
      if (name == "BackupAndRestore" && argument == "save_freq")
        continue;  // like backup_dir: --checkpoint-every says it
      std::string others, base;
      for (const std::string word : {"filepath", "filename", "backup_dir", "schedule"})
        if (std::string(signature.keras2).find(word + "!") != std::string::npos) {
          if (word == argument)
            base = look_up(config_requirements, category, word);
          else
            others += word + "=" + look_up(config_requirements, category, word) + ", ";
        }
      if (argument == "nesterov") others += "momentum=0.5, ";
      check(category + " " + name, config_statements(category, name + "(" + others + "{})"), argument,
            look_up(config_values, category, argument), base);
    }
  }
  EXPECT_GT(checked_, 150);
}

struct CallCase {
  std::string statements;  // with {} for the argument
  std::map<std::string, std::string> values, bases;
};
const std::string model =
    "m = Sequential([Flatten(input_shape=(32, 32, 3)), Dense(4, activation='softmax')])\n";
const std::string compile_it = "m.compile('sgd', 'categorical_crossentropy')\n";
const std::string fit_it = "m.fit(x, to_categorical(y, 4))\n";
const std::string generator = "m.fit_generator(g.flow(x, to_categorical(y, 4)), 9)\n";

const std::map<std::string, CallCase> &call_cases() {
  static const std::map<std::string, std::string> fit_values = {
      {"x", "x / 255"},
      {"y", "to_categorical(y[::2], 4)"},
      {"batch_size", "7"},
      {"epochs", "3"},
      {"nb_epoch", "3"},
      {"verbose", "0"},
      {"callbacks", "[callbacks.EarlyStopping()]"},
      {"validation_split", "0.25"},
      {"validation_data", "(xt, to_categorical(yt, 4))"},
      {"shuffle", "False"},
      {"class_weight", "{0: 2.0}"},
      {"sample_weight", "y"},
      {"initial_epoch", "1"},
      {"steps_per_epoch", "5"},
      {"validation_steps", "5"},
      {"validation_batch_size", "5"},
      {"validation_freq", "5"},
      {"generator", "g.flow(x, y, batch_size=3)"},
      {"samples_per_epoch", "960"},
      {"nb_val_samples", "320"}};
  static const std::map<std::string, std::string> generator_values = [] {
    std::map<std::string, std::string> values = fit_values;
    values["x"] = values["generator"];
    return values;
  }();
  static const std::map<std::string, std::string> saves = {{"filepath", "'b.h5'"}, {"path", "'b.h5'"}};
  static const std::map<std::string, std::string> a_path = {{"filepath", "'a.h5'"}, {"path", "'a.h5'"}};
  static const std::map<std::string, CallCase> cases = {
      {"compile",
       {model + "m.compile({})\n" + fit_it,
        {{"optimizer", "'adam'"},
         {"loss", "'mse'"},
         {"metrics", "['mae']"},
         {"loss_weights", "[0.5]"},
         {"sample_weight_mode", "'temporal'"},
         {"weighted_metrics", "['mae']"}},
        {{"loss", "'mae'"}, {"optimizer", "'sgd'"}}}},
      {"fit", {model + compile_it + "m.fit({})\n", fit_values, {{"x", "x"}, {"y", "to_categorical(y, 4)"}}}},
      {"fit_generator",
       {model + compile_it + "g = ImageDataGenerator()\nm.fit_generator({})\n",
        generator_values,
        {{"generator", "g.flow(x, y)"}, {"x", "g.flow(x, y)"}}}},
      {"evaluate",
       {model + compile_it + fit_it + "m.evaluate({})\n",
        {{"x", "xt / 255"},
         {"y", "to_categorical(yt[::2], 4)"},
         {"sample_weight", "yt"},
         {"steps", "3"},
         {"callbacks", "[callbacks.History()]"}},
        {{"x", "xt"}, {"y", "to_categorical(yt, 4)"}}}},
      {"evaluate_generator",
       {model + compile_it + fit_it + "g = ImageDataGenerator()\nm.evaluate_generator({})\n",
        {{"x", "g.flow(xt, yt)"}, {"generator", "g.flow(xt, yt)"}, {"steps", "3"}, {"val_samples", "3"}},
        {{"x", "g.flow(x, y)"}, {"generator", "g.flow(x, y)"}}}},
      {"load_weights",
       {model + "m.load_weights({})\n",
        {{"filepath", "'b.h5'"}, {"path", "'b.h5'"}, {"by_name", "True"}, {"skip_mismatch", "True"}},
        a_path}},
      {"save", {model + "m.save({})\n", saves, a_path}},
      {"save_weights", {model + "m.save_weights({})\n", saves, a_path}},
      {"load_model",
       {model + "m.save('a.h5')\nn = load_model({})\nn.add(Dense(3))\n",
        {{"filepath", "'b.h5'"}},
        {{"filepath", "'a.h5'"}}}},
      {"clone_model",
       {model + "q = Sequential([Dense(2, input_shape=(3,))])\nn = clone_model({})\nn.summary()\n",
        {{"model", "q"}},
        {{"model", "m"}}}},
      {"Sequential",
       {"m = Sequential({})\nm.add(Dense(2, input_shape=(3,)))\n",
        {{"layers", "[Dense(5, input_shape=(3,))]"}, {"trainable", "False"}},
        {}}},
      {"Model",
       {"i = Input((3,))\nj = Input((5,))\no = Dense(2)(i)\nm = Model({})\n",
        {{"inputs", "[i, j]"},
         {"input", "[i, j]"},
         {"outputs", "Dense(2)(o)"},
         {"output", "Dense(2)(o)"},
         {"trainable", "False"}},
        {{"inputs", "i"}, {"input", "i"}, {"outputs", "o"}, {"output", "o"}}}},
      {"build",
       {"m = Sequential([Dense(2)])\nm.build({})\n",
        {{"input_shape", "(None, 5)"}},
        {{"input_shape", "(None, 3)"}}}},
      {"get_layer",
       {model + "m.get_layer({}).trainable = False\n",
        {{"name", "m.layers[1].name"}, {"index", "1"}},
        {{"name", "m.layers[0].name"}, {"index", "0"}}}},
      {"Input",
       {"i = Input({})\nm = Model(i, Dense(2)(i))\n",
        {{"shape", "(5,)"},
         {"batch_shape", "(None, 5)"},
         {"batch_input_shape", "(None, 5)"},
         {"dtype", "'int32'"},
         {"sparse", "True"},
         {"tensor", "Input((3,))"},
         {"batch_size", "5"}},
        {{"shape", "(3,)"}, {"batch_shape", "(None, 3)"}, {"batch_input_shape", "(None, 3)"}}}},
      {"cifar100.load_data",
       {model + compile_it + "(a, b), _ = cifar100.load_data({})\nm.fit(a, to_categorical(b, 4))\n",
        {{"label_mode", "'coarse'"}},
        {}}},
      {"to_categorical",
       {model + compile_it + "m.fit(x, to_categorical({}))\n",
        {{"y", "y[::2]"}, {"x", "y[::2]"}, {"num_classes", "4"}, {"nb_classes", "4"}},
        {{"y", "y"}, {"x", "y"}}}},
      {"preprocess_input",
       {model + compile_it + "m.fit(preprocess_input({}), to_categorical(y, 4))\n",
        {{"x", "x[::2]"}, {"data_format", "'channels_first'"}, {"dim_ordering", "'th'"}, {"mode", "'tf'"}},
        {{"x", "x"}}}},
      {"ImageDataGenerator",
       {model + compile_it + "g = ImageDataGenerator({})\n" + generator,
        {{"fill_mode", "'wrap'"},
         {"preprocessing_function", "preprocess_input"},
         {"data_format", "'channels_first'"},
         {"dim_ordering", "'th'"},
         {"dtype", "'float64'"},
         {"", "0.25"}},
        {}}},
      {"ImageDataGenerator.fit",
       {model + compile_it + "g = ImageDataGenerator()\ng.fit({})\n" + generator,
        {{"x", "x / 255"}, {"augment", "True"}, {"rounds", "3"}, {"seed", "3"}},
        {{"x", "x"}}}},
      {"flow",
       {model + compile_it + "g = ImageDataGenerator()\nm.fit_generator(g.flow({}), 9)\n",
        {{"x", "x / 255"},
         {"y", "y"},
         {"sample_weight", "y"},
         {"save_to_dir", "'d'"},
         {"subset", "'training'"},
         {"", "3"}},
        {{"x", "x"}, {"y", "to_categorical(y, 4)"}}}},
      {"flow_from_directory",
       {model + compile_it + "g = ImageDataGenerator()\nm.fit_generator(g.flow_from_directory({}), 9)\n",
        {{"directory", "'other'"},
         {"target_size", "(32, 32)"},
         {"color_mode", "'grayscale'"},
         {"classes", "['a', 'b']"},
         {"class_mode", "'binary'"},
         {"", "3"}},
        {{"directory", "'folder'"}}}},
      {"set_image_data_format",
       {"backend.set_image_data_format({})\nm = Sequential([Conv2D(2, 3, input_shape=(8, 8, 8))])\n",
        {{"data_format", "'channels_first'"}, {"dim_ordering", "'th'"}},
        {{"data_format", "'channels_last'"}, {"dim_ordering", "'tf'"}}}},
      {"astype",
       {model + compile_it + "m.fit(x.astype({}), to_categorical(y, 4))\n",
        {{"dtype", "'float64'"}},
        {{"dtype", "'float32'"}}}},
      {"np.array",
       {model + compile_it + "m.fit(np.array({}), to_categorical(y, 4))\n",
        {{"object", "x / 255"}, {"dtype", "'float32'"}, {"order", "'F'"}, {"ndmin", "5"}},
        {{"object", "x"}}}},
      {"np.load",
       {model + compile_it + "m.fit(np.load({})['x'], to_categorical(y, 4))\n",
        {{"file", "'b.npz'"}},
        {{"file", "'a.npz'"}}}},
      {"np.expand_dims",
       {model + compile_it + "m.fit(np.expand_dims({}), to_categorical(y, 4))\n",
        {{"a", "x[::2]"}, {"axis", "1"}},
        {{"a", "x"}, {"axis", "-1"}}}},
      {"np.reshape",
       {model + compile_it + "m.fit(np.reshape({}), to_categorical(y, 4))\n",
        {{"a", "x[::2]"}, {"newshape", "(-1, 3072)"}, {"shape", "(-1, 3072)"}, {"order", "'F'"}},
        {{"a", "x"}, {"newshape", "(-1, 32, 96)"}, {"shape", "(-1, 32, 96)"}}}},
  };
  return cases;
}

TEST_P(Arguments, OfCalls) {
  for (const script::CallSignature &signature : script::call_signatures()) {
    const std::string callee(signature.callee);
    const char *text = keras3() && signature.keras3 ? signature.keras3 : signature.keras2;
    for (const std::string &argument : parameters_of(text)) {
      if (is_without_effect(callee, argument) && !(callee == "get_layer")) continue;
      const auto found = call_cases().find(callee);
      if (found == call_cases().end()) {
        ADD_FAILURE() << "no case for " << callee << "(" << argument << ")";
        continue;
      }
      const CallCase &call = found->second;
      const auto value = call.values.contains(argument) ? call.values.find(argument) : call.values.find("");
      if (value == call.values.end()) {
        ADD_FAILURE() << "no value for " << callee << "(" << argument << ")";
        continue;
      }
      // The other arguments that the call needs, each under its first name that the signature has.
      std::string statements = call.statements, others;
      std::istringstream words{std::string(text)};
      std::string canonical;
      for (std::string word; words >> word;) {
        std::string name = word.back() == '!' ? word.substr(0, word.size() - 1) : word;
        const std::string names = "|" + name + "|";
        name = name.substr(0, name.find('|'));
        if (names.find("|" + argument + "|") != std::string::npos) canonical = name;
        const auto base = call.bases.find(name);
        if (base != call.bases.end() && names.find("|" + argument + "|") == std::string::npos &&
            callee != "get_layer" && !(callee == "Input" && argument.find("shape") != std::string::npos) &&
            !(callee == "Input" && name != "shape"))
          others += name + "=" + base->second + ", ";
      }
      statements.replace(statements.find("{}"), 2, others + "{}");
      const auto base = call.bases.find(argument);
      check(callee, statements, argument, value->second, base == call.bases.end() ? "" : base->second,
            canonical);
    }
  }
  EXPECT_GT(checked_, 90);
}

TEST_P(Arguments, OfApplications) {
  const std::map<std::string, std::string> values = {{"include_top", "False"},
                                                     {"weights", "'imagenet'"},
                                                     {"input_tensor", "Input((224, 224, 3))"},
                                                     {"input_shape", "(256, 256, 3)"},
                                                     {"pooling", "'max'"},
                                                     {"classes", "7"},
                                                     {"alpha", "0.5"},
                                                     {"depth_multiplier", "2"},
                                                     {"dropout", "0.5"},
                                                     {"classifier_activation", "'relu'"}};
  for (const std::string_view name : keras::application_names())
    for (const keras::Parameter &parameter : *keras::application_parameters(name)) {
      if (parameter.name == "name") continue;
      const bool top = parameter.name != "pooling";
      std::string others = top ? "" : "include_top=False, ";
      const bool has_weights = parameter.name == "weights";
      if (!has_weights) others += "weights=None, ";
      if (!parameter.name.starts_with("input_")) others += "input_shape=(224, 224, 3), ";
      check(std::string(name), fmt::format("m = applications.{}({}{{}})\n", name, others), parameter.name,
            look_up(values, std::string(name), parameter.name),
            has_weights                        ? "None"
            : parameter.name == "input_shape"  ? "(224, 224, 3)"
            : parameter.name == "input_tensor" ? "Input((256, 256, 3))"
                                               : "");
    }
}

INSTANTIATE_TEST_SUITE_P(Keras, Arguments, testing::Values(false, true),
                         [](const auto &info) { return info.param ? "Three" : "Two"; });

}  // namespace
}  // namespace sinter::test

// keras.datasets, keras.utils and keras.preprocessing.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/call_signatures.h"
#include "frontend/script/data_values.h"
#include "frontend/script/json_value.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_training.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

struct Dataset {
  const char *name;
  std::int64_t train, test;
  std::vector<std::int64_t> sample;
  bool label_column;  // labels are [n, 1]
};

const Dataset *find_dataset(const std::string &name) {
  static const std::vector<Dataset> datasets = {{"mnist", 60000, 10000, {28, 28}, false},
                                                {"fashion_mnist", 60000, 10000, {28, 28}, false},
                                                {"cifar10", 50000, 10000, {32, 32, 3}, true},
                                                {"cifar100", 50000, 10000, {32, 32, 3}, true}};
  for (const Dataset &dataset : datasets)
    if (name == dataset.name) return &dataset;
  return nullptr;
}

Value load_data(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Dataset &dataset = *find_dataset(native.category);
  const bool labelled = native.category == "cifar100";
  const Bound bound = bind_arguments(evaluator, "load_data",
                                     call_signature(evaluator, native.category + ".load_data"), arguments);
  if (!bound.ok()) return Poison{};
  std::string prefix;
  if (labelled && bound.has("label_mode")) {
    const auto mode = text_argument(evaluator, *bound.find("label_mode"), "label_mode");
    if (!mode) return Poison{};
    if (*mode != "fine" && *mode != "coarse")
      return evaluator.error(bound.at("label_mode"), fmt::format("label_mode is '{}'", *mode),
                             "accepted are: fine, coarse");
    if (*mode == "coarse") prefix = "coarse/";
  }
  std::vector<Value> halves;
  for (const bool train : {true, false}) {
    std::vector<Value> pair;
    for (const bool images : {true, false}) {
      auto *data = evaluator.make<DataValue>();
      data->array.source = {DataSource::Kind::builtin, dataset.name,
                            prefix + (images ? "x_" : "y_") + (train ? "train" : "test")};
      std::vector<std::int64_t> shape = {train ? dataset.train : dataset.test};
      if (images)
        shape.insert(shape.end(), dataset.sample.begin(), dataset.sample.end());
      else if (dataset.label_column)
        shape.push_back(1);
      data->array.shape = shape;
      data->array.dtype = "uint8";
      data->bounds = {0, images ? 255 : !labelled ? 9 : prefix.empty() ? 99 : 19};
      data->array.where = evaluator.location(arguments.at);
      pair.push_back(static_cast<DataValue *>(data));
    }
    halves.push_back(evaluator.tuple(std::move(pair)));
  }
  return evaluator.tuple(std::move(halves));
}

Value to_categorical(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "to_categorical", call_signature(evaluator, "to_categorical"), arguments);
  if (!bound.ok()) return Poison{};
  const Value labels = bound["y"];
  if (const Opaque *unknown = opaque_of(labels)) return unknown;
  const auto *data = std::get_if<DataValue *>(&labels);
  std::int64_t classes = 0;
  if (bound.has("num_classes") && !is_none(bound["num_classes"])) {
    const auto given = integer_argument(evaluator, *bound.find("num_classes"), "the number of classes");
    if (!given) return Poison{};
    if (*given < 1 || *given > 10'000'000)
      return evaluator.error(bound.at("num_classes"), fmt::format("{} classes", *given),
                             "give the number of classes");
    classes = *given;
  }
  if (!data) return evaluator.opaque(arguments.at, "to_categorical() of values");
  return one_hot_data(evaluator, **data, classes, arguments.at);
}

Value run_time_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments); obstacle && is_poison(*obstacle)) return Poison{};
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, fmt::format("{}()", native.name));
}

Value unsupported_data(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  return evaluator.error(
      arguments.at, fmt::format("{}() is not supported", native.name),
      "use ImageDataGenerator().flow_from_directory(), keras.datasets, or np.load() of an .npz file");
}

Value image_generator(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "ImageDataGenerator",
                                     call_signature(evaluator, "ImageDataGenerator"), arguments);
  if (!bound.ok()) return Poison{};
  auto *object = evaluator.make<ConfigObject>();
  object->category = "image_generator";
  object->class_name = "ImageDataGenerator";
  object->at = arguments.at;
  for (const Argument &argument : bound.all()) object->config.emplace_back(argument.name, argument.value);
  return object;
}

std::optional<Configured> generator_config(Evaluator &evaluator, const ConfigObject &object) {
  Configured configured{object.class_name, {}, evaluator.location(object.at)};
  for (const auto &[name, value] : object.config) {
    auto converted =
        to_config(evaluator, value, fmt::format("the argument '{}' of ImageDataGenerator", name), object.at);
    if (!converted) return std::nullopt;
    configured.config.emplace_back(name, std::move(*converted));
  }
  return configured;
}

// The options of .flow that are not arrays.
bool take_options(Evaluator &evaluator, const Bound &bound, std::initializer_list<const char *> arrays,
                  DataFlow &flow) {
  for (const Argument &argument : bound.all()) {
    if (std::find_if(arrays.begin(), arrays.end(), [&](const char *name) { return argument.name == name; }) !=
        arrays.end())
      continue;
    auto converted = to_config(evaluator, argument.value,
                               fmt::format("the argument '{}' of flow", argument.name), argument.at);
    if (!converted) return false;
    flow.data.flow.emplace_back(argument.name, std::move(*converted));
  }
  const auto batch_size =
      bound.has("batch_size") ? integer_of(bound["batch_size"]) : std::optional<std::int64_t>(32);
  flow.batch_size = batch_size;
  return true;
}

Value flow_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "flow", call_signature(evaluator, "flow"), arguments);
  if (!bound.ok()) return Poison{};
  auto *flow = evaluator.make<DataFlow>();
  auto generator = generator_config(evaluator, *std::get<ConfigObject *>(native.receiver));
  if (!generator || !take_options(evaluator, bound, {"x", "y", "sample_weight"}, *flow)) return Poison{};
  flow->data.generator = std::move(generator);
  Value x = bound["x"], y = bound["y"];
  if (const auto *pair = items_of(x); pair && pair->size() == 2 && is_none(y)) {
    y = (*pair)[1];
    x = std::vector<Value>(*pair)[0];
  }
  auto *const *images = std::get_if<DataValue *>(&x);
  if (images && (*images)->changed) return (*images)->changed;
  if (!images || !(*images)->samples_lead) {
    // Pictures of single samples are drawn from such flows.
    return evaluator.opaque(arguments.at, "a flow over values that are not whole data arrays");
  }
  flow->data.inputs.emplace_back("", (*images)->array);
  if ((*images)->array.shape && !(*images)->array.shape->empty() && (*images)->array.shape->front() >= 0)
    flow->samples = (*images)->array.shape->front();
  if (const Value weights = bound["sample_weight"]; !is_none(weights)) {
    auto *const *data = std::get_if<DataValue *>(&weights);
    if (!data) return evaluator.opaque(arguments.at, "a flow over values that are not whole data arrays");
    flow->data.sample_weight = (*data)->array;
  }
  if (!is_none(y)) {
    const auto *targets = std::get_if<DataValue *>(&y);
    if (!targets) return evaluator.opaque(arguments.at, "a flow over values that are not whole data arrays");
    flow->data.targets.emplace_back("", (*targets)->array);
  }
  return flow;
}

Value flow_from_directory(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "flow_from_directory",
                                     call_signature(evaluator, "flow_from_directory"), arguments);
  if (!bound.ok()) return Poison{};
  const auto directory = text_argument(evaluator, *bound.find("directory"), "the directory");
  auto *flow = evaluator.make<DataFlow>();
  auto generator = generator_config(evaluator, *std::get<ConfigObject *>(native.receiver));
  if (!directory || !generator || !take_options(evaluator, bound, {"directory"}, *flow)) return Poison{};
  flow->data.generator = std::move(generator);
  std::int64_t height = 256, width = 256;
  if (const auto *size = items_of(bound["target_size"]); size && size->size() == 2) {
    height = integer_of((*size)[0]).value_or(-1);
    width = integer_of((*size)[1]).value_or(-1);
  }
  const std::string *color = text_of(bound["color_mode"]);
  DataArray images;
  images.source = {DataSource::Kind::image_folder, *directory, "x"};
  images.shape = {{-1, height, width,
                   color && *color == "grayscale" ? 1
                   : color && *color == "rgba"    ? 4
                                                  : 3}};
  images.dtype = "float32";
  images.where = evaluator.location(arguments.at);
  DataArray targets = images;
  targets.source.member = "y";
  targets.shape.reset();
  flow->data.inputs.emplace_back("", images);
  flow->data.targets.emplace_back("", targets);
  return flow;
}

// The statistics of featurewise options are taken from the training data by the trainer.
Value fit_generator_statistics(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "fit", call_signature(evaluator, "ImageDataGenerator.fit"), arguments);
  if (!bound.ok()) return Poison{};
  ConfigObject *object = std::get<ConfigObject *>(native.receiver);
  for (const Argument &argument : bound.all()) {
    Value value = argument.value;
    if (auto *const *data = std::get_if<DataValue *>(&value))
      value = evaluator.string(describe((*data)->array));
    object->config.emplace_back("fit_" + argument.name, value);
  }
  return None{};
}

}  // namespace

Value image_generator_attribute(Evaluator &evaluator, ConfigObject *object, const std::string &name,
                                Position at) {
  if (name == "flow") return evaluator.native(name, flow_method, object);
  if (name == "flow_from_directory") return evaluator.native(name, flow_from_directory, object);
  if (name == "fit") return evaluator.native(name, fit_generator_statistics, object);
  if (name == "standardize" || name == "random_transform" || name == "apply_transform")
    return evaluator.native(name, run_time_function, object);
  return evaluator.error(at, fmt::format("ImageDataGenerator has no attribute '{}' that Sinter knows", name),
                         suggestion(name, {"flow", "flow_from_directory", "fit"}));
}

Value flow_attribute(Evaluator &evaluator, DataFlow *flow, const std::string &name, Position at) {
  if ((name == "n" || name == "samples") && flow->samples) return *flow->samples;
  if (name == "batch_size" && flow->batch_size) return *flow->batch_size;
  if (name == "next" || name == "reset" || name == "__next__")
    return evaluator.native(name, run_time_function, flow);
  return evaluator.opaque(at, fmt::format("the attribute '{}' of a data generator", name));
}

std::optional<Value> datasets_member(Evaluator &evaluator, const std::string &module, const std::string &name,
                                     Position) {
  if (name != "load_data") return std::nullopt;
  if (find_dataset(module)) return evaluator.native(name, load_data, None{}, module);
  return evaluator.native("keras.datasets." + module + ".load_data", unsupported_data);
}

std::optional<Value> utils_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "to_categorical") return evaluator.native(name, to_categorical);
  for (const char *skipped :
       {"plot_model", "model_to_dot", "print_summary", "set_random_seed", "disable_interactive_logging"})
    if (name == skipped) return evaluator.native(name, skipped_call);
  if (name == "vis_utils" || name == "visualize_util") {
    auto *module = evaluator.make<Module>();
    module->path = "keras.utils";
    return Value(static_cast<const Module *>(module));
  }
  for (const char *run_time : {"get_file", "normalize", "plot"})
    if (name == run_time) return evaluator.native(name, run_time_function);
  for (const char *unsupported :
       {"multi_gpu_model", "image_dataset_from_directory", "Sequence", "HDF5Matrix"})
    if (name == unsupported) return evaluator.native(name, unsupported_data);
  return std::nullopt;
}

std::optional<Value> preprocessing_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "ImageDataGenerator") return evaluator.native(name, image_generator);
  for (const char *run_time : {"load_img", "img_to_array", "array_to_img", "save_img", "random_rotation",
                               "random_shift", "random_zoom"})
    if (name == run_time) return evaluator.native(name, run_time_function);
  if (name == "image_dataset_from_directory") return evaluator.native(name, unsupported_data);
  return std::nullopt;
}

}  // namespace sinter::script

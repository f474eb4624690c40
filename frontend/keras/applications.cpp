#include "frontend/keras/applications.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/applications/family.h"
#include "frontend/keras/print_json.h"

namespace sinter::keras {
namespace {

using applications::Options;
using nlohmann::json;

struct Application {
  std::string_view name;
  ModelConfig (*build)(FunctionalBuilder &, const Options &);
  int min_size;  // of height and width
  std::vector<Parameter> parameters;
};

std::vector<Parameter> common_parameters() {
  return {{"include_top", false, true},
          {"weights", false, "imagenet"},
          {"input_tensor", false, nullptr},
          {"input_shape", false, nullptr},
          {"pooling", false, nullptr},
          {"classes", false, 1000},
          {"classifier_activation", false, "softmax"},
          {"name", false, nullptr}};
}

std::vector<Parameter> mobilenet_parameters() {
  return {{"input_shape", false, nullptr},  {"alpha", false, 1.0},
          {"depth_multiplier", false, 1},   {"dropout", false, 1e-3},
          {"include_top", false, true},     {"weights", false, "imagenet"},
          {"input_tensor", false, nullptr}, {"pooling", false, nullptr},
          {"classes", false, 1000},         {"classifier_activation", false, "softmax"},
          {"name", false, nullptr}};
}

std::vector<Parameter> mobilenet_v2_parameters() {
  return {{"input_shape", false, nullptr},  {"alpha", false, 1.0},
          {"include_top", false, true},     {"weights", false, "imagenet"},
          {"input_tensor", false, nullptr}, {"pooling", false, nullptr},
          {"classes", false, 1000},         {"classifier_activation", false, "softmax"},
          {"name", false, nullptr}};
}

const std::vector<Application> &all_applications() {
  static const std::vector<Application> table = {
      {"VGG16", applications::vgg16, 32, common_parameters()},
      {"VGG19", applications::vgg19, 32, common_parameters()},
      {"ResNet50", applications::resnet50, 32, common_parameters()},
      {"MobileNet", applications::mobilenet, 32, mobilenet_parameters()},
      {"MobileNetV2", applications::mobilenet_v2, 32, mobilenet_v2_parameters()},
  };
  return table;
}

const Application *find_application(std::string_view name) {
  const auto found = std::ranges::find(all_applications(), name, &Application::name);
  return found == all_applications().end() ? nullptr : &*found;
}

// Reads the arguments of one call; every problem is reported, `ok` says whether there was none.
struct ArgumentReader {
  const Application &application;
  const json &kwargs;
  Diagnostics &diagnostics;
  const Location &where;
  bool ok = true;

  void fail(const std::string &message, const std::string &hint = {}) {
    diagnostics.error(where, fmt::format("{}: {}", application.name, message), hint);
    ok = false;
  }

  json value(std::string_view name) const {
    if (const auto given = kwargs.find(name); given != kwargs.end()) return *given;
    for (const Parameter &parameter : application.parameters)
      if (parameter.name == name) return parameter.default_value;
    return nullptr;
  }

  // `maximum` keeps products of sizes far from overflow.
  int positive_integer(std::string_view name, int otherwise, int maximum) {
    const json given = value(name);
    if (given.is_null()) return otherwise;
    if (given.is_number_integer() && given >= 1 && given <= maximum) return given.get<int>();
    fail(fmt::format("{} is {}, but must be a whole number from 1 to {}", name, print_json(given), maximum));
    return otherwise;
  }

  double number(std::string_view name, double otherwise, double minimum, double maximum) {
    const json given = value(name);
    if (given.is_null()) return otherwise;
    if (given.is_number() && given >= minimum && given <= maximum) return given.get<double>();
    fail(fmt::format("{} is {}, but must be a number from {} to {}", name, print_json(given), minimum,
                     maximum));
    return otherwise;
  }

  std::string text(std::string_view name, std::initializer_list<std::string_view> allowed) {
    const json given = value(name);
    if (given.is_null()) return {};
    if (given.is_string() && std::ranges::count(allowed, given.get<std::string>()) > 0) return given;
    fail(fmt::format("{} is {}, but must be None, {}", name, print_json(given), fmt::join(allowed, " or ")));
    return {};
  }
};

void check_names(ArgumentReader &reader) {
  for (const auto &[name, value] : reader.kwargs.items()) {
    const bool known = std::ranges::count(reader.application.parameters, name, &Parameter::name) > 0;
    if (!known) reader.fail(fmt::format("unknown argument '{}'", name));
  }
  if (!reader.value("input_tensor").is_null())
    reader.fail("input_tensor is not supported", "give input_shape=(height, width, channels) instead");
}

json read_input_shape(ArgumentReader &reader, bool include_top, bool imagenet, Semantics semantics) {
  const json standard = {224, 224, 3};
  const json given = reader.value("input_shape");
  if (given.is_null()) return include_top ? standard : json{nullptr, nullptr, 3};
  if (!given.is_array() || given.size() != 3) {
    reader.fail(fmt::format("input_shape is {}, but must be (height, width, channels)", print_json(given)));
    return standard;
  }
  bool valid = true;
  for (size_t i = 0; i < 3; ++i) {
    const json &size = given[i];
    const int minimum = i < 2 ? reader.application.min_size : 1;
    const bool open = i < 2 && size.is_null() && !include_top;
    if (open || (size.is_number_integer() && size >= minimum && size <= 65536)) continue;
    reader.fail(fmt::format("input_shape is {}; {} must be a whole number from {} to 65536",
                            print_json(given), i < 2 ? "height and width" : "channels", minimum));
    valid = false;
    break;
  }
  if (!valid) return standard;
  const bool any_size = reader.application.name == "MobileNet" || reader.application.name == "MobileNetV2";
  if (imagenet && include_top && given != standard && !(any_size && given[2] == 3)) {
    reader.fail(
        fmt::format("weights='imagenet' with include_top=True needs input_shape (224, 224, 3), not {}",
                    print_json(given)),
        "give include_top=False, or weights=None");
  }
  // Keras 2.0's ResNet50 ends in a 7x7 average pooling, which needs 197 pixels at least.
  if (semantics == Semantics::keras2 && reader.application.name == "ResNet50")
    for (size_t i = 0; i < 2; ++i)
      if (!given[i].is_null() && given[i] < 197) {
        reader.fail(
            fmt::format("input_shape is {}, but height and width must be 197 at least", print_json(given)));
        break;
      }
  return given;
}

// Whether imagenet weights are asked for. Explains where weights come from.
bool read_weights(ArgumentReader &reader) {
  const json weights = reader.value("weights");
  if (weights.is_null()) return false;
  if (!weights.is_string()) {
    reader.fail(fmt::format("weights is {}, but must be None, 'imagenet' or a file", print_json(weights)));
    return false;
  }
  const bool imagenet = weights == "imagenet";
  reader.diagnostics.note(
      reader.where,
      imagenet ? fmt::format("{}: weights='imagenet' is not downloaded; parameters come from --weights",
                             reader.application.name)
               : fmt::format("{}: weights='{}' is not read from here; parameters come from --weights",
                             reader.application.name, weights.get<std::string>()),
      imagenet ? "pass the file that Keras keeps in ~/.keras/models with --weights FILE.h5"
               : fmt::format("pass --weights {}", weights.get<std::string>()));
  return imagenet;
}

}  // namespace

namespace applications {

TensorRef global_pooling(FunctionalBuilder &builder, const Options &options, TensorRef x, std::string average,
                         std::string maximum) {
  if (options.pooling == "avg")
    return builder.layer("GlobalAveragePooling2D", std::move(average), json::object(), {std::move(x)});
  if (options.pooling == "max")
    return builder.layer("GlobalMaxPooling2D", std::move(maximum), json::object(), {std::move(x)});
  return x;
}

}  // namespace applications

const std::vector<Parameter> *application_parameters(std::string_view name) {
  const Application *application = find_application(name);
  return application ? &application->parameters : nullptr;
}

std::vector<std::string_view> application_names() {
  std::vector<std::string_view> names;
  for (const Application &application : all_applications()) names.push_back(application.name);
  return names;
}

std::optional<ModelConfig> build_application(std::string_view name, const json &kwargs, Semantics semantics,
                                             Diagnostics &diagnostics, const Location &where) {
  const Application *application = find_application(name);
  if (!application) {
    diagnostics.error(where, fmt::format("keras.applications.{} is not supported", name),
                      fmt::format("supported are {}", fmt::join(application_names(), ", ")));
    return std::nullopt;
  }
  static const json no_arguments = json::object();
  ArgumentReader reader{*application, kwargs.is_object() ? kwargs : no_arguments, diagnostics, where};
  check_names(reader);
  const bool imagenet = read_weights(reader);

  Options options;
  const json include_top = reader.value("include_top");
  if (include_top.is_boolean() || (include_top.is_number_integer() && (include_top == 0 || include_top == 1)))
    options.include_top = include_top == true || include_top == 1;
  else
    reader.fail(fmt::format("include_top is {}, but must be True or False", print_json(include_top)));
  options.input_shape = read_input_shape(reader, options.include_top, imagenet, semantics);
  options.pooling = reader.text("pooling", {"avg", "max"});
  options.classes = reader.positive_integer("classes", 1000, 10'000'000);
  if (imagenet && options.include_top && options.classes != 1000)
    reader.fail(
        fmt::format("weights='imagenet' with include_top=True has 1000 classes, not {}", options.classes),
        "give weights=None, or include_top=False and a Dense layer of your own");
  options.classifier_activation = reader.value("classifier_activation");
  options.alpha = reader.number("alpha", 1.0, 0.01, 8.0);
  options.depth_multiplier = reader.positive_integer("depth_multiplier", 1, 64);
  options.dropout = reader.number("dropout", 1e-3, 0.0, 0.999999);
  if (const json model_name = reader.value("name"); model_name.is_string()) options.name = model_name;
  if (!reader.ok) return std::nullopt;

  FunctionalBuilder builder(semantics, where);
  ModelConfig model = application->build(builder, options);
  return model;
}

}  // namespace sinter::keras

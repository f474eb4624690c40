#include "frontend/script/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "frontend/keras/layer_signatures.h"
#include "frontend/script/arguments.h"
#include "frontend/script/keras_members.h"

namespace sinter::script {

namespace {

using Names = std::string_view;

// Libraries whose work does not shape a model: plots, pictures, files, time. What they give is opaque.
constexpr std::array skipped_libraries = {
    Names{"matplotlib"},  Names{"mpl_toolkits"}, Names{"pylab"},       Names{"seaborn"},   Names{"cv2"},
    Names{"PIL"},         Names{"skimage"},      Names{"imageio"},     Names{"IPython"},   Names{"os"},
    Names{"sys"},         Names{"time"},         Names{"datetime"},    Names{"warnings"},  Names{"random"},
    Names{"tqdm"},        Names{"glob"},         Names{"pprint"},      Names{"sklearn"},   Names{"pandas"},
    Names{"scipy"},       Names{"json"},         Names{"shutil"},      Names{"pathlib"},   Names{"logging"},
    Names{"gc"},          Names{"pickle"},       Names{"h5py"},        Names{"google"},    Names{"urllib"},
    Names{"tensorboard"}, Names{"platform"},     Names{"itertools"},   Names{"copy"},      Names{"re"},
    Names{"__future__"},  Names{"typing"},       Names{"collections"}, Names{"functools"}, Names{"csv"},
    Names{"io"},          Names{"argparse"}};

constexpr std::array keras_modules = {
    Names{"layers"},       Names{"models"},        Names{"engine"},       Names{"optimizers"},
    Names{"callbacks"},    Names{"datasets"},      Names{"utils"},        Names{"applications"},
    Names{"backend"},      Names{"preprocessing"}, Names{"initializers"}, Names{"initializations"},
    Names{"regularizers"}, Names{"constraints"},   Names{"losses"},       Names{"objectives"},
    Names{"metrics"},      Names{"activations"},   Names{"legacy"},       Names{"mixed_precision"},
    Names{"config"}};

// `second` of `keras.second.third`
std::string component(const std::string &path, std::size_t index) {
  std::size_t begin = 0;
  for (; index > 0; --index) {
    const std::size_t dot = path.find('.', begin);
    if (dot == std::string::npos) return {};
    begin = dot + 1;
  }
  return path.substr(begin, path.find('.', begin) - begin);
}

std::vector<std::string> strings(const auto &names) {
  return {names.begin(), names.end()};
}

Value module(Evaluator &evaluator, const std::string &path) {
  auto *value = evaluator.make<Module>();
  value->path = path;
  return static_cast<const Module *>(value);
}

// What Sinter does not look into, but knows by its dotted name.
Value outside_name(Evaluator &evaluator, std::string what, std::string name, Position at) {
  Opaque *value = evaluator.new_opaque(at, std::move(what));
  value->name = std::move(name);
  return value;
}

std::optional<Value> keras_member(Evaluator &evaluator, const std::string &path, const std::string &name,
                                  Position at) {
  const std::string second = component(path, 1), third = component(path, 2);
  if (second.empty()) {
    if (std::ranges::find(keras_modules, name) != keras_modules.end())
      return module(evaluator, path + "." + name);
    if (name == "__version__")
      return evaluator.string(evaluator.keras.dialect.counts_from_one() ? "2.0.2" : "3.0.0");
    if (name == "Sequential" || name == "Model") return models_member(evaluator, name, at);
    if (name == "Input" || name == "InputLayer") return layers_member(evaluator, name, at);
    return std::nullopt;
  }
  if (second == "layers") return layers_member(evaluator, name, at);
  if (second == "models" || second == "engine" || second == "legacy") {
    if (const auto found = models_member(evaluator, name, at)) return found;
    if (name == "Input" || name == "InputLayer") return layers_member(evaluator, name, at);
    return module(evaluator, path + "." + name);
  }
  if (second == "optimizers") {
    if (name == "legacy" || name == "schedules") return module(evaluator, path + "." + name);
    return config_member(evaluator, third == "schedules" ? "schedule" : "optimizer", name, at);
  }
  if (second == "callbacks") return config_member(evaluator, "callback", name, at);
  if (second == "initializers" || second == "initializations")
    return config_member(evaluator, "initializer", name, at);
  if (second == "regularizers") return config_member(evaluator, "regularizer", name, at);
  if (second == "constraints") return config_member(evaluator, "constraint", name, at);
  if (second == "losses" || second == "objectives") return config_member(evaluator, "loss", name, at);
  if (second == "metrics") return config_member(evaluator, "metric", name, at);
  if (second == "activations") return config_member(evaluator, "activation", name, at);
  if (second == "mixed_precision" || second == "config") return precision_member(evaluator, name, at);
  if (second == "backend") return backend_member(evaluator, name, at);
  if (second == "datasets") {
    if (third.empty()) return module(evaluator, path + "." + name);
    return datasets_member(evaluator, third, name, at);
  }
  if (second == "utils") {
    if (name == "np_utils") return module(evaluator, "keras.utils");
    return utils_member(evaluator, name, at);
  }
  if (second == "preprocessing") {
    if (name == "image") return module(evaluator, "keras.preprocessing.image");
    return preprocessing_member(evaluator, name, at);
  }
  if (second == "applications") return applications_member(evaluator, third, name, at);
  return std::nullopt;
}

std::optional<Value> tensorflow_member(Evaluator &evaluator, const std::string &path, const std::string &name,
                                       Position at) {
  if (path == "tensorflow.nn") return config_member(evaluator, "activation", name, at);
  if (path != "tensorflow") return std::nullopt;
  if (name == "keras") return module(evaluator, "keras");
  if (name == "nn") return module(evaluator, "tensorflow.nn");
  static constexpr std::array settings = {
      Names{"random"},          Names{"config"},      Names{"logging"},    Names{"compat"},
      Names{"__version__"},     Names{"test"},        Names{"get_logger"}, Names{"version"},
      Names{"set_random_seed"}, Names{"ConfigProto"}, Names{"Session"},    Names{"debugging"}};
  if (std::ranges::find(settings, name) != settings.end())
    return outside_name(evaluator, "tensorflow." + name, "tensorflow." + name, at);
  return std::nullopt;
}

}  // namespace

std::string normalize_module(const std::string &name) {
  for (const std::string_view prefix :
       {"tensorflow.python.keras", "tensorflow.keras", "tensorflow.contrib.keras"})
    if (name == prefix || (name.starts_with(prefix) && name[prefix.size()] == '.'))
      return "keras" + name.substr(prefix.size());
  return name;
}

Value import_module(Evaluator &evaluator, const std::string &name, Position at) {
  const std::string path = normalize_module(name);
  const std::string root = component(path, 0);
  if (root == "keras") {
    const std::string second = component(path, 1);
    if (!second.empty() && std::ranges::find(keras_modules, second) == keras_modules.end())
      return evaluator.error(at, fmt::format("Keras has no module '{}' that Sinter knows", path),
                             suggestion(second, strings(keras_modules)));
    return module(evaluator, second == "utils" ? "keras.utils" : path);
  }
  if (root == "numpy" || root == "math" || root == "tensorflow") return module(evaluator, path);
  if (std::ranges::find(skipped_libraries, root) != skipped_libraries.end())
    return outside_name(evaluator, fmt::format("the module {}", root), name, at);
  return evaluator.error(
      at, fmt::format("Sinter does not know the module '{}'", name),
      "a model script may import keras, tensorflow.keras, numpy, math and libraries for plots and files");
}

std::vector<std::string> star_names(const std::string &path) {
  const std::string second = component(path, 0) == "keras" ? component(path, 1) : "";
  std::vector<std::string> names;
  if (second == "layers") {
    for (const keras::LayerSignature &signature : keras::all_layers()) {
      names.push_back(signature.class_name);
      names.insert(names.end(), signature.aliases.begin(), signature.aliases.end());
    }
    for (const char *function :
         {"Input", "add", "subtract", "multiply", "average", "maximum", "concatenate", "merge"})
      names.emplace_back(function);
  } else if (second == "models") {
    names = {"Sequential", "Model", "load_model", "model_from_json", "clone_model"};
  } else if (second == "optimizers") {
    names = config_names("optimizer");
  } else if (second == "callbacks") {
    names = config_names("callback");
  } else if (second == "preprocessing") {
    names = {"ImageDataGenerator", "load_img", "img_to_array", "array_to_img"};
  }
  return names;
}

Value module_member(Evaluator &evaluator, const std::string &path, const std::string &name, Position at) {
  const std::string root = component(path, 0);
  std::optional<Value> found;
  if (root == "keras")
    found = keras_member(evaluator, path, name, at);
  else if (root == "tensorflow")
    found = tensorflow_member(evaluator, path, name, at);
  else if (root == "numpy" || root == "math")
    found = numpy_member(evaluator, path, name, at);
  if (found) return *found;
  return evaluator.error(at, fmt::format("the module {} has no '{}' that Sinter knows", path, name));
}

}  // namespace sinter::script

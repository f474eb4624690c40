#include "formats/hdf5/keras_files.h"

#include <algorithm>

#include "formats/bytes/atomic_file.h"
#include "formats/text.h"
#include "formats/zip/zip_writer.h"

namespace sinter {
namespace {

constexpr const char *backend = "tensorflow";

// The group at a path below `group`; those on the way are created.
H5Group &group_at(H5Group &group, std::string_view path) {
  H5Group *at = &group;
  for (size_t slash; (slash = path.find('/')) != std::string_view::npos; path.remove_prefix(slash + 1))
    at = &at->group(path.substr(0, slash));
  return at->group(path);
}

void add_weight(H5Group &group, const KerasWeight &weight) {
  const size_t slash = weight.name.rfind('/');
  H5Group &at =
      slash == std::string::npos ? group : group_at(group, std::string_view(weight.name).substr(0, slash));
  at.datasets.push_back({weight.name.substr(slash == std::string::npos ? 0 : slash + 1), H5Type::f32,
                         weight.dims, weight.data});
}

std::vector<std::string> names_of(const std::vector<KerasWeight> &weights) {
  std::vector<std::string> names;
  for (const KerasWeight &weight : weights) names.push_back(weight.name);
  return names;
}

void add_weights(H5Group &group, const std::vector<KerasWeight> &weights) {
  add_text_list(group, "weight_names", names_of(weights));
  for (const KerasWeight &weight : weights) add_weight(group, weight);
}

bool is_keras3(const KerasModel &model) {
  return !model.keras_version.empty() && model.keras_version[0] >= '3';
}

void add_versions(H5Group &group, const KerasModel &model) {
  group.attributes.push_back({"backend", backend});
  group.attributes.push_back({"keras_version", model.keras_version});
}

void add_layers(H5Group &group, const KerasModel &model) {
  std::vector<std::string> names;
  for (const KerasLayer &layer : model.layers) names.push_back(layer.name);
  add_text_list(group, "layer_names", names);
  add_versions(group, model);
  for (const KerasLayer &layer : model.layers) add_weights(group_at(group, layer.name), layer.weights);
  if (!model.own_weights.empty() || is_keras3(model))
    add_weights(group.group("top_level_model_weights"), model.own_weights);
}

Status write_tree(const std::string &path, const H5Group &root) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status status = write_h5(root, [&](std::string_view bytes) { return file->write(bytes); }); !status) {
    Error error = status.error();
    if (error.file.empty()) error.file = path;
    return error;
  }
  return file->commit();
}

// The first two of an optimizer's variables in Keras 3.
std::vector<H5Dataset> counters(const KerasModel &model, std::string iteration, std::string learning_rate) {
  return {{std::move(iteration), H5Type::i64, {}, &model.iterations},
          {std::move(learning_rate), H5Type::f32, {}, &model.learning_rate}};
}

H5Dataset numbered(size_t number, const KerasWeight &weight) {
  return {format("%zu", number), H5Type::f32, weight.dims, weight.data};
}

H5Group numbered_weights(const std::vector<KerasWeight> &weights) {
  H5Group vars{"vars", {}, {}, {}};
  for (size_t i = 0; i < weights.size(); ++i) vars.datasets.push_back(numbered(i, weights[i]));
  return vars;
}

// layers/<class>[_n]/vars/<i>; a model within the model has layers of its own there.
H5Group class_groups(const std::vector<KerasLayer> &layers) {
  H5Group group{"layers", {}, {}, {}};
  std::map<std::string, int> counts;
  for (const KerasLayer &layer : layers) {
    if (layer.class_name == "InputLayer") continue;
    H5Group member{numbered_class(layer.class_name, counts), {}, {}, {}};
    member.groups.push_back(
        numbered_weights(layer.members.empty() ? layer.weights : std::vector<KerasWeight>()));
    if (!layer.members.empty()) member.groups.push_back(class_groups(layer.members));
    group.groups.push_back(std::move(member));
  }
  return group;
}

H5Group keras3_weights(const KerasModel &model) {
  H5Group root{"/", {}, {}, {}};
  root.groups.push_back(numbered_weights(model.own_weights));
  root.groups.push_back(class_groups(model.layers));
  if (!model.optimizer_weights.empty()) {
    H5Group vars{"vars", {}, {}, counters(model, "0", "1")};
    for (size_t i = 0; i < model.optimizer_weights.size(); ++i)
      vars.datasets.push_back(numbered(i + 2, model.optimizer_weights[i]));
    root.group("optimizer").groups.push_back(std::move(vars));
  }
  return root;
}

}  // namespace

std::string snake_case(std::string_view class_name) {
  // keras.src.utils.naming.to_snake_case: '_' before a capital that starts a word, and after a small letter
  // or digit.
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  std::string name;
  for (size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    const bool starts_word = upper(c) && i > 0 && i + 1 < class_name.size() && lower(class_name[i + 1]);
    const bool after_small = upper(c) && i > 0 && lower(class_name[i - 1]);
    if (starts_word || after_small) name += '_';
    name += upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

std::string numbered_class(std::string_view class_name, std::map<std::string, int> &counts) {
  // Functional models are of the class Model in Keras 2.
  const std::string stem = class_name == "Model" ? "functional" : snake_case(class_name);
  const int number = counts[stem]++;
  return number == 0 ? stem : stem + format("_%d", number);
}

void add_weight(KerasModel &model, std::string_view full_name, std::string_view suffix,
                std::vector<int64_t> dims, const float *data) {
  const size_t dot = full_name.rfind('.');
  std::string name(full_name.substr(dot == std::string_view::npos ? 0 : dot + 1));
  name += suffix;
  if (dot == std::string_view::npos) {
    model.own_weights.push_back({std::move(name), std::move(dims), data});
    return;
  }
  const std::string_view layer_name = full_name.substr(0, dot);
  auto layer = std::ranges::find(model.layers, layer_name, &KerasLayer::name);
  if (layer == model.layers.end())
    layer = model.layers.insert(layer, {std::string(layer_name), std::string(layer_name), {}, {}});
  layer->weights.push_back({layer->name + "/" + name, std::move(dims), data});
}

Status write_keras_weights(const std::string &path, const KerasModel &model) {
  H5Group root{"/", {}, {}, {}};
  add_layers(root, model);
  return write_tree(path, root);
}

Status write_keras_model(const std::string &path, const KerasModel &model) {
  if (model.model_config.empty())
    return rejected(path, "the program does not hold the configuration of its model",
                    "save the weights alone: Keras loads them with load_weights()");
  H5Group root{"/", {}, {}, {}};
  add_versions(root, model);
  root.attributes.push_back({"model_config", model.model_config});
  add_layers(root.group("model_weights"), model);
  if (!model.training_config.empty()) root.attributes.push_back({"training_config", model.training_config});
  if (!model.optimizer_weights.empty()) {
    H5Group &group = root.group("optimizer_weights");
    std::vector<std::string> names{"iteration", "learning_rate"};
    group.datasets = counters(model, names[0], names[1]);
    for (const KerasWeight &weight : model.optimizer_weights) {
      names.push_back(weight.name);
      add_weight(group, weight);
    }
    add_text_list(group, "weight_names", names);
  }
  return write_tree(path, root);
}

Status write_keras3_weights(const std::string &path, const KerasModel &model) {
  return write_tree(path, keras3_weights(model));
}

Status write_keras_archive(const std::string &path, const KerasModel &model) {
  if (model.archive_config.empty())
    return rejected(path,
                    model.archive_problem.empty() ? "the program does not hold the configuration of its model"
                                                  : model.archive_problem,
                    "save the weights alone, as .weights.h5 or .h5");
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  const std::string version = is_keras3(model) ? model.keras_version : "3.0.0";
  const std::string metadata = "{\"keras_version\": \"" + version + "\", \"date_saved\": \"\"}";
  if (Status status = zip->add("metadata.json", [&](const ByteSink &sink) { return sink(metadata); });
      !status)
    return status;
  if (Status status =
          zip->add("config.json", [&](const ByteSink &sink) { return sink(model.archive_config); });
      !status)
    return status;
  const H5Group weights = keras3_weights(model);
  if (Status status =
          zip->add("model.weights.h5", [&](const ByteSink &sink) { return write_h5(weights, sink); });
      !status)
    return status;
  return zip->finish();
}

}  // namespace sinter

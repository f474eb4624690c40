#include "runtime/h5/keras_files.h"

#include <map>

#include "runtime/data/atomic_file.h"
#include "runtime/data/zip_writer.h"
#include "runtime/text.h"

namespace sinter::runtime {
namespace {

constexpr const char *backend = "tensorflow";

void add_weight(H5Group &group, const KerasWeight &weight) {
  H5Group *at = &group;
  std::string_view name = weight.name;
  for (size_t slash; (slash = name.find('/')) != std::string_view::npos; name.remove_prefix(slash + 1))
    at = &at->group(name.substr(0, slash));
  at->datasets.push_back({std::string(name), H5Type::f32, weight.dims, weight.data});
}

std::vector<std::string> names_of(const std::vector<KerasWeight> &weights) {
  std::vector<std::string> names;
  for (const KerasWeight &weight : weights) names.push_back(weight.name);
  return names;
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
  for (const KerasLayer &layer : model.layers) {
    H5Group member{layer.name, {}, {}, {}};
    add_text_list(member, "weight_names", names_of(layer.weights));
    for (const KerasWeight &weight : layer.weights) add_weight(member, weight);
    group.groups.push_back(std::move(member));
  }
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

H5Group keras3_weights(const KerasModel &model) {
  H5Group root{"/", {}, {}, {}};
  root.group("vars");
  H5Group layers{"layers", {}, {}, {}};
  std::map<std::string, int> counts;
  for (const KerasLayer &layer : model.layers) {
    if (layer.class_name == "InputLayer") continue;
    const std::string stem = snake_case(layer.class_name);
    const int n = counts[stem]++;
    H5Group vars{"vars", {}, {}, {}};
    for (size_t i = 0; i < layer.weights.size(); ++i)
      vars.datasets.push_back({format("%zu", i), H5Type::f32, layer.weights[i].dims, layer.weights[i].data});
    layers.groups.push_back({n == 0 ? stem : stem + format("_%d", n), {}, {std::move(vars)}, {}});
  }
  root.groups.push_back(std::move(layers));
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
    add_text_list(group, "weight_names", names_of(model.optimizer_weights));
    for (const KerasWeight &weight : model.optimizer_weights) add_weight(group, weight);
  }
  return write_tree(path, root);
}

Status write_keras3_weights(const std::string &path, const KerasModel &model) {
  return write_tree(path, keras3_weights(model));
}

Status write_keras_archive(const std::string &path, const KerasModel &model) {
  if (model.model_config.empty())
    return rejected(path, "the program does not hold the configuration of its model",
                    "save the weights alone, as .weights.h5 or .h5");
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  const std::string metadata = "{\"keras_version\": \"" + model.keras_version + "\", \"date_saved\": \"\"}";
  if (Status status = zip->add("metadata.json", [&](const ByteSink &sink) { return sink(metadata); });
      !status)
    return status;
  if (Status status = zip->add("config.json", [&](const ByteSink &sink) { return sink(model.model_config); });
      !status)
    return status;
  const H5Group weights = keras3_weights(model);
  if (Status status =
          zip->add("model.weights.h5", [&](const ByteSink &sink) { return write_h5(weights, sink); });
      !status)
    return status;
  return zip->finish();
}

}  // namespace sinter::runtime

#include "formats/hdf5/keras_weights.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace sinter::hdf5 {
namespace {

constexpr int kMaxModelDepth = 32;   // models within models
constexpr size_t kMaxProblems = 20;  // more say nothing new; then reading ends

class Reader {
 public:
  Reader(const File &file, const std::string &name, std::vector<Error> &problems)
      : file_(file), name_(name), problems_(problems) {
    out_.file = name;
  }

  StoredWeights run();

 private:
  void fail(std::string_view path, std::string_view what) {
    problems_.push_back(damage_of(file_, name_, path, what));
  }
  void reject(const std::string &path, std::string message, std::string hint) {
    problems_.push_back(rejected(name_, std::move(message), std::move(hint)));
    problems_.back().place = path.empty() ? "/" : path;
  }
  bool is_hopeless() const { return problems_.size() >= kMaxProblems; }

  std::optional<std::vector<std::string>> list(const std::string &object, const char *attribute) {
    auto texts = file_.list_attribute(object, attribute);
    if (!texts) fail(object, std::string("attribute '") + attribute + "'");
    return texts;
  }
  std::optional<std::vector<std::string>> members(const std::string &group) {
    auto names = file_.members(group);
    if (!names) fail(group, "the members");
    return names;
  }
  void add_weight(StoredLayer &layer, const std::string &dataset, std::string name) {
    if (auto array = file_.array(dataset))
      layer.weights.push_back({std::move(name), std::move(*array)});
    else
      fail(dataset, "the data");
  }

  // GROUP has `weight_names`, paths of data sets below it.
  void read_named_weights(const std::string &group, const std::string &layer) {
    const auto names = list(group, "weight_names");
    if (!names || names->empty()) return;
    StoredLayer weights{layer, {}};
    for (const std::string &name : *names) {
      if (is_hopeless()) return;
      add_weight(weights, group + "/" + name, name);
    }
    out_.layers.push_back(std::move(weights));
  }

  // GROUP has `layer_names`, GROUP/LAYER the layer's weights.
  void read_named_layers(const std::string &group) {
    const auto layers = list(group, "layer_names");
    if (!layers) return;
    const auto below = [&](const std::string &name) { return group.empty() ? name : group + "/" + name; };
    std::set<std::string> seen;
    for (const std::string &layer : *layers) {
      if (is_hopeless()) return;
      if (seen.insert(layer).second)
        read_named_weights(below(layer), layer);
      else
        reject(group, "attribute 'layer_names' lists '" + layer + "' twice", "");
    }
    // Weights that belong to no layer.
    constexpr const char *own = "top_level_model_weights";
    if (!seen.contains(own) && file_.has_group(below(own))) read_named_weights(below(own), "");
  }

  // GROUP/0, 1, …
  void read_numbered_weights(const std::string &group, const std::string &layer) {
    const auto names = members(group);
    if (!names) return;
    std::vector<std::pair<int, std::string>> numbered;
    for (const std::string &name : *names) {
      int number = -1;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error == std::errc() && end == name.data() + name.size()) numbered.emplace_back(number, name);
    }
    if (numbered.empty()) return;
    std::ranges::sort(numbered);
    StoredLayer weights{layer, {}};
    for (const auto &[number, name] : numbered) {
      if (is_hopeless()) return;
      add_weight(weights, group + "/" + name, name);
    }
    out_.layers.push_back(std::move(weights));
  }

  // Keras 3: GROUP/LAYER/vars where LAYER is made from the class; a nested model has GROUP/LAYER/layers.
  void read_class_layers(const std::string &group, const std::string &prefix, int depth) {
    const auto layers = members(group);
    if (!layers) return;
    for (const std::string &layer : *layers) {
      if (is_hopeless()) return;
      const std::string at = group + "/" + layer;
      if (file_.has_group(at + "/vars")) read_numbered_weights(at + "/vars", prefix + layer);
      if (file_.has_group(at + "/layers") && depth < kMaxModelDepth)
        read_class_layers(at + "/layers", prefix + layer + "/", depth + 1);
    }
  }

  const File &file_;
  const std::string &name_;
  std::vector<Error> &problems_;
  StoredWeights out_;
};

StoredWeights Reader::run() {
  for (const char *object : {"", "model_weights"}) {
    if (!out_.keras_version.empty() || !file_.has_attribute(object, "keras_version")) continue;
    if (auto version = file_.text_attribute(object, "keras_version"))
      out_.keras_version = std::move(*version);
    else
      fail(object, "attribute 'keras_version'");
  }
  if (file_.has_group("model_weights")) {
    read_named_layers("model_weights");
  } else if (file_.has_attribute("", "layer_names") || file_.has_attribute("", "layer_names0")) {
    read_named_layers("");
  } else if (file_.has_group("layers") || file_.has_group("_layer_checkpoint_dependencies")) {
    out_.naming = Naming::by_class;
    read_class_layers(file_.has_group("layers") ? "layers" : "_layer_checkpoint_dependencies", "", 0);
  } else if (!file_.is_exhausted()) {
    reject("",
           "an HDF5 file, but not one with Keras weights: it has neither a group 'model_weights' or "
           "'layers' nor an attribute 'layer_names'",
           "give a file written by model.save() or model.save_weights()");
  }
  if (problems_.empty() && file_.is_exhausted()) fail("", "the layers");
  return std::move(out_);
}

}  // namespace

Error damage_of(const File &file, const std::string &name, std::string_view path, std::string_view what) {
  const std::string shown = path.empty() ? "/" : std::string(path);
  return {ExitCode::rejected, name,
          "cannot read " + std::string(what) + " of '" + shown + "': " + file.problem(),
          "the file is damaged, or not one that Keras wrote", shown};
}

std::optional<StoredWeights> read_keras_weights(const File &file, const std::string &name,
                                                std::vector<Error> &problems) {
  const size_t before = problems.size();
  StoredWeights weights = Reader(file, name, problems).run();
  return problems.size() == before ? std::optional(std::move(weights)) : std::nullopt;
}

}  // namespace sinter::hdf5

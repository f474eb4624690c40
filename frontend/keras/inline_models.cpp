#include "frontend/keras/inline_models.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace sinter::keras {
namespace {

constexpr size_t kMaxCalls = 200'000;
constexpr int kMaxResolveDepth = 1000;

// A model in its place: what its layers are in the flat model.
struct PlacedModel {
  struct PlacedLayer {
    std::string flat_name;               // of a plain layer
    std::unique_ptr<PlacedModel> model;  // of an inner model
  };
  const ModelConfig *config = nullptr;
  const Layer *as_layer = nullptr;  // in the outer model; nullptr: the outermost one
  PlacedModel *outer = nullptr;
  size_t calls = 1;  // of the model in all
  std::map<std::string, PlacedLayer> layers;
};

class Inliner {
 public:
  explicit Inliner(const ModelConfig &config) { top_.config = &config; }

  std::optional<ModelConfig> run() {
    flat_ = *top_.config;
    flat_.layers.clear();
    for (const Layer &layer : top_.config->layers)
      if (!layer.inner) names_.insert(layer.name);
    place(top_, "", -1, true);
    if (total_calls_ > kMaxCalls) return std::nullopt;
    connect(top_);
    for (const auto &[name, placed] : top_.layers)
      if (placed.model) describe(*placed.model);
    for (auto *ends : {&flat_.inputs, &flat_.outputs})
      for (TensorRef &end : *ends) end = resolve(top_, 0, end, 0);
    return std::move(flat_);
  }

 private:
  std::string free_name(const std::string &name, const std::string &path) {
    if (path.empty() || names_.insert(name).second) return name;
    std::string candidate = path + name;
    for (int i = 1; !names_.insert(candidate).second; ++i) candidate = path + name + "_" + std::to_string(i);
    return candidate;
  }

  // Adds the layers, not yet connected. `path` is "" or ends with '/'.
  void place(PlacedModel &model, const std::string &path, int inner_model, bool trainable) {
    for (const Layer &layer : model.config->layers) {
      PlacedModel::PlacedLayer &placed = model.layers[layer.name];
      const size_t calls = model.calls * layer.calls.size();
      total_calls_ += calls;
      if (total_calls_ > kMaxCalls) return;
      if (layer.inner) {
        placed.model = std::make_unique<PlacedModel>();
        placed.model->config = layer.inner.get();
        placed.model->as_layer = &layer;
        placed.model->outer = &model;
        placed.model->calls = calls;
        flat_.inner_models.push_back({layer.name, layer.inner->class_name, inner_model, {}, {}});
        place(*placed.model, path + layer.name + "/", static_cast<int>(flat_.inner_models.size()) - 1,
              trainable && layer.trainable);
        continue;
      }
      if (model.as_layer && layer.class_name == "InputLayer") continue;
      Layer copy = layer;
      copy.name = placed.flat_name = free_name(layer.name, path);
      copy.own_name = layer.name;
      copy.trainable = layer.trainable && trainable;
      copy.inner_model = inner_model;
      copy.calls.assign(calls, {});
      flat_.layers.push_back(std::move(copy));
    }
  }

  // What a reference within the `call`-th call of the model means in the flat one.
  TensorRef resolve(PlacedModel &model, size_t call, const TensorRef &ref, int depth) {
    const auto found = model.layers.find(ref.layer);
    const Layer *layer = found == model.layers.end() ? nullptr : model.config->find(ref.layer);
    if (!layer || depth > kMaxResolveDepth) return {"", 0, 0};  // the importer reports it
    const size_t at = call * layer->calls.size() + static_cast<size_t>(ref.node);
    if (PlacedModel *inner = found->second.model.get()) {
      const auto &outputs = inner->config->outputs;
      if (static_cast<size_t>(ref.tensor) >= outputs.size()) return {"", 0, 0};
      return resolve(*inner, at, outputs[static_cast<size_t>(ref.tensor)], depth + 1);
    }
    if (!found->second.flat_name.empty()) return {found->second.flat_name, static_cast<int>(at), ref.tensor};
    // An InputLayer of an inner model: what this call of the model gives it.
    const auto &inputs = model.config->inputs;
    const auto input =
        static_cast<size_t>(std::ranges::find(inputs, ref.layer, &TensorRef::layer) - inputs.begin());
    const size_t own_calls = model.as_layer->calls.size();
    const auto &given = model.as_layer->calls[call % own_calls].inputs;
    if (input >= given.size()) return {"", 0, 0};
    return resolve(*model.outer, call / own_calls, given[input], depth + 1);
  }

  void connect(PlacedModel &model) {
    for (const Layer &layer : model.config->layers) {
      PlacedModel::PlacedLayer &placed = model.layers[layer.name];
      if (placed.model) connect(*placed.model);
      if (placed.flat_name.empty()) continue;
      Layer &flat = *std::ranges::find(flat_.layers, placed.flat_name, &Layer::name);
      for (size_t call = 0; call < model.calls; ++call)
        for (size_t own = 0; own < layer.calls.size(); ++own) {
          LayerCall &target = flat.calls[call * layer.calls.size() + own];
          for (const TensorRef &input : layer.calls[own].inputs) {
            target.inputs.push_back(resolve(model, call, input, 0));
            target.shown.push_back(shown(model, input));
          }
        }
    }
  }

  // Keras 2 counts the construction of an inner model as its first call.
  TensorRef shown(const PlacedModel &model, TensorRef ref) const {
    const auto found = model.layers.find(ref.layer);
    const bool is_model = found != model.layers.end() && found->second.model;
    if (is_model && flat_.semantics == Semantics::keras2) ++ref.node;
    return ref;
  }

  void describe(PlacedModel &model) {
    InnerModel &inner = *std::ranges::find_if(flat_.inner_models, [&](const InnerModel &one) {
      return one.outer == -1 && one.name == model.as_layer->name;
    });
    for (size_t call = 0; call < model.as_layer->calls.size(); ++call) {
      for (const TensorRef &input : model.as_layer->calls[call].inputs)
        inner.connected_to.push_back(shown(*model.outer, input));
      inner.outputs.push_back(resolve(*model.outer, 0, {model.as_layer->name, static_cast<int>(call), 0}, 0));
    }
  }

  PlacedModel top_;
  ModelConfig flat_;
  std::set<std::string> names_;
  size_t total_calls_ = 0;
};

}  // namespace

bool has_inner_models(const ModelConfig &config) {
  return std::ranges::any_of(config.layers, [](const Layer &layer) { return layer.inner != nullptr; });
}

std::optional<ModelConfig> inline_models(const ModelConfig &config) {
  return Inliner(config).run();
}

}  // namespace sinter::keras

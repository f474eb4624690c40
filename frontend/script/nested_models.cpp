#include "frontend/script/nested_models.h"

#include <algorithm>

namespace sinter::script {

namespace {

// The model, called within `model`, that this call was made for; nullptr if it is one of the model's own.
const ModelObject *inner_model_of(const LayerNode &call, const ModelObject &model) {
  const auto end = std::ranges::find(call.through, &model);  // innermost first
  return end == call.through.begin() ? nullptr : *(end - 1);
}

class Marker {
 public:
  Marker(const ModelObject &model, const std::map<LayerObject *, std::vector<int>> &nodes,
         keras::ModelConfig &config)
      : model_(model), nodes_(nodes), config_(config) {}

  void run() {
    for (const auto &[layer, list] : nodes_) {
      if (layer->class_name == "InputLayer") continue;
      const ModelObject *inner = inner_model_of(layer->calls[static_cast<std::size_t>(list[0])], model_);
      // A layer that is also used outside has a row of its own.
      const bool is_all = std::ranges::all_of(list, [&](int node) {
        return inner_model_of(layer->calls[static_cast<std::size_t>(node)], model_) == inner;
      });
      if (inner && is_all) inner_of_[layer->name] = inner;
    }
    for (keras::Layer &layer : config_.layers) {
      if (const auto found = inner_of_.find(layer.name); found != inner_of_.end())
        layer.inner_model = index_of(found->second);
      layer.own_name = layer.name;
    }
    for (keras::Layer &layer : config_.layers)
      for (keras::LayerCall &call : layer.calls) connect(layer, call);
    for (const keras::TensorRef &output : config_.outputs) add_output(output);
  }

 private:
  int index_of(const ModelObject *inner) {
    const auto found = std::ranges::find(models_, inner);
    if (found != models_.end()) return static_cast<int>(found - models_.begin());
    models_.push_back(inner);
    const char *functional = config_.semantics == keras::Semantics::keras3 ? "Functional" : "Model";
    config_.inner_models.push_back({inner->name, inner->sequential ? "Sequential" : functional, -1, {}, {}});
    return static_cast<int>(models_.size()) - 1;
  }

  int inner_model(const keras::TensorRef &tensor) const {
    const keras::Layer *layer = config_.find(tensor.layer);
    return layer ? layer->inner_model : -1;
  }

  // The tensor as Keras names it. Keras 2 counts the construction of an inner model as its first call.
  keras::TensorRef shown(const keras::TensorRef &tensor) const {
    const int inner = inner_model(tensor);
    if (inner < 0) return tensor;
    const auto &outputs = models_[static_cast<std::size_t>(inner)]->outputs;
    const auto output = std::ranges::find_if(
        outputs, [&](const SymbolicTensor *one) { return one->layer->name == tensor.layer; });
    const auto place = output == outputs.end() ? 0 : static_cast<int>(output - outputs.begin());
    return {config_.inner_models[static_cast<std::size_t>(inner)].name,
            tensor.node + (config_.semantics == keras::Semantics::keras2), place};
  }

  void add_output(const keras::TensorRef &tensor) {
    const int inner = inner_model(tensor);
    if (inner < 0) return;
    auto &outputs = config_.inner_models[static_cast<std::size_t>(inner)].outputs;
    if (std::ranges::find(outputs, tensor) == outputs.end()) outputs.push_back(tensor);
  }

  void connect(const keras::Layer &layer, keras::LayerCall &call) {
    for (const keras::TensorRef &input : call.inputs) {
      call.shown.push_back(shown(input));
      if (inner_model(input) == layer.inner_model) continue;
      add_output(input);
      if (layer.inner_model < 0) continue;
      auto &from = config_.inner_models[static_cast<std::size_t>(layer.inner_model)].connected_to;
      if (std::ranges::find(from, call.shown.back()) == from.end()) from.push_back(call.shown.back());
    }
  }

  const ModelObject &model_;
  const std::map<LayerObject *, std::vector<int>> &nodes_;
  keras::ModelConfig &config_;
  std::map<std::string, const ModelObject *> inner_of_;
  std::vector<const ModelObject *> models_;
};

}  // namespace

void mark_inner_models(const ModelObject &model, const std::map<LayerObject *, std::vector<int>> &nodes,
                       keras::ModelConfig &config) {
  config.files_are_flat = true;
  Marker(model, nodes, config).run();
}

}  // namespace sinter::script

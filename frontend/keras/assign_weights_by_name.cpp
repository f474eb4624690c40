// load_weights(by_name=True): only the layers whose names a file has.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/import.h"

namespace sinter::keras {
namespace {

// What does not fit is skipped with a warning, or an error.
class NameMatcher {
 public:
  NameMatcher(ImportedModel &model, const StoredWeights &weights, bool skip_mismatch,
              Diagnostics &diagnostics)
      : model_(model), weights_(weights), skip_mismatch_(skip_mismatch), diagnostics_(diagnostics) {}

  bool run() {
    model_.weights.resize(model_.graph.variables.size());
    std::vector<std::string> absent;
    size_t matched = 0;
    for (const LayerInfo &layer : model_.layers) {
      if (layer.variables.empty()) continue;
      if (const StoredLayer *source = weights_.find(layer.name)) {
        ++matched;
        assign(layer, *source);
      } else {
        absent.push_back(layer.name);
      }
    }
    const Location where{.file = weights_.file};
    if (matched == 0)
      diagnostics_.warning(
          where, "no layer of the model has a name of this file, so that nothing is loaded from it");
    else if (!absent.empty())
      diagnostics_.note(where, fmt::format("loaded by name: the file has no weights of the {} {}",
                                           absent.size() == 1 ? "layer" : "layers", fmt::join(absent, ", ")));
    return ok_;
  }

 private:
  void mismatch(const StoredLayer &source, const std::string &message) {
    const Location where{.file = weights_.file, .path = source.layer};
    if (skip_mismatch_) {
      diagnostics_.warning(where, message + "; it is skipped, as skip_mismatch=True says");
    } else {
      diagnostics_.error(where, message);
      ok_ = false;
    }
  }

  // Keras skips a layer whose number of weights differs, and a single weight whose shape differs.
  void assign(const LayerInfo &layer, const StoredLayer &source) {
    if (layer.variables.size() != source.weights.size())
      return mismatch(source, fmt::format("layer '{}' ({}) has {} weights, but the file has {}", layer.name,
                                          layer.class_name, layer.variables.size(), source.weights.size()));
    for (size_t i = 0; i < source.weights.size(); ++i) {
      const auto variable = static_cast<size_t>(layer.variables[i]);
      const ir::Value &value = model_.graph.value(model_.graph.variables[variable].value);
      const Array &data = source.weights[i].data;
      if (std::ranges::equal(value.type.dims, data.dims,
                             [](ir::Dim a, int64_t b) { return a == ir::Dim(b); }))
        model_.weights[variable] = ir::TensorData{data.dims, data.values};
      else
        mismatch(source,
                 fmt::format("layer '{}' ({}): {} has the shape {}, but the file's '{}' has [{}]", layer.name,
                             layer.class_name, value.name, ir::print_shape(value.type.dims),
                             source.weights[i].name, fmt::join(data.dims, ", ")));
    }
  }

  ImportedModel &model_;
  const StoredWeights &weights_;
  bool skip_mismatch_, ok_ = true;
  Diagnostics &diagnostics_;
};

}  // namespace

bool assign_weights_by_name(ImportedModel &model, const StoredWeights &weights, bool skip_mismatch,
                            Diagnostics &diagnostics) {
  return NameMatcher(model, weights, skip_mismatch, diagnostics).run();
}

}  // namespace sinter::keras

#include "driver/weights/script_weights.h"

#include <filesystem>

#include "frontend/keras/import.h"

namespace sinter::driver {

namespace {

bool load_by_name(LoadedModel &loaded, const script::LoadWeightsCall &load, const std::string &path,
                  Diagnostics &diagnostics) {
  if (load.is_nested) {
    diagnostics.error(load.where,
                      "load_weights(by_name=True) of a model that holds another model is not supported",
                      "load the weights of all layers, or give them with --weights FILE");
    return false;
  }
  const std::optional<StoredWeights> weights = keras::read_weights(path, diagnostics);
  if (!weights) return false;
  if (weights->naming != Naming::by_layer) {
    diagnostics.error(
        load.where,
        weights->naming == Naming::by_class
            ? "load_weights(by_name=True) needs names of layers, which Keras 3's files do not hold"
            : "load_weights(by_name=True) needs one of Keras's .h5 files",
        "leave by_name out, or save the weights as .h5");
    return false;
  }
  return keras::assign_weights_by_name(loaded.model, *weights, load.skip_mismatch, diagnostics);
}

}  // namespace

std::vector<script::LoadWeightsCall> standing_loads(const LoadedModel &loaded, bool before_fit) {
  std::vector<script::LoadWeightsCall> loads;
  for (const script::TrainingAction &action : loaded.plan.actions) {
    const auto *fit = std::get_if<script::FitCall>(&action);
    if (before_fit && fit && fit->model == loaded.main_model) break;
    const auto *load = std::get_if<script::LoadWeightsCall>(&action);
    if (!load || load->model != loaded.main_model) continue;
    if (!load->by_name) loads.clear();
    loads.push_back(*load);
  }
  return loads;
}

std::string file_of(const script::LoadWeightsCall &load, const std::string &script) {
  return (std::filesystem::path(script).parent_path() / load.path).string();
}

bool load_script_weights(LoadedModel &loaded, const std::vector<script::LoadWeightsCall> &loads,
                         const std::string &script, Diagnostics &diagnostics) {
  for (const script::LoadWeightsCall &load : loads) {
    const std::string path = file_of(load, script);
    note_path(path);
    const bool done = load.by_name ? load_by_name(loaded, load, path, diagnostics)
                                   : load_weights(loaded, path, diagnostics);
    if (!done) return false;
  }
  return true;
}

}  // namespace sinter::driver

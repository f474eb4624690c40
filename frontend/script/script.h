// The script front end: a Keras script in a subset of Python, evaluated to the models it builds and to what
// it does with them. Nothing is loaded, computed or run; plots and prints are skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/keras/model_config.h"
#include "frontend/script/training_plan.h"
#include "support/diagnostic.h"

namespace sinter::script {

struct ScriptResult {
  std::vector<keras::ModelConfig> models;  // in the order in which the script builds them; at least one
  // The model that the script is about, see choose_model.h.
  int main_model = 0;
  keras::Semantics semantics = keras::Semantics::keras2;
  bool uses_tf_keras = false;  // imports tensorflow.keras
  TrainingPlan plan;
  // What the script does to the values of the image data it trains, evaluates or predicts on.
  std::vector<DataStep> pixel_steps;
  // The same as x = scale * pixel + offset, if it is no more than that.
  std::optional<std::pair<float, float>> input_scale_offset;
  // The last path given to load_weights() of the main model, as written: relative to the script's folder.
  std::optional<std::string> weights_file;

  const keras::ModelConfig &model() const { return models[static_cast<std::size_t>(main_model)]; }
};

// Evaluates the text of a `.py` script; file_name is for messages. `semantics` overrides what the imports
// say; `model` names one of several models. Errors (all independent ones of the script) and notes (semantics
// chosen, lines skipped) go to diagnostics; nullopt if there was an error.
std::optional<ScriptResult> evaluate_script(std::string_view text, std::string_view file_name,
                                            Diagnostics &diagnostics,
                                            std::optional<keras::Semantics> semantics = std::nullopt,
                                            std::string_view model = {});

// Whether text, the beginning of a file of unknown kind, looks like a Keras script.
bool looks_like_script(std::string_view text);

}  // namespace sinter::script

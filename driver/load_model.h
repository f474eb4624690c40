// Reading MODEL arguments: recognised by content, not by name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"
#include "frontend/keras/summary.h"
#include "frontend/script/training_plan.h"
#include "support/diagnostic.h"

namespace sinter::keras {
struct ModelConfig;  // model_config.h draws in the JSON library
}

namespace sinter::driver {

struct LoadOptions {
  std::vector<int64_t> input_shape;      // --input-shape, empty: as the model says
  std::optional<bool> keras3_semantics;  // --semantics
  std::string model_name;                // --model, for scripts
};

struct LoadedModel {
  keras::ImportedModel model;
  std::string stem;          // file name without folder and extension
  std::string weights_path;  // weights that the script loads, existing or not; "" if none
  keras::SummaryStyle summary_style = keras::SummaryStyle::keras2;
  // What the model file says about training: a script's plan, where the model has the number main_model; or a
  // .h5's JSON.
  script::TrainingPlan plan;
  int main_model = 0;
  std::vector<script::DataStep> pixel_steps;  // what a script does to the values of its pictures
  std::string training_config;
  std::string keras_version;                              // as the file says, may be empty
  std::shared_ptr<const keras::ModelConfig> keras_model;  // what was imported; none for .graph files
};

// A Keras script, a Keras .h5 with model_config, a .keras, or a .graph file. nullopt after errors.
std::optional<LoadedModel> load_model(const std::string &path, const LoadOptions &options,
                                      Diagnostics &diagnostics);

constexpr size_t largest_text = 64u << 20;  // scripts and .graph files

// The file's first `limit` bytes, or all of it; a missing or unreadable file is a system error.
std::optional<std::string> read_file(const std::string &path, Diagnostics &diagnostics,
                                     size_t limit = largest_text + 1);

// All paths that read_file() was called with, and those given to note_path(): what a compilation depends on.
const std::vector<std::string> &paths_read();
// A file whose existence was asked for.
void note_path(const std::string &path);

// --weights FILE: fills the model's weights.
bool load_weights(LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics);

}  // namespace sinter::driver

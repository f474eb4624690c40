// What Keras keeps globally: name counters, the image data format; and what the script has built so far.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frontend/keras/model_config.h"
#include "frontend/script/training_plan.h"
#include "frontend/script/value.h"

namespace sinter::script {

// Which Keras the script speaks: its defaults, and its rules for automatic names.
struct KerasDialect {
  keras::Semantics semantics = keras::Semantics::keras2;
  bool tf_keras = false;  // tensorflow.keras: Keras 3's defaults, but names like `input_1` and `model`

  bool counts_from_one() const { return semantics == keras::Semantics::keras2; }
};

struct KerasState {
  KerasDialect dialect;
  std::map<std::string, int> name_counters;
  std::string data_format = "channels_last";
  std::vector<ModelObject *> models;                            // in the order in which they were built
  std::map<std::string, ModelObject *, std::less<>> variables;  // the last model that each name was bound to
  std::size_t layer_count = 0;
  // Published networks whose weights the script asks for, and where.
  std::vector<std::pair<const ModelObject *, Location>> published_weights;
  // The plan, with models by pointer until their indices are known.
  std::vector<std::pair<ModelObject *, TrainingAction>> actions;
  // Known shapes of tensors, the batch first; -1 for an open size.
  std::map<const SymbolicTensor *, std::vector<std::int64_t>> shapes;
  DataValue *last_image_data = nullptr;  // the last data value that arithmetic was done on
};

}  // namespace sinter::script

// What a script's fit() and evaluate() say, held against the model: one array an input and a target, numbers
// that a trainer counts with, arguments that this version of Keras takes together. Whatever does not fit is
// reported at its line.
#pragma once

#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"
#include "frontend/script/training_plan.h"

namespace sinter::driver {

// The model as Keras names it: layers.
struct FitModel {
  std::vector<std::string> inputs, outputs;
  std::vector<bool> has_target;   // by output: a loss or a metric compares it
  std::vector<int> output_ranks;  // with the batch
  bool keras3 = false;
};

FitModel fit_model(const keras::ImportedModel &model, std::vector<bool> has_target);

// The arrays that feed the model, in its order.
struct FedArrays {
  std::vector<const script::DataArray *> inputs, targets;
};

// nullopt after errors. `who`: "fit()", "validation_data", "evaluate()".
std::optional<FedArrays> fed_arrays(const script::DataSet &given, const FitModel &model,
                                    const std::string &who, const Location &where, Diagnostics &diagnostics);

bool check_numbers(const script::FitCall &call, Diagnostics &diagnostics);
bool check_steps(const script::FitCall &call, const FitModel &model, Diagnostics &diagnostics);
bool check_weights(const script::FitCall &call, const FitModel &model, Diagnostics &diagnostics);
// Callbacks that would write outside of the folder that the trainer runs in; for scripts that are not trusted.
bool check_outputs(const script::FitCall &call, Diagnostics &diagnostics);
bool check_callbacks(const script::FitCall &call, bool keras3, Diagnostics &diagnostics);

}  // namespace sinter::driver

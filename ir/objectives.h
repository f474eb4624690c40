// Losses and metrics by Keras's names: two tables, gathered from the ops that compute them (`losses` and `metrics` of
// their structs). Scripts, training_config of files, options and the passes are made from them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace sinter::ir {

struct Objective {
  std::string_view name;                // the function: "mean_squared_error"
  std::string_view class_name;          // "MeanSquaredError"; empty: there is no class
  std::vector<std::string_view> names;  // these and all others
  std::string signature;                // arguments of the class, as script::bind_arguments reads them
  const OpInfo *op = nullptr;           // nullptr: accuracy, whose op the output decides
  const OpInfo *of_logits = nullptr;    // computes the loss of the operand of `activation`
  std::string_view activation;
  Targets targets = Targets::rows;
  bool is_loss = false;  // else a metric alone, of which more is better

  // The op's attribute that an argument of the class sets; nullptr: it sets none.
  const AttributeField *attribute(std::string_view argument) const;
};

// In the order of ops. Metrics: "accuracy" first, then those of ops, then the losses.
const std::vector<Objective> &losses();
const std::vector<Objective> &metrics();

// By any of its names, as Keras spells it; nullptr if no op computes it.
const Objective *find_loss(std::string_view name);
const Objective *find_metric(std::string_view name);

// "mean_squared_error, mse, …": all names of a table.
std::vector<std::string_view> names_of(const std::vector<Objective> &table);

// Losses and metrics of Keras that no op computes: a model that is compiled with one can be read and run, but not
// trained.
std::span<const std::string_view> unsupported_objectives();

// An argument that is read, but may only have these values.
struct FixedArgument {
  std::string_view name, accepted;       // the latter in words, for a hint
  bool is_any = false, is_none = false;  // any: no number depends on it
  std::optional<double> number = {};
  std::vector<std::string_view> texts = {};
};

// nullptr if there is none of that name.
const FixedArgument *find_fixed_argument(std::string_view name);

}  // namespace sinter::ir

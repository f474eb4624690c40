#include "driver/training/check_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "driver/training/settings.h"
#include "support/fit_limits.h"

namespace sinter::driver {

namespace {

using Arrays = std::vector<std::pair<std::string, script::DataArray>>;

// Arrays in the order of `names`: one each, by their own names if they have some.
class ArrayMatcher {
 public:
  ArrayMatcher(const std::string &who, const Location &where, Diagnostics &diagnostics)
      : who_(who), where_(where), diagnostics_(diagnostics) {}

  using Matched = std::optional<std::vector<const script::DataArray *>>;
  Matched match(const Arrays &arrays, const std::vector<std::string> &names, const char *kind) {
    std::vector<const script::DataArray *> result(names.size(), nullptr);
    for (size_t i = 0; i < arrays.size(); ++i) {
      const auto &[name, array] = arrays[i];
      const size_t place =
          name.empty() ? i : static_cast<size_t>(std::ranges::find(names, name) - names.begin());
      if (place >= names.size())
        return fail(fmt::format("{} gives the array '{}', but the model has no {} for it", who_,
                                name.empty() ? describe(array) : name, kind),
                    takes(names, kind));
      result[place] = &array;
    }
    for (size_t i = 0; i < names.size(); ++i)
      if (!result[i])
        return fail(fmt::format("{} gives no array for the model's {} '{}'", who_, kind, names[i]),
                    takes(names, kind));
    return result;
  }

 private:
  static std::string takes(const std::vector<std::string> &names, const char *kind) {
    return fmt::format("one array for each {}: {}", kind, fmt::join(names, ", "));
  }
  Matched fail(const std::string &message, const std::string &hint) {
    diagnostics_.error(where_, message, hint);
    return std::nullopt;
  }

  const std::string &who_;
  const Location &where_;
  Diagnostics &diagnostics_;
};

}  // namespace

FitModel fit_model(const keras::ImportedModel &model, std::vector<bool> has_target) {
  FitModel result{{}, output_names(model), std::move(has_target), {}, model.keras3};
  for (const ir::ValueId v : model.graph.inputs) result.inputs.push_back(model.graph.value(v).name);
  for (const ir::ValueId v : model.graph.outputs)
    result.output_ranks.push_back(static_cast<int>(model.graph.type(v).rank()));
  return result;
}

std::optional<FedArrays> fed_arrays(const script::DataSet &given, const FitModel &model,
                                    const std::string &who, const Location &where, Diagnostics &diagnostics) {
  std::vector<std::string> compared;
  for (size_t i = 0; i < model.outputs.size(); ++i)
    if (model.has_target[i]) compared.push_back(model.outputs[i]);
  // Keras 3 takes targets for all outputs, too, and leaves those without a loss alone.
  const bool for_all = model.keras3 && given.targets.size() == model.outputs.size();
  ArrayMatcher matcher(who, where, diagnostics);
  const auto inputs = matcher.match(given.inputs, model.inputs, "input");
  const auto targets = matcher.match(given.targets, for_all ? model.outputs : compared, "target");
  if (!inputs || !targets) return std::nullopt;
  FedArrays fed{*inputs, {}};
  for (size_t i = 0; i < targets->size(); ++i)
    if (!for_all || model.has_target[i]) fed.targets.push_back((*targets)[i]);
  return fed;
}

bool check_numbers(const script::FitCall &call, Diagnostics &diagnostics) {
  bool ok = true;
  const auto check = [&](const char *name, const std::optional<int64_t> &number, int64_t low, int64_t high) {
    if (!number || (*number >= low && *number <= high)) return;
    diagnostics.error(call.where,
                      fmt::format("{} is {}, but must be from {} to {}", name, *number, low, high));
    ok = false;
  };
  check("batch_size", call.batch_size, 1, most_batch);
  check("epochs", call.epochs, 0, most_epochs);
  check("initial_epoch", call.initial_epoch, 0, most_epochs);
  check("steps_per_epoch", call.steps_per_epoch, 1, most_steps);
  check("validation_steps", call.validation_steps, 1, most_steps);
  check("verbose", call.verbose, 0, 2);
  return ok;
}

bool check_steps(const script::FitCall &call, const FitModel &model, Diagnostics &diagnostics) {
  const bool has_steps = call.steps_per_epoch || call.validation_steps;
  if (!has_steps || call.train.generator) return true;
  if (!model.keras3) {
    diagnostics.error(call.where,
                      fmt::format("{} with arrays: Keras 2 counts steps of generators only",
                                  call.steps_per_epoch ? "steps_per_epoch" : "validation_steps"),
                      "leave it out: an epoch is one pass over the data");
    return false;
  }
  if (!call.steps_per_epoch || call.batch_size) return true;
  diagnostics.error(
      call.where,
      "steps_per_epoch without batch_size: Keras 3 divides the data by the steps to get the size of a batch",
      "give batch_size, too");
  return false;
}

bool check_weights(const script::FitCall &call, const FitModel &model, Diagnostics &diagnostics) {
  bool ok = true;
  const auto fail = [&](const std::string &message, const std::string &hint) {
    diagnostics.error(call.where, message, hint);
    ok = false;
  };
  const auto compared = std::ranges::count(model.has_target, true);
  const bool has_sample_weight =
      call.train.sample_weight || (call.validation && call.validation->sample_weight);
  if (has_sample_weight && compared > 1 && !model.keras3)
    fail("sample_weight is one array, but the model has several outputs",
         "Keras 2 takes one for each; this version of Sinter does not");
  if (call.class_weight.empty()) return ok;
  if (compared > 1)
    fail("class_weight is only supported for models of one output", "weigh the samples with sample_weight");
  if (call.train.sample_weight)
    fail("class_weight and sample_weight cannot be given together", "multiply them into sample_weight");
  for (size_t i = 0; i < model.has_target.size(); ++i)
    if (model.has_target[i] && model.output_ranks[i] > 2)
      fail(fmt::format("class_weight needs one class a sample, but the output '{}' has {} axes",
                       model.outputs[i], model.output_ranks[i]),
           "Keras refuses it, too");
  for (const auto &[number, weight] : call.class_weight)
    if (!std::isfinite(static_cast<float>(weight)))
      fail(fmt::format("the weight of class {} is {}, but must be finite", number, weight), "");
  return ok;
}

}  // namespace sinter::driver

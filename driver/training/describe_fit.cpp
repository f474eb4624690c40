#include "driver/training/describe_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "driver/training/callback_arguments.h"
#include "driver/training/check_fit.h"
#include "driver/training/describe_data.h"
#include "frontend/keras/weight_groups.h"
#include "schema/program_generated.h"

namespace sinter::driver {

namespace {

using script::ConfigValue;

std::unique_ptr<schema::ArgumentT> argument(const std::string &name, const ConfigValue &value) {
  auto result = std::make_unique<schema::ArgumentT>();
  result->name = name;
  result->is_none = value.is_none();
  if (const std::string *text = value.text()) {
    result->is_text = true;
    result->text = *text;
  }
  if (const auto number = value.number()) result->number = *number;
  if (const auto *flag = std::get_if<bool>(&value.value)) result->number = *flag ? 1 : 0;
  if (const auto *list = std::get_if<ConfigValue::List>(&value.value))
    for (const ConfigValue &item : *list) result->numbers.push_back(item.number().value_or(0));
  return result;
}

class FitDescriber {
 public:
  FitDescriber(const keras::ImportedModel &model, std::vector<bool> has_target, schema::TrainerT &trainer,
               Diagnostics &diagnostics)
      : model_(model),
        trainer_(trainer),
        diagnostics_(diagnostics),
        fed_(fit_model(model, std::move(has_target))) {}

  bool run(const script::TrainingPlan &plan, int main) {
    const script::FitCall *fit = plan.first_fit(main);
    trainer_.fit = std::make_unique<schema::FitT>();
    if (fit) {
      for (const bool fits :
           {check_numbers(*fit, diagnostics_), check_steps(*fit, fed_, diagnostics_),
            check_weights(*fit, fed_, diagnostics_), check_callbacks(*fit, model_.keras3, diagnostics_)})
        ok_ &= fits;
      if (ok_) describe(*fit);
    }
    return describe_data(plan, main, fed_, Generators::refused, trainer_, diagnostics_) && ok_;
  }

 private:
  void describe(const script::FitCall &given) {
    schema::FitT &fit = *trainer_.fit;
    // Sequential.fit() of Keras 2.0 runs ten epochs unless told, all others one.
    const int64_t default_epochs = model_.is_sequential && !model_.keras3 ? 10 : 1;
    fit.batch_size = static_cast<uint32_t>(given.batch_size.value_or(32));
    fit.epochs = static_cast<uint32_t>(given.epochs.value_or(default_epochs));
    fit.initial_epoch = static_cast<uint32_t>(given.initial_epoch.value_or(0));
    fit.shuffle = given.shuffle.value_or(true);
    fit.validation_split = given.validation_split.value_or(0);
    fit.steps_per_epoch = static_cast<uint64_t>(given.steps_per_epoch.value_or(0));
    // Without batch_size, Keras 3 divides the validation data by the steps: all of them are evaluated.
    fit.validation_steps = given.batch_size ? static_cast<uint64_t>(given.validation_steps.value_or(0)) : 0;
    fit.counts_steps = given.train.generator.has_value();
    fit.verbose = static_cast<uint32_t>(given.verbose.value_or(1));
    for (const auto &[number, weight] : given.class_weight) {
      auto entry = std::make_unique<schema::ClassWeightT>();
      entry->class_number = number;
      entry->weight = weight;
      fit.class_weight.push_back(std::move(entry));
    }
    for (const script::Configured &configured : given.callbacks) {
      auto callback = std::make_unique<schema::CallbackT>();
      callback->class_name = configured.class_name;
      for (const auto &[name, value] : configured.config) {
        if (is_obeyed(configured.class_name, name)) {
          callback->arguments.push_back(argument(name, value));
        } else if (!changes_nothing(name, value)) {
          diagnostics_.error(configured.where,
                             fmt::format("{}({}=…) is not supported", configured.class_name, name),
                             "leave it out");
          ok_ = false;
        }
      }
      fit.callbacks.push_back(std::move(callback));
    }
  }

  const keras::ImportedModel &model_;
  schema::TrainerT &trainer_;
  Diagnostics &diagnostics_;
  FitModel fed_;
  bool ok_ = true;
};

}  // namespace

bool describe_fit(const script::TrainingPlan &plan, int main, const keras::ImportedModel &model,
                  std::vector<bool> has_target, schema::TrainerT &trainer, Diagnostics &diagnostics) {
  return FitDescriber(model, std::move(has_target), trainer, diagnostics).run(plan, main);
}

namespace {

std::unique_ptr<schema::LayerT> layer_entry(const keras::WeightGroup &group,
                                            const keras::ImportedModel &model,
                                            const std::map<std::string, uint32_t> &index_of,
                                            schema::TrainerT &trainer) {
  auto layer = std::make_unique<schema::LayerT>();
  layer->name = group.name;
  layer->class_name = group.class_name;
  for (const keras::WeightGroup &member : group.members)
    layer->members.push_back(layer_entry(member, model, index_of, trainer));
  for (size_t i = 0; i < group.variables.size(); ++i) {
    const auto variable = static_cast<size_t>(group.variables[i]);
    const auto found = index_of.find(model.graph.value(model.graph.variables[variable].value).name);
    if (found == index_of.end()) continue;
    layer->variables.push_back(found->second);
    // "conv2d_1/kernel:0"; an inner model's group has those names of its layers.
    if (group.members.empty())
      trainer.variables[found->second]->keras_name =
          fmt::format("{}/{}{}", group.name, group.names[i], model.keras3 ? "" : ":0");
  }
  return layer;
}

}  // namespace

void describe_layers(const keras::ImportedModel &model, schema::TrainerT &trainer) {
  std::map<std::string, uint32_t> index_of;
  for (size_t i = 0; i < trainer.variables.size(); ++i)
    index_of[trainer.variables[i]->name] = static_cast<uint32_t>(i);
  for (const keras::WeightGroup &group : keras::weight_groups(model))
    trainer.layers.push_back(layer_entry(group, model, index_of, trainer));
}

std::vector<uint32_t> keras3_slots(const OptimizerConfig &config, const schema::TrainerT &trainer) {
  std::map<std::string, uint32_t> index_of;
  for (size_t i = 0; i < trainer.variables.size(); ++i)
    index_of[trainer.variables[i]->name] = static_cast<uint32_t>(i);
  std::vector<uint32_t> order;
  const auto &slots = entry_of(config.optimizer).slots;
  for (int round = 0; round < static_cast<int>(slots.size()); ++round)
    for (const auto &layer : trainer.layers)
      for (const uint32_t variable : layer->variables)
        for (const OptimizerSlot &slot : slots) {
          const auto found =
              index_of.find(fmt::format("{}.{}", trainer.variables[variable]->name, slot.name));
          if (slot.round != round || found == index_of.end()) continue;
          order.push_back(found->second);
          std::string name = fmt::format("{}_{}", trainer.variables[variable]->keras_name, slot.name);
          std::ranges::replace(name, '/', '_');
          trainer.variables[found->second]->keras_name = std::move(name);
        }
  return order;
}

void describe_optimizer(const OptimizerConfig &config, schema::TrainerT &trainer) {
  trainer.optimizer = name(config.optimizer);
  trainer.learning_rate = static_cast<float>(config.learning_rate);
  auto settings = std::make_unique<schema::OptimizerSettingsT>();
  settings->name = trainer.optimizer;
  for (const OptimizerArgument &each : optimizer_arguments) {
    auto entry = std::make_unique<schema::ArgumentT>();
    entry->name = each.name;
    entry->number = each.flag ? (config.*(each.flag) ? 1 : 0) : config.*(each.number);
    settings->arguments.push_back(std::move(entry));
  }
  trainer.optimizer_settings = std::move(settings);
}

}  // namespace sinter::driver

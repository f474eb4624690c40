// Losses, metrics and optimizers come out of their tables the same way wherever a user names them: in a script,
// in a file's training_config, on the command line. What a table declares is obeyed, or refused by name.
#include "ir/objectives.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <sstream>

#include "driver/training/compile_call.h"
#include "driver/training/compile_json.h"
#include "driver/training/settings.h"
#include "frontend/script/script.h"
#include "ir/optimizer.h"

namespace sinter::driver {
namespace {

using script::CompileCall;
using script::Configured;
using script::ConfigValue;
using testing::HasSubstr;

struct Settings {
  passes::TrainingConfig config;
  std::string problems;
};

Settings settings_of(const CompileCall &call) {
  Settings result;
  Diagnostics diagnostics;
  loss_config(call, {"y"}, result.config, diagnostics);
  result.problems = diagnostics.render_all();
  return result;
}

CompileCall from_script(const std::string &arguments) {
  Diagnostics diagnostics;
  const auto result = script::evaluate_script(
      "from keras import losses, metrics\nfrom keras.models import Sequential\nfrom keras.layers import "
      "Dense\n"
      "m = Sequential([Dense(2, input_shape=(3,))])\nm.compile('sgd', " +
          arguments + ")\n",
      "test.py", diagnostics);
  const CompileCall *call = result ? result->plan.last_compile(result->main_model) : nullptr;
  EXPECT_TRUE(call) << arguments << diagnostics.render_all();
  return call ? *call : CompileCall{};
}

CompileCall from_json(const nlohmann::json &config) {
  Diagnostics diagnostics;
  const auto call = compile_call_of_json(config.dump(), {"y"}, {"model.h5"}, diagnostics);
  EXPECT_TRUE(call) << config << diagnostics.render_all();
  return call.value_or(CompileCall{});
}

CompileCall from_options(const std::string &loss) {
  CompileOptions options;
  options.loss = loss;
  Diagnostics diagnostics;
  return compile_call(LoadedModel{}, options, diagnostics).value_or(CompileCall{});
}

std::vector<std::string> words_of(const std::string &signature) {
  std::istringstream stream(signature);
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    if (word != "*") words.push_back(word.substr(0, word.find('|')));
  return words;
}

TEST(Objectives, EveryLossByEveryNameThroughEveryDoor) {
  ASSERT_GE(ir::losses().size(), 13u);
  for (const ir::Objective &loss : ir::losses())
    for (const std::string_view spelt : loss.names) {
      const std::string name(spelt), call = name == loss.class_name ? "losses." + name + "()" : "";
      std::vector<CompileCall> calls = {
          from_script("'" + name + "'"), from_script("losses." + name), from_json({{"loss", name}}),
          from_json({{"loss", {{"class_name", name}, {"config", {}}}}}), from_options(name)};
      if (!call.empty()) calls[1] = from_script(call);
      for (const CompileCall &each : calls) {
        const Settings settings = settings_of(each);
        EXPECT_EQ(settings.problems, "") << name;
        const ir::Objective *found = ir::find_loss(settings.config.losses.at(0).name);
        EXPECT_EQ(found ? found->name : "", loss.name) << name;
      }
    }
}

TEST(Objectives, EveryMetricByEveryNameThroughEveryDoor) {
  for (const ir::Objective &metric : ir::metrics())
    for (const std::string_view spelt : metric.names) {
      const std::string name(spelt), as_class = "metrics." + name + "()";
      const std::string written = name == metric.class_name ? as_class : "'" + name + "'";
      for (const CompileCall &each :
           {from_script("'mse', [" + written + "]"), from_script("'mse', ['" + name + "']"),
            from_json({{"loss", "mse"}, {"metrics", {name}}})}) {
        const Settings settings = settings_of(each);
        EXPECT_EQ(settings.problems, "") << name;
        const ir::Objective *found = ir::find_metric(settings.config.metrics.at(0).name);
        EXPECT_EQ(found ? found->name : "", metric.name) << name;
      }
    }
}

TEST(Objectives, NamesAreOfOneLossOrMetric) {
  for (const auto *table : {&ir::losses(), &ir::metrics()}) {
    std::vector<std::string_view> names = ir::names_of(*table);
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    for (const std::string_view name : ir::unsupported_objectives())
      EXPECT_FALSE(std::ranges::binary_search(names, name)) << name;
  }
}

// `argument` of a class with the value.
template <class Config>
void check_argument(const ir::Objective &objective, const std::string &argument, bool as_metric) {
  SCOPED_TRACE(fmt::format("{}({})", objective.class_name, argument));
  const auto settings_with = [&](ConfigValue value) {
    CompileCall call;
    const Configured given{std::string(objective.class_name), {{argument, std::move(value)}}, {}};
    call.losses = {{"", as_metric ? Configured{"mse", {}, {}} : given}};
    if (as_metric) call.metrics = {{"", given}};
    return settings_of(call);
  };
  const auto config_of = [&](const Settings &settings) -> Config {
    if constexpr (std::same_as<Config, passes::LossConfig>)
      return settings.config.losses.at(0);
    else
      return settings.config.metrics.at(0);
  };
  const Settings text = settings_with({std::string("other")});
  if (const ir::AttributeField *field = objective.attribute(argument)) {
    const Settings number = settings_with(field->type == "int" ? ConfigValue{int64_t{2}} : ConfigValue{0.25});
    EXPECT_EQ(number.problems, "");
    const Config config = config_of(number);
    ASSERT_EQ(config.attributes.size(), 1u);
    EXPECT_EQ(config.attributes[0].name, argument);
    EXPECT_NE(config.attributes[0].value, field->default_value);
    if (objective.of_logits) {
      EXPECT_TRUE(std::ranges::count(objective.of_logits->fields, argument, &ir::AttributeField::name));
    }
    EXPECT_THAT(text.problems, HasSubstr(": " + argument + " must be a"));
  } else if (argument == "from_logits") {
    const Settings set = settings_with({true});
    EXPECT_EQ(set.problems, "");
    EXPECT_TRUE(config_of(set).from_logits);
    EXPECT_FALSE(config_of(settings_with({false})).from_logits);
  } else if (argument == "name") {
    EXPECT_EQ(text.problems, "");
    if constexpr (std::same_as<Config, passes::MetricConfig>) {
      EXPECT_EQ(config_of(text).label, "other");
    }
  } else {
    EXPECT_TRUE(ir::find_fixed_argument(argument)) << "nothing reads it";
    EXPECT_THAT(text.problems, HasSubstr("'" + argument + "'"));
  }
}

TEST(Objectives, EveryArgumentIsObeyedOrRefusedByName) {
  for (const ir::Objective &loss : ir::losses())
    for (const std::string &argument : words_of(loss.signature))
      check_argument<passes::LossConfig>(loss, argument, false);
  for (const ir::Objective &metric : ir::metrics())
    for (const std::string &argument : words_of(metric.signature))
      check_argument<passes::MetricConfig>(metric, argument, true);
  CompileCall call;
  call.losses = {{"", {"Huber", {{"gamma", {2.0}}}, {}}}};
  EXPECT_THAT(settings_of(call).problems, HasSubstr("huber: the argument 'gamma' is not supported"));
}

TEST(Objectives, WhatKerasHasAndSinterHasNotIsRefusedWhereItMatters) {
  for (const char *name : {"'cosine_similarity'", "losses.CategoricalHinge()"}) {
    const Settings settings = settings_of(from_script(name));
    EXPECT_EQ(settings.problems, "") << "the model can be read";
    EXPECT_FALSE(ir::find_loss(settings.config.losses.at(0).name));
  }
}

TEST(Objectives, SettingsSurviveTrainingConfig) {
  CompileCall call;
  call.losses = {
      {"", {"categorical_crossentropy", {{"label_smoothing", {0.25}}, {"from_logits", {true}}}, {}}}};
  call.metrics = {
      {"", {"top_k_categorical_accuracy", {{"k", {int64_t{2}}}, {"name", {std::string("best")}}}, {}}}};
  for (const auto dialect : {keras::Semantics::keras2, keras::Semantics::keras3}) {
    const OptimizerConfig optimizer =
        default_optimizer_config(Optimizer::adam, dialect == keras::Semantics::keras3);
    const nlohmann::json written = training_config_json(call, optimizer, dialect);
    EXPECT_EQ(written["loss"]["class_name"], "CategoricalCrossentropy");
    const Settings settings = settings_of(from_json(written));
    EXPECT_EQ(settings.problems, "");
    const passes::LossConfig &loss = settings.config.losses.at(0);
    EXPECT_TRUE(loss.from_logits);
    ASSERT_EQ(loss.attributes.size(), 1u);
    EXPECT_EQ(loss.attributes[0].value, ir::AttributeValue(0.25));
    const passes::MetricConfig &metric = settings.config.metrics.at(0);
    EXPECT_EQ(metric.label, "best");
    EXPECT_EQ(metric.attributes.at(0).value, ir::AttributeValue(int64_t{2}));
  }
}

std::optional<OptimizerConfig> optimizer_of(const Configured &given, bool keras3, std::string *problems) {
  Diagnostics diagnostics;
  const auto config = optimizer_config(given, keras3, diagnostics);
  *problems = diagnostics.render_all();
  return config;
}

TEST(Optimizers, EveryArgumentIsObeyedAndSurvivesTrainingConfig) {
  for (const OptimizerEntry &entry : optimizers)
    for (const bool keras3 : {false, true})
      for (const std::string &name : words_of(ir::optimizer_signature(entry, keras3))) {
        if (name == "name") continue;
        SCOPED_TRACE(fmt::format("{}({}) of Keras {}", entry.name, name, keras3 ? 3 : 2));
        const OptimizerArgument *argument = find_optimizer_argument(name);
        ASSERT_TRUE(argument);
        const ConfigValue value = argument->flag ? ConfigValue{true} : ConfigValue{0.375};
        std::string problems;
        const auto config = optimizer_of({std::string(entry.name), {{name, value}}, {}}, keras3, &problems);
        ASSERT_TRUE(config) << problems;
        const auto is_set = [&](const OptimizerConfig &from) {
          return argument->flag ? from.*(argument->flag) : from.*(argument->number) == 0.375;
        };
        EXPECT_TRUE(is_set(*config));
        CompileCall call;
        call.losses = {{"", {"mse", {}, {}}}};
        const auto dialect = keras3 ? keras::Semantics::keras3 : keras::Semantics::keras2;
        const CompileCall read = from_json(training_config_json(call, *config, dialect));
        const auto again = optimizer_of(read.optimizer, keras3, &problems);
        ASSERT_TRUE(again) << problems;
        EXPECT_TRUE(is_set(*again));
      }
}

TEST(Optimizers, ArgumentsOfOthersAreRefused) {
  std::string problems;
  EXPECT_FALSE(optimizer_of({"SGD", {{"beta_1", {0.5}}}, {}}, true, &problems));
  EXPECT_THAT(problems, HasSubstr("SGD: no setting is called 'beta_1'"));
}

}  // namespace
}  // namespace sinter::driver

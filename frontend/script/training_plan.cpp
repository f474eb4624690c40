#include "frontend/script/training_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sinter::script {

namespace {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string shape_text(const std::vector<std::int64_t> &shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : ",") + std::to_string(size);
  return "[" + text + "]";
}

const char *operator_name(ArithmeticStep::Operator op) {
  switch (op) {
    case ArithmeticStep::Operator::add:
      return "add";
    case ArithmeticStep::Operator::subtract:
      return "subtract";
    case ArithmeticStep::Operator::multiply:
      return "multiply";
    case ArithmeticStep::Operator::divide:
      return "divide";
  }
  return "";
}

struct Describe {
  std::string operator()(const CastStep &step) const { return "cast " + step.dtype; }
  std::string operator()(const ArithmeticStep &step) const {
    return std::string(step.reversed ? "reversed " : "") + operator_name(step.op) + " " +
           number_text(step.constant);
  }
  std::string operator()(const SampleRangeStep &step) const {
    std::string text = "samples " + (step.begin ? std::to_string(*step.begin) : "") + ":" +
                       (step.end ? std::to_string(*step.end) : "");
    if (step.step != 1) text += ":" + std::to_string(step.step);
    return text;
  }
  std::string operator()(const ReshapeStep &step) const { return "reshape " + shape_text(step.sample_shape); }
  std::string operator()(const OneHotStep &step) const { return "one_hot " + std::to_string(step.classes); }
  std::string operator()(const ReverseChannelsStep &) const { return "reverse_channels"; }
  std::string operator()(const PreprocessStep &step) const { return "preprocess " + step.name; }
};

}  // namespace

std::optional<double> ConfigValue::number() const {
  if (const auto *integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto *floating = std::get_if<double>(&value)) return *floating;
  return std::nullopt;
}

const ConfigValue *find(const ConfigDict &dict, std::string_view key) {
  for (const auto &[name, value] : dict)
    if (name == key) return &value;
  return nullptr;
}

const ConfigValue *ConfigValue::find(std::string_view key) const {
  const auto *dict = std::get_if<Dict>(&value);
  return dict ? script::find(*dict, key) : nullptr;
}

std::optional<std::pair<float, float>> affine_of(const DataArray &array) {
  double scale = 1, offset = 0;
  for (const DataStep &step : array.steps) {
    if (std::holds_alternative<OneHotStep>(step) || std::holds_alternative<PreprocessStep>(step) ||
        std::holds_alternative<ReverseChannelsStep>(step))
      return std::nullopt;
    // Numbers that are cut off after a scaling are no longer affine.
    const auto *cast = std::get_if<CastStep>(&step);
    if (cast && cast->dtype.find("int") != std::string::npos && (scale != 1 || offset != 0))
      return std::nullopt;
    const auto *arithmetic = std::get_if<ArithmeticStep>(&step);
    if (!arithmetic) continue;
    const double c = arithmetic->constant;
    switch (arithmetic->op) {
      case ArithmeticStep::Operator::add:
        offset += c;
        break;
      case ArithmeticStep::Operator::subtract:
        if (arithmetic->reversed)
          scale = -scale, offset = c - offset;
        else
          offset -= c;
        break;
      case ArithmeticStep::Operator::multiply:
        scale *= c, offset *= c;
        break;
      case ArithmeticStep::Operator::divide:
        if (arithmetic->reversed) return std::nullopt;
        scale /= c, offset /= c;
        break;
    }
  }
  if (!std::isfinite(scale) || !std::isfinite(offset)) return std::nullopt;
  return std::pair{static_cast<float>(scale), static_cast<float>(offset)};
}

std::vector<DataStep> value_steps(const DataArray &array) {
  std::vector<DataStep> steps;
  for (const DataStep &step : array.steps)
    if (!std::holds_alternative<SampleRangeStep>(step) && !std::holds_alternative<ReshapeStep>(step) &&
        !std::holds_alternative<OneHotStep>(step))
      steps.push_back(step);
  return steps;
}

std::string describe(const DataStep &step) {
  return std::visit(Describe{}, step);
}

std::string describe(const DataArray &array) {
  std::string text = array.source.name;
  if (!array.source.member.empty()) text += "." + array.source.member;
  for (const DataStep &step : array.steps) text += " | " + describe(step);
  return text;
}

bool TrainingPlan::are_related(int a, int b) const {
  const auto index = static_cast<std::size_t>(a);
  return index < relatives.size() && std::ranges::find(relatives[index], b) != relatives[index].end();
}

const CompileCall *TrainingPlan::last_compile(int model) const {
  const CompileCall *found = nullptr;
  for (const TrainingAction &action : actions) {
    if (const auto *fit = std::get_if<FitCall>(&action); fit && fit->model == model) break;
    if (const auto *call = std::get_if<CompileCall>(&action); call && call->model == model) found = call;
  }
  return found;
}

const FitCall *TrainingPlan::first_fit(int model) const {
  for (const TrainingAction &action : actions)
    if (const auto *call = std::get_if<FitCall>(&action); call && call->model == model) return call;
  return nullptr;
}

}  // namespace sinter::script

#include <set>

#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

std::string canonical(const std::string &name) {
  static const std::map<std::string, std::string> aliases = {
      {"zero", "zeros"},           {"one", "ones"},
      {"normal", "random_normal"}, {"uniform", "random_uniform"},
      {"he_norm", "he_normal"},    {"identity", "identity"}};
  const std::string snake = to_snake_case(name);
  const auto found = aliases.find(snake);
  return found == aliases.end() ? snake : found->second;
}

// The defaults of the constructors; Keras writes them all, but scripts may leave them out.
const std::map<std::string, std::map<std::string, double>> &known_initializers() {
  static const std::map<std::string, std::map<std::string, double>> table = {
      {"zeros", {}},
      {"ones", {}},
      {"constant", {{"value", 0}}},
      {"random_normal", {{"mean", 0}, {"stddev", 0.05}}},
      {"random_uniform", {{"minval", -0.05}, {"maxval", 0.05}}},
      {"truncated_normal", {{"mean", 0}, {"stddev", 0.05}}},
      {"glorot_uniform", {}},
      {"glorot_normal", {}},
      {"he_uniform", {}},
      {"he_normal", {}},
      {"lecun_uniform", {}},
      {"lecun_normal", {}},
      {"orthogonal", {{"gain", 1}}},
      {"identity", {{"gain", 1}}}};
  return table;
}

std::optional<ir::Initializer> variance_scaling(const json &config) {
  const double scale =
      config.contains("scale") && config["scale"].is_number() ? config["scale"].get<double>() : 1.0;
  const std::string mode = config.value("mode", json("fan_in")).is_string()
                               ? config.value("mode", json("fan_in")).get<std::string>()
                               : "";
  const json distribution_json = config.value("distribution", json("truncated_normal"));
  std::string distribution = distribution_json.is_string() ? distribution_json.get<std::string>() : "";
  if (distribution == "normal") distribution = "truncated_normal";
  static const std::vector<std::string> modes = {"fan_in", "fan_out", "fan_avg"};
  static const std::vector<std::string> distributions = {"uniform", "truncated_normal", "untruncated_normal"};
  const auto mode_at = std::find(modes.begin(), modes.end(), mode);
  const auto distribution_at = std::find(distributions.begin(), distributions.end(), distribution);
  if (mode_at == modes.end() || distribution_at == distributions.end()) return std::nullopt;
  const std::string suffix = distribution == "uniform" ? "_uniform" : "_normal";
  if (distribution != "untruncated_normal") {
    if (mode == "fan_avg" && scale == 1) return ir::Initializer{"glorot" + suffix, {}};
    if (mode == "fan_in" && scale == 2) return ir::Initializer{"he" + suffix, {}};
    if (mode == "fan_in" && scale == 1) return ir::Initializer{"lecun" + suffix, {}};
  }
  return ir::Initializer{"variance_scaling",
                         {{"scale", scale},
                          {"mode", static_cast<double>(mode_at - modes.begin())},
                          {"distribution", static_cast<double>(distribution_at - distributions.begin())}}};
}

}  // namespace

std::optional<ir::Initializer> initializer_from(const json &config) {
  std::string name;
  json arguments = json::object();
  if (config.is_string()) {
    name = config.get<std::string>();
  } else if (config.is_object() && config.contains("class_name") && config["class_name"].is_string()) {
    name = config["class_name"].get<std::string>();
    if (config.contains("config") && config["config"].is_object()) arguments = config["config"];
  }
  name = canonical(name);
  if (name == "variance_scaling") return variance_scaling(arguments);
  const auto known = known_initializers().find(name);
  if (known == known_initializers().end()) return std::nullopt;
  ir::Initializer initializer{name, known->second};
  for (auto &[argument, value] : initializer.arguments)
    if (arguments.contains(argument)) {
      if (!arguments[argument].is_number()) return std::nullopt;
      value = arguments[argument].get<double>();
    }
  if (arguments.contains("seed") && arguments["seed"].is_number())
    initializer.arguments["seed"] = arguments["seed"].get<double>();
  return initializer;
}

}  // namespace sinter::keras

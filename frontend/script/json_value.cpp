#include "frontend/script/json_value.h"

#include <fmt/format.h>

#include "frontend/script/keras_objects.h"
#include "frontend/script/limits.h"

namespace sinter::script {

namespace {

// Converts into nlohmann::json or ConfigValue, which differ only in how they are built.
struct JsonBuilder {
  using Result = nlohmann::json;
  static Result scalar(const auto &value) { return value; }
  static Result none() { return nullptr; }
  static Result list() { return nlohmann::json::array(); }
  static void append(Result &list, Result item) { list.push_back(std::move(item)); }
  static Result dict() { return nlohmann::json::object(); }
  static void set(Result &dict, const std::string &key, Result item) { dict[key] = std::move(item); }
};

struct ConfigBuilder {
  using Result = ConfigValue;
  static Result scalar(const auto &value) { return {value}; }
  static Result none() { return {}; }
  static Result list() { return {ConfigValue::List{}}; }
  static void append(Result &list, Result item) {
    std::get<ConfigValue::List>(list.value).push_back(std::move(item));
  }
  static Result dict() { return {ConfigDict{}}; }
  static void set(Result &dict, const std::string &key, Result item) {
    std::get<ConfigDict>(dict.value).emplace_back(key, std::move(item));
  }
};

template <class Builder>
std::optional<typename Builder::Result> convert(Evaluator &evaluator, const Value &value,
                                                std::string_view what, Position at, int depth) {
  using Result = typename Builder::Result;
  evaluator.charge(1);
  if (depth > limits::print_depth) {
    evaluator.error(at, fmt::format("{} is nested too deeply", what));
    return std::nullopt;
  }
  if (is_none(value)) return Builder::none();
  if (const auto *boolean = std::get_if<bool>(&value)) return Builder::scalar(*boolean);
  if (const auto *integer = std::get_if<std::int64_t>(&value)) return Builder::scalar(*integer);
  if (const auto *number = std::get_if<double>(&value)) return Builder::scalar(*number);
  if (const std::string *text = text_of(value)) {
    if (is_valid_utf8(*text)) return Builder::scalar(*text);
    evaluator.error(at, fmt::format("{} is not a valid UTF-8 string", what));
    return std::nullopt;
  }
  if (is_poison(value)) return std::nullopt;
  if (opaque_of(value)) {
    evaluator.error_unknown(at, what, value);
    return std::nullopt;
  }
  if (const std::vector<Value> *items = items_of(value)) {
    Result list = Builder::list();
    for (const Value &item : *items) {
      auto converted = convert<Builder>(evaluator, item, what, at, depth + 1);
      if (!converted) return std::nullopt;
      Builder::append(list, std::move(*converted));
    }
    return list;
  }
  if (auto *const *dict = std::get_if<Dict *>(&value)) {
    Result out = Builder::dict();
    for (const auto &[key, item] : (*dict)->items) {
      auto converted = convert<Builder>(evaluator, item, what, at, depth + 1);
      if (!converted) return std::nullopt;
      Builder::set(out, str(key), std::move(*converted));
    }
    return out;
  }
  if (auto *const *object = std::get_if<ConfigObject *>(&value)) {
    Result config = Builder::dict();
    for (const auto &[key, item] : (*object)->config) {
      auto converted = convert<Builder>(evaluator, item, what, at, depth + 1);
      if (!converted) return std::nullopt;
      Builder::set(config, key, std::move(*converted));
    }
    Result out = Builder::dict();
    Builder::set(out, "class_name", Builder::scalar((*object)->class_name));
    Builder::set(out, "config", std::move(config));
    return out;
  }
  if (const auto *native = std::get_if<const Native *>(&value);
      native && !(*native)->category.empty() && (*native)->category != "layer")
    return Builder::scalar((*native)->name);
  std::string hint;
  if (std::holds_alternative<LayerObject *>(value)) hint = "add the layer to the model by itself";
  if (std::holds_alternative<const Function *>(value))
    hint = "functions of the script are not compiled; use one of Keras's own";
  evaluator.error(at, fmt::format("{} cannot be {}", what, type_name(value)), hint);
  return std::nullopt;
}

}  // namespace

std::optional<nlohmann::json> to_json(Evaluator &evaluator, const Value &value, std::string_view what,
                                      Position at) {
  return convert<JsonBuilder>(evaluator, value, what, at, 0);
}

std::optional<ConfigValue> to_config(Evaluator &evaluator, const Value &value, std::string_view what,
                                     Position at) {
  return convert<ConfigBuilder>(evaluator, value, what, at, 0);
}

}  // namespace sinter::script

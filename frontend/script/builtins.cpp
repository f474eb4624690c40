// Python's built-in functions.
#include "frontend/script/builtins.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "frontend/script/keras_objects.h"
#include "frontend/script/native_support.h"
#include "frontend/script/operators.h"

namespace sinter::script {

namespace {

using Evaluate = Evaluator &;

// The elements of the only or first argument; nullopt with `result` set to what the function returns then.
std::optional<std::vector<Value>> items_argument(Evaluate evaluator, const CallArguments &arguments,
                                                 Value &result) {
  if (arguments.items.empty()) return std::vector<Value>{};
  const Value &value = arguments.items.front().value;
  auto items = evaluator.elements(value, arguments.items.front().at);
  if (!items)
    result = std::holds_alternative<DataValue *>(value) ? evaluator.opaque(arguments.at, "a result of data")
                                                        : Value(Poison{});
  return items;
}

Value length(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "len", "object!", arguments);
  if (!bound.ok()) return Poison{};
  const Value value = bound["object"];
  if (const Opaque *unknown = opaque_of(value)) return unknown;
  if (const std::string *text = text_of(value)) return static_cast<std::int64_t>(text->size());
  if (const auto *items = items_of(value)) return static_cast<std::int64_t>(items->size());
  if (auto *const *dict = std::get_if<Dict *>(&value))
    return static_cast<std::int64_t>((*dict)->items.size());
  if (const auto *range = std::get_if<const Range *>(&value)) return (*range)->count();
  if (const auto *data = std::get_if<DataValue *>(&value)) {
    const auto &shape = (*data)->array.shape;
    if (shape && !shape->empty() && shape->front() >= 0) return shape->front();
    return evaluator.opaque(arguments.at, "the length of data");
  }
  if (auto *const *flow = std::get_if<DataFlow *>(&value)) {
    if ((*flow)->samples && (*flow)->batch_size && *(*flow)->batch_size > 0)
      return (*(*flow)->samples + *(*flow)->batch_size - 1) / *(*flow)->batch_size;
    return evaluator.opaque(arguments.at, "the length of data");
  }
  return evaluator.error(arguments.at, fmt::format("{} has no length", type_name(value)));
}

Value range(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const std::size_t count = arguments.items.size();
  if (count < 1 || count > 3) return evaluator.error(arguments.at, "range() takes one to three integers");
  std::int64_t values[3] = {0, 0, 1};
  for (std::size_t i = 0; i < count; ++i) {
    const auto integer = integer_of(arguments.items[i].value);
    if (!integer)
      return evaluator.error(
          arguments.items[i].at,
          fmt::format("range() takes integers, not {}", type_name(arguments.items[i].value)),
          std::holds_alternative<double>(arguments.items[i].value) ? "divide with // or use int()" : "");
    values[i] = *integer;
  }
  auto *result = evaluator.make<Range>();
  result->start = count == 1 ? 0 : values[0];
  result->stop = count == 1 ? values[0] : values[1];
  result->step = values[2];
  if (result->step == 0) return evaluator.error(arguments.at, "the step of range() cannot be zero");
  return static_cast<const Range *>(result);
}

Value make_list(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  Value result;
  auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  return native.name == "tuple" ? evaluator.tuple(std::move(*items)) : evaluator.list(std::move(*items));
}

Value make_set(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  Value result;
  const auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  std::vector<Value> distinct;
  for (const Value &item : *items) {
    evaluator.charge(static_cast<std::int64_t>(distinct.size()) + 1);
    if (std::ranges::none_of(distinct,
                             [&](const Value &other) { return evaluator.same(item, other).value_or(false); }))
      distinct.push_back(item);
  }
  return evaluator.list(std::move(distinct));
}

Value make_dict(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  auto *dict = evaluator.make<Dict>();
  for (const Argument &argument : arguments.items) {
    if (!argument.name.empty()) {
      evaluator.set_subscript(dict, evaluator.string(argument.name), argument.value, argument.at);
      continue;
    }
    if (const Opaque *unknown = opaque_of(argument.value)) return unknown;
    if (auto *const *other = std::get_if<Dict *>(&argument.value)) {
      evaluator.allocate((*other)->items.size() * 2 * sizeof(Value));
      dict->items = (*other)->items;
      continue;
    }
    const auto items = evaluator.elements(argument.value, argument.at);
    if (!items) return Poison{};
    for (const Value &item : *items) {
      const auto *pair = items_of(item);
      if (!pair || pair->size() != 2)
        return evaluator.error(argument.at, "dict() takes pairs of keys and values");
      evaluator.set_subscript(dict, (*pair)[0], (*pair)[1], argument.at);
    }
  }
  return dict;
}

Value zip(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  std::vector<std::vector<Value>> columns;
  std::size_t count = arguments.items.empty() ? 0 : SIZE_MAX;
  for (const Argument &argument : arguments.items) {
    auto items = evaluator.elements(argument.value, argument.at);
    if (!items)
      return std::holds_alternative<DataValue *>(argument.value) ? evaluator.opaque(arguments.at, "data")
                                                                 : Value(Poison{});
    count = std::min(count, items->size());
    columns.push_back(std::move(*items));
  }
  std::vector<Value> rows;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Value> row;
    for (const auto &column : columns) row.push_back(column[i]);
    rows.push_back(evaluator.tuple(std::move(row)));
  }
  return evaluator.list(std::move(rows));
}

Value enumerate(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "enumerate", "iterable! start", arguments);
  if (!bound.ok()) return Poison{};
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  std::int64_t index = integer_of(bound["start"]).value_or(0);
  Value result;
  const auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  std::vector<Value> rows;
  for (const Value &item : *items) rows.push_back(evaluator.tuple({index++, item}));
  return evaluator.list(std::move(rows));
}

Value to_int(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "int", "value base", arguments);
  if (!bound.ok()) return Poison{};
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const Value value = bound["value"];
  if (const auto integer = integer_of(value)) return *integer;
  if (const auto number = number_of(value)) {
    if (!(*number > -9.2e18 && *number < 9.2e18))
      return evaluator.error(arguments.at, "this float does not fit an integer");
    return static_cast<std::int64_t>(*number);
  }
  if (const std::string *text = text_of(value)) {
    evaluator.charge_text(text->size());
    std::int64_t result = 0;
    const int base =
        static_cast<int>(std::clamp<std::int64_t>(integer_of(bound["base"]).value_or(10), 2, 36));
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), result, base);
    if (parsed.ec == std::errc() && parsed.ptr == text->data() + text->size()) return result;
    return evaluator.error(arguments.at, fmt::format("{} is no integer", repr(value).substr(0, 60)));
  }
  if (std::holds_alternative<DataValue *>(value)) return evaluator.opaque(arguments.at, "a value of data");
  if (is_none(value) && !bound.has("value")) return std::int64_t{0};
  return evaluator.error(arguments.at, fmt::format("int() cannot convert {}", type_name(value)));
}

Value to_float(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "float", "value", arguments);
  if (!bound.ok()) return Poison{};
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const Value value = bound["value"];
  if (const auto number = number_of(value)) return *number;
  if (const std::string *text = text_of(value)) {
    evaluator.charge_text(text->size());
    char *end = nullptr;
    const double number = std::strtod(text->c_str(), &end);
    if (!text->empty() && *end == '\0') return number;
    return evaluator.error(arguments.at, fmt::format("{} is no number", repr(value).substr(0, 60)));
  }
  if (std::holds_alternative<DataValue *>(value)) return evaluator.opaque(arguments.at, "a value of data");
  return evaluator.error(arguments.at, fmt::format("float() cannot convert {}", type_name(value)));
}

Value to_str(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.empty()) return evaluator.string("");
  const Value &value = arguments.items.front().value;
  return evaluator.string(native.name == "repr" ? repr(value) : str(value));
}

Value to_bool(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.empty()) return false;
  switch (evaluator.truth(arguments.items.front().value)) {
    case Evaluator::Truth::yes:
      return true;
    case Evaluator::Truth::no:
      return false;
    default:
      return evaluator.opaque(arguments.at, "a value of data");
  }
}

Value absolute(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const Bound bound = bind_arguments(evaluator, "abs", "value!", arguments);
  if (!bound.ok()) return Poison{};
  const Value value = bound["value"];
  if (const auto integer = integer_of(value); integer && *integer != INT64_MIN)
    return *integer < 0 ? -*integer : *integer;
  if (const auto number = number_of(value)) return std::fabs(*number);
  if (std::holds_alternative<DataValue *>(value)) return evaluator.opaque(arguments.at, "a result of data");
  return evaluator.error(arguments.at, fmt::format("abs() of {}", type_name(value)));
}

Value extreme(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  std::vector<Value> items;
  Value key = None{};
  CallArguments plain{arguments.at, {}};
  for (const Argument &argument : arguments.items) {
    if (argument.name == "key")
      key = argument.value;
    else if (argument.name.empty())
      plain.items.push_back(argument);
    else
      return evaluator.error(argument.at,
                             fmt::format("{}() has no argument '{}'", native.name, argument.name));
  }
  if (plain.items.size() == 1) {
    Value result;
    auto inner = items_argument(evaluator, plain, result);
    if (!inner) return result;
    items = std::move(*inner);
  } else {
    for (const Argument &argument : plain.items) items.push_back(argument.value);
  }
  if (items.empty()) return evaluator.error(arguments.at, fmt::format("{}() of nothing", native.name));
  const auto keyed = [&](const Value &item) {
    return is_none(key) ? item : evaluator.call(key, {arguments.at, {{"", item, arguments.at}}});
  };
  Value best = items.front();
  Value best_key = keyed(best);
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Value item_key = keyed(items[i]);
    if (is_poison(item_key) || opaque_of(item_key)) return item_key;
    if (std::holds_alternative<DataValue *>(item_key))
      return evaluator.opaque(arguments.at, "a result of data");
    const Value better =
        compare_known(evaluator, native.name == "max" ? ">" : "<", item_key, best_key, arguments.at);
    if (is_poison(better) || opaque_of(better)) return better;
    if (std::get<bool>(better)) {
      best = items[i];
      best_key = item_key;
    }
  }
  return best;
}

Value sum(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  Value result;
  const auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  Value total = arguments.items.size() > 1 ? arguments.items[1].value : Value(std::int64_t{0});
  for (const Value &item : *items) total = evaluator.binary("+", total, item, arguments.at);
  return total;
}

Value sorted(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, native.name, "iterable! * key reverse", arguments);
  if (!bound.ok()) return Poison{};
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  Value result;
  auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  if (native.name == "reversed") {
    std::ranges::reverse(*items);
    return evaluator.list(std::move(*items));
  }
  // Insertion sort: it stops at the first comparison that is not known, and every comparison is charged.
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value &item : *items)
    keyed.emplace_back(
        bound.has("key") ? evaluator.call(bound["key"], {arguments.at, {{"", item, arguments.at}}}) : item,
        item);
  for (std::size_t i = 1; i < keyed.size(); ++i)
    for (std::size_t j = i; j > 0; --j) {
      if (is_poison(keyed[j].first) || is_poison(keyed[j - 1].first)) return Poison{};
      if (const Opaque *unknown = opaque_of(keyed[j].first)) return unknown;
      evaluator.charge(1);
      const Value less = compare_known(evaluator, "<", keyed[j].first, keyed[j - 1].first, arguments.at);
      if (is_poison(less) || opaque_of(less)) return less;
      if (!std::get<bool>(less)) break;
      std::swap(keyed[j], keyed[j - 1]);
    }
  std::vector<Value> out;
  for (const auto &[key, item] : keyed) out.push_back(item);
  if (evaluator.truth(bound["reverse"]) == Evaluator::Truth::yes) std::ranges::reverse(out);
  return evaluator.list(std::move(out));
}

Value round_number(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "round", "number! ndigits", arguments);
  if (!bound.ok()) return Poison{};
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const Value value = bound["number"];
  if (const auto integer = integer_of(value)) return *integer;
  const auto number = number_of(value);
  if (!number) {
    if (std::holds_alternative<DataValue *>(value)) return evaluator.opaque(arguments.at, "a result of data");
    return evaluator.error(arguments.at, fmt::format("round() of {}", type_name(value)));
  }
  if (const auto digits = integer_of(bound["ndigits"])) {
    const double scale = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(*digits, -15, 15)));
    return std::nearbyint(*number * scale) / scale;
  }
  if (!(std::fabs(*number) < 9.2e18))
    return evaluator.error(arguments.at, "this float does not fit an integer");
  return static_cast<std::int64_t>(std::nearbyint(*number));
}

Value map_filter(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.size() != 2)
    return evaluator.error(arguments.at, fmt::format("{}() takes a function and a sequence", native.name));
  const auto items = evaluator.elements(arguments.items[1].value, arguments.items[1].at);
  if (!items)
    return std::holds_alternative<DataValue *>(arguments.items[1].value)
               ? evaluator.opaque(arguments.at, "data")
               : Value(Poison{});
  std::vector<Value> out;
  for (const Value &item : *items) {
    const Value result = evaluator.call(arguments.items[0].value, {arguments.at, {{"", item, arguments.at}}});
    if (native.name == "map") {
      out.push_back(result);
      continue;
    }
    switch (evaluator.truth(result)) {
      case Evaluator::Truth::yes:
        out.push_back(item);
        break;
      case Evaluator::Truth::no:
        break;
      case Evaluator::Truth::poisoned:
        return Poison{};
      case Evaluator::Truth::unknown:
        return evaluator.opaque(arguments.at, "a choice by data");
    }
  }
  return evaluator.list(std::move(out));
}

Value any_all(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  Value result;
  const auto items = items_argument(evaluator, arguments, result);
  if (!items) return result;
  const bool any = native.name == "any";
  for (const Value &item : *items) {
    const auto truth = evaluator.truth(item);
    if (truth == Evaluator::Truth::poisoned) return Poison{};
    if (truth == Evaluator::Truth::unknown) return evaluator.opaque(arguments.at, "data");
    if ((truth == Evaluator::Truth::yes) == any) return any;
  }
  return !any;
}

Value is_instance(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.size() != 2)
    return evaluator.error(arguments.at, "isinstance() takes a value and a class");
  const Value &value = arguments.items[0].value;
  std::vector<Value> classes = {arguments.items[1].value};
  if (const auto *items = items_of(classes.front())) classes = std::vector<Value>(*items);
  std::string name = type_name(value);
  if (auto *const *layer = std::get_if<LayerObject *>(&value)) name = (*layer)->class_name;
  for (const Value &each : classes) {
    const auto *native = std::get_if<const Native *>(&each);
    if (!native) return evaluator.error(arguments.items[1].at, "isinstance() needs a class here");
    const keras::LayerSignature *signature = keras::find_layer((*native)->name);
    if (name == (signature ? signature->class_name : (*native)->name)) return true;
  }
  return false;
}

Value get_attribute(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "getattr", "object! name! default", arguments);
  if (!bound.ok()) return Poison{};
  const auto name = text_argument(evaluator, *bound.find("name"), "the attribute's name");
  return name ? evaluator.attribute(bound["object"], *name, arguments.at) : Value(Poison{});
}

Value next_item(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  return evaluator.opaque(arguments.at, "the next item of data");
}

// File objects and the like: nothing is read or written while compiling.
Value run_time_object(Evaluate evaluator, const Native &native, const CallArguments &arguments) {
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, fmt::format("{}()", native.name));
}

Value exception(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  return evaluator.string(arguments.items.empty() ? "" : str(arguments.items.front().value));
}

Value type_of(Evaluate evaluator, const Native &, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.empty()) return evaluator.error(arguments.at, "type() needs a value");
  return evaluator.string(type_name(arguments.items.front().value));
}

}  // namespace

std::map<std::string, Value, std::less<>> builtin_functions(Evaluator &evaluator) {
  static constexpr std::pair<const char *, NativeFunction> table[] = {{"len", length},
                                                                      {"range", range},
                                                                      {"xrange", range},
                                                                      {"list", make_list},
                                                                      {"tuple", make_list},
                                                                      {"set", make_set},
                                                                      {"frozenset", make_set},
                                                                      {"dict", make_dict},
                                                                      {"zip", zip},
                                                                      {"enumerate", enumerate},
                                                                      {"int", to_int},
                                                                      {"float", to_float},
                                                                      {"str", to_str},
                                                                      {"repr", to_str},
                                                                      {"bool", to_bool},
                                                                      {"abs", absolute},
                                                                      {"min", extreme},
                                                                      {"max", extreme},
                                                                      {"sum", sum},
                                                                      {"sorted", sorted},
                                                                      {"reversed", sorted},
                                                                      {"round", round_number},
                                                                      {"map", map_filter},
                                                                      {"filter", map_filter},
                                                                      {"any", any_all},
                                                                      {"all", any_all},
                                                                      {"isinstance", is_instance},
                                                                      {"getattr", get_attribute},
                                                                      {"next", next_item},
                                                                      {"iter", next_item},
                                                                      {"type", type_of},
                                                                      {"print", skipped_call},
                                                                      {"display", skipped_call},
                                                                      {"exit", skipped_call},
                                                                      {"quit", skipped_call},
                                                                      {"help", skipped_call},
                                                                      {"open", run_time_object},
                                                                      {"input", run_time_object},
                                                                      {"Exception", exception},
                                                                      {"ValueError", exception},
                                                                      {"TypeError", exception},
                                                                      {"RuntimeError", exception},
                                                                      {"NotImplementedError", exception}};
  std::map<std::string, Value, std::less<>> functions;
  for (const auto &[name, function] : table) functions[name] = evaluator.native(name, function);
  return functions;
}

}  // namespace sinter::script

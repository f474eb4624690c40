// Methods of str, list, tuple and dict.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "frontend/script/builtins.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

const std::string &text(const Native &native) {
  return *text_of(native.receiver);
}

std::optional<std::string> text_at(Evaluator &evaluator, const CallArguments &arguments, std::size_t index) {
  if (index >= arguments.items.size()) return std::nullopt;
  return text_argument(evaluator, arguments.items[index], "this argument");
}

// A search compares up to the sought text at every place of the receiver.
void charge_search(Evaluator &evaluator, const Native &native, std::size_t sought) {
  evaluator.charge_text(text(native).size() * std::max<std::size_t>(sought, 1));
}

Value change_case(Evaluator &evaluator, const Native &native, const CallArguments &) {
  std::string out = text(native);
  bool start = true;
  for (char &c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (native.name == "lower" || (native.name != "upper" && !start))
      c = static_cast<char>(std::tolower(byte));
    else
      c = static_cast<char>(std::toupper(byte));
    start = native.name == "title" && !std::isalpha(byte);
  }
  return evaluator.string(std::move(out));
}

Value strip(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const std::string characters = text_at(evaluator, arguments, 0).value_or(" \t\r\n\f\v");
  std::string out = text(native);
  if (native.name != "rstrip") out.erase(0, std::min(out.find_first_not_of(characters), out.size()));
  if (native.name != "lstrip") out.erase(out.find_last_not_of(characters) + 1);
  return evaluator.string(std::move(out));
}

Value split(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const std::string &body = text(native);
  std::vector<Value> parts;
  const auto separator = text_at(evaluator, arguments, 0);
  if (separator && separator->empty()) return evaluator.error(arguments.at, "split() by an empty text");
  charge_search(evaluator, native, separator ? separator->size() : 1);
  std::size_t begin = 0;
  while (begin <= body.size()) {
    std::size_t end = separator ? body.find(*separator, begin) : body.find_first_of(" \t\r\n", begin);
    if (end == std::string::npos) end = body.size();
    if (separator || end > begin) parts.push_back(evaluator.string(body.substr(begin, end - begin)));
    begin = end + (separator ? separator->size() : 1);
  }
  return evaluator.list(std::move(parts));
}

Value join(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.size() != 1)
    return evaluator.error(arguments.at, "join() takes one sequence of strings");
  const auto items = evaluator.elements(arguments.items[0].value, arguments.items[0].at);
  if (!items) return Poison{};
  std::string out;
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (is_poison((*items)[i])) return Poison{};
    if (const Opaque *unknown = opaque_of((*items)[i])) return unknown;
    const std::string *part = text_of((*items)[i]);
    if (!part)
      return evaluator.error(arguments.items[0].at,
                             fmt::format("join() takes strings, not {}", type_name((*items)[i])));
    evaluator.allocate(part->size() + text(native).size());
    if (i > 0) out += text(native);
    out += *part;
  }
  return evaluator.string(std::move(out));
}

Value starts_ends(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const auto part = text_at(evaluator, arguments, 0);
  if (!part) return Poison{};
  evaluator.charge_text(part->size());
  return native.name == "startswith" ? text(native).starts_with(*part) : text(native).ends_with(*part);
}

Value replace(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const auto from = text_at(evaluator, arguments, 0), to = text_at(evaluator, arguments, 1);
  if (!from || !to || from->empty())
    return evaluator.error(arguments.at, "replace() takes two strings, the first not empty");
  charge_search(evaluator, native, from->size());
  std::string out;
  const std::string &body = text(native);
  for (std::size_t i = 0; i < body.size();) {
    if (body.compare(i, from->size(), *from) == 0) {
      evaluator.allocate(to->size());
      out += *to;
      i += from->size();
    } else {
      out += body[i++];
    }
  }
  return evaluator.string(std::move(out));
}

Value find_text(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const auto part = text_at(evaluator, arguments, 0);
  if (!part) return Poison{};
  charge_search(evaluator, native, part->size());
  const std::size_t at = text(native).find(*part);
  return at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at);
}

Value format(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  return brace_format(evaluator, text(native), arguments);
}

Value zero_fill(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const auto width =
      arguments.items.empty() ? std::nullopt : integer_argument(evaluator, arguments.items[0], "the width");
  if (!width || *width > 10000) return evaluator.error(arguments.at, "zfill() takes a small width");
  std::string out = text(native);
  if (static_cast<std::int64_t>(out.size()) < *width)
    out.insert(0, static_cast<std::size_t>(*width) - out.size(), '0');
  return evaluator.string(std::move(out));
}

List *list_to_change(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  List *list = std::get<List *>(native.receiver);
  if (!list->read_only.empty()) {
    evaluator.error(arguments.at, list->read_only);
    return nullptr;
  }
  if (!evaluator.certain()) {
    const Value cause = evaluator.opaque(arguments.at, "a list changed under a run-time condition");
    list->unknown = opaque_of(cause);
    return nullptr;
  }
  return list;
}

Value list_append(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, native.name, native.name == "insert" ? "index! item!" : "item!", arguments);
  if (!bound.has("item")) return Poison{};
  List *list = list_to_change(evaluator, native, arguments);
  if (!list) return None{};
  evaluator.allocate(sizeof(Value));
  if (native.name == "append") {
    list->items.push_back(bound["item"]);
  } else if (native.name == "insert") {
    const auto index = integer_argument(evaluator, *bound.find("index"), "the index");
    if (!index) return Poison{};
    const auto size = static_cast<std::int64_t>(list->items.size());
    evaluator.charge(size);
    list->items.insert(
        list->items.begin() + std::clamp<std::int64_t>(*index < 0 ? *index + size : *index, 0, size),
        bound["item"]);
  } else {  // extend
    const Value value = bound["item"];
    const auto items = evaluator.elements(value, arguments.at);
    if (!items) {
      list->unknown = opaque_of(value);
      return None{};
    }
    evaluator.allocate(items->size() * sizeof(Value));
    list->items.insert(list->items.end(), items->begin(), items->end());
  }
  return None{};
}

Value list_pop(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "pop", "index", arguments);
  List *list = bound.ok() ? list_to_change(evaluator, native, arguments) : nullptr;
  if (!list) return Poison{};
  const auto size = static_cast<std::int64_t>(list->items.size());
  std::int64_t index = bound.has("index") ? integer_of(bound["index"]).value_or(INT64_MIN) : -1;
  if (index < 0) index += size;
  if (index < 0 || index >= size)
    return evaluator.error(arguments.at, "pop() from an empty list or outside of it");
  evaluator.charge_text(static_cast<std::size_t>(size - index) * sizeof(Value));
  const Value item = list->items[static_cast<std::size_t>(index)];
  list->items.erase(list->items.begin() + index);
  return item;
}

Value list_order(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  List *list = list_to_change(evaluator, native, arguments);
  if (!list) return None{};
  evaluator.charge(static_cast<std::int64_t>(list->items.size()));
  if (native.name == "reverse")
    std::ranges::reverse(list->items);
  else if (native.name == "clear")
    list->items.clear();
  return None{};
}

Value index_count(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.size() != 1)
    return evaluator.error(arguments.at, fmt::format("{}() takes one value", native.name));
  const auto *items = items_of(native.receiver);
  std::int64_t count = 0;
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    evaluator.charge(1);
    if (!evaluator.same((*items)[i], arguments.items[0].value).value_or(false)) continue;
    if (native.name == "index") return static_cast<std::int64_t>(i);
    ++count;
  }
  if (native.name == "count") return count;
  return evaluator.error(arguments.at,
                         fmt::format("{} is not in this list", repr(arguments.items[0].value).substr(0, 80)));
}

Value list_copy(Evaluator &evaluator, const Native &native, const CallArguments &) {
  if (auto *const *dict = std::get_if<Dict *>(&native.receiver)) {
    auto *copy = evaluator.make<Dict>();
    evaluator.allocate((*dict)->items.size() * 2 * sizeof(Value));
    copy->items = (*dict)->items;
    return copy;
  }
  return evaluator.list(*items_of(native.receiver));
}

Value dict_views(Evaluator &evaluator, const Native &native, const CallArguments &) {
  std::vector<Value> out;
  const Dict *dict = std::get<Dict *>(native.receiver);
  for (const auto &[key, value] : dict->items) {
    if (native.name == "keys")
      out.push_back(key);
    else if (native.name == "values")
      out.push_back(value);
    else
      out.push_back(evaluator.tuple({key, value}));
  }
  return evaluator.list(std::move(out));
}

Value dict_get(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, native.name, "key! default", arguments);
  if (!bound.ok()) return Poison{};
  if (const Opaque *unknown = opaque_of(bound["key"])) return unknown;
  Dict *dict = std::get<Dict *>(native.receiver);
  for (auto it = dict->items.begin(); it != dict->items.end(); ++it) {
    evaluator.charge(1);
    if (!evaluator.same(it->first, bound["key"]).value_or(false)) continue;
    const Value value = it->second;
    if (native.name == "pop" && evaluator.effect(arguments.at, "a change of this dict"))
      dict->items.erase(it);
    return value;
  }
  if (native.name == "setdefault")
    evaluator.set_subscript(dict, bound["key"], bound["default"], arguments.at);
  if (native.name == "pop" && !bound.has("default"))
    return evaluator.error(arguments.at,
                           fmt::format("the dict has no key {}", repr(bound["key"]).substr(0, 80)));
  return bound["default"];
}

Value dict_update(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  Dict *dict = std::get<Dict *>(native.receiver);
  for (const Argument &argument : arguments.items) {
    if (!argument.name.empty()) {
      evaluator.set_subscript(dict, evaluator.string(argument.name), argument.value, argument.at);
    } else if (const Opaque *unknown = opaque_of(argument.value)) {
      dict->unknown = unknown;
    } else if (auto *const *other = std::get_if<Dict *>(&argument.value)) {
      for (const auto &[key, value] : std::vector((*other)->items))
        evaluator.set_subscript(dict, key, value, argument.at);
    } else if (!is_poison(argument.value)) {
      evaluator.error(argument.at, "update() takes a dict");
    }
  }
  return None{};
}

struct Method {
  const char *name;
  NativeFunction function;
};
constexpr Method text_methods[] = {
    {"lower", change_case},      {"upper", change_case},    {"title", change_case},
    {"capitalize", change_case}, {"strip", strip},          {"lstrip", strip},
    {"rstrip", strip},           {"split", split},          {"join", join},
    {"startswith", starts_ends}, {"endswith", starts_ends}, {"replace", replace},
    {"find", find_text},         {"format", format},        {"zfill", zero_fill}};
constexpr Method list_methods[] = {{"append", list_append}, {"insert", list_append}, {"extend", list_append},
                                   {"pop", list_pop},       {"reverse", list_order}, {"clear", list_order},
                                   {"index", index_count},  {"count", index_count},  {"copy", list_copy}};
constexpr Method tuple_methods[] = {{"index", index_count}, {"count", index_count}};
constexpr Method dict_methods[] = {{"keys", dict_views},    {"values", dict_views}, {"items", dict_views},
                                   {"get", dict_get},       {"pop", dict_get},      {"setdefault", dict_get},
                                   {"update", dict_update}, {"copy", list_copy}};

}  // namespace

Value builtin_method(Evaluator &evaluator, const Value &object, const std::string &name, Position at) {
  std::vector<std::string> names;
  const auto pick = [&](const auto &table) -> NativeFunction {
    for (const Method &method : table) {
      names.push_back(method.name);
      if (name == method.name) return method.function;
    }
    return nullptr;
  };
  NativeFunction function = nullptr;
  if (text_of(object))
    function = pick(text_methods);
  else if (std::holds_alternative<List *>(object))
    function = pick(list_methods);
  else if (std::holds_alternative<Tuple *>(object))
    function = pick(tuple_methods);
  else if (std::holds_alternative<Dict *>(object))
    function = pick(dict_methods);
  if (!function)
    return evaluator.error(
        at, fmt::format("{} has no method or attribute '{}' that Sinter knows", type_name(object), name),
        suggestion(name, names));
  if (const Opaque *unknown = opaque_of(object);
      unknown && name != "append" && name != "extend" && name != "update")
    return unknown;
  return evaluator.native(name, function, object);
}

}  // namespace sinter::script

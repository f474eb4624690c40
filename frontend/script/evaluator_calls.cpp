// Calls, attributes, subscripts and iteration.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/arguments.h"
#include "frontend/script/builtins.h"
#include "frontend/script/data_arithmetic.h"
#include "frontend/script/data_memory.h"
#include "frontend/script/evaluation_depth.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_objects.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/modules.h"
#include "frontend/script/operators.h"
#include "frontend/script/os_paths.h"

namespace sinter::script {

Value Evaluator::evaluate_node(const Call &node, Position at) {
  const Value callee = evaluate(*node.callee);
  CallArguments arguments{at, {}};
  const Opaque *unknown_list = nullptr;
  bool poisoned = false;
  for (const Call::Argument &argument : node.arguments) {
    const Value value = evaluate(*argument.value);
    if (argument.stars == 0) {
      arguments.items.push_back({argument.name, value, argument.value->at});
    } else if (is_poison(value)) {
      poisoned = true;
    } else if (const Opaque *unknown = opaque_of(value)) {
      unknown_list = unknown;
    } else if (argument.stars == 1) {
      const auto items = elements(value, argument.value->at);
      if (!items)
        poisoned = true;
      else
        for (const Value &item : *items) arguments.items.push_back({"", item, argument.value->at});
    } else if (auto *const *dict = std::get_if<Dict *>(&value)) {
      for (const auto &[key, item] : (*dict)->items) {
        if (const std::string *name = text_of(key))
          arguments.items.push_back({*name, item, argument.value->at});
        else
          error(argument.value->at, "the keys of a '**' dict must be names");
      }
    } else {
      error(argument.value->at, fmt::format("'**' needs a dict, not {}", type_name(value)));
      poisoned = true;
    }
  }
  if (poisoned || is_poison(callee)) return Poison{};
  if (unknown_list && !opaque_of(callee))
    return error_unknown(at, "the arguments of this call", unknown_list);
  return call(callee, arguments);
}

Value Evaluator::call(const Value &callee, const CallArguments &arguments) {
  if (is_poison(callee)) return callee;
  if (const auto *unknown = std::get_if<const Opaque *>(&callee)) return call_unknown(**unknown, arguments);
  if (const auto *native = std::get_if<const Native *>(&callee))
    return (*native)->function(*this, **native, arguments);
  if (const auto *function = std::get_if<const Function *>(&callee))
    return call_function(**function, arguments);
  if (auto *const *layer = std::get_if<LayerObject *>(&callee)) return call_layer(*this, *layer, arguments);
  if (auto *const *model = std::get_if<ModelObject *>(&callee)) return call_model(*this, *model, arguments);
  return error(arguments.at, fmt::format("{} cannot be called", type_name(callee)));
}

// Code that is skipped, unless it changes what is not skipped: arrays and lists that are shuffled or written
// to, the state of a model.
Value Evaluator::call_unknown(const Opaque &callee, const CallArguments &arguments) {
  const std::string method = callee.name.substr(callee.name.rfind('.') + 1);
  const auto is_one_of = [&](std::initializer_list<const char *> names) {
    return std::ranges::any_of(names, [&](const char *name) { return method == name; });
  };
  if (callee.is_state && is_one_of({"assign", "assign_add", "assign_sub", "apply", "apply_gradients", "build",
                                    "load", "minimize", "set_weights"}))
    record_change_of_state(*this, callee.model, method + "()", arguments.at);
  const bool copies = callee.name.starts_with("sklearn") || callee.name.starts_with("tensorflow");
  if (method == "shuffle" && !copies && !arguments.items.empty())
    lose_contents(*this, arguments.items.front().value, "shuffle()", arguments.at);
  if (callee.data &&
      is_one_of({"byteswap", "fill", "itemset", "partition", "put", "resize", "setfield", "sort"}))
    lose_contents(*this, &callee, method + "()", arguments.at);
  for (const Argument &argument : arguments.items)
    if (argument.name == "out") lose_contents(*this, argument.value, method + "(out=…)", arguments.at);
  skip(arguments.at);
  Opaque *result = new_opaque(callee.origin, callee.what);
  if (is_one_of({"diagonal", "ravel", "reshape", "squeeze", "swapaxes", "transpose", "view"}))
    result->data = callee.data;
  return result;
}

Value Evaluator::make_function(std::string name, const ParameterList &parameters, const Block *body,
                               const Expression *expression, Position) {
  auto *function = make<Function>();
  function->name = std::move(name);
  function->parameters = &parameters;
  function->body = body;
  function->expression = expression;
  function->scope = frame_->scope;
  for (const auto *list : {&parameters.positional, &parameters.keyword_only})
    for (const ParameterList::Parameter &parameter : *list)
      if (parameter.default_value) function->defaults[parameter.name] = evaluate(*parameter.default_value);
  return static_cast<const Function *>(function);
}

bool Evaluator::bind_parameters(const Function &function, const CallArguments &arguments, Scope &scope) {
  const ParameterList &list = *function.parameters;
  std::vector<Value> rest;
  auto *rest_keyword = list.rest_keyword.empty() ? nullptr : make<Dict>();
  std::vector<std::string> names;
  for (const auto *group : {&list.positional, &list.keyword_only})
    for (const ParameterList::Parameter &parameter : *group) names.push_back(parameter.name);
  std::size_t next = 0;
  for (const Argument &argument : arguments.items) {
    std::string name = argument.name;
    if (name.empty()) {
      if (next < list.positional.size()) {
        name = list.positional[next++].name;
      } else if (!list.rest_positional.empty()) {
        rest.push_back(argument.value);
        continue;
      } else {
        error(argument.at, fmt::format("{}() takes at most {} positional arguments", function.name,
                                       list.positional.size()));
        return false;
      }
    } else if (std::ranges::find(names, name) == names.end()) {
      if (rest_keyword) {
        rest_keyword->items.emplace_back(string(name), argument.value);
        continue;
      }
      error(argument.at, fmt::format("{}() has no argument '{}'", function.name, name),
            suggestion(name, names));
      return false;
    }
    if (scope.names.count(name)) {
      error(argument.at, fmt::format("{}() gets the argument '{}' twice", function.name, name));
      return false;
    }
    scope.names[name] = argument.value;
  }
  for (const std::string &name : names) {
    if (scope.names.count(name)) continue;
    const auto found = function.defaults.find(name);
    if (found == function.defaults.end()) {
      error(arguments.at, fmt::format("{}() needs the argument '{}'", function.name, name));
      return false;
    }
    scope.names[name] = found->second;
  }
  if (!list.rest_positional.empty()) scope.names[list.rest_positional] = tuple(std::move(rest));
  if (rest_keyword) scope.names[list.rest_keyword] = rest_keyword;
  return true;
}

Value Evaluator::call_function(const Function &function, const CallArguments &arguments) {
  const Depth depth(*this, arguments.at);
  if (call_depth_ >= limits::call_depth) {
    diagnostics_.error(
        source_.at(arguments.at),
        fmt::format("calls of '{}' are nested more than {} deep", function.name, limits::call_depth),
        "check for a function that calls itself without end");
    throw Stopped{};
  }
  auto *scope = make<Scope>();
  scope->parent = function.scope;
  if (!bind_parameters(function, arguments, *scope)) return Poison{};
  Frame frame;
  frame.scope = scope;
  frame.is_function = true;
  Frame *outer = frame_;
  const int outer_uncertain = uncertain_;
  const Opaque *outer_cause = uncertain_cause_;
  frame_ = &frame;
  ++call_depth_;
  if (function.expression) {
    frame.result = evaluate(*function.expression);
  } else {
    const Flow flow = execute(*function.body);
    if (flow == Flow::leave_loop || flow == Flow::next_turn)
      error(arguments.at, fmt::format("{}() has a 'break' or 'continue' outside a loop", function.name));
  }
  --call_depth_;
  frame_ = outer;
  uncertain_ = outer_uncertain;
  uncertain_cause_ = outer_cause;
  if (frame.maybe_returned) return frame.maybe_returned;
  return frame.result;
}

Value Evaluator::attribute(const Value &object, const std::string &name, Position at) {
  if (is_poison(object)) return object;
  if (const auto *unknown = std::get_if<const Opaque *>(&object)) {
    allocate(name.size());
    std::string dotted = ((*unknown)->name.empty() ? "" : (*unknown)->name + ".") + name;
    if (const std::optional<Value> known = os_member(*this, dotted)) return *known;
    Opaque *member = new_opaque((*unknown)->origin, (*unknown)->what);
    member->name = std::move(dotted);
    member->data = (*unknown)->data;
    member->is_state = (*unknown)->is_state;
    member->model = (*unknown)->model;
    return member;
  }
  if (const auto *module = std::get_if<const Module *>(&object))
    return module_member(*this, (*module)->path, name, at);
  if (auto *const *layer = std::get_if<LayerObject *>(&object))
    return layer_attribute(*this, *layer, name, at);
  if (auto *const *tensor = std::get_if<SymbolicTensor *>(&object))
    return tensor_attribute(*this, *tensor, name, at);
  if (auto *const *model = std::get_if<ModelObject *>(&object))
    return model_attribute(*this, *model, name, at);
  if (auto *const *config = std::get_if<ConfigObject *>(&object))
    return config_attribute(*this, *config, name, at);
  if (const auto *data = std::get_if<DataValue *>(&object)) return data_attribute(*this, *data, name, at);
  if (auto *const *flow = std::get_if<DataFlow *>(&object)) return flow_attribute(*this, *flow, name, at);
  if (std::holds_alternative<const Native *>(object) || std::holds_alternative<const Function *>(object)) {
    if (name == "__name__") {
      if (const auto *native = std::get_if<const Native *>(&object)) return string((*native)->name);
      return string(std::get<const Function *>(object)->name);
    }
    return error(at, fmt::format("{} has no attribute '{}'", type_name(object), name));
  }
  return builtin_method(*this, object, name, at);
}

void Evaluator::set_attribute(const Value &object, const std::string &name, const Value &value, Position at) {
  if (const auto *unknown = std::get_if<const Opaque *>(&object)) {
    if ((*unknown)->is_state)
      record_change_of_state(*this, (*unknown)->model, fmt::format("setting '{}'", name), at);
    return;
  }
  if (is_poison(object)) return;
  if (auto *const *layer = std::get_if<LayerObject *>(&object))
    return set_layer_attribute(*this, *layer, name, value, at);
  if (auto *const *model = std::get_if<ModelObject *>(&object))
    return set_model_attribute(*this, *model, name, value, at);
  if (auto *const *config = std::get_if<ConfigObject *>(&object))
    return set_config_attribute(*this, *config, name, value, at);
  error(at, fmt::format("the attribute '{}' of {} cannot be set", name, type_name(object)));
}

Value Evaluator::subscript(const Value &object, const Value &index, Position at) {
  if (is_poison(object) || is_poison(index)) return Poison{};
  if (const Opaque *unknown = opaque_of(object)) return unknown;
  if (const auto *data = std::get_if<DataValue *>(&object)) return data_subscript(*this, *data, index, at);
  if (const Opaque *unknown = opaque_of(index)) return unknown;
  if (auto *const *dict = std::get_if<Dict *>(&object)) {
    for (const auto &[key, value] : (*dict)->items) {
      charge(1);
      if (same(key, index).value_or(false)) return value;
    }
    std::vector<std::string> keys;
    for (const auto &[key, value] : (*dict)->items)
      if (keys.size() < 20) keys.push_back(str(key));
    return error(at, fmt::format("the dict has no key {}", repr(index)), suggestion(str(index), keys));
  }
  if (const auto *flow = std::get_if<DataFlow *>(&object)) {
    (void)flow;
    return opaque(at, "a batch of data");
  }
  const std::string *text = text_of(object);
  const std::vector<Value> *items = items_of(object);
  const auto *range = std::get_if<const Range *>(&object);
  if (!text && !items && !range) return error(at, fmt::format("{} cannot be indexed", type_name(object)));
  const auto size = static_cast<std::int64_t>(text ? text->size() : items ? items->size() : 0);
  const std::int64_t count = range ? (*range)->count() : size;
  if (const auto *slice = std::get_if<const Slice *>(&index)) {
    if (const Opaque *unknown = opaque_of((*slice)->start)) return unknown;
    if (const Opaque *unknown = opaque_of((*slice)->stop)) return unknown;
    if (is_poison((*slice)->start) || is_poison((*slice)->stop) || is_poison((*slice)->step)) return Poison{};
    const auto bounds = slice_bounds(*this, **slice, count, at);
    if (!bounds) return Poison{};
    charge(bounds->count);
    std::string text_out;
    std::vector<Value> out;
    for (std::int64_t i = 0, k = bounds->start; i < bounds->count; ++i, k += bounds->step) {
      if (text)
        text_out += (*text)[static_cast<std::size_t>(k)];
      else if (items)
        out.push_back((*items)[static_cast<std::size_t>(k)]);
      else
        out.push_back((*range)->start + k * (*range)->step);
    }
    if (text) return string(std::move(text_out));
    return std::holds_alternative<Tuple *>(object) ? tuple(std::move(out)) : list(std::move(out));
  }
  const auto position = integer_of(index);
  if (!position)
    return error(
        at, fmt::format("the index of {} must be an integer, not {}", type_name(object), type_name(index)));
  if (*position >= count || *position < -count)
    return error(
        at, fmt::format("the index {} is outside this {} of {} items", *position, type_name(object), count));
  const std::int64_t k = *position < 0 ? *position + count : *position;
  if (text) return string(std::string(1, (*text)[static_cast<std::size_t>(k)]));
  if (items) return (*items)[static_cast<std::size_t>(k)];
  return (*range)->start + k * (*range)->step;
}

void Evaluator::set_subscript(const Value &object, const Value &index, const Value &value, Position at) {
  if (is_poison(object) || is_poison(index)) return;
  if (std::holds_alternative<const Opaque *>(object))
    return lose_contents(*this, object, "a change of its elements", at);
  if (auto *const *dict = std::get_if<Dict *>(&object)) {
    if (!certain() || opaque_of(index)) {
      (*dict)->unknown = opaque_of(index) ? opaque_of(index) : uncertain_cause_;
      return;
    }
    if (!text_of(index) && !number_of(index) && !is_none(index) && !std::holds_alternative<Tuple *>(index)) {
      error(at, fmt::format("{} cannot be the key of a dict", type_name(index)),
            "keys are strings, numbers or tuples");
      return;
    }
    for (auto &[key, old] : (*dict)->items) {
      charge(1);
      if (same(key, index).value_or(false)) {
        old = value;
        return;
      }
    }
    allocate(2 * sizeof(Value));
    (*dict)->items.emplace_back(index, value);
    return;
  }
  if (auto *const *list = std::get_if<List *>(&object)) {
    if (!(*list)->read_only.empty()) {
      error(at, (*list)->read_only);
      return;
    }
    const auto position = integer_of(index);
    if (!certain() || opaque_of(index)) {
      (*list)->unknown = opaque_of(index) ? opaque_of(index) : uncertain_cause_;
      return;
    }
    const auto size = static_cast<std::int64_t>((*list)->items.size());
    if (!position || *position >= size || *position < -size) {
      error(at, position ? fmt::format("the index {} is outside this list of {} items", *position, size)
                         : std::string("assignment to a slice is not supported"));
      return;
    }
    (*list)->items[static_cast<std::size_t>(*position < 0 ? *position + size : *position)] = value;
    return;
  }
  if (std::holds_alternative<DataValue *>(object)) {
    error(at, "changing single values of a data array is not supported",
          "describe the data with whole-array steps: slices, scaling, one-hot encoding");
    return;
  }
  error(at, fmt::format("items of {} cannot be assigned", type_name(object)));
}

Value Evaluator::binary(std::string_view op, const Value &left, const Value &right, Position at) {
  if (is_poison(left) || is_poison(right)) return Poison{};
  if (const std::string *format = text_of(left); format && op == "%")
    return percent_format(*this, *format, right, at);
  if (const Opaque *unknown = opaque_of(left) ? opaque_of(left) : opaque_of(right)) return unknown;
  if (std::holds_alternative<DataValue *>(left) || std::holds_alternative<DataValue *>(right))
    return data_binary(*this, op, left, right, at);
  return binary_known(*this, op, left, right, at);
}

std::optional<std::vector<Value>> Evaluator::elements(const Value &value, Position at) {
  if (is_poison(value) || opaque_of(value)) return std::nullopt;
  if (const std::vector<Value> *items = items_of(value)) {
    charge(static_cast<std::int64_t>(items->size()));
    return *items;
  }
  if (const auto *range = std::get_if<const Range *>(&value)) {
    const std::int64_t count = (*range)->count();
    charge(count);
    allocate(static_cast<std::size_t>(count) * sizeof(Value));
    std::vector<Value> items;
    for (std::int64_t i = 0; i < count; ++i) items.push_back((*range)->start + i * (*range)->step);
    return items;
  }
  if (auto *const *dict = std::get_if<Dict *>(&value)) {
    std::vector<Value> keys;
    for (const auto &[key, item] : (*dict)->items) keys.push_back(key);
    charge(static_cast<std::int64_t>(keys.size()));
    return keys;
  }
  if (const std::string *text = text_of(value)) {
    std::vector<Value> items;
    charge(static_cast<std::int64_t>(text->size()));
    for (const char c : *text) items.push_back(string(std::string(1, c)));
    return items;
  }
  if (std::holds_alternative<DataValue *>(value) || std::holds_alternative<DataFlow *>(value))
    return std::nullopt;
  error(at, fmt::format("{} cannot be iterated over", type_name(value)));
  return std::nullopt;
}

std::optional<bool> Evaluator::same(const Value &a, const Value &b) {
  std::int64_t work = 1;
  const auto result = equal(a, b, work);
  charge(work);
  return result;
}

Evaluator::Truth Evaluator::truth(const Value &value) const {
  if (is_poison(value)) return Truth::poisoned;
  if (opaque_of(value) || std::holds_alternative<DataValue *>(value)) return Truth::unknown;
  const auto of = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  if (is_none(value)) return Truth::no;
  if (const auto number = number_of(value)) return of(*number != 0);
  if (const std::string *text = text_of(value)) return of(!text->empty());
  if (const std::vector<Value> *items = items_of(value)) return of(!items->empty());
  if (auto *const *dict = std::get_if<Dict *>(&value)) return of(!(*dict)->items.empty());
  if (const auto *range = std::get_if<const Range *>(&value)) return of((*range)->count() > 0);
  return Truth::yes;
}

}  // namespace sinter::script

// numpy and math: arithmetic on known numbers, array functions that become data steps, and results that only
// the compiled program knows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "frontend/script/call_signatures.h"
#include "frontend/script/data_arithmetic.h"
#include "frontend/script/data_memory.h"
#include "frontend/script/data_values.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

bool listed(const std::string &name, std::initializer_list<const char *> names) {
  for (const char *each : names)
    if (name == each) return true;
  return false;
}

// Any function without meaning for the model: its result is opaque.
Value opaque_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments); obstacle && is_poison(*obstacle)) return Poison{};
  for (const Argument &argument : arguments.items) {
    if (argument.name == "out")
      lose_contents(evaluator, argument.value, native.name + "(out=…)", arguments.at);
    if (argument.name == "copy" && evaluator.truth(argument.value) == Evaluator::Truth::no)
      lose_contents(evaluator, arguments.items.front().value, native.name + "(copy=False)", arguments.at);
  }
  evaluator.skip(arguments.at);
  Opaque *result = evaluator.new_opaque(arguments.at, fmt::format("{}()", native.name));
  const std::string name = native.name.substr(native.name.rfind('.') + 1);
  if (!arguments.items.empty() &&
      listed(name, {"array_split", "atleast_1d", "atleast_2d", "atleast_3d", "diagonal", "flip", "fliplr",
                    "flipud", "moveaxis", "rollaxis", "rot90", "split", "swapaxes", "transpose", "vsplit",
                    "hsplit", "broadcast_to"}))
    if (auto *const *data = std::get_if<DataValue *>(&arguments.items.front().value)) result->data = *data;
  return result;
}

// np.random.shuffle(x), np.copyto(x, y), …: they write to their first argument.
Value writing_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (!arguments.items.empty())
    lose_contents(evaluator, arguments.items.front().value, native.name + "()", arguments.at);
  return opaque_function(evaluator, native, arguments);
}

// np.divide(x, 255), np.divide(x, 255, out=x)
Value arithmetic_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  static const std::map<std::string, std::string> operators = {
      {"add", "+"}, {"subtract", "-"}, {"multiply", "*"}, {"divide", "/"}, {"true_divide", "/"}};
  const bool plain = std::ranges::all_of(
      arguments.items, [](const Argument &each) { return each.name.empty() || each.name == "out"; });
  std::vector<Value> operands;
  Value out = None{};
  for (const Argument &argument : arguments.items)
    if (argument.name == "out" || operands.size() == 2)
      out = argument.value;
    else
      operands.push_back(argument.value);
  const std::string &op = operators.at(native.name.substr(native.name.rfind('.') + 1));
  auto *const *target = std::get_if<DataValue *>(&out);
  auto *const *first = operands.empty() ? nullptr : std::get_if<DataValue *>(&operands.front());
  if (plain && operands.size() == 2 && target && first && *target == *first && !(*first)->changed) {
    augment_data(evaluator, **target, op, operands[1], arguments.at);
    return out;
  }
  lose_contents(evaluator, out, native.name + "(out=…)", arguments.at);
  const bool has_data = std::ranges::any_of(
      operands, [](const Value &each) { return std::holds_alternative<DataValue *>(each); });
  if (!plain || operands.size() != 2 || !is_none(out) || !has_data)
    return opaque_function(evaluator, native, arguments);
  return evaluator.binary(op, operands[0], operands[1], arguments.at);
}

Value number_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.empty())
    return evaluator.error(arguments.at, fmt::format("{}() needs a number", native.name));
  const auto x = number_of(arguments.items[0].value);
  const bool second = arguments.items.size() > 1;
  const auto y = second ? number_of(arguments.items[1].value) : std::optional<double>(0);
  if (!x || !y) return opaque_function(evaluator, native, arguments);
  const std::string &name = native.name;
  const bool math = native.category == "math";
  double result = NAN;
  if (name == "sqrt")
    result = std::sqrt(*x);
  else if (name == "ceil" || name == "floor" || name == "trunc") {
    result = name == "ceil" ? std::ceil(*x) : name == "floor" ? std::floor(*x) : std::trunc(*x);
    if (math && std::fabs(result) < 9e18) return static_cast<std::int64_t>(result);
  } else if (name == "log")
    result = second ? std::log(*x) / std::log(*y) : std::log(*x);
  else if (name == "log2")
    result = std::log2(*x);
  else if (name == "log10")
    result = std::log10(*x);
  else if (name == "exp")
    result = std::exp(*x);
  else if (name == "pow" || name == "power")
    return evaluator.binary("**", arguments.items[0].value,
                            second ? arguments.items[1].value : Value(std::int64_t{1}), arguments.at);
  else if (name == "abs" || name == "fabs" || name == "absolute")
    result = std::fabs(*x);
  else if (name == "sin")
    result = std::sin(*x);
  else if (name == "cos")
    result = std::cos(*x);
  else if (name == "tanh")
    result = std::tanh(*x);
  else if (name == "round" || name == "rint")
    result = std::nearbyint(*x);
  if (std::isnan(result))
    return evaluator.error(arguments.at, fmt::format("{}({}) is not defined", name, float_text(*x)));
  return result;
}

Value product(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  if (arguments.items.size() != 1 || !items_of(arguments.items[0].value))
    return opaque_function(evaluator, native, arguments);
  const auto items = evaluator.elements(arguments.items[0].value, arguments.at);
  Value total = std::int64_t{native.name == "prod" ? 1 : 0};
  for (const Value &item : *items) {
    if (opaque_of(item) || !number_of(item)) return opaque_function(evaluator, native, arguments);
    total = evaluator.binary(native.name == "prod" ? "*" : "+", total, item, arguments.at);
  }
  return total;
}

Value extent(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  std::int64_t values[3] = {0, 0, 1};
  const std::size_t count = arguments.items.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto integer = integer_of(arguments.items[i].value);
    if (!integer || !arguments.items[i].name.empty() || count > 3)
      return opaque_function(evaluator, native, arguments);
    values[i] = *integer;
  }
  Range range;
  range.start = count == 1 ? 0 : values[0];
  range.stop = count == 1 ? values[0] : values[1];
  range.step = values[2];
  if (count == 0 || range.step == 0 || range.count() > 100'000)
    return opaque_function(evaluator, native, arguments);
  std::vector<Value> items;
  for (std::int64_t i = 0; i < range.count(); ++i) items.push_back(range.start + i * range.step);
  return evaluator.list(std::move(items));
}

// np.array(x), np.asarray(x): x itself where it is data, a number or a list
Value as_array(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, native.name, call_signature(evaluator, "np.array"), arguments);
  if (!bound.ok()) return Poison{};
  const Value value = bound["object"];
  if (const Argument *order = bound.find("order"); order && !accept_order(evaluator, *order)) return Poison{};
  if (integer_of(bound["ndmin"]).value_or(0) > 1)
    return evaluator.error(bound.at("ndmin"), fmt::format("{}(ndmin=…) is not supported", native.name),
                           "use reshape()");
  if (auto *const *data = std::get_if<DataValue *>(&value); data && !(*data)->changed) {
    if (bound.has("dtype") && !is_none(bound["dtype"]))
      return cast_data(evaluator, **data, bound["dtype"], arguments.at);
    const bool shares = native.name == "asarray" || evaluator.truth(bound["copy"]) == Evaluator::Truth::no;
    return shares && !(native.name == "array" && !bound.has("copy")) ? value : copy_of(evaluator, **data);
  }
  if (number_of(value)) return value;
  return opaque_function(evaluator, native, arguments);
}

Value load(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "load", call_signature(evaluator, "np.load"), arguments);
  if (!bound.ok()) return Poison{};
  if (const Opaque *unknown = opaque_of(bound["file"])) return unknown;
  const auto path = text_argument(evaluator, *bound.find("file"), "the path of np.load");
  if (!path) return Poison{};
  if (!is_valid_utf8(*path)) return evaluator.error(arguments.at, "the path is not valid UTF-8");
  auto *data = evaluator.make<DataValue>();
  data->is_archive = !path->ends_with(".npy");
  data->array.source = {data->is_archive ? DataSource::Kind::npz : DataSource::Kind::npy, *path, ""};
  data->array.where = evaluator.location(arguments.at);
  return static_cast<DataValue *>(data);
}

Value array_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  DataValue *const *data = nullptr;
  for (const Argument &argument : arguments.items) {
    if (is_poison(argument.value)) return Poison{};
    if (argument.name == "a" || (argument.name.empty() && &argument == arguments.items.data()))
      data = std::get_if<DataValue *>(&argument.value);
  }
  if (!data) return opaque_function(evaluator, native, arguments);
  if ((*data)->changed && native.name != "shape") return (*data)->changed;
  if (native.name == "expand_dims") {
    const Bound bound =
        bind_arguments(evaluator, "expand_dims", call_signature(evaluator, "np.expand_dims"), arguments);
    const auto axis =
        bound.ok() ? integer_argument(evaluator, *bound.find("axis"), "the axis") : std::nullopt;
    return axis ? expand_data(evaluator, **data, *axis, arguments.at) : Value(Poison{});
  }
  if (native.name == "reshape") {
    const Bound bound =
        bind_arguments(evaluator, "reshape", call_signature(evaluator, "np.reshape"), arguments);
    if (!bound.ok()) return Poison{};
    if (const Argument *order = bound.find("order"); order && !accept_order(evaluator, *order))
      return Poison{};
    std::vector<Value> sizes = {bound["newshape"]};
    if (const auto *items = items_of(sizes.front())) sizes = std::vector<Value>(*items);
    return reshape_data(evaluator, **data, sizes, arguments.at);
  }
  if (native.name == "squeeze" && arguments.items.size() == 1)
    return squeeze_data(evaluator, **data, arguments.at);
  if (native.name == "copy") return copy_of(evaluator, **data);
  if (native.name == "ascontiguousarray") return *data;
  if (native.name == "ravel")
    return evaluator.call(evaluator.attribute(*data, "ravel", arguments.at), {arguments.at, {}});
  if (native.name == "shape") return evaluator.attribute(*data, "shape", arguments.at);
  return opaque_function(evaluator, native, arguments);
}

// np.float32(x) and, as a value, the element type.
Value element_type(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const auto number = arguments.items.size() == 1 ? number_of(arguments.items[0].value) : std::nullopt;
  if (!number) return opaque_function(evaluator, native, arguments);
  if (native.name.find("int") != std::string::npos && std::fabs(*number) < 9e15)
    return static_cast<std::int64_t>(*number);
  return *number;
}

}  // namespace

std::optional<Value> numpy_member(Evaluator &evaluator, const std::string &module, const std::string &name,
                                  Position) {
  if (name == "pi") return Value(std::numbers::pi);
  if (name == "e") return Value(std::numbers::e);
  if (name == "inf" || name == "Inf") return Value(HUGE_VAL);
  if (name == "nan" || name == "NaN") return Value(std::nan(""));
  const bool math = module == "math";
  if (listed(name, {"sqrt", "ceil", "floor", "trunc", "log", "log2", "log10", "exp", "pow", "power", "abs",
                    "fabs", "absolute", "sin", "cos", "tanh", "round", "rint"}))
    return evaluator.native(name, number_function, None{}, math ? "math" : "");
  if (listed(name, {"prod", "sum"}) || (math && name == "fsum")) return evaluator.native(name, product);
  if (math) return std::nullopt;
  if (name == "newaxis") return Value(None{});
  if (listed(name, {"float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool_",
                    "float_", "int_"}))
    return evaluator.native(name.ends_with("_") ? name.substr(0, name.size() - 1) : name, element_type,
                            None{}, "dtype");
  if (name == "arange") return evaluator.native(name, extent);
  if (listed(name, {"array", "asarray"})) return evaluator.native(name, as_array);
  if (name == "load") return evaluator.native(name, load);
  if (listed(name, {"expand_dims", "reshape", "squeeze", "copy", "ascontiguousarray", "ravel", "shape"}))
    return evaluator.native(name, array_function);
  if (listed(name, {"random", "linalg", "testing"}) && module == "numpy") {
    auto *submodule = evaluator.make<Module>();
    submodule->path = "numpy." + name;
    return Value(static_cast<const Module *>(submodule));
  }
  const std::string shown = module == "numpy" ? "np." + name : module + "." + name;
  if (listed(name, {"shuffle", "copyto", "put", "place", "putmask", "fill_diagonal"}))
    return evaluator.native(shown, writing_function);
  if (listed(name, {"add", "subtract", "multiply", "divide", "true_divide"}))
    return evaluator.native(shown, arithmetic_function);
  return evaluator.native(shown, opaque_function);
}

}  // namespace sinter::script

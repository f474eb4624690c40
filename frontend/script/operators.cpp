#include "frontend/script/operators.h"

#include <fmt/format.h>

#include <cmath>

namespace sinter::script {

namespace {

Value out_of_range(Evaluator &evaluator, Position at) {
  return evaluator.error(at, "the integer result needs more than 64 bits");
}

Value integer_power(Evaluator &evaluator, std::int64_t base, std::int64_t exponent, Position at) {
  if (exponent < 0) {
    if (base == 0) return evaluator.error(at, "zero to a negative power");
    return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  }
  std::int64_t result = 1;
  if (base == 0 || base == 1) return exponent == 0 ? std::int64_t{1} : base;
  if (base == -1) return std::int64_t{exponent % 2 == 0 ? 1 : -1};
  for (std::int64_t i = 0; i < exponent; ++i)
    if (i > 64 || __builtin_mul_overflow(result, base, &result)) return out_of_range(evaluator, at);
  return result;
}

Value integer_operation(Evaluator &evaluator, std::string_view op, std::int64_t a, std::int64_t b,
                        Position at) {
  std::int64_t result = 0;
  if (op == "+") return __builtin_add_overflow(a, b, &result) ? out_of_range(evaluator, at) : Value(result);
  if (op == "-") return __builtin_sub_overflow(a, b, &result) ? out_of_range(evaluator, at) : Value(result);
  if (op == "*") return __builtin_mul_overflow(a, b, &result) ? out_of_range(evaluator, at) : Value(result);
  if (op == "**") return integer_power(evaluator, a, b, at);
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0) return evaluator.error(at, "division by zero");
    if (op == "/") return static_cast<double>(a) / static_cast<double>(b);
    if (b == -1) {
      if (op == "%") return std::int64_t{0};
      return a == INT64_MIN ? out_of_range(evaluator, at) : Value(-a);
    }
    const std::int64_t remainder = a % b;
    const bool adjust = remainder != 0 && ((remainder < 0) != (b < 0));
    if (op == "%") return adjust ? remainder + b : remainder;
    return a / b - (adjust ? 1 : 0);
  }
  if (op == "&") return a & b;
  if (op == "|") return a | b;
  if (op == "^") return a ^ b;
  if (op == "<<" || op == ">>") {
    if (b < 0) return evaluator.error(at, "negative shift count");
    if (op == ">>") return a >> std::min<std::int64_t>(b, 63);
    if (b > 62 || __builtin_mul_overflow(a, std::int64_t{1} << b, &result))
      return out_of_range(evaluator, at);
    return result;
  }
  return evaluator.error(at, fmt::format("the operator '{}' is not supported for numbers", op));
}

Value float_operation(Evaluator &evaluator, std::string_view op, double a, double b, Position at) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") {
    if (a < 0 && b != std::floor(b)) return evaluator.error(at, "a negative number to a fractional power");
    if (a == 0 && b < 0) return evaluator.error(at, "zero to a negative power");
    return std::pow(a, b);
  }
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0) return evaluator.error(at, "division by zero");
    if (op == "/") return a / b;
    if (op == "//") return std::floor(a / b);
    const double remainder = std::fmod(a, b);
    return remainder != 0 && ((remainder < 0) != (b < 0)) ? remainder + b : remainder;
  }
  return evaluator.error(at, fmt::format("the operator '{}' is not supported for floats", op));
}

Value repeat(Evaluator &evaluator, const Value &sequence, std::int64_t times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  const auto guard = [&](std::size_t size) {
    if (size > 0 && count > (std::size_t{1} << 40) / size) evaluator.allocate(std::size_t{1} << 50);
    evaluator.allocate(size * count);
  };
  if (const std::string *text = text_of(sequence)) {
    guard(text->size());
    std::string out;
    for (std::size_t i = 0; i < count && !text->empty(); ++i) out += *text;
    return evaluator.string(std::move(out));
  }
  const std::vector<Value> &items = *items_of(sequence);
  guard(items.size() * sizeof(Value));
  std::vector<Value> out;
  for (std::size_t i = 0; i < count && !items.empty(); ++i) out.insert(out.end(), items.begin(), items.end());
  return std::holds_alternative<List *>(sequence) ? evaluator.list(std::move(out))
                                                  : evaluator.tuple(std::move(out));
}

}  // namespace

Value unary_number(Evaluator &evaluator, Unary::Operator op, const Value &operand, Position at) {
  if (is_poison(operand)) return operand;
  if (const Opaque *unknown = opaque_of(operand)) return unknown;
  const auto integer = integer_of(operand);
  const auto number = number_of(operand);
  if (op == Unary::Operator::invert && integer) return ~*integer;
  if (!number || op == Unary::Operator::invert)
    return evaluator.error(at, fmt::format("this operator does not apply to {}", type_name(operand)));
  if (op == Unary::Operator::plus) return integer ? Value(*integer) : Value(*number);
  if (!integer) return -*number;
  return *integer == INT64_MIN ? out_of_range(evaluator, at) : Value(-*integer);
}

Value binary_known(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                   Position at) {
  const auto a = integer_of(left), b = integer_of(right);
  if (a && b) return integer_operation(evaluator, op, *a, *b, at);
  const auto x = number_of(left), y = number_of(right);
  if (x && y) return float_operation(evaluator, op, *x, *y, at);
  const std::string *left_text = text_of(left), *right_text = text_of(right);
  if (op == "+" && left_text && right_text) return evaluator.string(*left_text + *right_text);
  const auto *left_items = items_of(left), *right_items = items_of(right);
  if (op == "+" && left_items && right_items && left.index() == right.index()) {
    std::vector<Value> items = *left_items;
    items.insert(items.end(), right_items->begin(), right_items->end());
    return std::holds_alternative<List *>(left) ? evaluator.list(std::move(items))
                                                : evaluator.tuple(std::move(items));
  }
  if (op == "*" && (left_text || left_items) && b) return repeat(evaluator, left, *b);
  if (op == "*" && a && (right_text || right_items)) return repeat(evaluator, right, *a);
  const bool tensors =
      std::holds_alternative<SymbolicTensor *>(left) || std::holds_alternative<SymbolicTensor *>(right);
  return evaluator.error(
      at, fmt::format("the operator '{}' does not apply to {} and {}", op, type_name(left), type_name(right)),
      tensors ? "combine tensors with a layer, as in keras.layers.add([a, b])" : "");
}

Value compare_known(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                    Position at) {
  if (op == "==" || op == "!=") {
    evaluator.charge(1);
    const auto same = evaluator.same(left, right);
    if (!same) return evaluator.opaque(at, "a comparison of data");
    return *same == (op == "==");
  }
  const auto decide = [&](int order) -> Value {
    if (op == "<") return order < 0;
    if (op == ">") return order > 0;
    if (op == "<=") return order <= 0;
    return order >= 0;
  };
  if (const auto a = integer_of(left), b = integer_of(right); a && b) return decide(*a < *b ? -1 : *a > *b);
  if (const auto a = number_of(left), b = number_of(right); a && b) {
    if (std::isnan(*a) || std::isnan(*b)) return false;
    return decide(*a < *b ? -1 : *a > *b);
  }
  if (const auto *a = text_of(left), *b = text_of(right); a && b) {
    evaluator.charge_text(std::min(a->size(), b->size()));
    return decide(a->compare(*b));
  }
  if (const auto *a = items_of(left), *b = items_of(right); a && b) {
    for (std::size_t i = 0; i < a->size() && i < b->size(); ++i) {
      evaluator.charge(1);
      const auto same = evaluator.same((*a)[i], (*b)[i]);
      if (!same) return evaluator.opaque(at, "a comparison of data");
      if (*same) continue;
      if (items_of((*a)[i])) return evaluator.error(at, "nested sequences are not ordered");
      return compare_known(evaluator, op, (*a)[i], (*b)[i], at);
    }
    return decide(a->size() < b->size() ? -1 : a->size() > b->size());
  }
  return evaluator.error(
      at, fmt::format("{} and {} cannot be compared with '{}'", type_name(left), type_name(right), op));
}

Value contains(Evaluator &evaluator, const Value &container, const Value &item, bool positive, Position at) {
  if (const Opaque *unknown = opaque_of(container) ? opaque_of(container) : opaque_of(item)) return unknown;
  if (const auto *text = text_of(container)) {
    const std::string *part = text_of(item);
    if (!part) return evaluator.error(at, fmt::format("a str does not contain {}", type_name(item)));
    evaluator.charge_text(text->size());
    evaluator.charge_text(text->size() / 1024 * part->size());
    return (text->find(*part) != std::string::npos) == positive;
  }
  if (auto *const *dict = std::get_if<Dict *>(&container)) {
    for (const auto &[key, value] : (*dict)->items) {
      evaluator.charge(1);
      if (evaluator.same(key, item).value_or(false)) return positive;
    }
    return !positive;
  }
  const auto items = evaluator.elements(container, at);
  if (!items) return is_poison(container) ? Value(Poison{}) : evaluator.opaque(at, "a search in data");
  for (const Value &each : *items) {
    evaluator.charge(1);
    if (evaluator.same(each, item).value_or(false)) return positive;
  }
  return !positive;
}

std::optional<SliceBounds> slice_bounds(Evaluator &evaluator, const Slice &slice, std::int64_t size,
                                        Position at) {
  const auto part = [&](const Value &value, std::int64_t otherwise) -> std::optional<std::int64_t> {
    if (is_none(value)) return otherwise;
    if (const auto integer = integer_of(value)) return *integer;
    evaluator.error(at, fmt::format("slice bounds are integers, not {}", type_name(value)));
    return std::nullopt;
  };
  SliceBounds bounds;
  const auto step = part(slice.step, 1);
  if (!step) return std::nullopt;
  if (*step == 0 || *step == INT64_MIN) {
    evaluator.error(at, "a slice step cannot be zero");
    return std::nullopt;
  }
  bounds.step = *step;
  const bool forward = *step > 0;
  const auto clamp = [&](std::int64_t index) {
    if (index < 0) index = index < -size ? (forward ? 0 : -1) : index + size;
    return std::min(index, forward ? size : size - 1);
  };
  const auto start = part(slice.start, forward ? 0 : size - 1);
  if (!start) return std::nullopt;
  bounds.start = is_none(slice.start) ? *start : clamp(*start);
  const auto stop = part(slice.stop, forward ? size : -1);
  if (!stop) return std::nullopt;
  bounds.stop = is_none(slice.stop) ? *stop : clamp(*stop);
  Range range;
  range.start = bounds.start;
  range.stop = bounds.stop;
  range.step = bounds.step;
  bounds.count = range.count();
  return bounds;
}

}  // namespace sinter::script

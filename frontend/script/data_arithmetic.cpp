#include "frontend/script/data_arithmetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/script/data_memory.h"
#include "frontend/script/data_values.h"

namespace sinter::script {

namespace {

using Bounds = std::optional<std::pair<double, double>>;

std::optional<ArithmeticStep::Operator> operator_of(std::string_view op) {
  if (op == "+") return ArithmeticStep::Operator::add;
  if (op == "-") return ArithmeticStep::Operator::subtract;
  if (op == "*") return ArithmeticStep::Operator::multiply;
  if (op == "/") return ArithmeticStep::Operator::divide;
  return std::nullopt;
}

double applied(const ArithmeticStep &step, double x) {
  const double a = step.reversed ? step.constant : x, b = step.reversed ? x : step.constant;
  switch (step.op) {
    case ArithmeticStep::Operator::add:
      return a + b;
    case ArithmeticStep::Operator::subtract:
      return a - b;
    case ArithmeticStep::Operator::multiply:
      return a * b;
    case ArithmeticStep::Operator::divide:
      return a / b;
  }
  return NAN;
}

// All steps are monotone, but for number / data.
Bounds bounds_after(const ArithmeticStep &step, const Bounds &bounds) {
  if (!bounds || (step.op == ArithmeticStep::Operator::divide && step.reversed)) return std::nullopt;
  const auto [low, high] = std::minmax({applied(step, bounds->first), applied(step, bounds->second)});
  if (!std::isfinite(low) || !std::isfinite(high)) return std::nullopt;
  return std::pair{low, high};
}

struct Planned {
  ArithmeticStep step;
  std::string dtype;
  Bounds bounds;
};

// The step that is `op` with a number; nullopt with `otherwise` set: an error that has been reported, or
// unknown data.
std::optional<Planned> plan(Evaluator &evaluator, std::string_view op, const DataValue &data,
                            const Value &number, bool reversed, Position at, Value &otherwise) {
  const auto kind = operator_of(op);
  const auto constant = number_of(number);
  if (!kind || !constant) {
    otherwise = evaluator.opaque(at, constant ? fmt::format("data after the operator '{}'", op)
                                              : "data after arithmetic with other arrays");
    return std::nullopt;
  }
  Planned planned{{*kind, *constant}, data.array.dtype, std::nullopt};
  ArithmeticStep &step = planned.step;
  step.reversed = reversed && op != "+" && op != "*";
  step.integer = !std::holds_alternative<double>(number);
  if (op == "/" && !step.reversed && *constant == 0) {
    otherwise = evaluator.error(at, "division by zero");
    return std::nullopt;
  }
  planned.bounds = bounds_after(step, data.bounds);
  const auto range = integer_range(data.array.dtype);
  if (!range) return planned;
  if (op == "/" || !step.integer) {
    planned.dtype = "float64";
    return planned;
  }
  const auto fits = [&](double value) { return value >= range->first && value <= range->second; };
  const bool wraps = data.samples_lead && data.bounds && planned.bounds &&
                     !(fits(planned.bounds->first) && fits(planned.bounds->second));
  if (wraps || (data.samples_lead && !fits(*constant))) {
    const std::string expression =
        reversed ? fmt::format("{:g} {} x", *constant, op) : fmt::format("x {} {:g}", op, *constant);
    otherwise = evaluator.error(
        at,
        fmt::format("{} is not supported: the array is {}, in which numpy's arithmetic wraps around",
                    expression, data.array.dtype),
        "convert it first: x = x.astype('float32')");
    return std::nullopt;
  }
  return planned;
}

}  // namespace

Bounds integer_range(std::string_view dtype) {
  const bool is_unsigned = dtype.starts_with('u');
  if (is_unsigned) dtype.remove_prefix(1);
  if (!dtype.starts_with("int")) return std::nullopt;
  dtype.remove_prefix(3);
  const int bits = dtype == "8" ? 8 : dtype == "16" ? 16 : dtype == "32" ? 32 : 64;
  if (is_unsigned) return std::pair{0.0, std::ldexp(1.0, bits) - 1};
  return std::pair{-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
}

Value data_binary(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                  Position at) {
  auto *const *left_data = std::get_if<DataValue *>(&left);
  auto *const *right_data = std::get_if<DataValue *>(&right);
  const DataValue &data = left_data ? **left_data : **right_data;
  Value otherwise;
  const auto planned = plan(evaluator, op, data, left_data ? right : left, !left_data, at, otherwise);
  if (!planned) return otherwise;
  DataValue *result = with_step(evaluator, data, planned->step, data.array.shape, planned->dtype);
  result->bounds = planned->bounds;
  if (result->samples_lead) evaluator.keras.last_image_data = result;
  return result;
}

void augment_data(Evaluator &evaluator, DataValue &data, std::string_view op, const Value &value,
                  Position at) {
  if (is_poison(value)) return;
  const bool integers = integer_range(data.array.dtype).has_value();
  if (integers && (op == "/" || std::holds_alternative<double>(value))) {
    evaluator.error(
        at,
        op == "/" ? fmt::format("numpy cannot divide an array of {} in place", data.array.dtype)
                  : fmt::format("numpy cannot put floats into an array of {} in place", data.array.dtype),
        "convert it first: x = x.astype('float32')");
    return lose_contents(evaluator, data, "an erroneous change in place", at);
  }
  Value otherwise;
  const auto planned = plan(evaluator, op, data, value, false, at, otherwise);
  if (!planned) return lose_contents(evaluator, data, "a change in place", at);
  change_in_place(evaluator, data, planned->step, planned->bounds, at);
  if (data.samples_lead) evaluator.keras.last_image_data = &data;
}

}  // namespace sinter::script

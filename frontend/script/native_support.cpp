#include "frontend/script/native_support.h"

#include <fmt/format.h>

namespace sinter::script {

std::optional<Value> obstacle_in(const CallArguments &arguments) {
  for (const Argument &argument : arguments.items)
    if (is_poison(argument.value)) return Value(Poison{});
  for (const Argument &argument : arguments.items)
    if (const Opaque *unknown = opaque_of(argument.value)) return Value(unknown);
  return std::nullopt;
}

namespace {

void report(Evaluator &evaluator, const Argument &argument, std::string_view what, std::string_view wanted) {
  if (is_poison(argument.value)) return;
  if (opaque_of(argument.value)) {
    evaluator.error_unknown(argument.at, what, argument.value);
    return;
  }
  evaluator.error(argument.at, fmt::format("{} must be {}, not {} ({})", what, wanted,
                                           repr(argument.value).substr(0, 80), type_name(argument.value)));
}

}  // namespace

std::optional<std::int64_t> integer_argument(Evaluator &evaluator, const Argument &argument,
                                             std::string_view what) {
  if (const auto integer = integer_of(argument.value)) return integer;
  // Keras 2 takes 1563.0 steps: x.shape[0] / batch_size in Python 3.
  if (const auto number = number_of(argument.value); number && *number >= -9e15 && *number <= 9e15)
    return static_cast<std::int64_t>(*number);
  report(evaluator, argument, what, "an integer");
  return std::nullopt;
}

std::optional<double> number_argument(Evaluator &evaluator, const Argument &argument, std::string_view what) {
  if (const auto number = number_of(argument.value)) return number;
  report(evaluator, argument, what, "a number");
  return std::nullopt;
}

std::optional<std::string> text_argument(Evaluator &evaluator, const Argument &argument,
                                         std::string_view what) {
  if (const std::string *text = text_of(argument.value)) return *text;
  report(evaluator, argument, what, "a string");
  return std::nullopt;
}

std::optional<bool> truth_argument(Evaluator &evaluator, const Argument &argument, std::string_view what) {
  switch (evaluator.truth(argument.value)) {
    case Evaluator::Truth::yes:
      return true;
    case Evaluator::Truth::no:
      return false;
    default:
      report(evaluator, argument, what, "True or False");
      return std::nullopt;
  }
}

ModelObject *model_receiver(const Native &native) {
  return std::get<ModelObject *>(native.receiver);
}

Value skipped_call(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  evaluator.skip(arguments.at);
  return None{};
}

}  // namespace sinter::script

// What the native functions share.
#pragma once

#include "frontend/script/arguments.h"
#include "frontend/script/evaluator.h"

namespace sinter::script {

// Poison or an opaque value if an argument is one: the result of a function that computes on its arguments.
std::optional<Value> obstacle_in(const CallArguments &arguments);

// Readers of one argument. They report a value of another kind or an unknown one, and return nullopt.
std::optional<std::int64_t> integer_argument(Evaluator &evaluator, const Argument &argument,
                                             std::string_view what);
std::optional<double> number_argument(Evaluator &evaluator, const Argument &argument, std::string_view what);
std::optional<std::string> text_argument(Evaluator &evaluator, const Argument &argument,
                                         std::string_view what);
std::optional<bool> truth_argument(Evaluator &evaluator, const Argument &argument, std::string_view what);

// The model whose method is called.
ModelObject *model_receiver(const Native &native);

// A call whose effect is skipped: prints, plots.
Value skipped_call(Evaluator &evaluator, const Native &native, const CallArguments &arguments);

}  // namespace sinter::script

// Python's own functions (len, range, …) and the methods of its values.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

std::map<std::string, Value, std::less<>> builtin_functions(Evaluator &evaluator);

// A method of a str, list, tuple, dict or number; Poison after the error that there is none.
Value builtin_method(Evaluator &evaluator, const Value &object, const std::string &name, Position at);

// str % value, and str.format. Poison after an error, opaque if an argument is.
Value percent_format(Evaluator &evaluator, const std::string &format, const Value &value, Position at);
Value brace_format(Evaluator &evaluator, const std::string &format, const CallArguments &arguments);
// format(value, specification) of numbers and strings; nullopt if the specification is not understood.
std::optional<std::string> format_value(const Value &value, const std::string &specification);

}  // namespace sinter::script

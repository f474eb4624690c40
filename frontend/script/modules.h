// Modules that scripts import: what they are called, and what they hold.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

// The module of that dotted name, an opaque value for libraries whose work is skipped (plots, files, time),
// or Poison after the error that Sinter does not know it.
Value import_module(Evaluator &evaluator, const std::string &name, Position at);

// A member of a module: a submodule, function, class or constant. Poison after an error if there is none.
Value module_member(Evaluator &evaluator, const std::string &path, const std::string &name, Position at);

// The names that `from path import *` binds; empty where that is not supported.
std::vector<std::string> star_names(const std::string &path);

// `tensorflow.keras.layers.core` -> `keras.layers.core`.
std::string normalize_module(const std::string &name);

}  // namespace sinter::script

// Paths of Python's `os` that are known when a script is compiled.
#pragma once

#include <optional>
#include <string>

#include "frontend/script/evaluator.h"

namespace sinter::script {

// os.getcwd, os.curdir, os.path.join by their dotted names, nullopt for all others. The folder that the script
// would run in is that of the compiled program, so it is called ".".
std::optional<Value> os_member(Evaluator &evaluator, const std::string &name);

}  // namespace sinter::script

// The names that a block would bind if it ran: assigned, imported, defined, looped over.
#pragma once

#include "frontend/script/ast.h"

namespace sinter::script {

std::vector<std::string> bound_names(const Block &block);

}  // namespace sinter::script

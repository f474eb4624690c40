// Common subexpressions (same op, attributes and inputs) become one node; nodes without uses go.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

ir::Graph eliminate_common(ir::Graph graph);
ir::Graph eliminate_dead(ir::Graph graph);  // variables without uses go too

}  // namespace sinter::passes

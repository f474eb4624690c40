// Drops what only training needs: nodes whose op is the identity in inference (dropout) become their input.
// Names of outputs are kept.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

ir::Graph simplify_inference(ir::Graph graph);

}  // namespace sinter::passes

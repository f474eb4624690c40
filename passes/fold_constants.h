// Evaluates every node whose inputs are all variables, in double, and makes its result a variable of kind
// constant. Data is computed where the inputs' data is known. For predictors only: a trainer's variables
// change. Variables without uses go.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

GraphWithWeights fold_constants(GraphWithWeights program);

}  // namespace sinter::passes

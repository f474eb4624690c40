// The arguments of the functions and methods that scripts call, layers and configured classes apart (those
// are in keras/layer_signatures.h and keras_configs.h): one table, so that a test can walk over all of them.
#pragma once

#include <span>
#include <string_view>

#include "frontend/script/evaluator.h"

namespace sinter::script {

struct CallSignature {
  std::string_view callee;
  const char *keras2;  // see bind_arguments
  const char *keras3;  // nullptr: the same
};

std::span<const CallSignature> call_signatures();
// The signature of a callee of the table, in the dialect of the script.
const char *call_signature(const Evaluator &evaluator, std::string_view callee);

}  // namespace sinter::script

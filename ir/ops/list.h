// The explicit list of ops, in the order of `sinter ops`. One line registers an op: its struct's name, which
// ir/ops/<snake_case>.cpp defines. scripts/check_ops.py checks that files and list agree.
#pragma once

#include "ir/op.h"

// X(StructName, file_name)
#define SINTER_OPS(X) \
  X(Relu, relu)

namespace sinter::ir {
#define SINTER_DECLARE_OP(Struct, file) OpInfo describe_##file();
SINTER_OPS(SINTER_DECLARE_OP)
#undef SINTER_DECLARE_OP
}  // namespace sinter::ir

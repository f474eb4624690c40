#include "ir/ops/list.h"

namespace sinter::ir {

const std::vector<OpInfo> &all_ops() {
  static const std::vector<OpInfo> ops = [] {
    std::vector<OpInfo> list;
#define SINTER_ADD_OP(Struct, file) list.push_back(describe_##file());
    SINTER_OPS(SINTER_ADD_OP)
#undef SINTER_ADD_OP
    return list;
  }();
  return ops;
}

}  // namespace sinter::ir

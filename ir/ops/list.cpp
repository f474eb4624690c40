#include "ir/ops/list.h"

#include "support/optimizer_table.h"

namespace sinter::ir {

const std::vector<OpInfo> &all_ops() {
  static const std::vector<OpInfo> ops = [] {
    std::vector<OpInfo> list;
    const auto add = [&](const OpInfo &info) {
      list.push_back(info);
      if (info.gradient_op) list.push_back(info.gradient_op());
    };
#define SINTER_ADD_OP(Struct, file) add(describe_##file());
    SINTER_OPS(SINTER_ADD_OP)
#undef SINTER_ADD_OP
    for (OpInfo &op : list)
      for (const OptimizerEntry &optimizer : optimizers)
        if (optimizer.update == op.name) op.keras.append(op.keras.empty() ? "" : ", ").append(optimizer.name);
    return list;
  }();
  return ops;
}

}  // namespace sinter::ir

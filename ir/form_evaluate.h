// Evaluates forms in double, in plain loops: the meaning of a lowering. Conformance compares it with the ops'
// references, schedules are compared with it.
#pragma once

#include <map>
#include <vector>

#include "ir/op.h"

namespace sinter::ir {

// The value of a scalar expression without loads, in double. variables: values by variable id, each that
// occurs.
double evaluate(const Expr &expr, const std::map<int, double> &variables);

// The result of a form, and how often each of its elements was written (0 outside a part placement).
struct EvaluatedForm {
  ReferenceTensor result;
  std::vector<int> writes;
};

// sources: by FormOperand::source, with the batch at n. CHECKs that unguarded indices stay inside.
EvaluatedForm evaluate(const Form &form, const std::vector<ReferenceTensor> &sources, int64_t n);

// Lowers a node and evaluates its stages: one entry an output; writes add up over the stages of an output. An
// alias counts as written once. CHECKs that the op accepts the types, which are fully known.
std::vector<EvaluatedForm> evaluate_lowering(const OpInfo &op, const Attributes &attributes, Types types,
                                             const std::vector<ReferenceTensor> &inputs, int64_t n);

}  // namespace sinter::ir

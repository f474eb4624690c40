// The reference interpreter: evaluates a graph node by node with the ops' reference hooks, in double. Slow
// and simple: the oracle for passes and code generation.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace sinter::ir {

// inputs: one an input of the graph, dims with the batch at n. variables: one a variable (dims may be empty
// if a variable is unused). Returns the value of every graph output; with `all_values`, of every value (by
// ValueId) instead.
std::vector<ReferenceTensor> interpret(const Graph &graph, const std::vector<ReferenceTensor> &inputs,
                                       const std::vector<ReferenceTensor> &variables, int64_t n,
                                       bool all_values = false);

// Runs a single op in double. `types` are the types of its inputs, with the batch where it is.
std::vector<ReferenceTensor> interpret_op(const OpInfo &op, const Attributes &attributes, Types types,
                                          std::vector<ReferenceTensor> inputs, int64_t n);
// The same with types from the tensors' dims: constants, or, if the op refuses those, the batch where a
// leading dimension is n.
std::vector<ReferenceTensor> interpret_op(const OpInfo &op, const Attributes &attributes,
                                          std::vector<ReferenceTensor> inputs, int64_t n);

ReferenceTensor to_reference(const TensorData &data);

}  // namespace sinter::ir

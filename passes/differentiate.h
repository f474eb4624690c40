// Reverse-mode automatic differentiation: adds to a graph the nodes that compute the gradients of a scalar
// loss with respect to its trainable weights. (Griewank and Walther, "Evaluating Derivatives", 2008,
// chapter 3.)
//
// Every op says its own gradient (ir/gradient.h); this pass walks the nodes from the loss back. A value used
// several times gets the sum of the contributions, added in the order in which the walk meets them: the last
// user first, its operands from left to right. Nothing is added for what no trainable weight feeds: data,
// frozen weights, statistics.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace sinter::passes {

struct Gradients {
  ir::Graph graph;                       // the given one, whose ids stay, and the new nodes behind it
  std::vector<ir::ValueId> by_variable;  // the gradient of each variable, of its type; -1: not trainable, or
                                         // the loss does not depend on it
};

// The loss has the type f32[] (batch_mean makes it from losses a sample); all types are fully known (but for
// the batch). The graph's outputs stay as they are. CHECKs that the loss is differentiable: see
// not_differentiable.
Gradients differentiate(ir::Graph graph, ir::ValueId loss);

// Nodes between a trainable weight and the loss whose ops have no gradient, or none for an operand that
// depends on the weight (the targets of a loss), in order: what to tell the user before differentiate is
// called.
std::vector<ir::NodeId> not_differentiable(const ir::Graph &graph, ir::ValueId loss);

}  // namespace sinter::passes

// Ids of what a graph holds. -1: none.
#pragma once

#include "support/entity_map.h"

namespace sinter::ir {

struct Value;
struct Node;
struct Variable;
using ValueId = EntityId<Value>;
using NodeId = EntityId<Node>;
using VariableId = EntityId<Variable>;  // within one graph

// The same for a variable in all graphs that passes make of one, such as the programs of a trainer; another
// for each new variable of the process.
using VariableKey = EntityId<class VariableKeyTag>;

}  // namespace sinter::ir

// What code generation can take today. Front ends and passes produce nothing else for predictors, but a
// .graph file can hold any op of the table.
#pragma once

#include <optional>
#include <string>

#include "ir/graph.h"
#include "support/diagnostic.h"

namespace sinter::codegen {

// Why a program cannot be made for the node; nullopt if it can.
std::optional<std::string> unsupported(const ir::Graph &graph, ir::NodeId id);

// Reports every node that cannot be compiled into a predictor, by value and layer: also those whose result
// for a sample depends on other samples; and inputs and outputs without a batch. True if there is none.
bool check_supported(const ir::Graph &graph, const std::string &file, Diagnostics &diagnostics);

// The same of the nodes of a whole training step.
bool check_trainable(const ir::Graph &graph, const std::string &file, Diagnostics &diagnostics);

}  // namespace sinter::codegen

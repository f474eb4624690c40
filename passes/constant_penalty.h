// The regularizers' part of a loss whose weights are known: what attach_loss adds as ops where they are not.
#pragma once

#include <span>

#include "ir/training_config.h"
#include "passes/pass.h"

namespace sinter::passes {

// 0 if weights are missing.
double constant_penalty(const ir::Graph &graph, const Weights &weights,
                        std::span<const ir::PenaltyConfig> penalties);

}  // namespace sinter::passes

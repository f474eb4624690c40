// The independent checker of layouts: proves that every value lies where its producers and consumers are
// told. Shares no code with assign_layouts; runs on every compile. It proves of every value that its elements
// lie in its buffer, each in a place of its own; that aliases, and values that overwrite a variable, name the
// same places; that a halo reaches as far as its readers look; and of every stage that was left out that it
// would have copied its operand onto itself.
#pragma once

#include <string>
#include <vector>

#include "passes/assign_layouts.h"

namespace sinter::passes {

// fused: the groups that layouts were assigned to. Returns the problems, empty if the layouts are sound.
std::vector<std::string> check_layouts(const FusedGraph &fused, const LaidOutGraph &graph);

}  // namespace sinter::passes

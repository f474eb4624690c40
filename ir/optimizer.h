// From an optimizer's settings to the op of its update.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"
#include "support/optimizer_table.h"

namespace sinter::ir {

// The op `update` takes variable, gradient, the slots in order, and hyper; it gives the new variable and
// slots.
struct UpdateRule {
  std::string_view update;
  Attributes attributes;
  std::vector<OptimizerSlot> slots;
};

// The settings are valid.
UpdateRule update_rule(const OptimizerConfig &config);

// The arguments of Keras's class, as script::bind_arguments reads them. Behind its own positional ones stand those of
// the other version, which are taken by name.
std::string optimizer_signature(const OptimizerEntry &entry, bool keras3);

// The names of all slots of all optimizers.
std::set<std::string, std::less<>> all_slot_names();

// What is wrong with settings that a user gave: "beta_1 must be in [0, 1), got 1.5". Empty: they are valid.
std::vector<std::string> problems_of(const OptimizerConfig &config);

}  // namespace sinter::ir

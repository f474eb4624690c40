// From an optimizer's settings to the ops of its update.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"
#include "support/optimizer_hyper.h"

namespace sinter::ir {

// State that an optimizer keeps beside a variable, in its shape.
struct OptimizerSlot {
  std::string_view name;  // as Keras 3 calls it
  double initial = 0;
};

// The op `update` takes variable, gradient, the slots in order, and hyper; it gives the new variable and
// slots.
struct UpdateRule {
  std::string_view update;
  Attributes attributes;
  std::vector<OptimizerSlot> slots;
};

// The settings are valid.
UpdateRule update_rule(const OptimizerConfig &config);

// The names of all slots of all optimizers.
std::set<std::string, std::less<>> all_slot_names();

// What is wrong with settings that a user gave: "beta_1 must be in [0, 1), got 1.5". Empty: they are valid.
std::vector<std::string> problems_of(const OptimizerConfig &config);

}  // namespace sinter::ir

// What the update ops of optimizers share. Inputs: variable, gradient, slots…, hyper [hyper_size] (its layout
// is in support/optimizer_hyper.h). Outputs: the new variable, the new slots. Every new value depends on its
// own old value, the gradient and other NEW values only, so that the outputs may overwrite the inputs, slots
// first.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/ops/shared/shape_rules.h"
#include "support/optimizer_hyper.h"

namespace sinter::ir::rules {

// Variable, gradient and slots have one shape without a batch.
std::optional<std::vector<TensorType>> update_types(Types in, size_t slots, Checker &check);

// 1 - the number that a user wrote and an attribute holds in f32, which is the one of fewest digits that
// rounds to it: 0.001 for 0.999f, where 1 - 0.999f would be off by 5e-5 of that. In f32, as update ops
// compute.
float complement(float attribute);

// f32[hyper_size].
bool hyper(const TensorType &type, Checker &check);

// 0 <= value < 1, and 0 <= value < infinity.
bool fraction(std::string_view name, float value, Checker &check);
bool not_negative(std::string_view name, float value, Checker &check);

// Emits the maps of an update.
class UpdateForms {
 public:
  explicit UpdateForms(FormBuilder &forms) : forms_(forms), hyper_(forms.input(forms.inputs() - 1)) {}

  StageValue variable() const { return forms_.input(0); }
  StageValue gradient() const { return forms_.input(1); }
  StageValue slot(int i) const { return forms_.input(2 + i); }
  StageValue hyper(int i) const { return FormBuilder::element(hyper_, i); }

  using Body = std::function<Expr(const std::vector<Expr> &)>;
  StageValue map(const std::vector<StageValue> &operands, const Body &body) {
    return forms_.map(operands, forms_.output_type(0), body);
  }
  StageValue new_slot(int i, const std::vector<StageValue> &operands, const Body &body) {
    const StageValue value = map(operands, body);
    forms_.output(1 + i, value);
    return value;
  }
  void new_variable(const std::vector<StageValue> &operands, const Body &body) {
    forms_.output(0, map(operands, body));
  }

 private:
  FormBuilder &forms_;
  StageValue hyper_;
};

// One element: returns the new variable and replaces the slots.
using ElementUpdate = std::function<double(double variable, double gradient, std::span<double> slots,
                                           std::span<const double> hyper)>;
void update_reference(ReferenceTensors &t, const ElementUpdate &update);

// Examples by attributes and number of slots.
std::vector<Case> update_examples(const std::vector<std::pair<std::string, size_t>> &attributes);

}  // namespace sinter::ir::rules

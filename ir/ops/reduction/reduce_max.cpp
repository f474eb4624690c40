#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/reduction/reduction_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct ReduceMax {
  static constexpr std::string_view name = "reduce_max", doc = "largest element over axes";
  static constexpr std::string_view keras = "GlobalMaxPooling2D", onnx = "ReduceMax, GlobalMaxPool";
  using Attrs = rules::ReductionAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::reduction_type(a, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) { rules::lower_reduction(a, f, MonoidKind::max); }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::reduction_reference(a, t, rules::largest_or_nan);
  }
  // Equal maxima share the gradient.
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const TensorType kept = rules::kept_type(a, g.input_type(0));
    const ValueId y = g.reshape(g.output(), kept), dy = g.reshape(g.output_gradient(), kept);
    g.add(0, g.emit("reduce_max_gradient", {{"axes", a.axes}}, {g.input(0), y, dy}));
  }
  static std::vector<Case> examples() { return rules::reduction_examples(); }
};

}  // namespace

OpInfo describe_reduce_max() {
  return describe<ReduceMax>();
}

}  // namespace sinter::ir

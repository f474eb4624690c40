#include <algorithm>

#include "ir/ops/list.h"
#include "ir/ops/rules/reduction.h"

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
    rules::reduction_reference(a, t,
                               [](const std::vector<double> &x) { return *std::ranges::max_element(x); });
  }
  static std::vector<Case> examples() { return rules::reduction_examples(); }
};

}  // namespace

OpInfo describe_reduce_max() {
  return describe<ReduceMax>();
}

}  // namespace sinter::ir

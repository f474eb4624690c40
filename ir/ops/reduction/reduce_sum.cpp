#include <numeric>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/reduction/reduction_rules.h"

namespace sinter::ir {

namespace {

struct ReduceSum {
  static constexpr std::string_view name = "reduce_sum", doc = "sum over axes";
  static constexpr std::string_view keras = "", onnx = "ReduceSum";
  using Attrs = rules::ReductionAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::reduction_type(a, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) { rules::lower_reduction(a, f, MonoidKind::sum); }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::reduction_reference(
        a, t, [](const std::vector<double> &x) { return std::accumulate(x.begin(), x.end(), 0.0); });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) { rules::spread_gradient(a, g, false); }
  static std::vector<Case> examples() { return rules::reduction_examples(); }
};

}  // namespace

OpInfo describe_reduce_sum() {
  return describe<ReduceSum>();
}

}  // namespace sinter::ir

#include <numeric>

#include "ir/ops/list.h"
#include "ir/ops/reduction/reduction_rules.h"

namespace sinter::ir {

namespace {

struct BatchMean {
  static constexpr std::string_view
      name = "batch_mean",
      doc = "mean over axes, of which the batch may be one: [N, ...] -> [...]; the divisor is the run-time n";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool batch_dependent = true;
  using Attrs = rules::ReductionAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::reduction_type(a, in, check, true);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_reduction(a, f, MonoidKind::sum,
                           [](const std::vector<Expr> &sum, Expr count) { return sum[0] / count; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::reduction_reference(a, t, [](const std::vector<double> &x) {
      return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) { rules::spread_gradient(a, g, true); }
  static std::vector<Case> examples() { return rules::batch_reduction_examples(); }
};

}  // namespace

OpInfo describe_batch_mean() {
  return describe<BatchMean>();
}

}  // namespace sinter::ir

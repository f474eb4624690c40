#include <numeric>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/reduction/reduction_rules.h"

namespace sinter::ir {

namespace {

struct ReduceMean {
  static constexpr std::string_view name = "reduce_mean", doc = "mean over axes";
  static constexpr std::string_view keras = "GlobalAveragePooling2D", onnx = "ReduceMean, GlobalAveragePool";
  using Attrs = rules::ReductionAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::reduction_type(a, in, check);
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
  static std::vector<Case> examples() { return rules::reduction_examples(); }
};

}  // namespace

OpInfo describe_reduce_mean() {
  return describe<ReduceMean>();
}

}  // namespace sinter::ir

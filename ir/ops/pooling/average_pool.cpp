#include <numeric>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/pooling/pooling_rules.h"

namespace sinter::ir {

namespace {

struct AveragePool {
  static constexpr std::string_view name = "average_pool",
                                    doc = "mean of each window of x [N, H, W, C]; padding does not count";
  static constexpr std::string_view keras = "AveragePooling2D", onnx = "AveragePool";
  using Attrs = rules::PoolingAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::pooling_type(a, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_pooling(a, f, MonoidKind::sum,
                         [](const std::vector<Expr> &sum, Expr count) { return sum[0] / count; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::pooling_reference(a, t, [](const std::vector<double> &x) {
      return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("average_pool_gradient",
                    {{"size", a.size},
                     {"strides", a.strides},
                     {"pads", a.pads},
                     {"input_size", rules::height_and_width(g.input_type(0))}},
                    {g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::pooling_examples(); }
};

}  // namespace

OpInfo describe_average_pool() {
  return describe<AveragePool>();
}

}  // namespace sinter::ir

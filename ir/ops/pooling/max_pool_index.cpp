#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/pooling/pooling_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

// What the gradient of max_pool needs of x.
struct MaxPoolIndex {
  static constexpr std::string_view name = "max_pool_index",
                                    doc =
                                        "number in its window, row-major, of the element that max_pool "
                                        "gives; the first of equal ones, or of NaNs";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool non_negative = true;
  static constexpr bool differentiable = false;
  using Attrs = rules::PoolingAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::pooling_type(a, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_pooling(a, f, MonoidKind::value_index,
                         [](const std::vector<Expr> &v, Expr) { return v[1]; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    rules::for_each_element(t.outputs[0],
                            [&](int64_t n, int64_t oh, int64_t ow, int64_t channel, double &winner) {
                              std::vector<double> window;
                              for (int64_t tap = 0; tap < a.size[0] * a.size[1]; ++tap) {
                                const int64_t row = oh * a.strides[0] + tap / a.size[1] - a.pads[0];
                                const int64_t column = ow * a.strides[1] + tap % a.size[1] - a.pads[2];
                                window.push_back(rules::pixel(x, n, row, column, channel, -INFINITY));
                              }
                              winner = static_cast<double>(rules::index_of_largest(window));
                            });
  }
  static std::vector<Case> examples() {
    std::vector<Case> cases = rules::pooling_examples();
    cases.push_back({"size=[17, 16]", {TensorType{Dim::batch(), 17, 18, 2}}});
    return cases;
  }
};

}  // namespace

OpInfo describe_max_pool_index() {
  return describe<MaxPoolIndex>();
}

}  // namespace sinter::ir

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/pooling/pooling_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct MaxPool {
  static constexpr std::string_view
      name = "max_pool",
      doc = "largest element of each window of x [N, H, W, C]; padding does not count";
  static constexpr std::string_view keras = "MaxPooling2D", onnx = "MaxPool";
  static constexpr std::string_view pads_attribute = "pads";
  using Attrs = rules::PoolingAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::pooling_type(a, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) { rules::lower_pooling(a, f, MonoidKind::max); }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::pooling_reference(a, t, rules::largest_or_nan);
  }
  // The first maximum of a window gets the gradient.
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId winner =
        g.emit("max_pool_index", {{"size", a.size}, {"strides", a.strides}, {"pads", a.pads}}, {g.input(0)});
    g.add(0, g.emit("max_pool_gradient",
                    {{"size", a.size},
                     {"strides", a.strides},
                     {"pads", a.pads},
                     {"input_size", rules::height_and_width(g.input_type(0))}},
                    {winner, g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::pooling_examples(); }
};

}  // namespace

OpInfo describe_max_pool() {
  return describe<MaxPool>();
}

}  // namespace sinter::ir

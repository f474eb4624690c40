#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Identity : rules::UnaryMap<Identity> {
  static constexpr std::string_view name = "identity", doc = "y = x";
  static constexpr std::string_view keras = "Activation(linear)", onnx = "Identity";
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return x;
  }
  static void gradient(const Attrs &, GradientBuilder &g) { g.add(0, g.output_gradient()); }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_identity() {
  return describe<Identity>();
}

}  // namespace sinter::ir

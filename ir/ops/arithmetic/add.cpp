#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Add : rules::BinaryMap<Add> {
  static constexpr std::string_view name = "add", doc = "y = a + b, with broadcasting";
  static constexpr std::string_view keras = "Add", onnx = "Add, Sum";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return a + b;
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    for (int i = 0; i < 2; ++i) g.add_broadcast(i, g.output_gradient());
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_add() {
  return describe<Add>();
}

}  // namespace sinter::ir

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Mul : rules::BinaryMap<Mul> {
  static constexpr std::string_view name = "mul", doc = "y = a * b, with broadcasting";
  static constexpr std::string_view keras = "Multiply", onnx = "Mul";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return a * b;
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    for (int i = 0; i < 2; ++i)
      if (g.needs(i)) g.add_broadcast(i, g.emit("mul", {g.output_gradient(), g.input(1 - i)}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_mul() {
  return describe<Mul>();
}

}  // namespace sinter::ir

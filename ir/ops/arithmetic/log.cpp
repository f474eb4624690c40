#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Log : rules::UnaryMap<Log> {
  static constexpr std::string_view name = "log", doc = "y = log(x)";
  static constexpr std::string_view keras = "", onnx = "Log";
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return log(x);
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("div", {g.output_gradient(), g.input(0)}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({""}, 0.01f, 5); }
};

}  // namespace

OpInfo describe_log() {
  return describe<Log>();
}

}  // namespace sinter::ir

#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Log {
  static constexpr std::string_view name = "log", doc = "y = log(x)";
  static constexpr std::string_view keras = "", onnx = "Log";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::log(x); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return std::log(x); });
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

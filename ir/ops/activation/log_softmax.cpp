#include "ir/gradient.h"
#include "ir/ops/activation/softmax_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct LogSoftmax {
  static constexpr std::string_view name = "log_softmax",
                                    doc = "y = x - log(sum of exp(x)), over the last axis";
  static constexpr std::string_view keras = "Activation(log_softmax)", onnx = "LogSoftmax";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::softmax_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const rules::SoftmaxStages row = rules::softmax_stages(f);
    f.output(0, f.map({f.input(0), row.largest, row.total}, f.output_type(0),
                      [](const std::vector<Expr> &v) { return v[0] - v[1] - kernel::log(v[2]); }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::softmax_reference(
        t, [](double x, double largest, double sum) { return x - largest - std::log(sum); });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("log_softmax_gradient", {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::softmax_examples(); }
};

}  // namespace

OpInfo describe_log_softmax() {
  return describe<LogSoftmax>();
}

}  // namespace sinter::ir

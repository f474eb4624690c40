#include "ir/ops/list.h"
#include "ir/ops/update/update_rules.h"

namespace sinter::ir {

namespace {

// Decoupled from the gradient: Loshchilov and Hutter, arXiv:1711.05101.
struct WeightDecay {
  static constexpr std::string_view name = "weight_decay";
  static constexpr std::string_view doc = "variable (1 - rate lr), before an update; inputs variable, hyper";
  static constexpr std::string_view keras = "AdamW, weight_decay", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float rate = 0.004f;
    static constexpr auto fields =
        std::tuple{field("rate", &Attrs::rate, "the part that a learning rate of 1 takes")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !rules::not_negative("rate", a.rate, check)) return std::nullopt;
    if (!rules::hyper(in[1], check)) return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.output(0, f.map({f.input(0), FormBuilder::element(f.input(1), 0)}, f.output_type(0),
                      [&](const std::vector<Expr> &v) { return v[0] - v[0] * (a.rate * v[1]); }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const double lr = t.inputs[1].data[0];
    for (size_t i = 0; i < t.inputs[0].data.size(); ++i)
      t.outputs[0].data[i] = t.inputs[0].data[i] * (1 - a.rate * lr);
  }
  static std::vector<Case> examples() {
    const TensorType hyper{static_cast<int64_t>(hyper_size)};
    return {{"", {TensorType{3, 3, 5, 7}, hyper}},
            {"rate=0.5", {TensorType{6, 10}, hyper}},
            {"", {TensorType{9}, hyper}}};
  }
};

}  // namespace

OpInfo describe_weight_decay() {
  return describe<WeightDecay>();
}

}  // namespace sinter::ir

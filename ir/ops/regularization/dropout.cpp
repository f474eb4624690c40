#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/training_builder.h"

namespace sinter::ir {

namespace {

// In inference, which this table describes, dropout is the identity.
struct Dropout {
  static constexpr std::string_view name = "dropout",
                                    doc =
                                        "training: x / (1 - rate) or, with probability rate, 0; inference: x";
  static constexpr std::string_view keras = "Dropout, SpatialDropout2D", onnx = "Dropout";
  static constexpr bool identity_in_inference = true;
  struct Attrs {
    float rate = 0.5f;
    bool spatial = false;
    static constexpr auto fields =
        std::tuple{field("rate", &Attrs::rate, "probability of 0, in [0, 1)"),
                   field("spatial", &Attrs::spatial, "drops whole channels of a sample")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!(a.rate >= 0 && a.rate < 1)) {
      check.fail("rate must be in [0, 1), got " + print(AttributeValue(double{a.rate})));
      return std::nullopt;
    }
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return x; });
  }
  static void reference(const Attrs &, ReferenceTensors &t) { t.outputs[0].data = t.inputs[0].data; }
  static void gradient(const Attrs &, GradientBuilder &g) { g.add(0, g.output_gradient()); }
  static void training(const Attrs &a, TrainingBuilder &t) {
    if (a.rate == 0) return;
    t.result(t.output_of(t.emit("dropout_training",
                                {{"rate", a.rate}, {"spatial", a.spatial}, {"stream", t.stream()}},
                                {t.input(0), t.random()})));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "rate=0.25", "spatial=true"}); }
};

}  // namespace

OpInfo describe_dropout() {
  return describe<Dropout>();
}

}  // namespace sinter::ir

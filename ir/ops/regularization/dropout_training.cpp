#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/regularization/random.h"
#include "ir/ops/shared/shape_rules.h"
#include "support/philox.h"

namespace sinter::ir {

namespace {

// The mask is not kept: the gradient computes it again from the same state, so it is this op itself.
struct DropoutTraining {
  static constexpr std::string_view name = "dropout_training",
                                    doc =
                                        "y = x / (1 - rate) or, with probability rate, 0, by Philox bits of "
                                        "the element; inputs x and the random "
                                        "state i32[4]: seed and step, low words first";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool batch_dependent = true;
  static constexpr int differentiable_inputs = 1;
  struct Attrs {
    float rate = 0.5f;
    bool spatial = false;
    std::string stream;
    static constexpr auto fields = std::tuple{
        field("rate", &Attrs::rate, "probability of 0, in [0, 1)"),
        field("spatial", &Attrs::spatial, "the elements of a sample's channel share a number"),
        field("stream", &Attrs::stream, "name of the layer, by which layers differ in their numbers")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!check.inputs(in, 2) || !rules::tensors(in.first(1), 1, check)) return std::nullopt;
    if (in[1] != TensorType({4}, DType::i32)) {
      check.fail("expected a random state i32[4], got " + print(in[1]));
      return std::nullopt;
    }
    if (!(a.rate >= 0 && a.rate < 1)) {
      check.fail("rate must be in [0, 1), got " + print(AttributeValue(double{a.rate})));
      return std::nullopt;
    }
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(0);
    const int rank = x.rank();
    Form form;
    form.kind = FormKind::map;
    form.axes = x.dims;
    form.output_axes = rank;
    form.operands.push_back({0, identity_access(rank, rank)});
    for (int word = 0; word < 4; ++word) form.operands.push_back({1, {axis(-1, rank, 1, word)}});
    form.parameters = f.parameters_of({f.input(0), f.input(1), f.input(1), f.input(1), f.input(1)});
    // The element's row-major index within the batch; of [N, C] alone, if channels are dropped.
    Affine element = axis(-1, rank);
    int64_t stride = 1;
    for (int d = rank - 1; d >= 0; --d) {
      if (a.spatial && d > 0 && d < rank - 1) continue;
      element.coefficients[static_cast<size_t>(d)] = stride;
      if (d > 0) stride *= x.dims[static_cast<size_t>(d)].value();
    }
    form.indices = {{kernel::make_var("element", {kernel::Base::i32, 1}), element}};
    const auto word = [&](size_t i) { return kernel::ref(form.parameters[i + 1]); };
    const Expr bits = rules::dropout_bits({word(0), word(1)}, random_stream(a.stream), {word(2), word(3)},
                                          kernel::ref(form.indices[0].var));
    const float keep = 1.0f - a.rate;
    form.body = kernel::select(rules::uniform(bits) < a.rate, 0.0f, kernel::ref(form.parameters[0]) / keep);
    form.result = x;
    form.placement = identity_access(rank, rank);
    f.output(0, f.add(std::move(form)));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const auto word = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<int64_t>(t.inputs[1].data[i]));
    };
    const uint64_t seed = word(0) | uint64_t{word(1)} << 32, step = word(2) | uint64_t{word(3)} << 32;
    const double keep = 1.0f - a.rate;
    const std::vector<int64_t> &dims = t.inputs[0].dims;
    const auto channels = static_cast<size_t>(dims.back());
    const size_t sample = t.inputs[0].data.size() / static_cast<size_t>(dims.front());
    for (size_t i = 0; i < t.inputs[0].data.size(); ++i) {
      const size_t element = a.spatial && dims.size() > 1 ? i / sample * channels + i % channels : i;
      const uint32_t bits = random_bits(seed, RandomDomain::dropout, random_stream(a.stream), step, element);
      t.outputs[0].data[i] = random_uniform(bits) < a.rate ? 0 : t.inputs[0].data[i] / keep;
    }
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("dropout_training", Attributes(a), {g.output_gradient(), g.input(1)}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    const TensorType state({4}, DType::i32);
    return {{"", {TensorType{n, 3, 5, 7}, state}, -1000, 1000},
            {"rate=0.25, stream=\"dropout_1\"", {TensorType{n, 33}, state}, -4, 4},
            {"rate=0.0", {TensorType{n, 2, 3}, state}, -4, 4},
            {"rate=0.9", {TensorType{6}, state}, -4, 4},
            {"spatial=true", {TensorType{n, 3, 5, 7}, state}, -4, 4}};
  }
};

}  // namespace

OpInfo describe_dropout_training() {
  return describe<DropoutTraining>();
}

}  // namespace sinter::ir

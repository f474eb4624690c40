#include "ir/ops/list.h"
#include "ir/ops/reduction/reduction_rules.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

// As in TensorFlow, equal maxima get equal shares, and all get NaN if one of them is NaN.
struct ReduceMaxGradient {
  static constexpr std::string_view name = "reduce_max_gradient",
                                    doc =
                                        "dy, shared by the elements that are the largest; from x, and from y "
                                        "and dy with size 1 along the reduced axes";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    std::vector<int64_t> axes;
    static constexpr auto fields = std::tuple{field("axes", &Attrs::axes, "of the reduction")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 3, check)) return std::nullopt;
    const std::optional<TensorType> kept = rules::reduction_type({a.axes, true}, in.first(1), check);
    if (!kept) return std::nullopt;
    const TensorType reduced[] = {*kept, in[1], in[2]};
    if (!rules::equal_type(reduced, 3, check)) return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(0);
    std::vector<int> axes;
    for (const int64_t axis : a.axes) axes.push_back(static_cast<int>(axis < 0 ? axis + x.rank() : axis));
    const StageValue count = f.reduce(
        {f.input(0), f.input(1)}, x.dims,
        [](const std::vector<Expr> &v) { return kernel::select(kernel::equal(v[0], v[1]), 1.0f, 0.0f); },
        axes, true, MonoidKind::sum);
    f.output(0, f.map({f.input(0), f.input(1), f.input(2), count}, x, [](const std::vector<Expr> &v) {
      const Expr share = kernel::select(kernel::equal(v[0], v[1]), v[2] / v[3], 0.0f);
      return rules::keep_nan(v[0], rules::keep_nan(v[1], share));
    }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0], &y = t.inputs[1], &dy = t.inputs[2];
    // By row-major index of x: does it hold the largest, and how many elements of the same y do.
    std::vector<double> &dx = t.outputs[0].data;
    ReferenceTensor element = y, count = y;
    for (size_t i = 0; i < y.data.size(); ++i) element.data[i] = static_cast<double>(i), count.data[i] = 0;
    const auto element_of = [&](size_t i) {
      return static_cast<size_t>(rules::broadcast_element(element, x.dims, static_cast<int64_t>(i)));
    };
    for (size_t i = 0; i < dx.size(); ++i)
      if (x.data[i] == y.data[element_of(i)]) ++count.data[element_of(i)];
    for (size_t i = 0; i < dx.size(); ++i) {
      const size_t of = element_of(i);
      const double share = x.data[i] == y.data[of] ? dy.data[of] / count.data[of] : 0;
      dx[i] = rules::keep_nan(x.data[i], rules::keep_nan(y.data[of], share));
    }
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    const auto example = [](std::string axes, TensorType x, TensorType kept) {
      return Case{"axes=" + std::move(axes), {std::move(x), kept, kept}};
    };
    return {example("[1, 2]", {n, 3, 5, 7}, {n, 1, 1, 7}), example("[-1]", {n, 19}, {n, 1}),
            example("[3, 1]", {n, 3, 5, 7}, {n, 1, 5, 1}), example("[0]", {6, 5}, {1, 5})};
  }
};

}  // namespace

OpInfo describe_reduce_max_gradient() {
  return describe<ReduceMaxGradient>();
}

}  // namespace sinter::ir

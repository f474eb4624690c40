#include "ir/ops/list.h"
#include "ir/ops/pooling/pooling_rules.h"
#include "ir/ops/shared/phases.h"

namespace sinter::ir {

namespace {

// The extent of a window within the input, in one dimension: min(start + size, input) - max(start, 0).
Expr extent(const Var &start, int64_t size, int64_t input) {
  return kernel::min(kernel::ref(start) + size, Expr(input)) -
         kernel::max(kernel::ref(start), Expr(int64_t{0}));
}

struct AveragePoolGradient {
  static constexpr std::string_view
      name = "average_pool_gradient",
      doc =
          "gradient of average_pool: the elements of a window get equal shares of its "
          "dy [N, OH, OW, C]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = rules::PoolingGradientAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !check.rank(in, 0, 4)) return std::nullopt;
    return rules::pooling_gradient_type(a, in[0], check);
  }

  // A window for each phase, over the outputs that cover a position: n, row, column, c | window row, window
  // column.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(0), &dx = f.output_type(0);
    rules::for_each_phase(f, a.window(), dy, [&](const auto &row, const auto &column) {
      Form form;
      form.kind = FormKind::window;
      form.axes = {dx.dims[0], row.count, column.count, dx.dims[3], row.taps, column.taps};
      form.output_axes = 4;
      const Access access = {axis(0, 6), row.output(1, 4, 6), column.output(2, 5, 6), axis(3, 6)};
      form.operands = {{0, access, row.is_guarded() || column.is_guarded()}};
      form.parameters = f.parameters_of({f.input(0)});
      Expr count = static_cast<float>(a.size[0] * a.size[1]);
      if (rules::has_padding(a.pads)) {
        const auto start = [&](const char *name, const Affine &output, size_t dimension) {
          Affine value = output;
          for (int64_t &coefficient : value.coefficients) coefficient *= a.strides[dimension];
          value.offset = value.offset * a.strides[dimension] - a.pads[2 * dimension];
          return IndexParameter{kernel::make_var(name, {kernel::Base::index, 1}), value};
        };
        form.indices = {start("top", access[1], 0), start("left", access[2], 1)};
        const Expr elements = extent(form.indices[0].var, a.size[0], a.input_size[0]) *
                              extent(form.indices[1].var, a.size[1], a.input_size[1]);
        count = kernel::convert(elements, kernel::Base::f32);
      }
      form.body = kernel::ref(form.parameters[0]) / count;
      form.monoid.kind = MonoidKind::sum;
      form.result = dx;
      form.placement = {axis(0, 6), row.position(1, 6), column.position(2, 6), axis(3, 6)};
      return f.add(std::move(form));
    });
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &dy = t.inputs[0];
    ReferenceTensor &dx = t.outputs[0];
    std::vector<double> counts(static_cast<size_t>(dy.dims[1] * dy.dims[2]), 0);
    const auto count = [&](int64_t oh, int64_t ow) -> double & {
      return counts[static_cast<size_t>(oh * dy.dims[2] + ow)];
    };
    rules::for_each_window_element(
        a, dy.dims[1], dy.dims[2],
        [&](int64_t, int64_t, int64_t oh, int64_t ow, int64_t) { ++count(oh, ow); });
    for (int64_t n = 0; n < dy.dims[0]; ++n)
      for (int64_t c = 0; c < dy.dims[3]; ++c)
        rules::for_each_window_element(
            a, dy.dims[1], dy.dims[2], [&](int64_t row, int64_t column, int64_t oh, int64_t ow, int64_t) {
              rules::add_to_pixel(dx, n, row, column, c, rules::pixel(dy, n, oh, ow, c, 0) / count(oh, ow));
            });
  }

  static std::vector<Case> examples() { return rules::pooling_gradient_examples(); }
};

}  // namespace

OpInfo describe_average_pool_gradient() {
  return describe<AveragePoolGradient>();
}

}  // namespace sinter::ir

#include "ir/ops/list.h"
#include "ir/ops/pooling/pooling_rules.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/phases.h"

namespace sinter::ir {

namespace {

struct MaxPoolGradient {
  static constexpr std::string_view
      name = "max_pool_gradient",
      doc =
          "gradient of max_pool: the winner of each window (max_pool_index) gets dy of the "
          "window; inputs winner and dy [N, OH, OW, C]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = rules::PoolingGradientAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    const std::optional<TensorType> dy = rules::equal_type(in, 2, check);
    if (!dy || !check.rank(in, 0, 4)) return std::nullopt;
    return rules::pooling_gradient_type(a, *dy, check);
  }

  // A window for each phase, over the outputs that cover a position: n, row, column, c | window row, window
  // column.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(1), &dx = f.output_type(0);
    rules::for_each_phase(f, a.window(), dy, [&](const auto &row, const auto &column) {
      Form form;
      form.kind = FormKind::window;
      form.axes = {dx.dims[0], row.count, column.count, dx.dims[3], row.taps, column.taps};
      form.output_axes = 4;
      const Access access = {axis(0, 6), row.output(1, 4, 6), column.output(2, 5, 6), axis(3, 6)};
      const bool guarded = row.is_guarded() || column.is_guarded();
      form.operands = {{0, access, guarded}, {1, access, guarded}};
      form.parameters = f.parameters_of({f.input(0), f.input(1)});
      Affine tap = row.tap(4, 6);
      for (int64_t &coefficient : tap.coefficients) coefficient *= a.size[1];
      tap.offset = tap.offset * a.size[1] + column.first_tap;
      tap.coefficients[5] = column.tap_step;
      form.indices = {{kernel::make_var("tap", {kernel::Base::index, 1}), tap}};
      const Expr number = kernel::convert(kernel::ref(form.indices[0].var), kernel::Base::f32);
      form.body = kernel::select(kernel::equal(kernel::ref(form.parameters[0]), number),
                                 kernel::ref(form.parameters[1]), 0.0f);
      form.monoid.kind = MonoidKind::sum;
      form.result = dx;
      form.placement = {axis(0, 6), row.position(1, 6), column.position(2, 6), axis(3, 6)};
      return f.add(std::move(form));
    });
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &winner = t.inputs[0], &dy = t.inputs[1];
    ReferenceTensor &dx = t.outputs[0];
    for (int64_t n = 0; n < dy.dims[0]; ++n)
      for (int64_t c = 0; c < dy.dims[3]; ++c)
        rules::for_each_window_element(
            a, dy.dims[1], dy.dims[2], [&](int64_t row, int64_t column, int64_t oh, int64_t ow, int64_t tap) {
              if (rules::pixel(winner, n, oh, ow, c, 0) == static_cast<double>(tap))
                rules::add_to_pixel(dx, n, row, column, c, rules::pixel(dy, n, oh, ow, c, 0));
            });
  }

  static std::vector<Case> examples() {
    std::vector<Case> cases = rules::pooling_gradient_examples();
    cases.push_back({"size=[17, 16], input_size=[17, 18]", {TensorType{Dim::batch(), 1, 2, 2}}});
    for (Case &c : cases) {
      c.inputs.insert(c.inputs.begin(), c.inputs[0]);
      c.low = 0;
      c.high = 6;
    }
    return cases;
  }
};

}  // namespace

OpInfo describe_max_pool_gradient() {
  return describe<MaxPoolGradient>();
}

}  // namespace sinter::ir

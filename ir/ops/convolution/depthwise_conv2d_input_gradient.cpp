#include <fmt/format.h>

#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/phases.h"

namespace sinter::ir {

namespace {

struct DepthwiseConv2DInputGradient {
  static constexpr std::string_view name = "depthwise_conv2d_input_gradient",
                                    doc =
                                        "gradient of depthwise_conv2d with respect to x [N, H, W, C], from "
                                        "dy [N, OH, OW, C * M] and w [kh, kw, C, M]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    std::array<int64_t, 2> input_size = {1, 1};
    static constexpr auto fields =
        std::tuple{field("strides", &Attrs::strides, "of the convolution"),
                   field("dilations", &Attrs::dilations, "of the convolution"),
                   field("pads", &Attrs::pads, "of the convolution: top, bottom, left, right"),
                   field("input_size", &Attrs::input_size, "height and width of x")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !check.rank(in, 0, 4) || !rules::weight(in[1], 4, "kernel", check))
      return std::nullopt;
    const TensorType &dy = in[0], &w = in[1];
    if (!rules::same_dim(dy.dims[3], w.dims[2].value() * w.dims[3].value())) {
      check.fail(
          fmt::format("kernel {} does not fit the gradient {}", print_shape(w.dims), print_shape(dy.dims)));
      return std::nullopt;
    }
    if (!rules::input_size_fits(rules::convolution_window(a, w), a.input_size, dy, "kernel", check))
      return std::nullopt;
    return rules::result({dy.dims[0], a.input_size[0], a.input_size[1], w.dims[2]}, check);
  }

  // A contraction for each phase: n, row, column, c | kh, kw, and m where the multiplier M is not 1.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(0), &w = f.input_type(1), &dx = f.output_type(0);
    const bool multiplied = w.dims[3] != Dim(1);
    const int count = multiplied ? 7 : 6, c = 3, kh = 4, kw = 5, m = multiplied ? 6 : -1;
    Affine filter = axis(c, count, w.dims[3].value());
    if (multiplied) filter.coefficients[6] = 1;
    rules::for_each_phase(f, rules::convolution_window(a, w), dy, [&](const auto &row, const auto &column) {
      std::vector<Dim> axes = {dx.dims[0], row.count, column.count, dx.dims[3], row.taps, column.taps};
      if (multiplied) axes.push_back(w.dims[3]);
      const Access data = {axis(0, count), row.output(1, kh, count), column.output(2, kw, count), filter};
      const Access weights = {row.tap(kh, count), column.tap(kw, count), axis(c, count), axis(m, count)};
      const Access placement = {axis(0, count), row.position(1, count), column.position(2, count),
                                axis(c, count)};
      return f.contract(std::move(axes), 4, f.input(0), data, row.is_guarded() || column.is_guarded(),
                        f.input(1), weights, dx, placement);
    });
  }

  // Scatters what depthwise_conv2d gathers.
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &w = t.inputs[1];
    ReferenceTensor &dx = t.outputs[0];
    const int64_t filters = w.dims[2] * w.dims[3];
    rules::for_each_element(t.inputs[0], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double dy) {
      for (int64_t i = 0; i < w.dims[0]; ++i)
        for (int64_t j = 0; j < w.dims[1]; ++j) {
          const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
          const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
          const int64_t tap = (i * w.dims[1] + j) * filters + k;
          rules::add_to_pixel(dx, n, row, column, k / w.dims[3], dy * w.data[static_cast<size_t>(tap)]);
        }
    });
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"input_size=[5, 7]", {TensorType{n, 3, 5, 3}, TensorType{3, 3, 3, 1}}},
            {"pads=[1, 1, 1, 1], input_size=[6, 5]", {TensorType{n, 6, 5, 17}, TensorType{3, 3, 17, 1}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1], input_size=[8, 6]",
             {TensorType{n, 4, 3, 32}, TensorType{3, 3, 32, 1}}},
            {"strides=[1, 2], dilations=[2, 1], pads=[2, 0, 1, 2], input_size=[7, 8]",
             {TensorType{n, 5, 4, 5}, TensorType{3, 4, 5, 1}}},
            {"input_size=[5, 5]", {TensorType{n, 4, 3, 8}, TensorType{2, 3, 4, 2}}},
            {"strides=[2, 1], pads=[1, 1, 0, 2], input_size=[6, 7]",
             {TensorType{n, 3, 7, 15}, TensorType{3, 3, 3, 5}}},
            {"input_size=[3, 3]", {TensorType{n, 3, 3, 1}, TensorType{1, 1, 1, 1}}}};
  }
};

}  // namespace

OpInfo describe_depthwise_conv2d_input_gradient() {
  return describe<DepthwiseConv2DInputGradient>();
}

}  // namespace sinter::ir

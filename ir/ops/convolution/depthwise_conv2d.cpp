#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct DepthwiseConv2D {
  static constexpr std::string_view
      name = "depthwise_conv2d",
      doc =
          "convolves each channel of x [N, H, W, C] by itself with w [kh, kw, C, M]; "
          "output channel c * M + m reads channel c";
  static constexpr std::string_view keras = "DepthwiseConv2D, SeparableConv2D",
                                    onnx = "Conv(group = channels)";
  static constexpr int linear_weight = 1;
  static constexpr std::string_view pads_attribute = "pads";
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    static constexpr auto fields = std::tuple{
        field("strides", &Attrs::strides, "steps in height and width"),
        field("dilations", &Attrs::dilations, "distances between kernel elements in height and width"),
        field("pads", &Attrs::pads, "zeros added at top, bottom, left, right")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !check.rank(in, 0, 4) || !rules::weight(in[1], 4, "kernel", check))
      return std::nullopt;
    const TensorType &x = in[0], &w = in[1];
    if (!rules::same_dim(x.dims[3], w.dims[2])) {
      check.fail(fmt::format("kernel {} expects {} input channels, but the input {} has {}",
                             print_shape(w.dims), w.dims[2].value(), print_shape(x.dims), x.dims[3].value()));
      return std::nullopt;
    }
    const auto size = rules::output_size(rules::convolution_window(a, w), x, "kernel", check);
    if (!size) return std::nullopt;
    return rules::result({x.dims[0], (*size)[0], (*size)[1], w.dims[2].value() * w.dims[3].value()}, check);
  }

  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &w = f.input_type(1), &y = f.output_type(0);
    const rules::SlidingWindow window = rules::convolution_window(a, w);
    const bool guarded = rules::has_padding(a.pads);
    const bool multiplied = w.dims[3] != Dim(1);
    // n, oh, ow, c | kh, kw, and m behind c where the multiplier M is not 1.
    std::vector<Dim> axes = {y.dims[0], y.dims[1], y.dims[2], w.dims[2]};
    if (multiplied) axes.push_back(w.dims[3]);
    axes.insert(axes.end(), {w.dims[0], w.dims[1]});
    const int count = static_cast<int>(axes.size());
    const int c = 3, m = multiplied ? 4 : -1, kh = count - 2, kw = count - 1;
    Affine channel = axis(c, count, w.dims[3].value());
    if (multiplied) channel.coefficients[4] = 1;
    const Access data = {axis(0, count), rules::window_index(window, 0, 1, kh, count),
                         rules::window_index(window, 1, 2, kw, count), axis(c, count)};
    const Access weights = {axis(kh, count), axis(kw, count), axis(c, count), axis(m, count)};
    const Access placement = {axis(0, count), axis(1, count), axis(2, count), channel};
    f.output(0, f.contract(std::move(axes), count - 2, f.input(0), data, guarded, f.input(1), weights, y,
                           placement));
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0], &w = t.inputs[1];
    const int64_t filters = w.dims[2] * w.dims[3];
    rules::for_each_element(t.outputs[0], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double &y) {
      for (int64_t i = 0; i < w.dims[0]; ++i)
        for (int64_t j = 0; j < w.dims[1]; ++j) {
          const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
          const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
          const int64_t tap = (i * w.dims[1] + j) * filters + k;
          y += rules::pixel(x, n, row, column, k / w.dims[3], 0) * w.data[static_cast<size_t>(tap)];
        }
    });
  }

  // The channel c * M + m of the output is element [c, m] of the weight.
  static std::vector<int64_t> channel_shape(const Attrs &, const TensorType &weight) {
    return {1, 1, weight.dims[2].value(), weight.dims[3].value()};
  }

  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId x = g.input(0), w = g.input(1), dy = g.output_gradient();
    if (g.needs(0))
      g.add(0, g.emit("depthwise_conv2d_input_gradient",
                      {{"strides", a.strides},
                       {"dilations", a.dilations},
                       {"pads", a.pads},
                       {"input_size", rules::height_and_width(g.type(x))}},
                      {dy, w}));
    if (g.needs(1))
      g.add(1, g.emit("depthwise_conv2d_weight_gradient",
                      {{"strides", a.strides},
                       {"dilations", a.dilations},
                       {"pads", a.pads},
                       {"kernel_size", rules::kernel_size(g.type(w))}},
                      {x, dy}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 5, 7, 3}, TensorType{3, 3, 3, 1}}},
            {"pads=[1, 1, 1, 1]", {TensorType{n, 6, 5, 17}, TensorType{3, 3, 17, 1}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1]", {TensorType{n, 8, 6, 32}, TensorType{3, 3, 32, 1}}},
            {"strides=[1, 2], dilations=[2, 1], pads=[2, 0, 1, 2]",
             {TensorType{n, 7, 8, 5}, TensorType{3, 4, 5, 1}}},
            {"", {TensorType{n, 5, 5, 4}, TensorType{2, 3, 4, 2}}},
            {"strides=[2, 1], pads=[1, 1, 0, 2]", {TensorType{n, 6, 7, 3}, TensorType{3, 3, 3, 5}}},
            {"", {TensorType{n, 3, 3, 1}, TensorType{1, 1, 1, 1}}}};
  }
};

}  // namespace

OpInfo describe_depthwise_conv2d() {
  return describe<DepthwiseConv2D>();
}

}  // namespace sinter::ir

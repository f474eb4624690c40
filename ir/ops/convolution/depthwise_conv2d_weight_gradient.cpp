#include <fmt/format.h>

#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct DepthwiseConv2DWeightGradient {
  static constexpr std::string_view name = "depthwise_conv2d_weight_gradient",
                                    doc =
                                        "gradient of depthwise_conv2d with respect to w [kh, kw, C, M], from "
                                        "x [N, H, W, C] and dy [N, OH, OW, C * M]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool batch_dependent = true;
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    std::array<int64_t, 2> kernel_size = {1, 1};
    static constexpr auto fields =
        std::tuple{field("strides", &Attrs::strides, "of the convolution"),
                   field("dilations", &Attrs::dilations, "of the convolution"),
                   field("pads", &Attrs::pads, "of the convolution: top, bottom, left, right"),
                   field("kernel_size", &Attrs::kernel_size, "height and width of w")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check)) return std::nullopt;
    const auto w = rules::weight_of_gradient(a, in, check);
    if (!w) return std::nullopt;
    const auto [channels, filters] = *w;
    Dim multiplier = Dim::unknown();
    if (channels.is_constant() && filters.is_constant()) {
      if (filters.value() % channels.value() != 0) {
        check.fail(fmt::format("a gradient of {} channels does not fit an input of {}", filters.value(),
                               channels.value()));
        return std::nullopt;
      }
      multiplier = filters.value() / channels.value();
    }
    return rules::result({a.kernel_size[0], a.kernel_size[1], channels, multiplier}, check);
  }

  // kh, kw, c | n, oh, ow, and m behind c where the multiplier M is not 1.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(1), &w = f.output_type(0);
    const rules::SlidingWindow window = rules::convolution_window(a, w);
    const bool multiplied = w.dims[3] != Dim(1);
    std::vector<Dim> axes = {w.dims[0], w.dims[1], w.dims[2]};
    if (multiplied) axes.push_back(w.dims[3]);
    axes.insert(axes.end(), {dy.dims[0], dy.dims[1], dy.dims[2]});
    const int count = static_cast<int>(axes.size());
    const int kh = 0, kw = 1, c = 2, m = multiplied ? 3 : -1, n = count - 3, oh = count - 2, ow = count - 1;
    Affine filter = axis(c, count, w.dims[3].value());
    if (multiplied) filter.coefficients[3] = 1;
    const Access data = {axis(n, count), rules::window_index(window, 0, oh, kh, count),
                         rules::window_index(window, 1, ow, kw, count), axis(c, count)};
    const Access gradients = {axis(n, count), axis(oh, count), axis(ow, count), filter};
    const Access placement = {axis(kh, count), axis(kw, count), axis(c, count), axis(m, count)};
    f.output(0, f.contract(std::move(axes), count - 3, f.input(0), data, rules::has_padding(a.pads),
                           f.input(1), gradients, w, placement));
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    ReferenceTensor &dw = t.outputs[0];
    const int64_t filters = dw.dims[2] * dw.dims[3];
    rules::for_each_element(t.inputs[1], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double dy) {
      for (int64_t i = 0; i < dw.dims[0]; ++i)
        for (int64_t j = 0; j < dw.dims[1]; ++j) {
          const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
          const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
          const int64_t tap = (i * dw.dims[1] + j) * filters + k;
          dw.data[static_cast<size_t>(tap)] += rules::pixel(x, n, row, column, k / dw.dims[3], 0) * dy;
        }
    });
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"kernel_size=[3, 3]", {TensorType{n, 5, 7, 3}, TensorType{n, 3, 5, 3}}},
            {"pads=[1, 1, 1, 1], kernel_size=[3, 3]", {TensorType{n, 6, 5, 17}, TensorType{n, 6, 5, 17}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1], kernel_size=[3, 3]",
             {TensorType{n, 8, 6, 32}, TensorType{n, 4, 3, 32}}},
            {"strides=[1, 2], dilations=[2, 1], pads=[2, 0, 1, 2], kernel_size=[3, 4]",
             {TensorType{n, 7, 8, 5}, TensorType{n, 5, 4, 5}}},
            {"kernel_size=[2, 3]", {TensorType{n, 5, 5, 4}, TensorType{n, 4, 3, 8}}},
            {"", {TensorType{n, 3, 3, 1}, TensorType{n, 3, 3, 1}}}};
  }
};

}  // namespace

OpInfo describe_depthwise_conv2d_weight_gradient() {
  return describe<DepthwiseConv2DWeightGradient>();
}

}  // namespace sinter::ir

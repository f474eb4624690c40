#include <fmt/format.h>

#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct Conv2DWeightGradient {
  static constexpr std::string_view
      name = "conv2d_weight_gradient",
      doc =
          "gradient of conv2d with respect to w [kh, kw, C / groups, K], from x [N, H, W, C] "
          "and dy [N, OH, OW, K]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool batch_dependent = true;
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    int64_t groups = 1;
    std::array<int64_t, 2> kernel_size = {1, 1};
    static constexpr auto fields =
        std::tuple{field("strides", &Attrs::strides, "of the convolution"),
                   field("dilations", &Attrs::dilations, "of the convolution"),
                   field("pads", &Attrs::pads, "of the convolution: top, bottom, left, right"),
                   field("groups", &Attrs::groups, "of the convolution"),
                   field("kernel_size", &Attrs::kernel_size, "height and width of w")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !rules::attribute("groups", a.groups, 1, check)) return std::nullopt;
    const auto w = rules::weight_of_gradient(a, in, check);
    if (!w) return std::nullopt;
    auto [channels, filters] = *w;
    for (const Dim dim : {channels, filters})
      if (dim.is_constant() && dim.value() % a.groups != 0) {
        check.fail(fmt::format("{} channels cannot be divided into {} groups", dim.value(), a.groups));
        return std::nullopt;
      }
    if (channels.is_constant()) channels = channels.value() / a.groups;
    return rules::result({a.kernel_size[0], a.kernel_size[1], channels, filters}, check);
  }

  // kh, kw, c, k | n, oh, ow, and the group before k where there are several.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(1), &w = f.output_type(0);
    const rules::SlidingWindow window = rules::convolution_window(a, w);
    const Dim filters = w.dims[3].value() / a.groups;
    std::vector<Dim> axes = {w.dims[0], w.dims[1], w.dims[2]};
    if (a.groups > 1) axes.push_back(a.groups);
    axes.insert(axes.end(), {filters, dy.dims[0], dy.dims[1], dy.dims[2]});
    const int count = static_cast<int>(axes.size());
    const int kh = 0, kw = 1, c = 2, group = 3, k = count - 4, n = count - 3, oh = count - 2, ow = count - 1;
    Affine channel = axis(c, count), filter = axis(k, count);
    if (a.groups > 1) {
      channel.coefficients[group] = w.dims[2].value();
      filter.coefficients[group] = filters.value();
    }
    const Access data = {axis(n, count), rules::window_index(window, 0, oh, kh, count),
                         rules::window_index(window, 1, ow, kw, count), channel};
    const Access gradients = {axis(n, count), axis(oh, count), axis(ow, count), filter};
    const Access placement = {axis(kh, count), axis(kw, count), axis(c, count), filter};
    f.output(0, f.contract(std::move(axes), k + 1, f.input(0), data, rules::has_padding(a.pads), f.input(1),
                           gradients, w, placement));
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    ReferenceTensor &dw = t.outputs[0];
    const int64_t group_channels = dw.dims[2], filters = dw.dims[3];
    rules::for_each_element(t.inputs[1], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double dy) {
      const int64_t first_channel = k / (filters / a.groups) * group_channels;
      for (int64_t i = 0; i < dw.dims[0]; ++i)
        for (int64_t j = 0; j < dw.dims[1]; ++j)
          for (int64_t c = 0; c < group_channels; ++c) {
            const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
            const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
            const int64_t tap = ((i * dw.dims[1] + j) * group_channels + c) * filters + k;
            dw.data[static_cast<size_t>(tap)] += rules::pixel(x, n, row, column, first_channel + c, 0) * dy;
          }
    });
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"kernel_size=[3, 3]", {TensorType{n, 5, 7, 3}, TensorType{n, 3, 5, 4}}},
            {"", {TensorType{n, 4, 4, 9}, TensorType{n, 4, 4, 5}}},
            {"", {TensorType{n, 1, 1, 1}, TensorType{n, 1, 1, 1}}},
            {"strides=[2, 2]", {TensorType{n, 6, 7, 5}, TensorType{n, 3, 4, 17}}},
            {"pads=[0, 1, 0, 1], kernel_size=[2, 2]", {TensorType{n, 6, 5, 3}, TensorType{n, 6, 5, 16}}},
            {"pads=[1, 1, 1, 1], kernel_size=[3, 3]", {TensorType{n, 7, 9, 8}, TensorType{n, 7, 9, 33}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1], kernel_size=[3, 3]",
             {TensorType{n, 8, 8, 3}, TensorType{n, 4, 4, 8}}},
            {"strides=[3, 2], dilations=[2, 1], pads=[1, 2, 0, 1], kernel_size=[3, 2]",
             {TensorType{n, 9, 8, 5}, TensorType{n, 3, 4, 6}}},
            {"groups=2, kernel_size=[3, 3]", {TensorType{n, 5, 5, 6}, TensorType{n, 3, 3, 10}}},
            {"strides=[2, 2], pads=[1, 1, 2, 2], groups=3, kernel_size=[3, 5]",
             {TensorType{n, 6, 7, 9}, TensorType{n, 3, 4, 6}}},
            {"kernel_size=[3, 3]", {TensorType{2, 4, 4, 3}, TensorType{2, 2, 2, 2}}}};
  }
};

}  // namespace

OpInfo describe_conv2d_weight_gradient() {
  return describe<Conv2DWeightGradient>();
}

}  // namespace sinter::ir

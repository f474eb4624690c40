#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct Conv2D {
  static constexpr std::string_view
      name = "conv2d",
      doc =
          "2-D convolution of x [N, H, W, C] with w [kh, kw, C / groups, K]; group g of "
          "the K output channels reads group g of the C input channels";
  static constexpr std::string_view keras = "Conv2D", onnx = "Conv";
  static constexpr int linear_weight = 1;
  static constexpr std::string_view pads_attribute = "pads";
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    int64_t groups = 1;
    static constexpr auto fields = std::tuple{
        field("strides", &Attrs::strides, "steps in height and width"),
        field("dilations", &Attrs::dilations, "distances between kernel elements in height and width"),
        field("pads", &Attrs::pads, "zeros added at top, bottom, left, right"),
        field("groups", &Attrs::groups, "number of groups of channels")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !check.rank(in, 0, 4) || !rules::weight(in[1], 4, "kernel", check) ||
        !rules::attribute("groups", a.groups, 1, check))
      return std::nullopt;
    const TensorType &x = in[0], &w = in[1];
    const int64_t channels = w.dims[2].value() * a.groups, filters = w.dims[3].value();
    if (filters % a.groups != 0) {
      check.fail(fmt::format("{} filters cannot be divided into {} groups", filters, a.groups));
      return std::nullopt;
    }
    if (!rules::same_dim(x.dims[3], channels)) {
      check.fail(fmt::format("kernel {} with {} group{} expects {} input channels, but the input {} has {}",
                             print_shape(w.dims), a.groups, a.groups == 1 ? "" : "s", channels,
                             print_shape(x.dims), x.dims[3].value()));
      return std::nullopt;
    }
    const auto size = rules::output_size(rules::convolution_window(a, w), x, "kernel", check);
    if (!size) return std::nullopt;
    return rules::result({x.dims[0], (*size)[0], (*size)[1], filters}, check);
  }

  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &w = f.input_type(1), &y = f.output_type(0);
    const rules::SlidingWindow window = rules::convolution_window(a, w);
    const bool guarded = rules::has_padding(a.pads);
    const Dim filters = w.dims[3].value() / a.groups;
    // n, oh, ow, k | kh, kw, c, and the group before k where there are several.
    std::vector<Dim> axes = {y.dims[0], y.dims[1], y.dims[2]};
    if (a.groups > 1) axes.push_back(a.groups);
    axes.insert(axes.end(), {filters, w.dims[0], w.dims[1], w.dims[2]});
    const int count = static_cast<int>(axes.size());
    const int k = count - 4, kh = count - 3, kw = count - 2, c = count - 1, group = 3;
    Affine channel = axis(c, count), filter = axis(k, count);
    if (a.groups > 1) {
      channel.coefficients[group] = w.dims[2].value();
      filter.coefficients[group] = filters.value();
    }
    const Access data = {axis(0, count), rules::window_index(window, 0, 1, kh, count),
                         rules::window_index(window, 1, 2, kw, count), channel};
    const Access weights = {axis(kh, count), axis(kw, count), axis(c, count), filter};
    const Access placement = {axis(0, count), axis(1, count), axis(2, count), filter};
    f.output(
        0, f.contract(std::move(axes), k + 1, f.input(0), data, guarded, f.input(1), weights, y, placement));
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0], &w = t.inputs[1];
    const int64_t group_channels = w.dims[2], filters = w.dims[3];
    rules::for_each_element(t.outputs[0], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double &y) {
      const int64_t first_channel = k / (filters / a.groups) * group_channels;
      for (int64_t i = 0; i < w.dims[0]; ++i)
        for (int64_t j = 0; j < w.dims[1]; ++j)
          for (int64_t c = 0; c < group_channels; ++c) {
            const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
            const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
            const int64_t tap = ((i * w.dims[1] + j) * group_channels + c) * filters + k;
            y += rules::pixel(x, n, row, column, first_channel + c, 0) * w.data[static_cast<size_t>(tap)];
          }
    });
  }

  static std::vector<int64_t> channel_shape(const Attrs &, const TensorType &weight) {
    return {1, 1, 1, weight.dims[3].value()};
  }

  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId x = g.input(0), w = g.input(1), dy = g.output_gradient();
    if (g.needs(0))
      g.add(0, g.emit("conv2d_input_gradient",
                      {{"strides", a.strides},
                       {"dilations", a.dilations},
                       {"pads", a.pads},
                       {"groups", a.groups},
                       {"input_size", rules::height_and_width(g.type(x))}},
                      {dy, w}));
    if (g.needs(1))
      g.add(1, g.emit("conv2d_weight_gradient",
                      {{"strides", a.strides},
                       {"dilations", a.dilations},
                       {"pads", a.pads},
                       {"groups", a.groups},
                       {"kernel_size", rules::kernel_size(g.type(w))}},
                      {x, dy}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 5, 7, 3}, TensorType{3, 3, 3, 4}}},
            {"", {TensorType{n, 4, 4, 9}, TensorType{1, 1, 9, 5}}},
            {"", {TensorType{n, 1, 1, 1}, TensorType{1, 1, 1, 1}}},
            {"strides=[2, 2]", {TensorType{n, 6, 7, 5}, TensorType{1, 1, 5, 17}}},
            {"pads=[0, 1, 0, 1]", {TensorType{n, 6, 5, 3}, TensorType{2, 2, 3, 16}}},
            {"pads=[1, 1, 1, 1]", {TensorType{n, 7, 9, 8}, TensorType{3, 3, 8, 33}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1]", {TensorType{n, 8, 8, 3}, TensorType{3, 3, 3, 8}}},
            {"strides=[2, 1], pads=[3, 0, 1, 2]", {TensorType{n, 9, 6, 2}, TensorType{5, 4, 2, 7}}},
            {"strides=[3, 2], dilations=[2, 1], pads=[1, 2, 0, 1]",
             {TensorType{n, 9, 8, 5}, TensorType{3, 2, 5, 6}}},
            {"dilations=[2, 3]", {TensorType{n, 7, 9, 4}, TensorType{3, 3, 4, 4}}},
            {"groups=2", {TensorType{n, 5, 5, 6}, TensorType{3, 3, 3, 10}}},
            {"strides=[2, 2], pads=[1, 1, 2, 2], groups=3", {TensorType{n, 6, 7, 9}, TensorType{3, 5, 3, 6}}},
            {"pads=[1, 1, 1, 1], groups=5", {TensorType{n, 4, 5, 5}, TensorType{3, 3, 1, 5}}},
            {"pads=[4, 4, 4, 4]", {TensorType{n, 2, 2, 3}, TensorType{3, 3, 3, 3}}},
            {"", {TensorType{2, 4, 4, 3}, TensorType{3, 3, 3, 2}}}};
  }
};

}  // namespace

OpInfo describe_conv2d() {
  return describe<Conv2D>();
}

}  // namespace sinter::ir

#include <fmt/format.h>

#include "ir/ops/convolution/convolution_rules.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/phases.h"

namespace sinter::ir {

namespace {

struct Conv2DInputGradient {
  static constexpr std::string_view
      name = "conv2d_input_gradient",
      doc =
          "gradient of conv2d with respect to x [N, H, W, C], from dy [N, OH, OW, K] and "
          "w [kh, kw, C / groups, K]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    std::array<int64_t, 2> strides = {1, 1};
    std::array<int64_t, 2> dilations = {1, 1};
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    int64_t groups = 1;
    std::array<int64_t, 2> input_size = {1, 1};
    static constexpr auto fields =
        std::tuple{field("strides", &Attrs::strides, "of the convolution"),
                   field("dilations", &Attrs::dilations, "of the convolution"),
                   field("pads", &Attrs::pads, "of the convolution: top, bottom, left, right"),
                   field("groups", &Attrs::groups, "of the convolution"),
                   field("input_size", &Attrs::input_size, "height and width of x")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !check.rank(in, 0, 4) || !rules::weight(in[1], 4, "kernel", check) ||
        !rules::attribute("groups", a.groups, 1, check))
      return std::nullopt;
    const TensorType &dy = in[0], &w = in[1];
    const int64_t filters = w.dims[3].value();
    if (filters % a.groups != 0 || !rules::same_dim(dy.dims[3], filters)) {
      check.fail(fmt::format("kernel {} with {} group{} does not fit the gradient {}", print_shape(w.dims),
                             a.groups, a.groups == 1 ? "" : "s", print_shape(dy.dims)));
      return std::nullopt;
    }
    if (!rules::input_size_fits(rules::convolution_window(a, w), a.input_size, dy, "kernel", check))
      return std::nullopt;
    return rules::result({dy.dims[0], a.input_size[0], a.input_size[1], w.dims[2].value() * a.groups}, check);
  }

  // A contraction for each phase: n, row, column, c | kh, kw, k, and the group before c where there are
  // several.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &dy = f.input_type(0), &w = f.input_type(1), &dx = f.output_type(0);
    const int64_t filters = w.dims[3].value() / a.groups;
    const int count = a.groups > 1 ? 8 : 7, group = 3, c = count - 4, kh = count - 3, kw = count - 2,
              k = count - 1;
    Affine channel = axis(c, count), filter = axis(k, count);
    if (a.groups > 1) {
      channel.coefficients[group] = w.dims[2].value();
      filter.coefficients[group] = filters;
    }
    rules::for_each_phase(f, rules::convolution_window(a, w), dy, [&](const auto &row, const auto &column) {
      std::vector<Dim> axes = {dx.dims[0], row.count, column.count};
      if (a.groups > 1) axes.push_back(a.groups);
      axes.insert(axes.end(), {w.dims[2], row.taps, column.taps, filters});
      const Access data = {axis(0, count), row.output(1, kh, count), column.output(2, kw, count), filter};
      const Access weights = {row.tap(kh, count), column.tap(kw, count), axis(c, count), filter};
      const Access placement = {axis(0, count), row.position(1, count), column.position(2, count), channel};
      return f.contract(std::move(axes), c + 1, f.input(0), data, row.is_guarded() || column.is_guarded(),
                        f.input(1), weights, dx, placement);
    });
  }

  // Scatters what conv2d gathers.
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &w = t.inputs[1];
    ReferenceTensor &dx = t.outputs[0];
    const int64_t group_channels = w.dims[2], filters = w.dims[3];
    rules::for_each_element(t.inputs[0], [&](int64_t n, int64_t oh, int64_t ow, int64_t k, double dy) {
      const int64_t first_channel = k / (filters / a.groups) * group_channels;
      for (int64_t i = 0; i < w.dims[0]; ++i)
        for (int64_t j = 0; j < w.dims[1]; ++j)
          for (int64_t c = 0; c < group_channels; ++c) {
            const int64_t row = oh * a.strides[0] + i * a.dilations[0] - a.pads[0];
            const int64_t column = ow * a.strides[1] + j * a.dilations[1] - a.pads[2];
            const int64_t tap = ((i * w.dims[1] + j) * group_channels + c) * filters + k;
            rules::add_to_pixel(dx, n, row, column, first_channel + c, dy * w.data[static_cast<size_t>(tap)]);
          }
    });
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"input_size=[5, 7]", {TensorType{n, 3, 5, 4}, TensorType{3, 3, 3, 4}}},
            {"input_size=[4, 4]", {TensorType{n, 4, 4, 5}, TensorType{1, 1, 9, 5}}},
            {"", {TensorType{n, 1, 1, 1}, TensorType{1, 1, 1, 1}}},
            {"pads=[0, 1, 0, 1], input_size=[6, 5]", {TensorType{n, 6, 5, 16}, TensorType{2, 2, 3, 16}}},
            {"pads=[1, 1, 1, 1], input_size=[7, 9]", {TensorType{n, 7, 9, 33}, TensorType{3, 3, 8, 33}}},
            {"strides=[2, 2], input_size=[6, 7]", {TensorType{n, 3, 4, 17}, TensorType{1, 1, 5, 17}}},
            {"strides=[2, 2], pads=[0, 1, 0, 1], input_size=[8, 8]",
             {TensorType{n, 4, 4, 8}, TensorType{3, 3, 3, 8}}},
            {"strides=[2, 1], pads=[3, 0, 1, 2], input_size=[9, 6]",
             {TensorType{n, 4, 6, 7}, TensorType{5, 4, 2, 7}}},
            {"strides=[3, 2], dilations=[2, 1], pads=[1, 2, 0, 1], input_size=[9, 8]",
             {TensorType{n, 3, 4, 6}, TensorType{3, 2, 5, 6}}},
            {"strides=[2, 4], dilations=[2, 6], pads=[1, 1, 7, 7], input_size=[9, 8]",
             {TensorType{n, 4, 3, 2}, TensorType{3, 3, 3, 2}}},
            {"dilations=[2, 3], input_size=[7, 9]", {TensorType{n, 3, 3, 4}, TensorType{3, 3, 4, 4}}},
            {"groups=2, input_size=[5, 5]", {TensorType{n, 3, 3, 10}, TensorType{3, 3, 3, 10}}},
            {"strides=[2, 2], pads=[1, 1, 2, 2], groups=3, input_size=[6, 7]",
             {TensorType{n, 3, 4, 6}, TensorType{3, 5, 3, 6}}},
            {"pads=[4, 4, 4, 4], input_size=[2, 2]", {TensorType{n, 8, 8, 3}, TensorType{3, 3, 3, 3}}},
            {"input_size=[4, 4]", {TensorType{2, 2, 2, 2}, TensorType{3, 3, 3, 2}}}};
  }
};

}  // namespace

OpInfo describe_conv2d_input_gradient() {
  return describe<Conv2DInputGradient>();
}

}  // namespace sinter::ir

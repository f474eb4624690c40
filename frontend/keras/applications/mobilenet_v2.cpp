// MobileNet v2 (Sandler et al. 2018), as in keras/applications/mobilenet_v2.py.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/applications/family.h"

namespace sinter::keras::applications {
namespace {

using nlohmann::json;

// Rounds to the nearest multiple of 8, but never below 90% of `filters`.
int make_divisible(double filters) {
  const int rounded = std::max(8, static_cast<int>(filters + 4) / 8 * 8);
  return rounded < 0.9 * filters ? rounded + 8 : rounded;
}

struct MobileNetV2 {
  FunctionalBuilder &b;
  const Options &options;
  json height = options.input_shape[0];  // of the current tensor; null while open
  json width = options.input_shape[1];
  int channels = 0;

  TensorRef norm(TensorRef x, const std::string &name) {
    return b.layer("BatchNormalization", name, {{"axis", -1}, {"epsilon", 1e-3}, {"momentum", 0.999}}, {x});
  }

  TensorRef relu6(TensorRef x, const std::string &name) {
    return b.layer("ReLU", name, {{"max_value", 6.0}}, {x});
  }

  TensorRef pointwise(TensorRef x, const std::string &name, int filters, const char *padding = "same") {
    channels = filters;
    return b.layer("Conv2D", name,
                   {{"filters", filters}, {"kernel_size", {1, 1}}, {"padding", padding}, {"use_bias", false}},
                   {x});
  }

  // Keras's correct_pad for a 3x3 kernel: one pixel after, and one before where the size is odd.
  static json padding_of(const json &size) {
    return {!size.is_null() && size.get<int>() % 2 == 1 ? 1 : 0, 1};
  }
  static json halved(const json &size) { return size.is_null() ? size : json((size.get<int>() + 1) / 2); }

  TensorRef block(TensorRef x, int id, int filters, int stride, int expansion) {
    const std::string prefix = id > 0 ? fmt::format("block_{}_", id) : "expanded_conv_";
    const TensorRef start = x;
    const int start_channels = channels;
    if (id > 0) {
      x = pointwise(x, prefix + "expand", expansion * channels);
      x = relu6(norm(x, prefix + "expand_BN"), prefix + "expand_relu");
    }
    if (stride == 2) {
      x = b.layer("ZeroPadding2D", prefix + "pad",
                  {{"padding", json::array({padding_of(height), padding_of(width)})}}, {x});
      height = halved(height);
      width = halved(width);
    }
    x = b.layer("DepthwiseConv2D", prefix + "depthwise",
                {{"kernel_size", {3, 3}},
                 {"strides", {stride, stride}},
                 {"padding", stride == 1 ? "same" : "valid"},
                 {"use_bias", false}},
                {x});
    x = relu6(norm(x, prefix + "depthwise_BN"), prefix + "depthwise_relu");
    x = norm(pointwise(x, prefix + "project", make_divisible(static_cast<int>(filters * options.alpha))),
             prefix + "project_BN");
    if (stride == 1 && start_channels == channels)
      x = b.layer("Add", prefix + "add", json::object(), {start, x});
    return x;
  }

  ModelConfig build() {
    const TensorRef input = b.input(options.input_shape);
    channels = make_divisible(32 * options.alpha);
    TensorRef x = b.layer("Conv2D", "Conv1",
                          {{"filters", channels},
                           {"kernel_size", {3, 3}},
                           {"strides", {2, 2}},
                           {"padding", "same"},
                           {"use_bias", false}},
                          {input});
    height = halved(height);
    width = halved(width);
    x = relu6(norm(x, "bn_Conv1"), "Conv1_relu");
    x = block(x, 0, 16, 1, 1);
    struct Stage {
      int filters, blocks, stride;
    };
    int id = 0;
    for (const Stage &stage : {Stage{24, 2, 2}, {32, 3, 2}, {64, 4, 2}, {96, 3, 1}, {160, 3, 2}, {320, 1, 1}})
      for (int i = 0; i < stage.blocks; ++i) x = block(x, ++id, stage.filters, i == 0 ? stage.stride : 1, 6);
    x = pointwise(x, "Conv_1", options.alpha > 1.0 ? make_divisible(1280 * options.alpha) : 1280, "valid");
    x = relu6(norm(x, "Conv_1_bn"), "out_relu");
    if (options.include_top) {
      x = b.layer("GlobalAveragePooling2D", "", json::object(), {x});
      x = b.layer("Dense", "predictions",
                  {{"units", options.classes}, {"activation", options.classifier_activation}}, {x});
    } else {
      x = global_pooling(b, options, x);
    }
    const int rows = options.input_shape[0].is_null() ? 224 : options.input_shape[0].get<int>();
    return b.finish(
        options.name.empty() ? fmt::format("mobilenetv2_{:.2f}_{}", options.alpha, rows) : options.name,
        {input}, {x});
  }
};

}  // namespace

ModelConfig mobilenet_v2(FunctionalBuilder &builder, const Options &options) {
  return MobileNetV2{builder, options}.build();
}

}  // namespace sinter::keras::applications

// MobileNet v1 (Howard et al. 2017), as in keras/applications/mobilenet.py of Keras 3 and, under
// Semantics::keras2, of Keras 2.1: there a depthwise convolution of stride 2 pads 'same', later versions pad
// the bottom and right.
#include <fmt/format.h>

#include "frontend/keras/applications/family.h"

namespace sinter::keras::applications {
namespace {

using nlohmann::json;

struct MobileNet {
  FunctionalBuilder &b;
  const Options &options;
  bool keras3 = b.semantics() == Semantics::keras3;

  TensorRef norm_and_relu(TensorRef x, const std::string &name) {
    x = b.layer("BatchNormalization", name + "_bn", {{"axis", -1}}, {x});
    if (keras3) return b.layer("ReLU", name + "_relu", {{"max_value", 6.0}}, {x});
    return b.layer("Activation", name + "_relu", {{"activation", "relu6"}}, {x});
  }

  TensorRef block(TensorRef x, int number, int filters, int stride) {
    const std::string id = std::to_string(number);
    const bool pads = keras3 && stride > 1;
    if (pads)
      x = b.layer("ZeroPadding2D", "conv_pad_" + id, {{"padding", json::array({{0, 1}, {0, 1}})}}, {x});
    x = b.layer("DepthwiseConv2D", "conv_dw_" + id,
                {{"kernel_size", {3, 3}},
                 {"strides", {stride, stride}},
                 {"padding", pads ? "valid" : "same"},
                 {"depth_multiplier", options.depth_multiplier},
                 {"use_bias", false}},
                {x});
    x = norm_and_relu(x, "conv_dw_" + id);
    x = b.layer(
        "Conv2D", "conv_pw_" + id,
        {{"filters", scaled(filters)}, {"kernel_size", {1, 1}}, {"padding", "same"}, {"use_bias", false}},
        {x});
    return norm_and_relu(x, "conv_pw_" + id);
  }

  int scaled(int filters) const { return static_cast<int>(filters * options.alpha); }

  TensorRef top(TensorRef x) {
    x = b.layer("GlobalAveragePooling2D", "", keras3 ? json{{"keepdims", true}} : json::object(), {x});
    if (!keras3) x = b.layer("Reshape", "reshape_1", {{"target_shape", {1, 1, scaled(1024)}}}, {x});
    x = b.layer("Dropout", "dropout", {{"rate", options.dropout}}, {x});
    x = b.layer("Conv2D", "conv_preds",
                {{"filters", options.classes}, {"kernel_size", {1, 1}}, {"padding", "same"}}, {x});
    const json activation = {{"activation", options.classifier_activation}};
    if (!keras3) x = b.layer("Activation", "act_softmax", activation, {x});
    x = b.layer("Reshape", "reshape_2", {{"target_shape", {options.classes}}}, {x});
    return keras3 ? b.layer("Activation", "predictions", activation, {x}) : x;
  }

  ModelConfig build() {
    const TensorRef input = b.input(options.input_shape);
    TensorRef x = b.layer("Conv2D", "conv1",
                          {{"filters", scaled(32)},
                           {"kernel_size", {3, 3}},
                           {"strides", {2, 2}},
                           {"padding", "same"},
                           {"use_bias", false}},
                          {input});
    x = norm_and_relu(x, "conv1");
    constexpr std::pair<int, int> blocks[] = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                                              {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                                              {512, 1}, {1024, 2}, {1024, 1}};
    int number = 0;
    for (const auto &[filters, stride] : blocks) x = block(x, ++number, filters, stride);
    x = options.include_top ? top(x) : global_pooling(b, options, x);
    const int rows = options.input_shape[0].is_null() ? 224 : options.input_shape[0].get<int>();
    return b.finish(
        options.name.empty() ? fmt::format("mobilenet_{:.2f}_{}", options.alpha, rows) : options.name,
        {input}, {x});
  }
};

}  // namespace

ModelConfig mobilenet(FunctionalBuilder &builder, const Options &options) {
  return MobileNet{builder, options}.build();
}

}  // namespace sinter::keras::applications

// ResNet50 (He et al. 2015): the version of Keras 2.2.5 to 3 (keras/applications/resnet.py), and under
// Semantics::keras2 that of Keras 2.0 (keras/applications/resnet50.py). Both have 25,636,712 parameters with
// the top.
#include "frontend/keras/applications/family.h"

namespace sinter::keras::applications {
namespace {

using nlohmann::json;

constexpr int kStageFilters[] = {64, 128, 256, 512};
constexpr int kStageBlocks[] = {3, 4, 6, 3};

json convolution(int filters, int kernel, int stride, const char *padding = "valid") {
  return {{"filters", filters},
          {"kernel_size", {kernel, kernel}},
          {"strides", {stride, stride}},
          {"padding", padding}};
}

json zero_padding(int each_side) {
  const json pair = {each_side, each_side};
  return {{"padding", json::array({pair, pair})}};
}

// Keras 3: names conv2_block1_1_conv and so on; the stride is in the first 1x1 convolution.
struct Keras3ResNet {
  FunctionalBuilder &b;

  TensorRef convolution_and_norm(TensorRef x, const std::string &name, const json &config) {
    x = b.layer("Conv2D", name + "_conv", config, {x});
    return b.layer("BatchNormalization", name + "_bn", {{"axis", 3}, {"epsilon", 1.001e-5}}, {x});
  }

  TensorRef relu(TensorRef x, const std::string &name) {
    return b.layer("Activation", name, {{"activation", "relu"}}, {x});
  }

  TensorRef block(TensorRef x, int filters, int stride, bool projects, const std::string &name) {
    const TensorRef shortcut =
        projects ? convolution_and_norm(x, name + "_0", convolution(4 * filters, 1, stride)) : x;
    x = relu(convolution_and_norm(x, name + "_1", convolution(filters, 1, stride)), name + "_1_relu");
    x = relu(convolution_and_norm(x, name + "_2", convolution(filters, 3, 1, "same")), name + "_2_relu");
    x = convolution_and_norm(x, name + "_3", convolution(4 * filters, 1, 1));
    x = b.layer("Add", name + "_add", json::object(), {shortcut, x});
    return relu(x, name + "_out");
  }

  ModelConfig build(const Options &options) {
    const TensorRef input = b.input(options.input_shape);
    TensorRef x = b.layer("ZeroPadding2D", "conv1_pad", zero_padding(3), {input});
    x = relu(convolution_and_norm(x, "conv1", convolution(64, 7, 2)), "conv1_relu");
    x = b.layer("ZeroPadding2D", "pool1_pad", zero_padding(1), {x});
    x = b.layer("MaxPooling2D", "pool1_pool", {{"pool_size", {3, 3}}, {"strides", {2, 2}}}, {x});
    for (int stage = 0; stage < 4; ++stage)
      for (int i = 1; i <= kStageBlocks[stage]; ++i)
        x = block(x, kStageFilters[stage], i == 1 && stage > 0 ? 2 : 1, i == 1,
                  "conv" + std::to_string(stage + 2) + "_block" + std::to_string(i));
    if (options.include_top) {
      x = b.layer("GlobalAveragePooling2D", "avg_pool", json::object(), {x});
      x = b.layer("Dense", "predictions",
                  {{"units", options.classes}, {"activation", options.classifier_activation}}, {x});
    } else {
      x = global_pooling(b, options, x, "avg_pool", "max_pool");
    }
    return b.finish(options.name.empty() ? "resnet50" : options.name, {input}, {x});
  }
};

// Keras 2.0: names res2a_branch2a, bn2a_branch2a; pooling is not padded.
struct Keras2ResNet {
  FunctionalBuilder &b;

  TensorRef convolution_and_norm(TensorRef x, const std::string &branch, const json &config) {
    x = b.layer("Conv2D", "res" + branch, config, {x});
    return b.layer("BatchNormalization", "bn" + branch, {{"axis", 3}}, {x});
  }

  TensorRef relu(TensorRef x) { return b.layer("Activation", "", {{"activation", "relu"}}, {x}); }

  TensorRef block(TensorRef x, int filters, int stride, bool projects, const std::string &name) {
    const TensorRef start = x;
    x = relu(convolution_and_norm(x, name + "_branch2a", convolution(filters, 1, stride)));
    x = relu(convolution_and_norm(x, name + "_branch2b", convolution(filters, 3, 1, "same")));
    x = convolution_and_norm(x, name + "_branch2c", convolution(4 * filters, 1, 1));
    const TensorRef shortcut =
        projects ? convolution_and_norm(start, name + "_branch1", convolution(4 * filters, 1, stride))
                 : start;
    return relu(b.layer("Add", "", json::object(), {x, shortcut}));
  }

  ModelConfig build(const Options &options) {
    const TensorRef input = b.input(options.input_shape);
    TensorRef x = b.layer("ZeroPadding2D", "", zero_padding(3), {input});
    x = b.layer("Conv2D", "conv1", convolution(64, 7, 2), {x});
    x = relu(b.layer("BatchNormalization", "bn_conv1", {{"axis", 3}}, {x}));
    x = b.layer("MaxPooling2D", "", {{"pool_size", {3, 3}}, {"strides", {2, 2}}}, {x});
    for (int stage = 0; stage < 4; ++stage)
      for (int i = 0; i < kStageBlocks[stage]; ++i)
        x = block(x, kStageFilters[stage], i == 0 && stage > 0 ? 2 : 1, i == 0,
                  std::to_string(stage + 2) + static_cast<char>('a' + i));
    x = b.layer("AveragePooling2D", "avg_pool", {{"pool_size", {7, 7}}}, {x});
    if (options.include_top) {
      x = b.layer("Flatten", "", json::object(), {x});
      x = b.layer("Dense", "fc1000",
                  {{"units", options.classes}, {"activation", options.classifier_activation}}, {x});
    } else {
      x = global_pooling(b, options, x);
    }
    return b.finish(options.name.empty() ? "resnet50" : options.name, {input}, {x});
  }
};

}  // namespace

ModelConfig resnet50(FunctionalBuilder &builder, const Options &options) {
  return builder.semantics() == Semantics::keras3 ? Keras3ResNet{builder}.build(options)
                                                  : Keras2ResNet{builder}.build(options);
}

}  // namespace sinter::keras::applications

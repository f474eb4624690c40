// What the families of keras.applications share: their arguments, already checked, and one builder function
// each.
#pragma once

#include <optional>
#include <string>

#include "frontend/keras/functional_builder.h"

namespace sinter::keras::applications {

struct Options {
  bool include_top = true;
  nlohmann::json input_shape;  // [height, width, channels]; null for an open dimension
  std::string pooling;         // "", "avg" or "max"
  int classes = 1000;
  nlohmann::json classifier_activation = "softmax";
  double alpha = 1.0;        // MobileNet: multiplies the number of filters
  int depth_multiplier = 1;  // MobileNet
  double dropout = 1e-3;     // MobileNet
  std::string name;          // of the model; empty: the family's own
};

ModelConfig vgg16(FunctionalBuilder &builder, const Options &options);
ModelConfig vgg19(FunctionalBuilder &builder, const Options &options);
ModelConfig resnet50(FunctionalBuilder &builder, const Options &options);
ModelConfig mobilenet(FunctionalBuilder &builder, const Options &options);
ModelConfig mobilenet_v2(FunctionalBuilder &builder, const Options &options);

// The global pooling that include_top=False may ask for; `average` and `maximum` are layer names, may be
// empty.
TensorRef global_pooling(FunctionalBuilder &builder, const Options &options, TensorRef x,
                         std::string average = {}, std::string maximum = {});

}  // namespace sinter::keras::applications

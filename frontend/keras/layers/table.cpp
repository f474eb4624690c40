#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {

LayerImporter find_layer_importer(std::string_view class_name) {
  static const std::map<std::string_view, LayerImporter> table = {
      {"Dense", import_dense},
      {"Conv2D", import_conv2d},
      {"DepthwiseConv2D", import_depthwise_conv2d},
      {"SeparableConv2D", import_separable_conv2d},
      {"MaxPooling2D", import_pooling2d},
      {"AveragePooling2D", import_pooling2d},
      {"GlobalMaxPooling2D", import_global_pooling2d},
      {"GlobalAveragePooling2D", import_global_pooling2d},
      {"BatchNormalization", import_batch_normalization},
      {"Activation", import_activation},
      {"LeakyReLU", import_leaky_relu},
      {"ReLU", import_relu},
      {"ELU", import_elu},
      {"Softmax", import_softmax},
      {"ThresholdedReLU", import_thresholded_relu},
      {"Dropout", import_dropout},
      {"SpatialDropout2D", import_dropout},
      {"Flatten", import_flatten},
      {"Reshape", import_reshape},
      {"Permute", import_permute},
      {"Rescaling", import_rescaling},
      {"ZeroPadding2D", import_zero_padding2d},
      {"Cropping2D", import_cropping2d},
      {"UpSampling2D", import_up_sampling2d},
      {"Add", import_merge},
      {"Subtract", import_merge},
      {"Multiply", import_merge},
      {"Average", import_merge},
      {"Maximum", import_merge},
      {"Minimum", import_merge},
      {"Concatenate", import_concatenate},
  };
  const auto found = table.find(class_name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sinter::keras

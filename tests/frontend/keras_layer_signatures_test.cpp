#include <gtest/gtest.h>

#include <set>

#include "frontend/keras/layer_signatures.h"

namespace sinter::keras {
namespace {

TEST(LayerSignatures, NamesAreUniqueAcrossClassesAndAliases) {
  std::set<std::string> seen;
  for (const LayerSignature &layer : all_layers()) {
    EXPECT_TRUE(seen.insert(layer.class_name).second) << layer.class_name;
    for (const std::string &alias : layer.aliases) EXPECT_TRUE(seen.insert(alias).second) << alias;
  }
}

TEST(LayerSignatures, EveryAliasNamesAParameter) {
  for (const LayerSignature &layer : all_layers())
    for (const auto &[old_name, new_name] : layer.parameter_aliases) {
      std::set<std::string> names;
      for (const Parameter &parameter : layer.parameters) names.insert(parameter.name);
      EXPECT_TRUE(names.contains(new_name)) << layer.class_name << ' ' << old_name;
      EXPECT_FALSE(names.contains(old_name)) << layer.class_name << ' ' << old_name;
    }
}

TEST(LayerSignatures, RequiredParametersComeFirst) {
  for (const LayerSignature &layer : all_layers()) {
    bool optional_seen = false;
    for (const Parameter &parameter : layer.parameters) {
      EXPECT_FALSE(parameter.required && optional_seen) << layer.class_name << ' ' << parameter.name;
      optional_seen |= !parameter.required;
    }
  }
}

TEST(LayerSignatures, AliasFindsTheSameLayer) {
  EXPECT_EQ(find_layer("Convolution2D"), find_layer("Conv2D"));
  EXPECT_EQ(find_layer("MaxPool2D"), find_layer("MaxPooling2D"));
  EXPECT_EQ(find_layer("LSTM"), nullptr);
}

TEST(LayerSignatures, SnakeCaseIsThatOfKeras) {
  for (const auto &[class_name, expected] : std::vector<std::pair<std::string, std::string>>{
           {"Conv2D", "conv2d"},
           {"MaxPooling2D", "max_pooling2d"},
           {"GlobalAveragePooling2D", "global_average_pooling2d"},
           {"BatchNormalization", "batch_normalization"},
           {"LeakyReLU", "leaky_re_lu"},
           {"ReLU", "re_lu"},
           {"ELU", "elu"},
           {"PReLU", "p_re_lu"},
           {"UpSampling2D", "up_sampling2d"},
           {"DepthwiseConv2D", "depthwise_conv2d"},
           {"Conv2DTranspose", "conv2d_transpose"}})
    EXPECT_EQ(to_snake_case(class_name), expected);
  EXPECT_EQ(find_layer("InputLayer")->snake_case, "input");
}

TEST(LayerSignatures, Keras1ArgumentsAreTranslated) {
  nlohmann::json config = {{"nb_filter", 8},        {"nb_row", 3},         {"nb_col", 5},
                           {"border_mode", "same"}, {"subsample", {2, 2}}, {"dim_ordering", "th"},
                           {"bias", false}};
  translate_aliases(*find_layer("Convolution2D"), config);
  EXPECT_EQ(config, (nlohmann::json{{"filters", 8},
                                    {"kernel_size", {3, 5}},
                                    {"padding", "same"},
                                    {"strides", {2, 2}},
                                    {"data_format", "channels_first"},
                                    {"use_bias", false}}));
}

}  // namespace
}  // namespace sinter::keras

#include "frontend/keras/layer_signatures.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sinter::keras {
namespace {

using nlohmann::json;
using Parameters = std::vector<Parameter>;
using Names = std::vector<std::string>;
using Renames = std::vector<std::pair<std::string, std::string>>;

Parameter required(std::string name) {
  return {std::move(name), true, nullptr};
}
Parameter optional(std::string name, json value = nullptr) {
  return {std::move(name), false, std::move(value)};
}

Parameters join(std::initializer_list<Parameters> parts) {
  Parameters all;
  for (const Parameters &part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Renames join(std::initializer_list<Renames> parts) {
  Renames all;
  for (const Renames &part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

json pair_of(int value) {
  return json::array({value, value});
}

// What every layer with a kernel and a bias ends with.
Parameters kernel_and_bias() {
  return {optional("kernel_initializer", "glorot_uniform"),
          optional("bias_initializer", "zeros"),
          optional("kernel_regularizer"),
          optional("bias_regularizer"),
          optional("activity_regularizer"),
          optional("kernel_constraint"),
          optional("bias_constraint")};
}

// Keras 1 names that layers with a kernel share.
Renames keras1_kernel_names() {
  return {{"init", "kernel_initializer"},        {"W_regularizer", "kernel_regularizer"},
          {"b_regularizer", "bias_regularizer"}, {"W_constraint", "kernel_constraint"},
          {"b_constraint", "bias_constraint"},   {"bias", "use_bias"}};
}

LayerSignature layer(std::string class_name, Names aliases, Parameters parameters, Renames renames = {}) {
  LayerSignature signature;
  signature.snake_case = to_snake_case(class_name);
  signature.class_name = std::move(class_name);
  signature.aliases = std::move(aliases);
  signature.parameters = std::move(parameters);
  signature.parameter_aliases = std::move(renames);
  return signature;
}

LayerSignature merge(std::string class_name, Parameters parameters = {}) {
  LayerSignature signature = layer(std::move(class_name), {}, std::move(parameters));
  signature.merges = true;
  return signature;
}

void add_core(std::vector<LayerSignature> &table) {
  LayerSignature input =
      layer("InputLayer", {},
            {optional("input_shape"), optional("batch_size"), optional("batch_input_shape"),
             optional("dtype"), optional("input_tensor"), optional("sparse", false)},
            {{"shape", "input_shape"}, {"batch_shape", "batch_input_shape"}, {"input_dtype", "dtype"}});
  input.snake_case = "input";
  table.push_back(input);
  table.push_back(layer(
      "Dense", {},
      join({{required("units"), optional("activation"), optional("use_bias", true)}, kernel_and_bias()}),
      join({{{"output_dim", "units"}}, keras1_kernel_names()})));
  table.push_back(layer("Activation", {}, {required("activation")}));
  table.push_back(
      layer("Dropout", {}, {required("rate"), optional("noise_shape"), optional("seed")}, {{"p", "rate"}}));
  table.push_back(layer("SpatialDropout2D", {}, {required("rate"), optional("data_format"), optional("seed")},
                        {{"p", "rate"}, {"dim_ordering", "data_format"}}));
  table.push_back(layer("Flatten", {}, {optional("data_format")}));
  table.push_back(layer("Reshape", {}, {required("target_shape")}));
  table.push_back(layer("Permute", {}, {required("dims")}));
  table.push_back(layer("Rescaling", {}, {required("scale"), optional("offset", 0.0)}));
}

void add_convolutions(std::vector<LayerSignature> &table) {
  const Renames window = {{"nb_filter", "filters"},
                          {"border_mode", "padding"},
                          {"subsample", "strides"},
                          {"dim_ordering", "data_format"}};
  table.push_back(
      layer("Conv2D", {"Convolution2D"},
            join({{required("filters"), required("kernel_size"), optional("strides", pair_of(1)),
                   optional("padding", "valid"), optional("data_format"),
                   optional("dilation_rate", pair_of(1)), optional("activation"), optional("use_bias", true)},
                  kernel_and_bias(),
                  {optional("groups", 1)}}),
            join({window, keras1_kernel_names()})));
  table.push_back(
      layer("DepthwiseConv2D", {"DepthwiseConvolution2D"},
            {required("kernel_size"), optional("strides", pair_of(1)), optional("padding", "valid"),
             optional("depth_multiplier", 1), optional("data_format"), optional("activation"),
             optional("use_bias", true), optional("depthwise_initializer", "glorot_uniform"),
             optional("bias_initializer", "zeros"), optional("depthwise_regularizer"),
             optional("bias_regularizer"), optional("activity_regularizer"), optional("depthwise_constraint"),
             optional("bias_constraint"), optional("dilation_rate", pair_of(1))}));
  table.push_back(layer(
      "SeparableConv2D", {"SeparableConvolution2D"},
      {required("filters"), required("kernel_size"), optional("strides", pair_of(1)),
       optional("padding", "valid"), optional("data_format"), optional("depth_multiplier", 1),
       optional("activation"), optional("use_bias", true),
       optional("depthwise_initializer", "glorot_uniform"),
       optional("pointwise_initializer", "glorot_uniform"), optional("bias_initializer", "zeros"),
       optional("depthwise_regularizer"), optional("pointwise_regularizer"), optional("bias_regularizer"),
       optional("activity_regularizer"), optional("depthwise_constraint"), optional("pointwise_constraint"),
       optional("bias_constraint"), optional("dilation_rate", pair_of(1))},
      join({window, {{"bias", "use_bias"}}})));
}

void add_pooling(std::vector<LayerSignature> &table) {
  const Parameters window = {optional("pool_size", pair_of(2)), optional("strides"),
                             optional("padding", "valid"), optional("data_format")};
  const Parameters global = {optional("data_format"), optional("keepdims", false)};
  const Renames names = {{"border_mode", "padding"}, {"dim_ordering", "data_format"}};
  const Renames format = {{"dim_ordering", "data_format"}};
  table.push_back(layer("MaxPooling2D", {"MaxPool2D"}, window, names));
  table.push_back(layer("AveragePooling2D", {"AvgPool2D"}, window, names));
  table.push_back(layer("GlobalAveragePooling2D", {"GlobalAvgPool2D"}, global, format));
  table.push_back(layer("GlobalMaxPooling2D", {"GlobalMaxPool2D"}, global, format));
}

void add_normalization(std::vector<LayerSignature> &table) {
  table.push_back(layer(
      "BatchNormalization", {},
      {optional("axis", -1), optional("momentum", 0.99), optional("epsilon", 1e-3), optional("center", true),
       optional("scale", true), optional("beta_initializer", "zeros"), optional("gamma_initializer", "ones"),
       optional("moving_mean_initializer", "zeros"), optional("moving_variance_initializer", "ones"),
       optional("beta_regularizer"), optional("gamma_regularizer"), optional("beta_constraint"),
       optional("gamma_constraint"), optional("synchronized", false), optional("renorm", false)},
      {{"beta_init", "beta_initializer"}, {"gamma_init", "gamma_initializer"}}));
}

void add_borders(std::vector<LayerSignature> &table) {
  const Renames keras1 = {{"dim_ordering", "data_format"}};
  table.push_back(
      layer("ZeroPadding2D", {}, {optional("padding", pair_of(1)), optional("data_format")}, keras1));
  table.push_back(
      layer("Cropping2D", {},
            {optional("cropping", json::array({pair_of(0), pair_of(0)})), optional("data_format")}, keras1));
  table.push_back(layer(
      "UpSampling2D", {},
      {optional("size", pair_of(2)), optional("data_format"), optional("interpolation", "nearest")}, keras1));
}

void add_merges(std::vector<LayerSignature> &table) {
  for (const char *name : {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
    table.push_back(merge(name));
  table.push_back(merge("Concatenate", {optional("axis", -1)}));
}

void add_activations(std::vector<LayerSignature> &table) {
  table.push_back(layer("LeakyReLU", {}, {optional("alpha", 0.3)}, {{"negative_slope", "alpha"}}));
  table.push_back(layer(
      "ReLU", {}, {optional("max_value"), optional("negative_slope", 0.0), optional("threshold", 0.0)}));
  table.push_back(layer("Softmax", {}, {optional("axis", -1)}));
  table.push_back(layer("ELU", {}, {optional("alpha", 1.0)}));
  table.push_back(layer("ThresholdedReLU", {}, {optional("theta", 1.0)}));
}

std::vector<LayerSignature> make_table() {
  std::vector<LayerSignature> table;
  add_core(table);
  add_convolutions(table);
  add_pooling(table);
  add_normalization(table);
  add_borders(table);
  add_merges(table);
  add_activations(table);
  return table;
}

// Replaces config[first] and config[second] by the pair [first, second] under `name`.
void join_pair(json &config, const char *first, const char *second, const char *name) {
  const auto a = config.find(first), b = config.find(second);
  if (a == config.end() || b == config.end()) return;
  json both = json::array({*a, *b});
  config.erase(first);
  config.erase(second);
  config[name] = std::move(both);
}

}  // namespace

const std::vector<LayerSignature> &all_layers() {
  static const std::vector<LayerSignature> table = make_table();
  return table;
}

const LayerSignature *find_layer(std::string_view class_name) {
  for (const LayerSignature &signature : all_layers())
    if (signature.class_name == class_name || std::ranges::count(signature.aliases, class_name) > 0)
      return &signature;
  return nullptr;
}

bool is_common_layer_argument(std::string_view name) {
  static constexpr std::string_view names[] = {"name",        "trainable",         "dtype",
                                               "input_shape", "batch_input_shape", "batch_shape",
                                               "input_dim",   "batch_size"};
  return std::ranges::find(names, name) != std::end(names);
}

void translate_aliases(const LayerSignature &signature, json &config) {
  join_pair(config, "nb_row", "nb_col", "kernel_size");
  for (const auto &[old_name, new_name] : signature.parameter_aliases) {
    const auto old = config.find(old_name);
    if (old == config.end()) continue;
    json value = std::move(*old);
    config.erase(old);
    if (!config.contains(new_name)) config[new_name] = std::move(value);
  }
  const auto format = config.find("data_format");
  if (format == config.end()) return;
  if (*format == "th") *format = "channels_first";
  if (*format == "tf") *format = "channels_last";
  if (*format == "default") *format = nullptr;
}

}  // namespace sinter::keras

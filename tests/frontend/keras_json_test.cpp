#include <gtest/gtest.h>

#include "frontend/keras/json.h"
#include "tests/frontend/keras_shared_data.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

std::optional<ModelConfig> parse(std::string_view text, Diagnostics &diagnostics) {
  return parse_model_json(text, {.file = "model.json"}, diagnostics);
}

constexpr std::string_view kSequential2 = R"({
  "class_name": "Sequential", "keras_version": "2.0.2", "backend": "tensorflow",
  "config": [
    {"class_name": "Conv2D", "config": {"name": "conv2d_1", "filters": 4, "kernel_size": [3, 3], "padding": "same",
      "batch_input_shape": [null, 8, 8, 3], "dtype": "float32", "trainable": false}},
    {"class_name": "Flatten", "config": {"name": "flatten_1"}},
    {"class_name": "Dense", "config": {"name": "dense_1", "units": 2, "activation": "softmax"}}]})";

TEST(KerasJson, SequentialListOfKeras2) {
  Diagnostics diagnostics;
  const auto model = parse(kSequential2, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_EQ(model->semantics, Semantics::keras2);
  EXPECT_EQ(model->name, "sequential_1");
  EXPECT_TRUE(model->input_is_implicit);
  ASSERT_EQ(model->layers.size(), 4u);
  EXPECT_EQ(model->layers[0].name, "conv2d_1_input");
  EXPECT_EQ(model->layers[0].config["batch_input_shape"], (json{nullptr, 8, 8, 3}));
  EXPECT_FALSE(model->layers[1].trainable);
  EXPECT_TRUE(model->layers[2].trainable);
  EXPECT_EQ(model->layers[3].calls[0].inputs, (std::vector<TensorRef>{{"flatten_1"}}));
  EXPECT_EQ(model->outputs, (std::vector<TensorRef>{{"dense_1"}}));
  EXPECT_EQ(model->layers[2].where.path, "$.config[1]");
}

TEST(KerasJson, Keras1NamesAreTranslated) {
  Diagnostics diagnostics;
  const auto model = parse(R"({"class_name": "Sequential", "keras_version": "1.2.2", "config": [
    {"class_name": "Convolution2D", "config": {"name": "convolution2d_1", "nb_filter": 4, "nb_row": 2, "nb_col": 3,
      "border_mode": "same", "subsample": [1, 1], "dim_ordering": "tf", "init": "glorot_uniform", "bias": true,
      "W_regularizer": null, "input_dtype": "float32", "batch_input_shape": [null, 8, 8, 3], "activation": "relu"}}]})",
                           diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_EQ(model->layers[1].class_name, "Conv2D");
  EXPECT_EQ(model->layers[1].config["kernel_size"], (json{2, 3}));
  EXPECT_EQ(model->layers[1].config["data_format"], "channels_last");
  EXPECT_EQ(model->layers[1].config["use_bias"], true);
}

TEST(KerasJson, Keras1MergeBecomesItsModesLayer) {
  Diagnostics diagnostics;
  const auto model =
      parse(R"({"class_name": "Model", "keras_version": "1.2.2", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 4]}, "inbound_nodes": []},
    {"class_name": "InputLayer", "name": "b", "config": {"name": "b", "batch_input_shape": [null, 4]}, "inbound_nodes": []},
    {"class_name": "Merge", "name": "m", "config": {"name": "m", "mode": "concat", "concat_axis": 1, "dot_axes": -1},
     "inbound_nodes": [[["a", 0, 0], ["b", 0, 0]]]}],
    "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["m", 0, 0]]}})",
            diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_EQ(model->layers.back().class_name, "Concatenate");
  EXPECT_EQ(model->layers.back().config["axis"], 1);
  EXPECT_EQ(model->layers.back().calls[0].inputs, (std::vector<TensorRef>{{"a"}, {"b"}}));
}

TEST(KerasJson, AllUnsupportedLayersAreListed) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
      {"class_name": "LSTM", "config": {"name": "lstm_1", "units": 3, "batch_input_shape": [null, 3, 4]}},
      {"class_name": "Dense", "config": {"name": "dense_1", "units": 3}},
      {"class_name": "Lambda", "config": {"name": "lambda_1"}}]}})",
                     diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2u) << diagnostics.render_all();
  EXPECT_NE(diagnostics.all()[0].message.find("'lstm_1' has the class LSTM"), std::string::npos);
  EXPECT_EQ(diagnostics.all()[0].where.path, "$.config.layers[0]");
  EXPECT_NE(diagnostics.all()[1].message.find("Lambda"), std::string::npos);
  EXPECT_EQ(diagnostics.all()[1].where.path, "$.config.layers[2]");
}

TEST(KerasJson, Keras3FunctionalKeepsKerassOrder) {
  for (const char *name : {"resnet_small", "branches"}) {
    SINTER_REQUIRE_SHARED(path, std::string("keras3_models/") + name + "/config.json");
    const std::string text = read_text(path);
    Diagnostics diagnostics;
    const auto model = parse(text, diagnostics);
    ASSERT_TRUE(model) << diagnostics.render_all();
    EXPECT_TRUE(diagnostics.all().empty()) << diagnostics.render_all();
    EXPECT_EQ(model->semantics, Semantics::keras3);
    const json expected = json::parse(text)["config"]["layers"];
    ASSERT_EQ(model->layers.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(model->layers[i].name, expected[i]["name"]);
  }
}

TEST(KerasJson, Keras3SequentialHidesItsInput) {
  SINTER_REQUIRE_SHARED(path, "keras3_models/cifar_cnn_small/config.json");
  Diagnostics diagnostics;
  const auto model = parse(read_text(path), diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_TRUE(model->input_is_implicit);
  EXPECT_EQ(model->layers[0].class_name, "InputLayer");
  EXPECT_EQ(model->layers[0].config["batch_input_shape"], (json{nullptr, 32, 32, 3}));
  EXPECT_EQ(model->layers[1].name, "conv2d");
}

TEST(KerasJson, TensorFlowJsTopologyIsReadToo) {
  SINTER_REQUIRE_SHARED(path, "mobilenet_v1_025_224/model.json");
  Diagnostics diagnostics;
  const auto model = parse(read_text(path), diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_EQ(model->keras_version, "2.1.4");
  EXPECT_EQ(model->layers.front().name, "input_1");
  EXPECT_EQ(model->layers.back().name, "reshape_2");
}

TEST(KerasJson, DanglingReferencesAreAllReported) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse(R"({"class_name": "Model", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 4]}, "inbound_nodes": []},
    {"class_name": "Flatten", "name": "f", "config": {"name": "f"}, "inbound_nodes": [[["nowhere", 0, 0, {}]]]},
    {"class_name": "Flatten", "name": "g", "config": {"name": "g"}, "inbound_nodes": [[["a", 3, 0, {}]]]}],
    "input_layers": [["a", 0, 0]], "output_layers": [["h", 0, 0]]}})",
                     diagnostics));
  EXPECT_EQ(diagnostics.all().size(), 3u) << diagnostics.render_all();
}

TEST(KerasJson, SyntaxErrorsHaveLineAndColumn) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse("{\"class_name\": \"Sequential\",\n \"config\" [1]}", diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].where.line, 2);
  EXPECT_EQ(diagnostics.all()[0].where.column, 11);
}

TEST(KerasJson, NumbersOutsideOfDoubleAreRefused) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse("{\"class_name\": 1e999}", diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(KerasJson, DeepNestingIsRefused) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse(std::string(1'000'000, '['), diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
}

// Every prefix and every single changed byte of a small model ends in a model or in a diagnostic.
TEST(KerasJson, DamagedTextNeverCrashes) {
  const std::string text(kSequential2);
  for (size_t i = 0; i < text.size(); ++i) {
    Diagnostics truncated;
    EXPECT_FALSE(parse(std::string_view(text).substr(0, i), truncated));
    EXPECT_TRUE(truncated.has_errors());
    for (const char replacement : {'0', '[', '"', '}', '-', '\x80'}) {
      std::string damaged = text;
      damaged[i] = replacement;
      Diagnostics diagnostics;
      const bool parsed = parse(damaged, diagnostics).has_value();
      EXPECT_NE(parsed, diagnostics.has_errors()) << damaged;
    }
  }
}

}  // namespace
}  // namespace sinter::keras

#include <gtest/gtest.h>

#include <cmath>

#include "frontend/keras/functional_builder.h"
#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/layers/layer_import.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/frontend/keras_shared_data.h"
#include "tests/frontend/keras_test_models.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

double largest_difference(const ir::ReferenceTensor &found, const ir::TensorData &expected) {
  EXPECT_EQ(found.dims, expected.dims);
  double worst = 0;
  for (size_t i = 0; i < expected.values.size() && i < found.data.size(); ++i)
    worst = std::max(worst, std::abs(found.data[i] - expected.values[i]));
  return worst;
}

TEST(KerasImport, EveryLayerOfTheTableCanBeImported) {
  for (const LayerSignature &layer : all_layers()) {
    if (layer.class_name == "InputLayer") continue;
    EXPECT_TRUE(find_layer_importer(layer.class_name)) << layer.class_name;
  }
}

TEST(KerasImport, ValuesCarryTheLayersNames) {
  Diagnostics diagnostics;
  const auto model = import_model(
      sequential(
          {8, 8, 3},
          {{"Conv2D", "c", {{"filters", 4}, {"kernel_size", 3}, {"padding", "same"}, {"activation", "relu"}}},
           {"Flatten", "f"},
           {"Dense", "my dense", {{"units", 2}, {"activation", "softmax"}}}}),
      diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_TRUE(ir::verify(model->graph).empty());
  EXPECT_EQ(model->graph.value(model->graph.outputs[0]).name, "my_dense");
  EXPECT_NE(model->graph.find_value("c"), -1);
  EXPECT_NE(model->graph.find_value("c.kernel"), -1);
  Diagnostics parse_diagnostics;
  EXPECT_TRUE(ir::parse_graph(ir::print(model->graph), parse_diagnostics)) << parse_diagnostics.render_all();
  EXPECT_FALSE(model->has_all_weights());
}

// The backend that made these files divides averages over 'same' windows by the whole window. TensorFlow and
// JAX, and so Sinter, count real pixels only; an explicit border of zeros gives the other numbers.
void count_padding_in_averages(ModelConfig &config) {
  for (size_t i = 0; i < config.layers.size(); ++i) {
    if (config.layers[i].class_name != "AveragePooling2D") continue;
    Layer border{"ZeroPadding2D",        "border", {{"padding", {{0, 1}, {0, 1}}}},
                 config.layers[i].calls, true,     {}};
    config.layers[i].config["padding"] = "valid";
    config.layers[i].calls[0].inputs = {{"border"}};
    config.layers.insert(config.layers.begin() + static_cast<std::ptrdiff_t>(i), std::move(border));
    return;
  }
}

// Saved by Keras 3; y0.npy, y1.npy hold what its predict() returned.
TEST(KerasImport, ModelsOfKeras3PredictWhatKerasPredicts) {
  for (const std::string name : {"cifar_cnn_small", "resnet_small", "branches"}) {
    SINTER_REQUIRE_SHARED(folder, "keras3_models/" + name);
    Diagnostics diagnostics;
    auto file = read_model(folder / "model.h5", diagnostics);
    ASSERT_TRUE(file) << diagnostics.render_all();
    if (name == "branches") count_padding_in_averages(file->config);
    auto model = import_model(file->config, diagnostics);
    ASSERT_TRUE(model) << diagnostics.render_all();
    ASSERT_TRUE(assign_weights(*model, file->weights, diagnostics)) << diagnostics.render_all();
    EXPECT_TRUE(diagnostics.all().empty()) << diagnostics.render_all();
    EXPECT_TRUE(model->has_all_weights());
    EXPECT_TRUE(ir::verify(model->graph).empty());
    std::vector<ir::TensorData> inputs;
    for (size_t i = 0; i < model->graph.inputs.size(); ++i)
      inputs.push_back(read_npy(folder / ("x" + std::to_string(i) + ".npy")));
    const auto outputs = predict(*model, inputs);
    for (size_t i = 0; i < outputs.size(); ++i)
      EXPECT_LT(largest_difference(outputs[i], read_npy(folder / ("y" + std::to_string(i) + ".npy"))), 1e-5)
          << name;

    // The same model with the weights of the file that names layers by class.
    auto again = import_model(file->config, diagnostics);
    const auto weights = read_weights(folder / "model.weights.h5", diagnostics);
    ASSERT_TRUE(weights && assign_weights(*again, *weights, diagnostics)) << diagnostics.render_all();
    for (size_t i = 0; i < model->weights.size(); ++i)
      EXPECT_EQ(again->weights[i]->values, model->weights[i]->values);
  }
}

TEST(KerasImport, MobileNetOfKeras2ClassifiesAPelican) {
  SINTER_REQUIRE_SHARED(folder, "mobilenet_v1_025_224");
  Diagnostics diagnostics;
  auto file = read_model(folder / "mobilenet_v1_025_224.h5", diagnostics);
  ASSERT_TRUE(file);
  auto model = import_model(file->config, diagnostics);
  ASSERT_TRUE(model && assign_weights(*model, file->weights, diagnostics)) << diagnostics.render_all();
  const std::string pixels = read_text(folder / "golden/pelican.rgb");
  ir::TensorData image{{1, 224, 224, 3}, {}};
  for (const char pixel : pixels)
    image.values.push_back(static_cast<float>(static_cast<unsigned char>(pixel)) / 127.5f - 1.0f);
  const std::string text = read_text(folder / "golden/pelican.tfjs_probs.f32");
  ir::TensorData expected{{1, 1000}, std::vector<float>(1000)};
  ASSERT_EQ(text.size(), 4000u);
  std::memcpy(expected.values.data(), text.data(), text.size());
  EXPECT_LT(largest_difference(predict(*model, {image})[0], expected), 1e-4);
}

TEST(KerasImport, WeightsAreMatchedByOrderWhereNamesDiffer) {
  SINTER_REQUIRE_SHARED(path, "keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  Diagnostics diagnostics;
  const auto weights = read_weights(path, diagnostics);
  ASSERT_TRUE(weights);
  auto model = import_model(
      sequential({7, 7, 512}, {{"GlobalAveragePooling2D", "gap"}, {"Dense", "dense_1", {{"units", 133}}}}),
      diagnostics);
  ASSERT_TRUE(model && assign_weights(*model, *weights, diagnostics)) << diagnostics.render_all();
  EXPECT_TRUE(model->has_all_weights());
}

TEST(KerasImport, AllMismatchesOfWeightsAreReported) {
  Diagnostics diagnostics;
  auto model = import_model(sequential({4}, {{"Dense", "a", {{"units", 3}}}, {"Dense", "b", {{"units", 2}}}}),
                            diagnostics);
  StoredWeights weights;
  weights.layers = {
      {"a", {{"kernel", {{4, 4}, std::vector<float>(16)}}, {"bias", {{3}, std::vector<float>(3)}}}},
      {"b", {{"kernel", {{3, 2}, std::vector<float>(6)}}}}};
  EXPECT_FALSE(assign_weights(*model, weights, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2u) << diagnostics.render_all();
  EXPECT_NE(diagnostics.all()[0].message.find("[4, 3]"), std::string::npos);
  EXPECT_NE(diagnostics.all()[0].message.find("[4, 4]"), std::string::npos);
  weights.layers = {{"x", {}}, {"y", {}}, {"z", {}}};
  Diagnostics missing;
  EXPECT_FALSE(assign_weights(*model, weights, missing));
  EXPECT_NE(missing.all()[0].message.find("lacks a, b"), std::string::npos) << missing.render_all();
}

TEST(KerasImport, IndependentShapeErrorsAreAllReported) {
  FunctionalBuilder b(Semantics::keras2, {});
  const TensorRef input = b.input({4, 4, 3});
  const json conv5 = {{"filters", 2}, {"kernel_size", 5}};
  const TensorRef large = b.layer("Conv2D", "too_large", conv5, {input});
  const TensorRef after = b.layer("Flatten", "after", json::object(), {large});
  const TensorRef small = b.layer("Conv2D", "small", {{"filters", 2}, {"kernel_size", 3}}, {input});
  const TensorRef sum = b.layer("Add", "sum", json::object(), {small, input});
  const ModelConfig config = b.finish("m", {input}, {after, sum});
  Diagnostics diagnostics;
  EXPECT_FALSE(import_model(config, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2u) << diagnostics.render_all();
  const std::string text = diagnostics.render_all();
  EXPECT_NE(text.find("'too_large' (Conv2D)"), std::string::npos) << text;
  EXPECT_NE(text.find("(None, 2, 2, 2) and (None, 4, 4, 3)"), std::string::npos) << text;
}

TEST(KerasImport, WrongArgumentsAreReportedWithTheirValues) {
  for (const auto &[class_name, config, expected] : std::vector<std::tuple<std::string, json, std::string>>{
           {"Conv2D", {{"filters", -3}, {"kernel_size", 3}}, "-3"},
           {"Conv2D", {{"filters", 3}, {"kernel_size", {3, 3, 3}}}, "[3,3,3]"},
           {"Conv2D", {{"filters", 3}, {"kernel_size", 3}, {"padding", "causal"}}, "causal"},
           {"Conv2D", {{"filters", 3}, {"kernel_size", 3}, {"groups", 2}}, "2 groups"},
           {"Conv2D", {{"filters", 3}, {"kernel_size", 3}, {"activation", "magic"}}, "magic"},
           {"Conv2D", {{"filters", 3}, {"kernel_size", 3}, {"kernel_initializer", "magic"}}, "magic"},
           {"Conv2D", {{"filters", 1 << 20}, {"kernel_size", 1 << 20}}, "[1048576, 1048576, 3, 1048576]"},
           {"Dropout", {{"rate", 1.5}}, "1.5"},
           {"Reshape", {{"target_shape", {5, 5}}}, "[5, 5]"},
           {"Reshape", {{"target_shape", "x"}}, "\"x\""},
           {"BatchNormalization", {{"axis", 7}}, "7"},
           {"BatchNormalization", {{"axis", 0}}, "batch"},
           {"Softmax", {{"axis", 0}}, "batch"},
           {"Concatenate", {{"axis", 9}}, "9"},
           {"Add", json::object(), "called on 1"},
           {"ZeroPadding2D", {{"padding", {1, 2, 3}}}, "[1,2,3]"},
           {"UpSampling2D", {{"interpolation", "bilinear"}}, "bilinear"},
           {"Cropping2D", {{"cropping", 2}}, "4"}}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(import_model(sequential({4, 4, 3}, {{class_name, "x", config}}), diagnostics))
        << class_name << config;
    EXPECT_NE(diagnostics.render_all().find(expected), std::string::npos)
        << class_name << config << diagnostics.render_all();
    EXPECT_NE(diagnostics.render_all().find("'x'"), std::string::npos);
  }
}

TEST(KerasImport, OpenDimensionsCanBeClosed) {
  ModelConfig config = sequential(
      {nullptr, nullptr, 3},
      {{"Conv2D", "c", {{"filters", 2}, {"kernel_size", 3}, {"strides", 2}, {"padding", "same"}}}});
  Diagnostics diagnostics;
  const auto open = import_model(config, diagnostics);
  ASSERT_TRUE(open);
  EXPECT_FALSE(open->graph.type(open->graph.outputs[0]).is_fully_known());
  EXPECT_FALSE(set_input_shape(config, {9, 9, 4}, diagnostics));
  EXPECT_FALSE(set_input_shape(config, {9, 9}, diagnostics));
  EXPECT_EQ(diagnostics.all().size(), 2u);
  EXPECT_TRUE(set_input_shape(config, {9, 9, 3}, diagnostics));
  const auto closed = import_model(config, diagnostics);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->graph.type(closed->graph.outputs[0]), (ir::TensorType{ir::Dim::batch(), 5, 5, 2}));
}

TEST(KerasImport, DenseAfterOpenDimensionsAsksForAShape) {
  Diagnostics diagnostics;
  EXPECT_FALSE(import_model(
      sequential({nullptr, nullptr, 3}, {{"Flatten", "f"}, {"Dense", "d", {{"units", 2}}}}), diagnostics));
  EXPECT_NE(diagnostics.all().at(0).hint.find("--input-shape"), std::string::npos);
}

// The same numbers through a channels_first model and its channels_last twin.
TEST(KerasImport, ChannelsFirstEqualsChannelsLast) {
  const auto build = [](bool first) {
    const std::string format = first ? "channels_first" : "channels_last";
    const int axis = first ? 1 : -1;
    std::vector<NamedLayer> layers = {{"Conv2D",
                                       "c",
                                       {{"filters", 4},
                                        {"kernel_size", {3, 2}},
                                        {"padding", "same"},
                                        {"data_format", format},
                                        {"activation", "relu"}}},
                                      {"BatchNormalization", "b", {{"axis", axis}}},
                                      {"MaxPooling2D", "p", {{"pool_size", {2, 1}}, {"data_format", format}}},
                                      {"Softmax", "s", {{"axis", axis}}}};
    if (!first) layers.push_back({"Permute", "to_first", {{"dims", {3, 1, 2}}}});
    layers.push_back({"Flatten", "f"});
    layers.push_back({"Dense", "d", {{"units", 3}}});
    return sequential(first ? json{2, 6, 5} : json{6, 5, 2}, layers);
  };
  Diagnostics diagnostics;
  auto first = import_model(build(true), diagnostics), last = import_model(build(false), diagnostics);
  ASSERT_TRUE(first && last) << diagnostics.render_all();
  ASSERT_EQ(first->weights.size(), last->weights.size());
  double seed = 1;
  const auto next = [&] { return static_cast<float>(0.5 + 0.4 * std::sin(seed += 1.7)); };
  for (size_t i = 0; i < first->weights.size(); ++i) {
    const auto &type = first->graph.type(first->graph.variables[i].value);
    ir::TensorData data;
    for (const ir::Dim dim : type.dims) data.dims.push_back(dim.value());
    data.values.resize(static_cast<size_t>(type.elements(1)));
    for (float &value : data.values) value = next();
    first->weights[i] = last->weights[i] = data;
  }
  ir::TensorData nchw{{2, 2, 6, 5}, {}}, nhwc{{2, 6, 5, 2}, std::vector<float>(120)};
  for (int i = 0; i < 120; ++i) nchw.values.push_back(next());
  for (size_t n = 0; n < 2; ++n)
    for (size_t c = 0; c < 2; ++c)
      for (size_t p = 0; p < 30; ++p) nhwc.values[(n * 30 + p) * 2 + c] = nchw.values[(n * 2 + c) * 30 + p];
  const auto a = predict(*first, {nchw}), b = predict(*last, {nhwc});
  ASSERT_EQ(a[0].dims, (std::vector<int64_t>{2, 3}));
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(a[0].data[i], b[0].data[i], 1e-12);
  EXPECT_EQ(first->layers[1].output_shapes[0], (std::vector<ir::Dim>{ir::Dim::batch(), 4, 6, 5}));
  EXPECT_EQ(first->input_axes[0], (std::vector<int>{0, 2, 3, 1}));
}

TEST(KerasImport, CyclesAreReported) {
  ModelConfig config = sequential({4}, {{"Dense", "a", {{"units", 4}}}, {"Dense", "b", {{"units", 4}}}});
  config.layers[1].calls[0].inputs = {{"b"}};
  Diagnostics diagnostics;
  EXPECT_FALSE(import_model(config, diagnostics));
  EXPECT_NE(diagnostics.render_all().find("cycle"), std::string::npos) << diagnostics.render_all();
}

TEST(KerasImport, InitializersOfAllSpellings) {
  EXPECT_EQ(initializer_from("glorot_uniform"), (ir::Initializer{"glorot_uniform", {}}));
  EXPECT_EQ(initializer_from({{"class_name", "GlorotUniform"}, {"config", {{"seed", nullptr}}}}),
            (ir::Initializer{"glorot_uniform", {}}));
  EXPECT_EQ(
      initializer_from({{"class_name", "VarianceScaling"},
                        {"config", {{"scale", 1.0}, {"mode", "fan_avg"}, {"distribution", "uniform"}}}}),
      (ir::Initializer{"glorot_uniform", {}}));
  EXPECT_EQ(initializer_from({{"class_name", "VarianceScaling"},
                              {"config", {{"scale", 2.0}, {"mode", "fan_in"}, {"distribution", "normal"}}}}),
            (ir::Initializer{"he_normal", {}}));
  EXPECT_EQ(
      initializer_from({{"class_name", "VarianceScaling"},
                        {"config", {{"scale", 3.0}, {"mode", "fan_out"}, {"distribution", "uniform"}}}}),
      (ir::Initializer{"variance_scaling", {{"scale", 3}, {"mode", 1}, {"distribution", 0}}}));
  EXPECT_EQ(initializer_from(
                {{"class_name", "RandomNormal"}, {"config", {{"mean", 0.0}, {"stddev", 0.01}, {"seed", 3}}}}),
            (ir::Initializer{"random_normal", {{"mean", 0}, {"stddev", 0.01}, {"seed", 3}}}));
  EXPECT_EQ(initializer_from("zero"), (ir::Initializer{"zeros", {}}));
  EXPECT_FALSE(initializer_from("nonsense"));
  EXPECT_FALSE(initializer_from(42));
}

}  // namespace
}  // namespace sinter::keras

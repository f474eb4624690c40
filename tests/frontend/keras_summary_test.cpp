#include <gtest/gtest.h>

#include "frontend/keras/applications.h"
#include "frontend/keras/functional_builder.h"
#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/model_file.h"
#include "frontend/keras/summary.h"
#include "tests/frontend/keras_shared_data.h"
#include "tests/frontend/keras_test_models.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

std::vector<std::string> lines(const std::string &text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

std::string table(const ModelConfig &config, SummaryStyle style) {
  Diagnostics diagnostics;
  const auto model = import_model(config, diagnostics);
  EXPECT_TRUE(model) << diagnostics.render_all();
  return model ? print_summary(summarize(*model), style) : "";
}

json conv(int filters, int size) {
  return {{"filters", filters}, {"kernel_size", {size, size}}, {"padding", "same"}, {"activation", "relu"}};
}
json dense(int units) {
  return {{"units", units}, {"activation", "relu"}};
}
const json kDrop = {{"rate", 0.2}}, kPool = {{"pool_size", {2, 2}}};

ModelConfig branching() {
  FunctionalBuilder b(Semantics::keras2, {});
  const json none = json::object(), relu = {{"activation", "relu"}};
  const TensorRef input = b.input({24, 20, 3});
  const json bare = {{"filters", 16}, {"kernel_size", {3, 3}}, {"padding", "same"}, {"use_bias", false}};
  TensorRef x = b.layer("BatchNormalization", "", none, {b.layer("Conv2D", "", bare, {input})});
  const TensorRef shortcut = x = b.layer("Activation", "", relu, {x});
  x = b.layer("BatchNormalization", "", none, {b.layer("Conv2D", "", conv(16, 3), {x})});
  x = b.layer("Add", "", none, {shortcut, x});
  const TensorRef left = b.layer("Conv2D", "", conv(16, 1), {x}),
                  right = b.layer("Conv2D", "", conv(16, 3), {x});
  x = b.layer("Concatenate", "", none, {left, right});
  x = b.layer("GlobalAveragePooling2D", "", none, {x});
  x = b.layer("Dense", "", dense(7), {x});
  return b.finish("model_1", {input}, {x});
}

ModelConfig application(std::string_view name, json kwargs, Semantics semantics) {
  Diagnostics diagnostics;
  kwargs["weights"] = nullptr;
  return build_application(name, kwargs, semantics, diagnostics, {}).value();
}

TEST(KerasSummary, TablesOfKeras2AreEqualLineByLine) {
  const std::vector<std::pair<std::string, ModelConfig>> models = {
      {"mlp", sequential({28, 28}, {{"Flatten", "flatten_1"},
                                    {"Dense", "dense_1", dense(512)},
                                    {"Dropout", "dropout_1", kDrop},
                                    {"Dense", "dense_2", dense(512)},
                                    {"Dropout", "dropout_2", kDrop},
                                    {"Dense", "dense_3", dense(10)}})},
      {"cifar_mlp", sequential({32, 32, 3}, {{"Flatten", "flatten_1"},
                                             {"Dense", "dense_1", dense(1000)},
                                             {"Dropout", "dropout_1", kDrop},
                                             {"Dense", "dense_2", dense(512)},
                                             {"Dropout", "dropout_2", kDrop},
                                             {"Dense", "dense_3", dense(10)}})},
      {"cifar_cnn", sequential({32, 32, 3}, {{"Conv2D", "conv2d_1", conv(16, 2)},
                                             {"MaxPooling2D", "max_pooling2d_1", kPool},
                                             {"Conv2D", "conv2d_2", conv(32, 2)},
                                             {"MaxPooling2D", "max_pooling2d_2", kPool},
                                             {"Conv2D", "conv2d_3", conv(64, 2)},
                                             {"MaxPooling2D", "max_pooling2d_3", kPool},
                                             {"Dropout", "dropout_1", kDrop},
                                             {"Flatten", "flatten_1"},
                                             {"Dense", "dense_1", dense(500)},
                                             {"Dropout", "dropout_2", kDrop},
                                             {"Dense", "dense_2", dense(10)}})},
      {"conv_dims",
       sequential({200, 200, 1},
                  {{"Conv2D", "conv2d_1", {{"filters", 16}, {"kernel_size", 2}, {"strides", 2}}}})},
      {"pool_dims",
       sequential({100, 100, 15}, {{"MaxPooling2D", "max_pooling2d_1", {{"pool_size", 2}, {"strides", 2}}}})},
      {"gap", sequential({7, 7, 512}, {{"GlobalAveragePooling2D", "global_average_pooling2d_1"},
                                       {"Dense", "dense_1", dense(133)}})},
      {"vgg16", application("VGG16", {}, Semantics::keras2)},
      {"vgg16_notop", application("VGG16", {{"include_top", false}}, Semantics::keras2)},
      {"resnet_small", branching()}};
  for (const auto &[name, config] : models) {
    SINTER_REQUIRE_SHARED(path, "keras2_summaries/" + name + ".txt");
    EXPECT_EQ(lines(table(config, SummaryStyle::keras2)), lines(read_text(path))) << name;
  }
}

TEST(KerasSummary, TablesOfApplicationsInKeras3AreEqualLineByLine) {
  for (const std::string name : {"VGG16", "ResNet50", "MobileNet", "MobileNetV2"}) {
    SINTER_REQUIRE_SHARED(path, "keras3_summaries/" + name + ".txt");
    EXPECT_EQ(lines(table(application(name, {}, Semantics::keras3), SummaryStyle::keras3)),
              lines(read_text(path)))
        << name;
  }
}

TEST(KerasSummary, TablesOfSavedModelsInKeras3AreEqualLineByLine) {
  for (const std::string name : {"cifar_cnn_small", "resnet_small", "branches"}) {
    SINTER_REQUIRE_SHARED(folder, "keras3_models/" + name);
    Diagnostics diagnostics;
    const auto from_json = parse_model_json(read_text(folder / "config.json"), {}, diagnostics);
    const auto from_h5 = read_model(folder / "model.h5", diagnostics);
    ASSERT_TRUE(from_json && from_h5) << diagnostics.render_all();
    const std::vector<std::string> expected = lines(read_text(folder / "summary.txt"));
    EXPECT_EQ(lines(table(*from_json, SummaryStyle::keras3)), expected) << name;
    EXPECT_EQ(lines(table(from_h5->config, SummaryStyle::keras3)), expected) << name;
  }
}

TEST(KerasSummary, ParametersOfApplications) {
  const auto total = [](const ModelConfig &config) {
    Diagnostics diagnostics;
    return summarize(import_model(config, diagnostics).value()).total_params;
  };
  for (const Semantics semantics : {Semantics::keras2, Semantics::keras3}) {
    EXPECT_EQ(total(application("VGG16", {}, semantics)), 138'357'544);
    EXPECT_EQ(total(application("VGG16", {{"include_top", false}}, semantics)), 14'714'688);
    EXPECT_EQ(total(application("VGG19", {}, semantics)), 143'667'240);
    EXPECT_EQ(total(application("ResNet50", {}, semantics)), 25'636'712);
    EXPECT_EQ(total(application("MobileNet", {}, semantics)), 4'253'864);
    EXPECT_EQ(total(application("MobileNet", {{"alpha", 0.25}}, semantics)), 475'544);
  }
}

TEST(KerasSummary, OpenDimensionsOfAllApplications) {
  for (const std::string_view name : application_names())
    EXPECT_NE(table(application(name, {{"include_top", false}}, Semantics::keras3), SummaryStyle::keras2)
                  .find("(None, None, None, 3)"),
              std::string::npos);
}

TEST(KerasSummary, TensorFlowsTableNamesTheModel) {
  const std::string text = table(branching(), SummaryStyle::tf_keras2);
  const auto found = lines(text);
  EXPECT_EQ(found[0], "Model: \"model_1\"");
  EXPECT_EQ(found[1], std::string(98, '_'));
  EXPECT_NE(text.find("[(None, 24, 20, 3)]"), std::string::npos);
}

TEST(KerasSummary, Markdown) {
  EXPECT_EQ(table(sequential({4}, {{"Dense", "dense_1", dense(1500)}}), SummaryStyle::markdown),
            "| Layer | Type | Output shape | Params |\n|---|---|---|---:|\n"
            "| dense_1 | Dense | (None, 1500) | 7,500 |\n\n"
            "Total params: 7,500  \nTrainable params: 7,500  \nNon-trainable params: 0\n");
}

TEST(KerasSummary, FrozenLayersAreNotTrainable) {
  ModelConfig config = sequential({4}, {{"Dense", "a", dense(3)}, {"Dense", "b", dense(2)}});
  config.layers[1].trainable = false;
  Diagnostics diagnostics;
  const Summary summary = summarize(import_model(config, diagnostics).value());
  EXPECT_EQ(summary.total_params, 15 + 8);
  EXPECT_EQ(summary.trainable_params, 8);
}

TEST(KerasSummary, ASharedLayerListsAllItsCalls) {
  FunctionalBuilder b(Semantics::keras2, {});
  const TensorRef a = b.input({4}), c = b.input({4});
  ModelConfig config;
  TensorRef x = b.layer("Dense", "shared", dense(3), {a});
  const TensorRef sum = b.layer("Add", "", json::object(), {x, {"shared", 1, 0}});
  config = b.finish("m", {a, c}, {sum});
  for (Layer &layer : config.layers)
    if (layer.name == "shared") layer.calls.push_back({{c}});
  Diagnostics diagnostics;
  const auto model = import_model(config, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  const Summary summary = summarize(*model);
  EXPECT_FALSE(summary.is_chain);
  EXPECT_EQ(summary.total_params, 15);
  EXPECT_EQ(model->graph.variables.size(), 2u);
  for (const SummaryRow &row : summary.rows)
    if (row.name == "shared") {
      EXPECT_EQ(row.connected_to, (std::vector<std::string>{"input_1[0][0]", "input_2[0][0]"}));
    }
}

}  // namespace
}  // namespace sinter::keras

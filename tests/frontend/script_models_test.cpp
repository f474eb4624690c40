// Scripts to ModelConfigs: layers, names, connections.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/frontend/script_testing.h"
#include "tests/paths.h"
#include "tests/shared_data.h"

namespace sinter::script {
namespace {

using nlohmann::json;
using testing::ElementsAre;

keras::ModelConfig model_of(const Evaluated &evaluated) {
  EXPECT_TRUE(evaluated.result.has_value()) << evaluated.diagnostics.render_all();
  return evaluated.result ? evaluated.result->model() : keras::ModelConfig{};
}

keras::ModelConfig model_of_file(const std::string &path) {
  return model_of(evaluate(read_file(path)));
}

std::vector<std::string> connections(const keras::ModelConfig &model, const std::string &layer) {
  std::vector<std::string> out;
  if (const keras::Layer *found = model.find(layer))
    for (const keras::LayerCall &call : found->calls)
      for (const keras::TensorRef &input : call.inputs)
        out.push_back(input.layer + "[" + std::to_string(input.node) + "]");
  return out;
}

// The order in which the names occur in a recorded summary must be that of the model's layers.
void expect_summary_order(const keras::ModelConfig &model, const std::string &summary) {
  std::size_t position = 0;
  for (const keras::Layer &layer : model.layers) {
    if (layer.class_name == "InputLayer" && model.input_is_implicit) continue;
    const std::size_t found = summary.find("\n" + layer.name + " (", position);
    ASSERT_NE(found, std::string::npos) << layer.name;
    position = found + 1;
  }
}

TEST(ScriptModels, TheLessonsFirstModel) {
  const keras::ModelConfig model = model_of_file("examples/conv-dims.py");
  EXPECT_EQ(model.class_name, "Sequential");
  EXPECT_EQ(model.name, "sequential_1");
  EXPECT_TRUE(model.input_is_implicit);
  EXPECT_THAT(layer_names(model), ElementsAre("conv2d_1_input", "conv2d_1"));
  EXPECT_EQ(model.layers[0].config["batch_input_shape"], (json{nullptr, 200, 200, 1}));
  EXPECT_EQ(model.layers[1].config, (json{{"filters", 16},
                                          {"kernel_size", 2},
                                          {"strides", 2},
                                          {"padding", "valid"},
                                          {"activation", "relu"},
                                          {"name", "conv2d_1"}}));
  EXPECT_EQ(model.layers[1].where.line, 5);
  EXPECT_EQ(model.semantics, keras::Semantics::keras2);
}

TEST(ScriptModels, EveryExampleEvaluates) {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(test::source_dir() + "/examples")) {
    if (entry.path().extension() != ".py") continue;
    ++count;
    const std::string text = read_file("examples/" + entry.path().filename().string());
    EXPECT_TRUE(looks_like_script(text)) << entry.path();
    const Evaluated evaluated = evaluate(text);
    EXPECT_TRUE(evaluated.result.has_value()) << entry.path() << "\n" << evaluated.diagnostics.render_all();
  }
  EXPECT_GE(count, 10);
}

TEST(ScriptModels, CifarCnn) {
  const keras::ModelConfig model = model_of_file("tests/frontend/scripts/cifar10_cnn_notebook.py");
  EXPECT_THAT(layer_names(model), ElementsAre("conv2d_1_input", "conv2d_1", "max_pooling2d_1", "conv2d_2",
                                              "max_pooling2d_2", "conv2d_3", "max_pooling2d_3", "dropout_1",
                                              "flatten_1", "dense_1", "dropout_2", "dense_2"));
  EXPECT_EQ(model.layers[9].config["units"], 500);
  EXPECT_THAT(connections(model, "dense_2"), ElementsAre("dropout_2[0]"));
}

TEST(ScriptModels, BranchingModelInKerassOrder) {
  const keras::ModelConfig model = model_of_file("tests/frontend/scripts/resnet_small.py");
  EXPECT_EQ(model.class_name, "Model");
  EXPECT_EQ(model.name, "model_1");
  EXPECT_THAT(layer_names(model),
              ElementsAre("input_1", "conv2d_1", "batch_normalization_1", "activation_1", "conv2d_2",
                          "batch_normalization_2", "add_1", "conv2d_3", "conv2d_4", "concatenate_1",
                          "global_average_pooling2d_1", "dense_1"));
  EXPECT_THAT(connections(model, "add_1"), ElementsAre("activation_1[0]", "batch_normalization_2[0]"));
  EXPECT_THAT(connections(model, "concatenate_1"), ElementsAre("conv2d_3[0]", "conv2d_4[0]"));
  SINTER_REQUIRE(summary, "data/keras2_summaries/resnet_small.txt");
  std::ostringstream text;
  text << std::ifstream(summary).rdbuf();
  expect_summary_order(model, text.str());
}

TEST(ScriptModels, ApplicationsAsABase) {
  const Evaluated evaluated = evaluate(read_file("tests/frontend/scripts/transfer_learning.py"));
  const keras::ModelConfig model = model_of(evaluated);
  ASSERT_EQ(model.layers.size(), 19u + 4u);
  EXPECT_EQ(model.layers.front().name, "input_1");
  EXPECT_EQ(model.layers[18].name, "block5_pool");
  EXPECT_FALSE(model.find("block1_conv1")->trainable);
  EXPECT_FALSE(model.find("block4_pool")->trainable);
  EXPECT_TRUE(model.find("block5_conv1")->trainable);
  EXPECT_TRUE(model.find("dense_2")->trainable);
  EXPECT_THAT(connections(model, "global_average_pooling2d_1"), ElementsAre("block5_pool[0]"));
}

TEST(ScriptModels, Keras1Spellings) {
  const keras::ModelConfig model = model_of_file("tests/frontend/scripts/keras1.py");
  EXPECT_EQ(model.find("conv2d_1")->config["kernel_size"], (json{3, 3}));
  EXPECT_EQ(model.find("conv2d_1")->config["padding"], "same");
  EXPECT_EQ(model.find("conv2d_1")->config["strides"], (json{2, 2}));
  EXPECT_EQ(model.find("conv2d_1")->config["data_format"], "channels_last");
  EXPECT_EQ(model.find("conv2d_1")->config["kernel_initializer"], "he_normal");
  EXPECT_EQ(model.find("conv2d_2")->config["kernel_size"], (json{3, 5}));
  EXPECT_EQ(model.find("conv2d_2")->config["kernel_regularizer"],
            (json{{"class_name", "L1L2"}, {"config", {{"l2", 0.01}}}}));
  EXPECT_EQ(model.find("dropout_1")->config["rate"], 0.25);
  EXPECT_EQ(model.find("dense_1")->config["units"], 10);
  EXPECT_EQ(model.find("dense_1")->config["use_bias"], false);
}

TEST(ScriptModels, TensorflowKerasNames) {
  const Evaluated evaluated = evaluate(read_file("tests/frontend/scripts/tf_keras.py"));
  const keras::ModelConfig model = model_of(evaluated);
  EXPECT_TRUE(evaluated.result->uses_tf_keras);
  EXPECT_EQ(model.semantics, keras::Semantics::keras3);
  EXPECT_EQ(model.name, "sequential");
  EXPECT_TRUE(model.input_is_implicit);
  EXPECT_THAT(layer_names(model),
              ElementsAre("input_1", "conv2d", "conv2d_1", "batch_normalization", "flatten", "dense"));
  EXPECT_EQ(model.find("conv2d_1")->config["activation"], "relu");
}

TEST(ScriptModels, SemanticsMayBeForced) {
  const char *text =
      "from keras.layers import Input, Dense\nfrom keras.models import Model\n"
      "x = Input((4,))\nmodel = Model(x, Dense(2)(x))\n";
  EXPECT_THAT(layer_names(model_of(evaluate(text))), ElementsAre("input_1", "dense_1"));
  const keras::ModelConfig three = model_of(evaluate(text, keras::Semantics::keras3));
  EXPECT_THAT(layer_names(three), ElementsAre("input_layer", "dense"));
  EXPECT_EQ(three.name, "functional");
  EXPECT_EQ(three.class_name, "Functional");
}

TEST(ScriptModels, SharedLayersAndSeveralInputs) {
  const keras::ModelConfig model = model_of(
      evaluate("from keras.layers import Input, Dense, concatenate\nfrom keras.models import Model\n"
               "a = Input(shape=(4,), name='a')\nb = Input(shape=(4,), name='b')\nshared = Dense(3)\n"
               "unused = shared(Input(shape=(4,)))\n"
               "model = Model(inputs=[a, b], outputs=[concatenate([shared(a), shared(b)])])\n"));
  ASSERT_EQ(model.inputs.size(), 2u);
  ASSERT_NE(model.find("dense_1"), nullptr);
  // The call on the third input is no part of the model, so the calls count from 0 again.
  EXPECT_THAT(connections(model, "dense_1"), ElementsAre("a[0]", "b[0]"));
  EXPECT_THAT(connections(model, "concatenate_1"), ElementsAre("dense_1[0]", "dense_1[1]"));
  EXPECT_EQ(model.find("input_1"), nullptr);
}

TEST(ScriptModels, SequentialPopAndIndexing) {
  const keras::ModelConfig model = model_of(
      evaluate("from keras.models import Sequential\nfrom keras.layers import Dense, Flatten\n"
               "model = Sequential()\nmodel.add(Dense(4, input_dim=8, "
               "name='first'))\nmodel.add(Dense(5))\nmodel.add(Dense(6))\n"
               "model.pop()\nmodel.add(Dense(7, activation='softmax'))\nmodel.layers[0].trainable = False\n"
               "assert len(model.layers) == 3 and model.layers[-1].units == 7\n"));
  EXPECT_THAT(layer_names(model), ElementsAre("first_input", "first", "dense_1", "dense_3"));
  EXPECT_EQ(model.layers[0].config["batch_input_shape"], (json{nullptr, 8}));
  EXPECT_FALSE(model.layers[1].trainable);
  EXPECT_THAT(connections(model, "dense_3"), ElementsAre("dense_1[0]"));
}

TEST(ScriptModels, ModelsOverInnerOutputs) {
  const Evaluated evaluated = evaluate(
      "from keras.models import Sequential, Model\nfrom keras.layers import Conv2D\n"
      "m = Sequential([Conv2D(2, 3, input_shape=(8, 8, 1)), Conv2D(4, 3)])\n"
      "look = Model(inputs=m.input, outputs=[layer.output for layer in m.layers])\nlook.summary()\n");
  const keras::ModelConfig model = model_of(evaluated);
  EXPECT_EQ(evaluated.result->models.size(), 2u);
  EXPECT_EQ(evaluated.result->main_model, 1);
  EXPECT_EQ(model.outputs.size(), 2u);
  EXPECT_EQ(model.outputs[0].layer, "conv2d_1");
}

TEST(ScriptModels, NestedModelsAreFlattened) {
  const keras::ModelConfig model =
      model_of(evaluate("from keras.models import Sequential, Model\nfrom keras.layers import Dense, Input\n"
                        "inner = Sequential([Dense(3, input_shape=(5,), name='one'), Dense(4, "
                        "name='two')])\ninner.trainable = False\n"
                        "x = Input((5,))\ny = inner(x)\nmodel = Model(x, Dense(2, name='three')(y))\n"));
  EXPECT_THAT(layer_names(model), ElementsAre("input_1", "one", "two", "three"));
  EXPECT_FALSE(model.find("two")->trainable);
  EXPECT_TRUE(model.find("three")->trainable);
  EXPECT_THAT(connections(model, "three"), ElementsAre("two[0]"));
}

TEST(ScriptModels, SequentialOverABase) {
  const keras::ModelConfig model = model_of(evaluate(
      "from keras.applications import VGG16\nfrom keras.models import Sequential\nfrom keras.layers import "
      "Flatten, Dense\n"
      "base = VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))\nbase.trainable = False\n"
      "model = "
      "Sequential()\nmodel.add(base)\nmodel.add(Flatten())\nmodel.add(Dense(2))\nmodel.compile('sgd', "
      "'mse')\n"));
  EXPECT_EQ(model.layers.size(), 19u + 2u);
  EXPECT_FALSE(model.find("block5_conv3")->trainable);
  EXPECT_TRUE(model.find("dense_1")->trainable);
}

TEST(ScriptModels, FunctionsLoopsAndArgumentsBuildLayers) {
  const keras::ModelConfig model =
      model_of(evaluate("import keras\nfrom keras import backend as K\n"
                        "options = dict(padding='same', activation='relu')\n"
                        "def block(m, filters, **more):\n    m.add(keras.layers.Conv2D(filters, (3, 3), "
                        "**options, **more))\n    m.add(keras.layers.MaxPooling2D(2))\n"
                        "rows, cols = 32, 32\nshape = (1, rows, cols) if K.image_data_format() == "
                        "'channels_first' else (rows, cols, 1)\n"
                        "m = keras.models.Sequential()\n"
                        "for i, f in enumerate([8, 16]):\n    block(m, f, name='conv_%d' % (i + 1), "
                        "**({'input_shape': shape} if i == 0 else {}))\n"));
  EXPECT_THAT(layer_names(model),
              ElementsAre("conv_1_input", "conv_1", "max_pooling2d_1", "conv_2", "max_pooling2d_2"));
  EXPECT_EQ(model.find("conv_2")->config["filters"], 16);
}

TEST(ScriptModels, ChannelsFirstIsPassedOn) {
  const keras::ModelConfig model =
      model_of(evaluate("from keras import backend as K\nfrom keras.models import Sequential\nfrom "
                        "keras.layers import Conv2D, Flatten\n"
                        "K.set_image_dim_ordering('th')\nm = Sequential([Conv2D(4, 3, input_shape=(3, 8, "
                        "8)), Conv2D(4, 3, data_format='channels_last')])\n"));
  EXPECT_EQ(model.layers[1].config["data_format"], "channels_first");
  EXPECT_EQ(model.layers[2].config["data_format"], "channels_last");
}

TEST(ScriptModels, DeferredSequentialTakesItsShapeFromTheData) {
  const keras::ModelConfig model = model_of(
      evaluate("import tensorflow as tf\n(x, y), _ = tf.keras.datasets.mnist.load_data()\n"
               "model = tf.keras.models.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])\n"
               "model.compile('adam', 'sparse_categorical_crossentropy')\nmodel.fit(x / 255., y)\n"));
  ASSERT_EQ(model.layers.size(), 3u);
  EXPECT_EQ(model.layers[0].config["batch_input_shape"], (json{nullptr, 28, 28}));
}

TEST(ScriptModels, InputTensorsOfApplications) {
  const keras::ModelConfig model =
      model_of(evaluate("from keras.layers import Input, Dense, GlobalAveragePooling2D\nfrom keras.models "
                        "import Model\nfrom keras.applications.vgg16 import VGG16\n"
                        "mine = Input(shape=(48, 48, 3), name='mine')\nbase = VGG16(include_top=False, "
                        "weights=None, input_tensor=mine)\n"
                        "model = Model(mine, Dense(2)(GlobalAveragePooling2D()(base.layers[-2].output)))\n"));
  EXPECT_EQ(model.layers.front().name, "mine");
  EXPECT_THAT(connections(model, "global_average_pooling2d_1"), ElementsAre("block5_conv3[0]"));
}

TEST(ScriptModels, ShapesOfTensors) {
  const keras::ModelConfig model = model_of(
      evaluate("from keras.models import Sequential, Model\nfrom keras.layers import *\nfrom keras "
               "import backend as K\n"
               "x = Input((8, 6, 3))\ny = Conv2D(4, 3, strides=2, padding='same')(x)\n"
               "assert K.int_shape(y) == (None, 4, 3, 4) and y.shape[1] == 4\n"
               "m = Model(x, y)\nassert m.output_shape == (None, 4, 3, 4) and "
               "m.layers[1].input_shape == (None, 8, 6, 3)\n"
               "top = Sequential([Flatten(input_shape=m.output_shape[1:]), Dense(2)])\ntop.summary()\n"));
  EXPECT_EQ(model.layers[0].config["batch_input_shape"], (json{nullptr, 4, 3, 4}));
}

TEST(ScriptModels, LooksLikeScript) {
  EXPECT_TRUE(looks_like_script("# a comment\nimport numpy as np\n"));
  EXPECT_FALSE(looks_like_script("{\"class_name\": \"Sequential\"}"));
  EXPECT_FALSE(looks_like_script(std::string_view("\x89HDF\r\n\x1a\n\0\0", 10)));
  EXPECT_FALSE(looks_like_script("graph @predict {\n}\n"));
  EXPECT_FALSE(looks_like_script(""));
}

}  // namespace
}  // namespace sinter::script

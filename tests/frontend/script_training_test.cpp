// Scripts to TrainingPlans.
#include <gmock/gmock.h>

#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

using testing::ElementsAre;

ScriptResult result_of(const std::string &text) {
  Evaluated evaluated = evaluate(text);
  EXPECT_TRUE(evaluated.result.has_value()) << evaluated.diagnostics.render_all();
  return evaluated.result ? std::move(*evaluated.result) : ScriptResult{{keras::ModelConfig{}}};
}

std::string head(const std::string &data = "mnist") {
  return "from keras.models import Sequential\nfrom keras.layers import Dense, Flatten\nfrom keras.utils "
         "import to_categorical\n"
         "import numpy as np\nfrom keras.datasets import " +
         data + "\n(x, y), (xt, yt) = " + data +
         ".load_data()\n"
         "m = Sequential([Flatten(input_shape=x.shape[1:]), Dense(10)])\nm.compile('sgd', 'mse')\n";
}

std::string data_after(const std::string &steps, const std::string &data = "mnist") {
  const Evaluated evaluated = evaluate(head(data) + steps + "\nm.fit(x, y)\n");
  if (!evaluated.result) return "error " + evaluated.errors().front();
  const FitCall *fit = evaluated.result->plan.first_fit(0);
  return describe(fit->train.inputs.front().second) + "; " + describe(fit->train.targets.front().second);
}

TEST(ScriptTraining, MnistMlp) {
  const ScriptResult result = result_of(read_file("tests/frontend/scripts/mnist_mlp_notebook.py"));
  ASSERT_EQ(result.plan.actions.size(), 5u);  // compile, evaluate, fit, load_weights, evaluate
  const CompileCall *compile = result.plan.last_compile(result.main_model);
  ASSERT_NE(compile, nullptr);
  EXPECT_EQ(compile->optimizer.class_name, "RMSprop");
  EXPECT_EQ(compile->losses.at(0).second.class_name, "categorical_crossentropy");
  EXPECT_EQ(compile->metrics.at(0).second.class_name, "accuracy");
  const FitCall *fit = result.plan.first_fit(result.main_model);
  ASSERT_NE(fit, nullptr);
  EXPECT_EQ(fit->batch_size, 128);
  EXPECT_EQ(fit->epochs, 10);
  EXPECT_EQ(fit->validation_split, 0.2);
  EXPECT_EQ(fit->shuffle, true);
  EXPECT_EQ(describe(fit->train.inputs.at(0).second), "mnist.x_train | cast float32 | divide 255");
  EXPECT_EQ(describe(fit->train.targets.at(0).second), "mnist.y_train | one_hot 10");
  EXPECT_THAT(*fit->train.targets.at(0).second.shape, ElementsAre(60000, 10));
  ASSERT_EQ(fit->callbacks.size(), 1u);
  EXPECT_EQ(fit->callbacks[0].class_name, "ModelCheckpoint");
  EXPECT_EQ(*find(fit->callbacks[0].config, "filepath")->text(), "mnist.model.best.hdf5");
  EXPECT_EQ(result.weights_file, "mnist.model.best.hdf5");
  ASSERT_TRUE(result.input_scale_offset.has_value());
  EXPECT_FLOAT_EQ(result.input_scale_offset->first, 1.0f / 255);
  EXPECT_FLOAT_EQ(result.input_scale_offset->second, 0);
}

TEST(ScriptTraining, CifarCnnSplitsByHand) {
  const ScriptResult result = result_of(read_file("tests/frontend/scripts/cifar10_cnn_notebook.py"));
  const FitCall *fit = result.plan.first_fit(result.main_model);
  ASSERT_NE(fit, nullptr);
  EXPECT_EQ(describe(fit->train.inputs.at(0).second),
            "cifar10.x_train | cast float32 | divide 255 | samples 5000:50000");
  EXPECT_EQ(describe(fit->validation->inputs.at(0).second),
            "cifar10.x_train | cast float32 | divide 255 | samples 0:5000");
  EXPECT_EQ(describe(fit->validation->targets.at(0).second), "cifar10.y_train | one_hot 10 | samples 0:5000");
  EXPECT_THAT(*fit->train.inputs.at(0).second.shape, ElementsAre(45000, 32, 32, 3));
}

TEST(ScriptTraining, SkippedCodeIsOneNote) {
  const Evaluated evaluated = evaluate(read_file("tests/frontend/scripts/mnist_mlp_notebook.py"));
  const std::vector<std::string> notes = evaluated.messages(Severity::note);
  ASSERT_EQ(notes.size(), 2u) << evaluated.diagnostics.render_all();
  EXPECT_NE(notes[0].find("the script imports keras: defaults are those of Keras 2"), std::string::npos);
  EXPECT_NE(notes[1].find("skipped code that prints, plots or computes on results: lines 6, 13-14"),
            std::string::npos)
      << notes[1];
}

TEST(ScriptTraining, AugmentationAndSchedules) {
  const ScriptResult result = result_of(read_file("tests/frontend/scripts/augmentation.py"));
  const FitCall *fit = result.plan.first_fit(result.main_model);
  ASSERT_NE(fit, nullptr);
  EXPECT_EQ(fit->steps_per_epoch, 1406);
  EXPECT_EQ(fit->batch_size, 32);
  EXPECT_EQ(fit->validation_steps, 156);
  ASSERT_TRUE(fit->train.generator.has_value());
  EXPECT_EQ(find(fit->train.generator->config, "width_shift_range")->number(), 0.1);
  EXPECT_EQ(find(fit->train.generator->config, "horizontal_flip")->value, ConfigValue{true}.value);
  EXPECT_EQ(describe(fit->train.targets.at(0).second), "cifar10.y_train | one_hot 0 | samples 5000:50000");
  ASSERT_EQ(fit->callbacks.size(), 4u);
  EXPECT_EQ(fit->callbacks[3].class_name, "LearningRateScheduler");
  const auto &rates = std::get<ConfigValue::List>(find(fit->callbacks[3].config, "learning_rates")->value);
  ASSERT_EQ(rates.size(), 4u);
  EXPECT_DOUBLE_EQ(*rates[1].number(), 0.1);
  EXPECT_DOUBLE_EQ(*rates[3].number(), 0.025);
  const CompileCall *compile = result.plan.last_compile(result.main_model);
  EXPECT_EQ(compile->optimizer.class_name, "SGD");
  EXPECT_EQ(find(compile->optimizer.config, "learning_rate")->number(), 0.1);
  EXPECT_EQ(find(compile->optimizer.config, "nesterov")->value, ConfigValue{true}.value);
  const auto *save = std::get_if<SaveCall>(&result.plan.actions.back());
  ASSERT_NE(save, nullptr);
  EXPECT_EQ(save->path, "aug_full.h5");
  EXPECT_FALSE(save->weights_only);
}

TEST(ScriptTraining, LossesByClassKeepTheirOptions) {
  const ScriptResult result = result_of(read_file("tests/frontend/scripts/tf_keras.py"));
  const CompileCall *compile = result.plan.last_compile(result.main_model);
  EXPECT_EQ(compile->optimizer.class_name, "Adam");
  EXPECT_EQ(compile->losses.at(0).second.class_name, "sparse_categorical_crossentropy");
  EXPECT_EQ(find(compile->losses.at(0).second.config, "from_logits")->value, ConfigValue{true}.value);
  EXPECT_EQ(describe(result.plan.first_fit(0)->train.inputs.at(0).second),
            "fashion_mnist.x_train | reshape [28,28,1] | divide 255");
}

TEST(ScriptTraining, DataSteps) {
  EXPECT_EQ(data_after("x = (x.astype(np.float32) - 127.5) / 127.5\n"),
            "mnist.x_train | cast float32 | subtract 127.5 | divide 127.5; mnist.y_train");
  EXPECT_EQ(data_after("x = 1 - x / 255\n"),
            "mnist.x_train | divide 255 | reversed subtract 1; mnist.y_train");
  EXPECT_EQ(data_after("x = np.expand_dims(x, axis=-1)\n"),
            "mnist.x_train | reshape [28,28,1]; mnist.y_train");
  EXPECT_EQ(data_after("x = x[:, :, :, np.newaxis]\n"), "mnist.x_train | reshape [28,28,1]; mnist.y_train");
  EXPECT_EQ(data_after("x = x[..., None]\n"), "mnist.x_train | reshape [28,28,1]; mnist.y_train");
  EXPECT_EQ(data_after("x = x.reshape(len(x), 784)\n"), "mnist.x_train | reshape [784]; mnist.y_train");
  EXPECT_EQ(data_after("x = x[..., ::-1]\ny = y[:, 0]\n", "cifar10"),
            "cifar10.x_train | reverse_channels; cifar10.y_train | reshape []");
  EXPECT_EQ(data_after("y = y.flatten()\n", "cifar10"), "cifar10.x_train; cifar10.y_train | reshape []");
  EXPECT_EQ(
      data_after("x, y = x[:100], y[:100]\nx = x[10:-10:2]\ny = y[10:-10:2]\n"),
      "mnist.x_train | samples 0:100 | samples 10:90:2; mnist.y_train | samples 0:100 | samples 10:90:2");
}

TEST(ScriptTraining, DataThatCannotBeExpressedIsAnError) {
  EXPECT_NE(data_after("x = x - np.mean(x)\n").find("the training input depends on"), std::string::npos);
  EXPECT_NE(data_after("x = x[y == 3]\n").find("a selection"), std::string::npos)
      << data_after("x = x[y == 3]\n");
  EXPECT_NE(data_after("x = x[0]\n").find("must be a whole data array"), std::string::npos);
  EXPECT_NE(data_after("x = x.reshape(-1, 5, 11)\n").find("cannot be reshaped"), std::string::npos);
  EXPECT_NE(data_after("x = x.reshape(-1, 5, 5)\n").find("mixes samples"), std::string::npos);
  EXPECT_NE(data_after("x /= 255\n").find("numpy cannot divide an array of uint8 in place"),
            std::string::npos);
}

TEST(ScriptTraining, ArchivesByKey) {
  const ScriptResult result = result_of(
      "import numpy as np\nfrom keras.models import Sequential\nfrom keras.layers import Dense\n"
      "f = np.load('data/features.npz')\nm = Sequential([Dense(2, input_shape=(512,))])\nm.compile('adam', "
      "'mse')\n"
      "m.fit(f['train'], f['targets'], sample_weight=f['w'], class_weight={0: 1., 1: 2})\n");
  const FitCall *fit = result.plan.first_fit(0);
  EXPECT_EQ(fit->train.inputs.at(0).second.source,
            (DataSource{DataSource::Kind::npz, "data/features.npz", "train"}));
  EXPECT_FALSE(fit->train.inputs.at(0).second.shape.has_value());
  EXPECT_EQ(fit->train.sample_weight->source.member, "w");
  EXPECT_THAT(fit->class_weight,
              ElementsAre(std::pair<std::int64_t, double>{0, 1.0}, std::pair<std::int64_t, double>{1, 2.0}));
}

TEST(ScriptTraining, FrozenLayersAreThoseOfTheCompile) {
  const ScriptResult result = result_of(
      "from keras.models import Sequential\nfrom keras.layers import Dense\n"
      "m = Sequential([Dense(2, input_shape=(3,)), Dense(4)])\nm.layers[0].trainable = "
      "False\nm.compile('sgd', 'mse')\n"
      "m.layers[0].trainable = True\n");
  EXPECT_FALSE(result.model().find("dense_1")->trainable);
  EXPECT_THAT(result.plan.last_compile(0)->frozen_layers, testing::Contains("dense_1"));
  EXPECT_THAT(result.plan.last_compile(0)->frozen_layers, testing::Not(testing::Contains("dense_2")));
}

TEST(ScriptTraining, FoldersOfImages) {
  const ScriptResult result = result_of(
      "from keras.models import Sequential\nfrom keras.layers import Dense, Flatten\nfrom "
      "keras.preprocessing.image import ImageDataGenerator\n"
      "g = ImageDataGenerator(rescale=1./255)\nm = Sequential([Flatten(input_shape=(64, 64, 3)), "
      "Dense(2)])\nm.compile('sgd', 'mse')\n"
      "m.fit_generator(g.flow_from_directory('pets/train', target_size=(64, 64), batch_size=16), "
      "steps_per_epoch=10, nb_epoch=3)\n");
  const FitCall *fit = result.plan.first_fit(0);
  EXPECT_EQ(fit->train.inputs.at(0).second.source.name, "pets/train");
  EXPECT_THAT(*fit->train.inputs.at(0).second.shape, ElementsAre(-1, 64, 64, 3));
  EXPECT_EQ(fit->epochs, 3);
  EXPECT_FLOAT_EQ(result.input_scale_offset->first, 1.0f / 255);
}

}  // namespace
}  // namespace sinter::script

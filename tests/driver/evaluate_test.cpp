// `evaluate` of predictors: the loss and metrics that the model was compiled with, equal to those of its
// trainer.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

using nlohmann::json;

// d.npz with x_train, y_train, x_test and y_test: `samples` inputs of six values, targets as `target` gives
// them.
template <class Target>
void write_data(const Scratch &scratch, int64_t samples, int64_t width, Target target) {
  std::vector<float> x, y;
  for (int64_t s = 0; s < samples; ++s) {
    for (int64_t i = 0; i < 6; ++i) x.push_back(std::sin(static_cast<float>(7 * s + i)));
    for (int64_t i = 0; i < width; ++i) y.push_back(static_cast<float>(target(s, i)));
  }
  for (const char *split : {"train", "test"}) {
    write_npy(scratch / ("x_" + std::string(split) + ".npy"), {samples, 6}, x);
    write_npy(scratch / ("y_" + std::string(split) + ".npy"), {samples, width}, y);
  }
  ASSERT_EQ(run("cd " + scratch.path().string() +
                " && python3 -m zipfile -c d.npz x_train.npy y_train.npy x_test.npy y_test.npy")
                .exit_code,
            0);
}

std::string dense_script(const std::string &layers, const std::string &compile) {
  return "from keras.layers import *\nfrom keras.models import *\nfrom keras import regularizers\nmodel = "
         "Sequential()\n"
         "model.add(Dense(5, activation='relu', input_shape=(6,), "
         "kernel_regularizer=regularizers.l2(0.01)))\n" +
         layers + "model.compile(optimizer='sgd', " + compile + ")\n";
}

struct Evaluated {
  json trainer, predictor;
};

// Both binaries of a model, with the trainer's first weights, on d.npz.
Evaluated evaluate_both(const Scratch &scratch, const std::string &model, const std::string &options = "") {
  const std::string in = "cd " + scratch.path().string() + " && ";
  const CommandResult trained = run(in + "sinter compile " + model + " --train -o trainer " + options +
                                    " && ./trainer --data d.npz --epochs 0 --save-weights w.npz && "
                                    "./trainer evaluate --data d.npz --weights w.npz --json");
  EXPECT_EQ(trained.exit_code, 0) << model << "\n" << trained.err;
  const CommandResult predicted = run(
      in + "sinter compile " + model + " --weights w.npz --batch 4 -o predictor " +
      (options.find("--optimizer") == std::string::npos ? options
                                                        : options.substr(0, options.find("--optimizer"))) +
      " && ./predictor evaluate --data d.npz --json");
  EXPECT_EQ(predicted.exit_code, 0) << model << "\n" << predicted.err;
  return {json::parse(trained.out, nullptr, false), json::parse(predicted.out, nullptr, false)};
}

void expect_equal(const Evaluated &both, const std::string &what) {
  ASSERT_TRUE(both.trainer.is_object() && both.predictor.is_object()) << what;
  ASSERT_EQ(both.trainer.size(), both.predictor.size()) << what << both.trainer << both.predictor;
  for (const auto &[key, value] : both.trainer.items()) {
    ASSERT_TRUE(both.predictor.contains(key)) << what << ": " << key;
    const double expected = value.get<double>(), got = both.predictor[key].get<double>();
    EXPECT_TRUE(std::isfinite(expected)) << what << ": " << key;
    EXPECT_NEAR(got, expected, 2e-6 * std::max(1.0, std::abs(expected))) << what << ": " << key;
  }
}

TEST(Evaluate, PredictorsKnowTheirLossAndMetrics) {
  struct Case {
    std::string activation, loss, metrics;
    int64_t units, width;
    double (*target)(int64_t, int64_t);
  };
  const auto number = [](int64_t s, int64_t i) { return 0.25 + 0.5 * static_cast<double>((s + i) % 3); };
  const auto sign = [](int64_t s, int64_t i) { return (s + i) % 2 == 0 ? 1.0 : -1.0; };
  const auto bit = [](int64_t s, int64_t i) { return static_cast<double>((s + i) % 2); };
  const auto row = [](int64_t s, int64_t i) { return s % 3 == i ? 1.0 : 0.0; };
  const auto label = [](int64_t s, int64_t) { return static_cast<double>(s % 3); };
  const Case cases[] = {
      {"linear", "mse", "'mae', 'mape'", 3, 3, number},
      {"linear", "mean_absolute_error", "'mse'", 1, 1, number},
      {"softplus", "mean_squared_logarithmic_error", "'poisson'", 2, 2, number},
      {"linear", "logcosh", "", 2, 2, number},
      {"tanh", "hinge", "'squared_hinge'", 1, 1, sign},
      {"sigmoid", "binary_crossentropy", "'accuracy'", 1, 1, bit},
      {"sigmoid", "binary_crossentropy", "'binary_accuracy'", 4, 4, bit},
      {"softmax", "categorical_crossentropy", "'accuracy', 'top_k_categorical_accuracy'", 3, 3, row},
      {"softmax", "sparse_categorical_crossentropy", "'accuracy'", 3, 1, label},
      {"softmax", "kullback_leibler_divergence", "'categorical_accuracy'", 3, 3, row},
  };
  for (const Case &one : cases) {
    const Scratch scratch;
    write_data(scratch, 11, one.width, one.target);
    write_text(scratch / "model.py", dense_script("model.add(Dense(" + std::to_string(one.units) +
                                                      ", activation='" + one.activation + "'))\n",
                                                  "loss='" + one.loss + "', metrics=[" + one.metrics + "]"));
    expect_equal(evaluate_both(scratch, "model.py"), one.loss);
  }
}

// Folded batch normalization, and the penalties of weights that folding changes.
TEST(Evaluate, OfConvolutionsWithBatchNormalization) {
  const Scratch scratch;
  write_data(scratch, 9, 1, [](int64_t s, int64_t) { return s % 3; });
  write_text(scratch / "model.py", R"(from keras.layers import *
from keras.models import Sequential
model = Sequential()
model.add(Reshape((3, 2, 1), input_shape=(6,)))
model.add(Conv2D(4, 2, padding='same', use_bias=False, kernel_regularizer='l2'))
model.add(BatchNormalization(scale=False))
model.add(Activation('relu'))
model.add(GlobalAveragePooling2D())
model.add(Dense(3, activation='softmax'))
model.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
)");
  expect_equal(evaluate_both(scratch, "model.py"), "convolution");
}

TEST(Evaluate, EachOutputHasItsLossAndWeight) {
  const Scratch scratch;
  write_npy(scratch / "x.npy", {4, 6}, std::vector<float>(24, 0.5f));
  write_npy(scratch / "a.npy", {4, 2}, std::vector<float>{1, 0, 0, 1, 1, 0, 0, 1});
  write_npy(scratch / "b.npy", {4, 1}, std::vector<float>{1, 2, 3, 4});
  write_text(scratch / "model.py", R"(from keras.layers import *
from keras.models import Model
x = Input((6,))
h = Dense(4, activation='relu')(x)
model = Model(x, [Dense(2, activation='softmax', name='kind')(h), Dense(1, name='size')(h)])
model.compile(optimizer='sgd', loss={'kind': 'categorical_crossentropy', 'size': 'mse'}, loss_weights={'kind': 1.0, 'size': 0.1},
              metrics={'kind': 'accuracy', 'size': 'mae'})
)");
  ASSERT_EQ(run("cd " + scratch.path().string() +
                " && python3 -c \"import zipfile\nwith zipfile.ZipFile('d.npz', 'w') as z:\n for s in "
                "'train', 'test':\n"
                "  z.write('x.npy', 'x_%s.npy' % s); z.write('a.npy', 'y_%s.kind.npy' % s); z.write('b.npy', "
                "'y_%s.size.npy' % s)\"")
                .exit_code,
            0);
  const Evaluated both = evaluate_both(scratch, "model.py");
  expect_equal(both, "two outputs");
  EXPECT_EQ(both.predictor.size(), 6u) << both.predictor;
}

// The script's own steps are applied to its data set, as its trainer does.
TEST(Evaluate, TheScriptsStepsAreApplied) {
  const Scratch scratch;
  write_data(scratch, 10, 1, [](int64_t s, int64_t) { return s % 3; });
  write_text(scratch / "model.py", R"(import numpy as np
from keras.layers import *
from keras.models import Sequential
from keras.utils import to_categorical
data = np.load('d.npz')
x_test, y_test = data['x_test'][2:] * 0.5, to_categorical(data['y_test'][2:], 3)
model = Sequential([Dense(3, activation='softmax', input_shape=(6,))])
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(data['x_train'], to_categorical(data['y_train'], 3), epochs=1)
model.evaluate(x_test, y_test)
)");
  const Evaluated both = evaluate_both(scratch, "model.py");
  expect_equal(both, "steps");
  EXPECT_EQ(both.predictor["samples"], 8);
}

TEST(Evaluate, OptionsNameTheLossOfModelsWithout) {
  const Scratch scratch;
  write_data(scratch, 7, 1, [](int64_t s, int64_t) { return s % 2; });
  write_text(scratch / "net.graph", R"(graph "net" {
  input %x: f32[N, 6]
  weight %w: f32[6, 1] init=glorot_uniform
  %y = matmul(%x, %w)
  output %y
})");
  const std::string in = "cd " + scratch.path().string() + " && ";
  const CommandResult silent =
      run(in + "sinter compile net.graph --random-weights -o net && ./net evaluate --data d.npz");
  EXPECT_EQ(silent.exit_code, 1);
  EXPECT_EQ(silent.out, "");
  EXPECT_NE(silent.err.find("the model states no loss"), std::string::npos) << silent.err;
  EXPECT_NE(silent.err.find("--loss NAME"), std::string::npos) << silent.err;
  expect_equal(evaluate_both(scratch, "net.graph", "--loss mae --optimizer sgd"), "--loss");
  const CommandResult wrong = run(in + "sinter compile net.graph --random-weights --loss nonsense -o other");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("does not know the loss 'nonsense'"), std::string::npos) << wrong.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "other"));
}

// What the compiler cannot evaluate does not keep a model from predicting.
TEST(Evaluate, LossesThatAreNotKnownAreSaid) {
  const Scratch scratch;
  write_data(scratch, 4, 3, [](int64_t s, int64_t i) { return s % 3 == i; });
  write_text(scratch / "model.py", dense_script("model.add(Dense(3))\n", "loss='cosine_proximity'"));
  const CommandResult result = run("cd " + scratch.path().string() +
                                   " && sinter compile model.py --random-weights -o p && ./p predict "
                                   "x_test.npy > /dev/null && ./p evaluate --data d.npz");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("cannot be evaluated: Sinter does not know the loss 'cosine_proximity'"),
            std::string::npos)
      << result.err;
}

TEST(Evaluate, SavedModelsKnowTheirLoss) {
  SINTER_REQUIRE(file, "data/keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  const Scratch scratch;
  std::vector<float> x(3 * 7 * 7 * 512), y(3 * 133);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7919 % 100) / 50;
  for (size_t s = 0; s < 3; ++s) y[s * 133 + 40 * s] = 1;
  write_npy(scratch / "x_test.npy", {3, 7, 7, 512}, x);
  write_npy(scratch / "y_test.npy", {3, 133}, y);
  const CommandResult result =
      run("cd " + scratch.path().string() +
          " && python3 -m zipfile -c d.npz x_test.npy y_test.npy && sinter compile " + file.string() +
          " -o dogs && ./dogs evaluate --data d.npz --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json values = json::parse(result.out);
  EXPECT_EQ(values.size(), 3u) << values;
  EXPECT_GT(values["loss"], 0) << values;
  EXPECT_TRUE(values.contains("acc")) << values;
}

}  // namespace
}  // namespace sinter::test

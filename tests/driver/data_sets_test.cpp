// Trainers and predictors read the same data sets alike, and find them in the same places.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"
#include "tests/formats/fixtures.h"

namespace sinter::test {
namespace {

using nlohmann::json;

// Twelve pictures of ten classes: ten to train on, two to test. Element of picture p, row y, column x,
// channel c.
uint8_t pixel(int p, int y, int x, int c) {
  return static_cast<uint8_t>(37 * p + 5 * y + 3 * x + 80 * c + (p * x * y) % 11);
}
int label_of(int picture) {
  return picture % 10;
}

class DataSets : public FolderTest {
 protected:
  // As rows of pixels, or as planes of colors.
  static std::string picture(int p, int channels, bool planes) {
    std::string bytes;
    for (int c = 0; c < (planes ? channels : 1); ++c)
      for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x)
          for (int k = 0; k < (planes ? 1 : channels); ++k)
            bytes += static_cast<char>(pixel(p, y, x, planes ? c : k));
    return bytes;
  }
  static std::string pictures(int begin, int end, int channels) {
    std::string bytes;
    for (int p = begin; p < end; ++p) bytes += picture(p, channels, false);
    return bytes;
  }
  static std::string labels(int begin, int end) {
    std::string bytes;
    for (int p = begin; p < end; ++p) bytes += static_cast<char>(label_of(p));
    return bytes;
  }
  void write_npz(const std::string &name, int channels) {
    const auto shape = [&](int count) {
      return "(" + std::to_string(count) + ", 32, 32, " + std::to_string(channels) + ")";
    };
    write(name, zip({{"x_train.npy", npy("|u1", shape(10), pictures(0, 10, channels)), true},
                     {"y_train.npy", npy("|u1", "(10, 1)", labels(0, 10))},
                     {"x_test.npy", npy("|u1", shape(2), pictures(10, 12, channels))},
                     {"y_test.npy", npy("|u1", "(2,)", labels(10, 12))}}));
  }
  void write_folders(const std::string &name, int channels) {
    for (int p = 0; p < 12; ++p) {
      const std::string bytes = picture(p, channels, false), kind = "/class" + std::to_string(label_of(p));
      write(name + (p < 10 ? "/train" : "/test") + kind + "/p.png",
            png(32, 32, channels, {bytes.begin(), bytes.end()}));
      make_folder(name + "/test" + kind);
    }
  }
  void write_cifar() {
    for (int i = 0; i < 6; ++i) {
      const int p = 2 * i;
      const std::string first = picture(p, 3, true), second = picture(p + 1, 3, true);
      const std::string batch = i == 5 ? "test_batch" : "data_batch_" + std::to_string(i + 1);
      write("bin/" + batch + ".bin", labels(p, p + 1) + first + labels(p + 1, p + 2) + second);
      write("py/cifar-10-batches-py/" + batch,
            cifar_pickle({{"labels", {label_of(p), label_of(p + 1)}}}, first + second));
    }
  }
  void write_idx(const std::string &suffix) {
    for (const auto &[split, begin, end] : {std::tuple{"train", 0, 10}, std::tuple{"t10k", 10, 12}}) {
      const auto count = static_cast<uint32_t>(end - begin);
      const std::string images = idx({count, 32, 32}, pictures(begin, end, 1));
      write("idx" + suffix + "/" + split + "-images-idx3-ubyte" + suffix,
            suffix.empty() ? images : gzip(images));
      write("idx" + suffix + "/" + split + "-labels-idx1-ubyte", idx({count}, labels(begin, end)));
    }
  }

  CommandResult in_folder(const std::string &command) const {
    return run("cd " + path(".") + " && " + command);
  }
  json evaluated(const std::string &command) const {
    const CommandResult result = in_folder(command);
    EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.err;
    return json::parse(result.out, nullptr, false);
  }
  // A trainer t and a predictor p of the model, with the trainer's first weights w.npz.
  void compile(const std::string &script, const std::string &data) {
    write("model.py", script);
    const CommandResult compiled =
        in_folder("sinter compile model.py --train -o t && ./t --epochs 0 --save-weights w.npz " + data +
                  " && sinter compile model.py --weights w.npz --batch 3 -o p");
    ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
  }
  static void expect_equal(const json &a, const json &b, const std::string &what) {
    ASSERT_TRUE(a.is_object() && b.is_object() && a.size() == b.size()) << what << a << b;
    for (const auto &[key, value] : a.items())
      EXPECT_NEAR(b[key].get<double>(), value.get<double>(),
                  2e-6 * std::max(1.0, std::abs(value.get<double>())))
          << what << ": " << key;
  }
  // Every kind of the same pictures has the same numbers, from both binaries.
  void expect_alike(const std::vector<std::string> &places) {
    for (const std::string split : {"test", "train"}) {
      json first;
      for (const std::string &place : places) {
        const std::string options = " --json --split " + split + " --data " + place;
        const json trainer = evaluated("./t evaluate --weights w.npz" + options),
                   predictor = evaluated("./p evaluate" + options);
        if (first.is_null()) first = trainer;
        expect_equal(first, trainer, "trainer, " + place);
        expect_equal(first, predictor, "predictor, " + place);
      }
      EXPECT_EQ(first["samples"], split == std::string("test") ? 2 : 10);
      EXPECT_GT(first["loss"].get<double>(), 0.1);
    }
  }
};

std::string classifier(int channels) {
  return "from keras.models import Sequential\nfrom keras.layers import Conv2D, Flatten, Dense\n"
         "m = Sequential([Conv2D(3, 5, strides=4, activation='relu', input_shape=(32, 32, " +
         std::to_string(channels) +
         ")), Flatten(), Dense(10, activation='softmax')])\n"
         "m.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])\n";
}

TEST_F(DataSets, ColorsAreReadAlike) {
  write_npz("d.npz", 3);
  write_folders("folders", 3);
  write_cifar();
  compile(classifier(3), "--data d.npz");
  expect_alike({"d.npz", "folders", "bin", "py", "py/cifar-10-batches-py"});
}

TEST_F(DataSets, GraysAreReadAlike) {
  write_npz("npz/d.npz", 1);
  write_folders("folders", 1);
  write_idx("");
  write_idx(".gz");
  compile(classifier(1), "--data npz");
  expect_alike({"npz", "folders", "idx", "idx.gz"});
}

// A predictor looks where its trainer does; labels of CIFAR-100's superclasses.
TEST_F(DataSets, PredictorsFindWhatTheScriptNames) {
  const std::string one = picture(0, 3, true), two = picture(1, 3, true);
  for (const char *name : {"train", "test"})
    write(std::string("root/cifar100/cifar-100-python/") + name,
          cifar_pickle({{"fine_labels", {99, 98}}, {"coarse_labels", {19, 3}}}, one + two));
  const std::string in_root = "SINTER_DATA=root ";
  write("model.py", R"(from keras.datasets import cifar100
from keras.models import Sequential
from keras.layers import Flatten, Dense
(x_train, y_train), (x_test, y_test) = cifar100.load_data(label_mode='coarse')
m = Sequential([Flatten(input_shape=(32, 32, 3)), Dense(20, activation='softmax')])
m.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
m.fit(x_train / 255, y_train, validation_split=0.5)
m.evaluate(x_test / 255, y_test)
)");
  ASSERT_EQ(
      in_folder(
          "sinter compile model.py --train -o t && SINTER_DATA=root ./t --epochs 0 --save-weights w.npz && "
          "sinter compile model.py --weights w.npz -o p")
          .exit_code,
      0);
  for (const std::string split : {"test", "train", "valid"}) {
    const json trainer = evaluated(in_root + "./t evaluate --weights w.npz --json --split " + split),
               predictor = evaluated(in_root + "./p evaluate --json --split " + split);
    expect_equal(trainer, predictor, split);
    EXPECT_EQ(trainer["samples"], split == "test" ? 2 : 1);
  }
  const CommandResult nowhere = in_folder("HOME=/nowhere SINTER_DATA=absent ./p evaluate");
  EXPECT_EQ(nowhere.exit_code, 3);
  EXPECT_NE(nowhere.err.find("looked for absent/cifar100, /usr/share/datasets/cifar100"), std::string::npos)
      << nowhere.err;
}

// Keras 2 divides the loss of a batch of 32 by the weights that are not 0, whatever batches the programs
// take.
TEST_F(DataSets, WeightsOfSamplesCountInBoth) {
  write("d.npz", zip({{"x.npy", npy_floats({4, 2}, std::vector<float>(8, 1.0f))},
                      {"y.npy", npy_floats({4}, {1, 2, 3, 4})},
                      {"w.npy", npy_floats({4}, {1, 0, 1, 2})}}));
  compile(R"(import numpy as np
from keras.models import Sequential
from keras.layers import Dense
d = np.load('d.npz')
m = Sequential([Dense(1, kernel_initializer='zeros', input_shape=(2,))])
m.compile(optimizer='sgd', loss='mse')
m.fit(d['x'], d['y'], sample_weight=d['w'], validation_data=(d['x'], d['y'], d['w']))
m.evaluate(d['x'], d['y'])
)",
          "");
  for (const auto &[split, loss] :
       {std::pair{"valid", 14.0}, std::pair{"train", 14.0}, std::pair{"test", 7.5}})
    for (const char *binary : {"./t evaluate --weights w.npz", "./p evaluate"})
      EXPECT_NEAR(evaluated(std::string(binary) + " --json --split " + split)["loss"].get<double>(), loss,
                  1e-5)
          << binary << split;
}

// What fit() is given by the script, `predict` gives to the model too: the mean of each channel comes out.
TEST_F(DataSets, PicturesForPredictTakeTheScriptsSteps) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 1024; ++i) pixels.insert(pixels.end(), {10, 20, 200});
  write("p.png", png(32, 32, 3, pixels));
  write("u.npy", npy("|u1", "(32, 32, 3)", {pixels.begin(), pixels.end()}));
  struct Case {
    std::string steps;
    std::vector<float> means;
  };
  const Case cases[] = {
      {"preprocess_input(x_test.astype('float32'))", {200 - 103.939f, 20 - 116.779f, 10 - 123.68f}},
      {"x_test[..., ::-1] / 100", {2, 0.2f, 0.1f}},
      {"(x_test.astype('float32') - 100) / 50", {-1.8f, -1.6f, 2}},
      {"x_test", {10, 20, 200}},
  };
  for (const Case &one : cases) {
    write("model.py", R"(from keras.datasets import cifar10
from keras.applications.vgg16 import preprocess_input
from keras.models import Sequential
from keras.layers import GlobalAveragePooling2D
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
m = Sequential([GlobalAveragePooling2D(input_shape=(32, 32, 3))])
m.compile(optimizer='sgd', loss='mse')
m.evaluate()" + one.steps +
                          ", y_test)\n");
    const CommandResult compiled = in_folder("sinter compile model.py --random-weights -o p && ./p info");
    ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
    for (const char *input : {"p.png", "u.npy"}) {
      ASSERT_EQ(in_folder(std::string("./p predict ") + input + " --out y.npy").exit_code, 0);
      const std::vector<float> means = test::read_npy(path("y.npy"));
      ASSERT_EQ(means.size(), 3u);
      for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(means[c], one.means[c], 2e-3) << one.steps << ", " << input;
    }
    if (one.steps.starts_with("preprocess")) {
      EXPECT_NE(compiled.out.find("pixels          cast float32 | preprocess vgg16"), std::string::npos)
          << compiled.out;
    }
  }
}

}  // namespace
}  // namespace sinter::test

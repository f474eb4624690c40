// Bad input: a diagnostic that says what to do, the right exit code, nothing written.
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

void expect_rejected(const std::string &command, int exit_code, const std::vector<std::string> &expected) {
  const CommandResult result = run(command);
  EXPECT_EQ(result.exit_code, exit_code) << command << "\n" << result.err;
  for (const std::string &text : expected) EXPECT_NE(result.err.find(text), std::string::npos) << text << "\n" << result.err;
}

size_t files_in(const Scratch &scratch) {
  size_t count = 0;
  for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(scratch.path())) ++count;
  return count;
}

TEST(Diagnostics, Usage) {
  expect_rejected("sinter", 2, {"subcommand"});
  expect_rejected("sinter compile", 2, {"MODEL"});
  expect_rejected("sinter compile --emit nonsense x.py", 2, {"nonsense"});
  expect_rejected("sinter frobnicate", 2, {});
  EXPECT_EQ(run("sinter --help").exit_code, 0);
  EXPECT_EQ(run("sinter compile --help").exit_code, 0);
  EXPECT_EQ(run("sinter --version").out.substr(0, 7), "sinter ");
}

TEST(Diagnostics, MissingFilesAndForeignFiles) {
  const Scratch scratch;
  expect_rejected("sinter summary " + (scratch / "absent.py"), 3, {"absent.py", "No such file"});
  expect_rejected("sinter summary " + scratch.path().string(), 3, {"folder"});
  write_text(scratch / "empty.py", "");
  expect_rejected("sinter summary " + (scratch / "empty.py"), 1, {"empty"});
  write_text(scratch / "noise", std::string("\x01\x02\x03\xff\xfe random", 12));
  expect_rejected("sinter compile " + (scratch / "noise") + " -o " + (scratch / "out"), 1, {"MODEL is"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, ScriptErrorsHaveLineColumnAndCaret) {
  const Scratch scratch;
  write_text(scratch / "m.py",
             "from keras.models import Sequential\nfrom keras.layers import Dense\nmodel = Sequential()\n"
             "while True:\n    model.add(Dense(3))\n");
  expect_rejected("sinter compile " + (scratch / "m.py") + " -o " + (scratch / "out"), 1, {"m.py:4:1", "while True", "^"});
  EXPECT_EQ(files_in(scratch), 1u);
}

TEST(Diagnostics, AllUnknownLayersAtOnce) {
  const Scratch scratch;
  write_text(scratch / "m.py",
             "from keras.models import Sequential\nfrom keras.layers import Dense, LSTM, Conv3D, Embedding\nmodel = Sequential()\n"
             "model.add(Embedding(10, 3, input_shape=(4,)))\nmodel.add(LSTM(3))\nmodel.add(Conv3D(3, 3))\nmodel.summary()\n");
  expect_rejected("sinter summary " + (scratch / "m.py"), 1, {"LSTM", "Conv3D", "Embedding"});
}

TEST(Diagnostics, ShapeConflicts) {
  const Scratch scratch;
  write_text(scratch / "negative.py",
             "from keras.models import Sequential\nfrom keras.layers import Conv2D\nmodel = Sequential()\n"
             "model.add(Conv2D(4, 7, input_shape=(5, 5, 3)))\n");
  expect_rejected("sinter compile --random-weights " + (scratch / "negative.py") + " -o " + (scratch / "out"), 1, {"conv2d_1"});
  write_text(scratch / "merge.py",
             "from keras.models import Model\nfrom keras.layers import Input, Dense, add\nx = Input((4,))\na = Dense(3)(x)\n"
             "b = Dense(5)(x)\nmodel = Model(x, add([a, b]))\n");
  expect_rejected("sinter compile --random-weights " + (scratch / "merge.py") + " -o " + (scratch / "out"), 1, {"3", "5"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, WeightsMustBeAskedForAndFit) {
  const Scratch scratch;
  const std::string script = "'" + example("cifar_cnn.py").string() + "'";
  expect_rejected("sinter compile " + script + " -o " + (scratch / "out"), 1, {"--random-weights", "--weights"});
  expect_rejected("sinter compile --weights " + (scratch / "none.h5") + " " + script + " -o " + (scratch / "out"), 3, {"none.h5"});
  write_text(scratch / "bad.h5", "\x89HDF\r\n\x1a\n garbage");
  expect_rejected("sinter compile --weights " + (scratch / "bad.h5") + " " + script + " -o " + (scratch / "out"), 1, {"bad.h5"});
  const std::filesystem::path other = shared("data/keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  if (std::filesystem::exists(other))
    expect_rejected("sinter compile --weights " + other.string() + " " + script + " -o " + (scratch / "out"), 1, {});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, LabelsMustFit) {
  const Scratch scratch;
  write_text(scratch / "labels.txt", "a\nb\n");
  expect_rejected("sinter compile --random-weights --labels " + (scratch / "labels.txt") + " '" + example("cifar_cnn.py").string() + "' -o " +
                      (scratch / "out"), 1, {"2 labels", "10"});
}

TEST(Diagnostics, GraphsThatAreNoPredictors) {
  const Scratch scratch;
  write_text(scratch / "mean.graph", "graph \"g\" {\n  input %x: f32[N, 4]\n  input %a: f32[4]\n  %m = batch_mean(%x) {axes=[0]}\n"
                                     "  %y = add(%x, %m)\n  output %y\n  output %m\n}\n");
  expect_rejected("sinter compile " + (scratch / "mean.graph") + " -o " + (scratch / "out"), 1,
                  {"%a is f32[4], without a batch", "%m is f32[4], without a batch", "the op batch_mean cannot be compiled",
                   "depends on the other samples", "begin with N"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, UnwritableOutputs) {
  const Scratch scratch;
  const std::string script = "'" + example("mnist_mlp.py").string() + "'";
  expect_rejected("sinter compile --random-weights " + script + " -o " + (scratch / "no/such/folder/out"), 3, {"out"});
  // A file-size limit stands in for a full disk.
  const CommandResult limited = run("ulimit -f 100; trap '' XFSZ; sinter compile --random-weights " + script + " -o " + (scratch / "out"));
  EXPECT_EQ(limited.exit_code, 3) << limited.err;
  EXPECT_EQ(files_in(scratch), 0u) << "something partial was left";
  expect_rejected("sinter summary " + script + " >/dev/full", 3, {"standard output"});
}

TEST(Diagnostics, DamagedModelFiles) {
  const std::filesystem::path file = shared("data/keras3_models/cifar_cnn_small/model.h5");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no test data at " << file;
  const Scratch scratch;
  const std::string bytes = read_text(file);
  for (const double part : {0.001, 0.05, 0.5, 0.9}) {
    write_text(scratch / "cut.h5", bytes.substr(0, static_cast<size_t>(part * static_cast<double>(bytes.size()))));
    expect_rejected("sinter compile " + (scratch / "cut.h5") + " -o " + (scratch / "out"), 1, {"cut.h5"});
    EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
  }
}

}  // namespace
}  // namespace sinter::test

// Bad input: a diagnostic that says what to do, the right exit code, nothing written.
#include "tests/driver/command.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

void expect_rejected(const std::string &command, int exit_code, const std::vector<std::string> &expected) {
  const CommandResult result = run(command);
  EXPECT_EQ(result.exit_code, exit_code) << command << "\n" << result.err;
  for (const std::string &text : expected)
    EXPECT_NE(result.err.find(text), std::string::npos) << text << "\n" << result.err;
}

size_t files_in(const Scratch &scratch) {
  size_t count = 0;
  for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(scratch.path())) ++count;
  return count;
}

TEST(Diagnostics, Usage) {
  expect_rejected("sinter", 2, {"A subcommand is required\n"});
  expect_rejected("sinter compile", 2, {"MODEL is required\n"});
  expect_rejected("sinter compile --emit nonsense x.py", 2, {"--emit: nonsense not in {exe,"});
  expect_rejected("sinter frobnicate", 2, {"unknown command frobnicate", "see sinter --help"});
  EXPECT_EQ(run("sinter --help").exit_code, 0);
  EXPECT_EQ(run("sinter compile --help").exit_code, 0);
  EXPECT_EQ(run("sinter --version").out.substr(0, 7), "sinter ");
}

TEST(Diagnostics, MissingFilesAndForeignFiles) {
  const Scratch scratch;
  expect_rejected("sinter summary " + (scratch / "absent.py"), 3,
                  {"absent.py: error: cannot open: No such file or directory\n"});
  expect_rejected("sinter summary " + scratch.path().string(), 3,
                  {": error: expected a file, found a directory\n"});
  write_text(scratch / "empty.py", "");
  expect_rejected("sinter summary " + (scratch / "empty.py"), 1, {"empty.py: error: the file is empty\n"});
  write_text(scratch / "noise", std::string("\x01\x02\x03\xff\xfe random", 12));
  expect_rejected("sinter compile " + (scratch / "noise") + " -o " + (scratch / "out"), 1,
                  {"noise: error: not a file of a kind that Sinter knows\n"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, ScriptErrorsHaveLineColumnAndCaret) {
  const Scratch scratch;
  write_text(scratch / "m.py",
             "from keras.models import Sequential\nfrom keras.layers import Dense\nmodel = Sequential()\n"
             "while True:\n    model.add(Dense(3))\n");
  expect_rejected("sinter compile " + (scratch / "m.py") + " -o " + (scratch / "out"), 1,
                  {"m.py:4:1: error: 'while' loops are not supported\n    while True:\n    ^\n"});
  EXPECT_EQ(files_in(scratch), 1u);
}

TEST(Diagnostics, AllUnknownLayersAtOnce) {
  const Scratch scratch;
  write_text(scratch / "m.py",
             "from keras.models import Sequential\nfrom keras.layers import Dense, LSTM, Conv3D, "
             "Embedding\nmodel = Sequential()\n"
             "model.add(Embedding(10, 3, input_shape=(4,)))\nmodel.add(LSTM(3))\nmodel.add(Conv3D(3, "
             "3))\nmodel.summary()\n");
  expect_rejected("sinter summary " + (scratch / "m.py"), 1,
                  {"m.py:4:11: error: Sinter does not know the layer class 'Embedding'\n",
                   "m.py:5:11: error: Sinter does not know the layer class 'LSTM'\n",
                   "m.py:6:11: error: Sinter does not know the layer class 'Conv3D'\n"});
}

TEST(Diagnostics, ShapeConflicts) {
  const Scratch scratch;
  write_text(scratch / "negative.py",
             "from keras.models import Sequential\nfrom keras.layers import Conv2D\nmodel = Sequential()\n"
             "model.add(Conv2D(4, 7, input_shape=(5, 5, 3)))\n");
  expect_rejected("sinter compile --random-weights " + (scratch / "negative.py") + " -o " + (scratch / "out"),
                  1,
                  {"negative.py:4:11: error: layer 'conv2d_1' (Conv2D): kernel 7x7 does not fit into 5x5 "
                   "input after padding\n"});
  write_text(scratch / "merge.py",
             "from keras.models import Model\nfrom keras.layers import Input, Dense, add\nx = Input((4,))\na "
             "= Dense(3)(x)\n"
             "b = Dense(5)(x)\nmodel = Model(x, add([a, b]))\n");
  expect_rejected("sinter compile --random-weights " + (scratch / "merge.py") + " -o " + (scratch / "out"), 1,
                  {"merge.py:6:18: error: layer 'add_1' (Add): cannot merge (None, 3) and (None, 5): "
                   "dimension 1 differs\n"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, WeightsMustBeAskedForAndFit) {
  const Scratch scratch;
  const std::string script = "'" + example("cifar_cnn.py").string() + "'";
  expect_rejected(
      "sinter compile " + script + " -o " + (scratch / "out"), 1,
      {"error: the model has no weights (first without: conv2d_1.kernel)\n",
       "hint: give a file with --weights FILE, or ask for initial weights with --random-weights\n"});
  expect_rejected(
      "sinter compile --weights " + (scratch / "none.h5") + " " + script + " -o " + (scratch / "out"), 3,
      {"none.h5: error: cannot open: No such file or directory\n"});
  write_text(scratch / "bad.h5", "\x89HDF\r\n\x1a\n garbage");
  expect_rejected(
      "sinter compile --weights " + (scratch / "bad.h5") + " " + script + " -o " + (scratch / "out"), 1,
      {"bad.h5: error: the HDF5 file is damaged: its superblock has version 32, newer than 3\n"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, WeightsOfAnotherModel) {
  SINTER_REQUIRE(other, "data/keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  const Scratch scratch;
  expect_rejected("sinter compile --weights " + other.string() + " '" + example("cifar_cnn.py").string() +
                      "' -o " + (scratch / "out"),
                  1,
                  {"error: the model has 5 layers with weights, the file 1, and the file lacks conv2d_1, "
                   "conv2d_2, conv2d_3, dense_1\n"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, LabelsMustFit) {
  const Scratch scratch;
  write_text(scratch / "labels.txt", "a\nb\n");
  expect_rejected("sinter compile --random-weights --labels " + (scratch / "labels.txt") + " '" +
                      example("cifar_cnn.py").string() + "' -o " + (scratch / "out"),
                  1, {"labels.txt: error: 2 labels for an output of 10 classes\n"});
}

TEST(Diagnostics, GraphsThatAreNoPredictors) {
  const Scratch scratch;
  write_text(scratch / "mean.graph",
             "graph \"g\" {\n  input %x: f32[N, 4]\n  input %a: f32[4]\n  %m = batch_mean(%x) {axes=[0]}\n"
             "  %y = add(%x, %m)\n  output %y\n  output %m\n}\n");
  expect_rejected("sinter compile " + (scratch / "mean.graph") + " -o " + (scratch / "out"), 1,
                  {"%a is f32[4], without a batch", "%m is f32[4], without a batch",
                   "the op batch_mean cannot be compiled", "depends on the other samples", "begin with N"});
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Diagnostics, UnwritableOutputs) {
  const Scratch scratch;
  const std::string script = "'" + example("mnist_mlp.py").string() + "'";
  expect_rejected("sinter compile --random-weights " + script + " -o " + (scratch / "no/such/folder/out"), 3,
                  {": error: cannot write: No such file or directory\n"});
  // A file-size limit stands in for a full disk.
  const CommandResult limited = run("ulimit -f 100; trap '' XFSZ; sinter compile --random-weights " + script +
                                    " -o " + (scratch / "out"));
  EXPECT_EQ(limited.exit_code, 3) << limited.err;
  EXPECT_EQ(files_in(scratch), 0u) << "something partial was left";
  expect_rejected("sinter summary " + script + " >/dev/full", 3,
                  {"sinter: error: cannot write to standard output\n"});
}

TEST(Diagnostics, DamagedModelFiles) {
  SINTER_REQUIRE(file, "data/keras3_models/cifar_cnn_small/model.h5");
  const Scratch scratch;
  const std::string bytes = read_text(file);
  for (const double part : {0.001, 0.05, 0.5, 0.9}) {
    write_text(scratch / "cut.h5",
               bytes.substr(0, static_cast<size_t>(part * static_cast<double>(bytes.size()))));
    expect_rejected("sinter compile " + (scratch / "cut.h5") + " -o " + (scratch / "out"), 1,
                    {"cut.h5: error: the HDF5 file is damaged: it should have 233016 bytes, but has " +
                     std::to_string(static_cast<size_t>(part * 233016)) + "\n"});
    EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
  }
}

}  // namespace
}  // namespace sinter::test

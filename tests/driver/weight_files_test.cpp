// Files of weights as a user sees them: names without a dot, large files, and what a trainer writes and
// takes.
#include <cstring>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

// A model that no Keras made: weights with and without dots in their names.
const char *const graph = R"(graph "net" {
  input %x: f32[N, 4]
  weight %w: f32[4, 3] init=glorot_uniform
  weight %b: f32[3] init=zeros
  weight %head.kernel: f32[3, 2] init=glorot_uniform
  weight %head.kernel.bias: f32[2] init=zeros
  %h = matmul(%x, %w)
  %hb = add(%h, %b)
  %o = matmul(%hb, %head.kernel)
  %y = add(%o, %head.kernel.bias)
  output %y
}
)";

class WeightFiles : public testing::Test {
 protected:
  CommandResult in_scratch(const std::string &command) {
    return run("cd " + scratch_.path().string() + " && " + command);
  }
  void expect_done(const std::string &command) {
    const CommandResult result = in_scratch(command);
    ASSERT_EQ(result.exit_code, 0) << command << "\n" << result.err;
  }
  // ./trainer of `model` and two samples for it.
  void compile_trainer(const std::string &model, const std::string &options) {
    expect_done("sinter compile --train " + model + " " + options + " -o trainer");
    expect_done(
        "/usr/bin/python3 -c \"import numpy\nnumpy.savez('data.npz', x_train=numpy.arange(8, "
        "dtype='f4').reshape(2, 4), "
        "y_train=numpy.arange(4, dtype='f4').reshape(2, 2))\"");
  }

  Scratch scratch_;
};

TEST_F(WeightFiles, NamesWithoutADotAreKeptInEveryKind) {
  write_text(scratch_ / "net.graph", graph);
  compile_trainer("net.graph", "--loss mse --optimizer SGD:momentum=0.9");
  const std::string train = "./trainer --data data.npz --epochs 2 --verbose 0 --save-weights ";
  expect_done(train + "w.npz");
  for (const char *name : {"w.h5", "w.hdf5", "w.sinter", "w.safetensors"}) {
    expect_done(train + name);
    expect_done(std::string("sinter convert ") + name + " back.npz");
    EXPECT_EQ(
        in_scratch(
            "/usr/bin/python3 -c \"import numpy\na, b = numpy.load('w.npz'), numpy.load('back.npz')\n"
            "assert sorted(a) == sorted(b) == ['b', 'head.kernel', 'head.kernel.bias', 'w'], sorted(b)\n"
            "for k in a: assert (a[k] == b[k]).all(), k\n\"")
            .err,
        "")
        << name;
    // As weights of a predictor they give what the .npz gives.
    expect_done("sinter compile net.graph --weights w.npz -o first && cp " + std::string(name) +
                " w.npz2 && sinter compile net.graph --weights w.npz2 -o second");
    const std::string predict = " predict data.npy --out ";
    write_npy(scratch_ / "data.npy", {1, 4}, std::vector<float>{1, 2, 3, 4});
    expect_done("./first" + predict + "a.npy && ./second" + predict + "b.npy && cmp a.npy b.npy");
  }
}

TEST_F(WeightFiles, LargeSafetensorsAreWhole) {
  // 80 MiB, sparse but for the last number.
  const std::string write =
      "python3 -c \"import json, struct\n"
      "h = json.dumps({'w': {'dtype': 'F32', 'shape': [20, 1048576], 'data_offsets': [0, "
      "83886080]}}).encode()\n"
      "f = open('big.safetensors', 'wb')\n"
      "f.write(struct.pack('<Q', len(h)) + h)\n"
      "f.seek(8 + len(h) + 83886080 - 4)\n"
      "f.write(struct.pack('<f', 7.5))\"";
  expect_done(write);
  expect_done("sinter convert big.safetensors back.safetensors");
  const std::string back = read_text(scratch_ / "back.safetensors");
  ASSERT_GT(back.size(), size_t{83886080});
  float last = 0;
  std::memcpy(&last, back.data() + back.size() - 4, 4);
  EXPECT_EQ(last, 7.5f);
  // The header says more than the file has.
  std::filesystem::resize_file(scratch_ / "big.safetensors",
                               std::filesystem::file_size(scratch_ / "big.safetensors") - 4);
  const CommandResult cut = in_scratch("sinter convert big.safetensors cut.npz");
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_NE(cut.err.find("'w' has data_offsets [0, 83886080] of 83886076 bytes"), std::string::npos)
      << cut.err;
}

TEST_F(WeightFiles, TheSuffixSaysWhatATrainerWrites) {
  write_text(scratch_ / "net.graph", graph);
  compile_trainer("net.graph", "--loss mse --optimizer SGD");
  for (const char *name : {"w", "w.txt", "w.onnx", "w.h5.tmp"}) {
    const CommandResult result =
        in_scratch(std::string("./trainer --data data.npz --epochs 1 --save-weights ") + name);
    EXPECT_EQ(result.exit_code, 2) << name;
    EXPECT_EQ(result.out, "") << "before the first epoch";
    EXPECT_NE(
        result.err.find("--save-weights " + std::string(name) + ": the suffix does not say what to write"),
        std::string::npos)
        << result.err;
    EXPECT_FALSE(std::filesystem::exists(scratch_ / name));
  }
  expect_done("./trainer --data data.npz --epochs 1 --verbose 0 --save-weights w.safetensors");
  EXPECT_EQ(read_text(scratch_ / "w.safetensors").substr(8, 1), "{");
  expect_done("./trainer --data data.npz --epochs 1 --verbose 0 --save-weights w.npz");
  const std::string evaluate = "./trainer evaluate --data data.npz --split train --json --weights ";
  const CommandResult first = in_scratch(evaluate + "w.npz"), second = in_scratch(evaluate + "w.safetensors");
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

// A script's model whose callbacks write every kind of file; each is taken by evaluate, predict and the
// compiler.
const char *const script =
    R"(from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, LeakyReLU
from keras.models import Sequential
from keras.callbacks import ModelCheckpoint
import numpy as np
data = np.load('data.npz')
model = Sequential(name='small')
model.add(Conv2D(3, 2, padding='same', kernel_regularizer='l2', input_shape=(4, 4, 2)))
model.add(BatchNormalization())
model.add(LeakyReLU(0.1))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(2, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(data['x_train'], data['y_train'], batch_size=4, epochs=2, verbose=0,
          callbacks=[ModelCheckpoint('whole.hdf5'), ModelCheckpoint('weights.weights.h5', save_weights_only=True), ModelCheckpoint('whole.keras')])
)";

class ScriptWeights : public WeightFiles, public testing::WithParamInterface<const char *> {
 protected:
  void SetUp() override {
    write_text(scratch_ / "model.py", script);
    expect_done(
        "/usr/bin/python3 -c \"import numpy\nr = numpy.random.RandomState(1)\n"
        "numpy.savez('data.npz', x_train=r.rand(8, 4, 4, 2).astype('f4'), y_train=numpy.eye(2, "
        "dtype='f4')[[0, 1] * 4])\"");
    expect_done(std::string("sinter compile --train model.py --semantics ") + GetParam() + " -o trainer");
    expect_done("./trainer --save-weights w.npz --data .");
    expect_done(
        "/usr/bin/python3 -c \"import numpy\nnumpy.save('x.npy', numpy.load('data.npz')['x_train'])\"");
  }
};

TEST_P(ScriptWeights, AreTakenByTheTrainerThatWroteThem) {
  const std::string evaluate = "./trainer evaluate --data . --split train --json --weights ",
                    predict = "./trainer predict x.npy --out ";
  const CommandResult expected = in_scratch(evaluate + "w.npz");
  ASSERT_EQ(expected.exit_code, 0) << expected.err;
  expect_done(predict + "expected.npy --weights w.npz");
  for (const char *file : {"whole.hdf5", "weights.weights.h5", "whole.keras"}) {
    const CommandResult result = in_scratch(evaluate + file);
    EXPECT_EQ(result.exit_code, 0) << file << result.err;
    EXPECT_EQ(result.out, expected.out) << file;
    expect_done(predict + "y.npy --weights " + file + " && cmp y.npy expected.npy");
  }
}

TEST_P(ScriptWeights, AreTakenByTheCompiler) {
  expect_done("sinter compile model.py --semantics " + std::string(GetParam()) +
              " --weights w.npz -o first && ./first predict x.npy --out expected.npy");
  for (const char *file : {"whole.hdf5", "weights.weights.h5", "whole.keras"}) {
    expect_done("sinter compile model.py --semantics " + std::string(GetParam()) + " --weights " + file +
                " -o second && ./second predict x.npy --out y.npy && cmp y.npy expected.npy");
  }
  for (const char *file : {"whole.hdf5", "whole.keras"}) {
    // As a model.
    expect_done(std::string("sinter compile ") + file +
                " -o third && ./third predict x.npy --out y.npy && cmp y.npy expected.npy");
    // Into any kind and back.
    for (const char *other : {"c.npz", "c.h5", "c.keras", "c.safetensors", "c.sinter"}) {
      expect_done(std::string("sinter convert ") + file + " " + other);
      expect_done("sinter compile model.py --weights " + std::string(other) + " --semantics " + GetParam() +
                  " -o second && ./second predict x.npy --out y.npy && cmp y.npy expected.npy");
    }
  }
  const CommandResult alone = in_scratch("sinter convert w.npz c2.keras");
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_NE(alone.err.find("a .keras file holds a whole model"), std::string::npos) << alone.err;
}

// Damage ends in a message, whatever the byte.
TEST_P(ScriptWeights, DamageIsRefused) {
  for (const char *file : {"whole.hdf5", "whole.keras"}) {
    const std::string bytes = read_text(scratch_ / file);
    for (size_t at = 0; at < bytes.size(); at += bytes.size() / 23 + 1) {
      write_text(scratch_ / "cut", bytes.substr(0, at));
      const CommandResult cut = in_scratch("./trainer evaluate --data . --split train --weights cut");
      EXPECT_EQ(cut.exit_code, 1) << file << " up to byte " << at << cut.err;
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x55);
      write_text(scratch_ / "flipped", flipped);
      EXPECT_LE(in_scratch("./trainer evaluate --data . --split train --weights flipped").exit_code, 1)
          << file << " at byte " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Semantics, ScriptWeights, testing::Values("keras2", "keras3"),
                         [](const auto &info) { return std::string(info.param); });

}  // namespace
}  // namespace sinter::test

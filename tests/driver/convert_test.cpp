// `sinter convert`, and `--weights` of every kind of file.
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

const char *const script = R"(from keras.layers import BatchNormalization, Conv2D, Dense, Flatten
from keras.models import Sequential
model = Sequential()
model.add(Conv2D(5, 3, input_shape=(8, 8, 3)))
model.add(BatchNormalization())
model.add(Flatten())
model.add(Dense(4, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam')
)";

class Convert : public testing::Test {
 protected:
  // A checkpoint and a .npz of the same weights, after a step of training.
  void SetUp() override {
    write_text(scratch_ / "model.py", script);
    ASSERT_EQ(
        run("sinter compile --train " + (scratch_ / "model.py") + " -o " + (scratch_ / "trainer")).exit_code,
        0);
    // Two samples to train on.
    ASSERT_EQ(run("python3 -c \"import struct, zipfile\n"
                  "def npy(shape):\n"
                  "    n = 1\n"
                  "    for d in shape: n *= d\n"
                  "    h = repr({'descr': '<f4', 'fortran_order': False, 'shape': shape}).encode()\n"
                  "    h += b' ' * (117 - len(h)) + b'\\n'\n"
                  "    return b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(h)) + h + struct.pack('<%df' % "
                  "n, *[0.5] * n)\n"
                  "z = zipfile.ZipFile('" +
                  (scratch_ / "data.npz") +
                  "', 'w')\n"
                  "z.writestr('x_train.npy', npy((2, 8, 8, 3)))\n"
                  "z.writestr('y_train.npy', npy((2, 4)))\n"
                  "z.close()\"")
                  .exit_code,
              0);
    const CommandResult result = run(
        "cd " + scratch_.path().string() +
        " && ./trainer --data data.npz --epochs 1 --verbose 0 --checkpoint w.sinter --save-weights w.npz");
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  Scratch scratch_;
};

TEST_F(Convert, EveryKindHoldsTheSameWeights) {
  ASSERT_EQ(run("sinter convert " + (scratch_ / "w.sinter") + " " + (scratch_ / "first.npz")).exit_code, 0);
  EXPECT_EQ(read_text(scratch_ / "first.npz"), read_text(scratch_ / "w.npz"))
      << "slots are left out, order and names stay";
  for (const char *name : {"a.h5", "b.sinter", "c.safetensors", "d.npz", "e.hdf5"}) {
    ASSERT_EQ(run("sinter convert " + (scratch_ / "w.npz") + " " + (scratch_ / name)).exit_code, 0) << name;
    ASSERT_EQ(run("sinter convert " + (scratch_ / name) + " " + (scratch_ / "back.npz")).exit_code, 0)
        << name;
    EXPECT_EQ(read_text(scratch_ / "back.npz"), read_text(scratch_ / "w.npz")) << name;
  }
  // As weights of a predictor they give the same binary.
  std::string first;
  for (const char *name : {"w.npz", "a.h5", "b.sinter", "c.safetensors"}) {
    std::filesystem::copy_file(scratch_ / name, scratch_ / "weights",
                               std::filesystem::copy_options::overwrite_existing);
    const CommandResult result = run("sinter compile " + (scratch_ / "model.py") + " --weights " +
                                     (scratch_ / "weights") + " -o " + (scratch_ / "net"));
    ASSERT_EQ(result.exit_code, 0) << name << result.err;
    const std::string bytes = read_text(scratch_ / "net");
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first) << name;
  }
}

TEST_F(Convert, DamageIsRefused) {
  ASSERT_EQ(run("sinter convert " + (scratch_ / "w.npz") + " " + (scratch_ / "w.safetensors")).exit_code, 0);
  const std::string whole = read_text(scratch_ / "w.safetensors");
  for (const size_t size : {size_t{0}, size_t{7}, size_t{60}, whole.size() - 1}) {
    write_text(scratch_ / "cut", whole.substr(0, size));
    const CommandResult result = run("sinter convert " + (scratch_ / "cut") + " " + (scratch_ / "out.npz"));
    EXPECT_EQ(result.exit_code, 1) << size << result.err;
    EXPECT_NE(result.err.find("cut: error: "), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "out.npz"));
  }
  std::string other = whole;
  other.replace(other.find("conv2d_1.kernel"), 15, "conv2d_9.kernel");
  write_text(scratch_ / "other", other);
  const CommandResult result = run("sinter compile " + (scratch_ / "model.py") + " --weights " +
                                   (scratch_ / "other") + " -o " + (scratch_ / "net"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("no weight 'conv2d_1.kernel', which the model has"), std::string::npos)
      << result.err;
  const CommandResult suffix = run("sinter convert " + (scratch_ / "w.npz") + " " + (scratch_ / "w.txt"));
  EXPECT_EQ(suffix.exit_code, 1);
  EXPECT_NE(suffix.err.find("known are .h5, .hdf5, .npz, .sinter and .safetensors"), std::string::npos)
      << suffix.err;
  EXPECT_EQ(run("sinter convert " + (scratch_ / "missing") + " " + (scratch_ / "w.h5")).exit_code, 3);
}

}  // namespace
}  // namespace sinter::test

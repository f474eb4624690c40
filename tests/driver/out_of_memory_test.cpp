// Compiler and binaries under a limit of their address space: they finish, or say so and exit with 3, and leave
// no part of a file.
#include <gmock/gmock.h>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class OutOfMemory : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer needs more address space than any limit leaves";
#endif
  }

  static std::string limited(int megabytes, const std::string &command) {
    return "ulimit -v " + std::to_string(megabytes * 1024) + " && " + command;
  }

  // Limits from the first under which the program can be loaded, and a wide one.
  static std::vector<int> limits_of(const std::string &harmless, int step, int count) {
    int lowest = step;
    while (lowest < 1000 && run(limited(lowest, harmless)).exit_code != 0) lowest += step;
    std::vector<int> limits;
    for (int i = 0; i < count; ++i) limits.push_back(lowest + i * step);
    limits.push_back(1000);
    return limits;
  }

  // Runs the command in a folder of its own under each limit.
  void run_under(const std::vector<int> &megabytes, const std::string &command) {
    codes_.clear();
    out_of_memory_ = 0;
    for (const int limit : megabytes) {
      SCOPED_TRACE(limit);
      const Scratch folder;
      const CommandResult result = run("cd " + folder.path().string() + " && " + limited(limit, command));
      codes_.push_back(result.exit_code);
      EXPECT_THAT(result.exit_code, AnyOf(0, 3)) << result.err;
      if (result.exit_code == 3) {
        EXPECT_THAT(result.err, HasSubstr("error: "));
      }
      out_of_memory_ += result.err.find("out of memory") != std::string::npos;
      for (const auto &entry : std::filesystem::directory_iterator(folder.path())) {
        const std::string name = entry.path().filename().string();
        EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
        EXPECT_TRUE(name != "out" || result.exit_code == 0);
      }
    }
  }

  std::vector<int> codes_;
  int out_of_memory_ = 0;
};

TEST_F(OutOfMemory, CompilerSaysSo) {
  const std::vector<int> limits = limits_of("sinter --version", 5, 8);
  run_under(limits, "sinter compile '" + example("cifar_cnn.py").string() + "' --random-weights -o out");
  EXPECT_GT(out_of_memory_, 0);
  EXPECT_EQ(codes_.back(), 0);
}

TEST_F(OutOfMemory, LargeModelsSaySo) {
  const Scratch scratch;
  write_text(scratch / "large.graph", R"(graph "g" {
  input %x: f32[N, 100000]
  weight %w: f32[100000, 10000000]
  %y = matmul(%x, %w)
  output %y
}
)");
  run_under({2000}, "sinter compile --random-weights " + (scratch / "large.graph") + " -o out");
  EXPECT_EQ(codes_, std::vector{3});
  EXPECT_EQ(out_of_memory_, 1);
}

TEST_F(OutOfMemory, TrainersAndPredictorsSaySo) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no data set";
  const Scratch scratch;
  write_text(scratch / "model.py", R"(from keras.datasets import fashion_mnist
from keras.layers import Dense, Flatten
from keras.models import Sequential
from keras.utils import to_categorical
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train[:500].astype('float32') / 255
y_train = to_categorical(y_train[:500], 10)
model = Sequential()
model.add(Flatten(input_shape=(28, 28)))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam')
model.fit(x_train, y_train, verbose=2)
)");
  ASSERT_EQ(run("sinter compile --train " + (scratch / "model.py") + " -o " + (scratch / "train")).exit_code,
            0);
  run_under(limits_of((scratch / "train") + " info", 5, 13),
            (scratch / "train") + " --threads 2 --checkpoint c.sinter --save-weights w.npz");
  EXPECT_GT(out_of_memory_, 0);
  EXPECT_EQ(codes_.back(), 0);

  ASSERT_EQ(run("sinter compile --random-weights " + (scratch / "model.py") + " -o " + (scratch / "predict"))
                .exit_code,
            0);
  write_npy(scratch / "x.npy", {4000, 28, 28}, std::vector<float>(4000 * 28 * 28));
  run_under(limits_of((scratch / "predict") + " info", 1, 8),
            (scratch / "predict") + " predict --threads 2 --out out.npy " + (scratch / "x.npy"));
  EXPECT_GT(out_of_memory_, 0);
  EXPECT_EQ(codes_.back(), 0);
}

}  // namespace
}  // namespace sinter::test

// What must be deployed: bytes of binaries beside their weights.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

constexpr uintmax_t cifar_weights = 4 * 528'054, mlp_weights = 4 * 669'706;

uintmax_t size_of(const std::string &model, const std::string &options) {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const CommandResult result =
      run("sinter compile '" + example(model).string() + "' " + options + " -o '" + out + "'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.exit_code == 0 ? std::filesystem::file_size(out) : UINTMAX_MAX;
}

class Sizes : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the instrumented runtime library is large";
#endif
  }
};

TEST_F(Sizes, OfAPredictorWithoutImageReaders) {
  EXPECT_LT(size_of("cifar_cnn.py", "--random-weights --codecs none"), cifar_weights + 300'000);
}

// It holds a second function, and readers of data sets.
TEST_F(Sizes, OfAPredictorThatEvaluates) {
  EXPECT_LT(size_of("mnist_mlp.py", "--random-weights"), mlp_weights + 400'000);
}

TEST_F(Sizes, OfTrainers) {
  EXPECT_LT(size_of("mnist_mlp.py", "--train"), 1'500'000u);
  EXPECT_LT(size_of("cifar10_cnn.py", "--train"), 1'500'000u);  // image readers included
}

}  // namespace
}  // namespace sinter::test

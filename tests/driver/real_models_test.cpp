// Models that others trained, against the outputs that other runtimes recorded.
#include <cmath>
#include <cstring>

#include "tests/driver/command.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

TEST(RealModels, MobileNetEqualsTheRecordedProbabilities) {
  SINTER_REQUIRE(folder, "data/mobilenet_v1_025_224");
  const Scratch scratch;
  const std::string out = scratch / "mobilenet";
  const CommandResult compiled = run("sinter compile " + (folder / "mobilenet_v1_025_224.h5").string() +
                                     " --labels " + (folder / "imagenet_labels.txt").string() +
                                     " --input-scale 0.00784313725 --input-offset -1 -o " + out);
  ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
  for (const auto &[name, label] :
       {std::pair{"pelican", "pelican"}, std::pair{"Brittany_02625", "Welsh springer spaniel"},
        std::pair{"Labrador_retriever_06455", "Weimaraner"}}) {
    const std::string pixels = read_text(folder / "golden" / (std::string(name) + ".rgb"));
    ASSERT_EQ(pixels.size(), 224u * 224 * 3);
    write_npy(scratch / "x.npy", {1, 224, 224, 3}, pixels);
    const CommandResult result =
        run(out + " predict " + (scratch / "x.npy") + " --top 1 --out " + (scratch / "y.npy"));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find(label), std::string::npos) << result.out;
    const std::vector<float> y = read_npy(scratch / "y.npy");
    const std::string golden = read_text(folder / "golden" / (std::string(name) + ".tfjs_probs.f32"));
    ASSERT_EQ(y.size(), 1000u);
    ASSERT_EQ(golden.size(), 4000u);
    for (size_t i = 0; i < y.size(); ++i) {
      float expected = 0;
      std::memcpy(&expected, golden.data() + 4 * i, 4);
      ASSERT_NEAR(y[i], expected, 1e-5) << name << " class " << i;
    }
  }
}

class KerasModels : public testing::TestWithParam<std::string> {};

TEST_P(KerasModels, PredictionsEqualKeras) {
  SINTER_REQUIRE(folder, "data/keras3_models/" + GetParam());
  const Scratch scratch;
  const std::string out = scratch / "model";
  const CommandResult compiled =
      run("sinter compile " + (folder / "model.h5").string() + " --batch 3 -o " + out);
  ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
  const CommandResult result =
      run(out + " predict " + (folder / "x0.npy").string() + " --out " + (scratch / "y.npy"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<float> y = read_npy(scratch / "y.npy"), expected = read_npy(folder / "y0.npy");
  ASSERT_EQ(y.size(), expected.size());
  ASSERT_FALSE(y.empty());
  for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], expected[i], 1e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(Recorded, KerasModels, testing::Values("cifar_cnn_small", "resnet_small"));

}  // namespace
}  // namespace sinter::test

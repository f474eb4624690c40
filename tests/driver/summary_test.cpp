// `sinter summary` on the examples and on scripts of the Keras lesson.
#include <gmock/gmock.h>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

void expect_summary(const std::string &model, const std::string &options,
                    const std::vector<std::string> &expected) {
  const CommandResult result = run("sinter summary " + options + " '" + model + "'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const std::string &text : expected)
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
}

TEST(Summary, ExamplesHaveTheLessonsShapesAndParameters) {
  expect_summary(example("conv-dims.py"), "", {"(None, 100, 100, 16)", "Total params: 80\n"});
  expect_summary(example("pool-dims.py"), "", {"(None, 50, 50, 15)", "Total params: 0\n"});
  expect_summary(example("mnist_mlp.py"), "", {"Total params: 669,706\n"});
  expect_summary(example("cifar_cnn.py"), "", {"Total params: 528,054\n"});
  expect_summary(example("cifar10_mlp.py"), "", {"Total params: 3,590,642\n"});
  expect_summary(example("vgg16.py"), "", {"Total params: 138,357,544\n"});
  expect_summary(example("resnet50.py"), "", {"25,636,712"});
}

TEST(Summary, ExerciseOfTheLesson) {
  const Scratch scratch;
  write_text(scratch / "conv-dims.py",
             "from keras.models import Sequential\nfrom keras.layers import Conv2D\n\nmodel = Sequential()\n"
             "model.add(Conv2D(filters=32, kernel_size=3, strides=2, padding='same', \n"
             "    activation='relu', input_shape=(128, 128, 3)))\nmodel.summary()\n");
  expect_summary(scratch / "conv-dims.py", "", {"(None, 64, 64, 32)", "Total params: 896\n"});
}

TEST(Summary, OpenDimensionsPrintNone) {
  const Scratch scratch;
  write_text(scratch / "notop.py",
             "from keras.applications.vgg16 import VGG16\nmodel = VGG16(include_top=False, "
             "weights=None)\nmodel.summary()\n");
  expect_summary(scratch / "notop.py", "",
                 {"(None, None, None, 3)", "(None, None, None, 512)", "Total params: 14,714,688\n"});
  const CommandResult costs = run("sinter summary --costs " + (scratch / "notop.py"));
  EXPECT_EQ(costs.exit_code, 1);
  EXPECT_NE(costs.err.find("--input-shape"), std::string::npos) << costs.err;
  expect_summary(scratch / "notop.py", "--costs --input-shape 64,64,3",
                 {"predict, batch 1", "(None, 2, 2, 512)"});
}

TEST(Summary, CostsNameTheFusedKernelAndTheMemory) {
  const CommandResult result =
      run("sinter summary --costs --batch 4 '" + example("cifar_cnn.py").string() + "'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  // 16 * 2 * 2 * 3 * 32 * 32 multiply-accumulates; the pooling layer belongs to the convolution's kernel.
  EXPECT_NE(result.out.find("196,608"), std::string::npos) << result.out;
  EXPECT_THAT(result.out, testing::ContainsRegex("\npredict, batch 4: parameters [0-9,]+ bytes, arena peak "
                                                 "[0-9,]+ bytes, lower bound [0-9,]+ bytes\n"));
}

TEST(Summary, JsonHasStableKeys) {
  const CommandResult result = run("sinter summary --style json '" + example("cifar_cnn.py").string() + "'");
  EXPECT_EQ(result.exit_code, 0);
  for (const char *key : {"\"model\"", "\"layers\"", "\"name\"", "\"class\"", "\"output_shape\"",
                          "\"params\"", "\"trainable\"", "\"connected_to\"", "\"macs\"", "\"kernel\"",
                          "\"total_params\": 528054", "\"trainable_params\"", "\"non_trainable_params\": 0",
                          "\"memory\"", "\"predict\"", "\"arena_bytes\"", "\"lower_bound_bytes\""})
    EXPECT_NE(result.out.find(key), std::string::npos) << key;
}

}  // namespace
}  // namespace sinter::test

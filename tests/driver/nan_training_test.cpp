// A NaN that arises in a trained network with relu and max pooling: training sees it in the step where it
// comes.
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

constexpr int nan_samples = 96, nan_batch = 32, nan_sample = 70;  // the batch 2 of an epoch has it

// 6x6x3 pictures and one-hot labels of three classes. One picture is so bright that products with weights of
// both signs overflow to infinities of both signs: their sum is NaN. (Not where products are fused with sums,
// hence the target.)
void write_nan_data(const Scratch &scratch) {
  std::vector<float> x, y;
  for (int i = 0; i < nan_samples * 108; ++i) x.push_back(static_cast<float>(i * 7919 % 1000) / 1000 - 0.5f);
  for (int i = 0; i < nan_samples * 3; ++i) y.push_back(i % 3 == i / 3 % 3 ? 1 : 0);
  for (int i = 0; i < 108; ++i) x[nan_sample * 108 + i] = 3e38f;
  write_npy(scratch / "x.npy", {nan_samples, 6, 6, 3}, x);
  write_npy(scratch / "y.npy", {nan_samples, 3}, y);
}

std::string nan_trainer(const Scratch &scratch, const std::string &layers, const std::string &callbacks) {
  write_text(scratch / "model.py", R"(import numpy as np
from keras.callbacks import TerminateOnNaN
from keras.initializers import RandomUniform
from keras.layers import Conv2D, Dense, Flatten, GlobalMaxPooling2D, MaxPooling2D, ReLU
from keras.models import Sequential
x, y = np.load('x.npy'), np.load('y.npy')
model = Sequential()
)" + layers + R"(model.add(Dense(3, activation='softmax', name='classes'))
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
model.fit(x, y, batch_size=)" + std::to_string(nan_batch) +
                                       ", epochs=2, shuffle=False, verbose=2, callbacks=[" + callbacks +
                                       "])\n");
  const CommandResult compiled =
      run("cd " + scratch.path().string() +
          " && sinter compile model.py --train -o trainer --target x86_64-linux-gnu:x86-64");
  EXPECT_EQ(compiled.exit_code, 0) << compiled.err;
  return "cd " + scratch.path().string() + " && ./trainer";
}

const char *const relu_and_pool =
    R"(model.add(Conv2D(8, 3, activation='relu', kernel_initializer=RandomUniform(-9, 9), name='first', input_shape=(6, 6, 3)))
model.add(MaxPooling2D(2))
model.add(Flatten())
)";
const char *const global_pool_and_relu =
    R"(model.add(Conv2D(8, 3, kernel_initializer=RandomUniform(-9, 9), name='first', input_shape=(6, 6, 3)))
model.add(GlobalMaxPooling2D(name='largest'))
model.add(ReLU(max_value=6, negative_slope=0.1, threshold=0.25))
)";

TEST(NanInTraining, StopsTerminateOnNaN) {
  const Scratch scratch;
  write_nan_data(scratch);
  for (const char *layers : {relu_and_pool, global_pool_and_relu}) {
    const CommandResult trained = run(nan_trainer(scratch, layers, "TerminateOnNaN()"));
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_NE(trained.out.find("Batch 2: Invalid loss, terminating training\n"), std::string::npos)
        << trained.out;
    EXPECT_NE(trained.out.find("loss: nan - acc: nan"), std::string::npos) << "accuracy does not hide it\n"
                                                                           << trained.out;
    EXPECT_EQ(trained.out.find("Epoch 2/2"), std::string::npos) << trained.out;
  }
}

TEST(NanInTraining, IsNamedByNanCheck) {
  const Scratch scratch;
  write_nan_data(scratch);
  for (const auto &[layers, layer] :
       {std::pair{relu_and_pool, "first"}, std::pair{global_pool_and_relu, "first"}}) {
    const CommandResult trained = run(nan_trainer(scratch, layers, "") + " --nan-check");
    EXPECT_EQ(trained.exit_code, 1) << trained.out;
    EXPECT_NE(trained.err.find("step 2 (epoch 0, batch 2): nan in tensor '"), std::string::npos)
        << trained.err;
    EXPECT_NE(trained.err.find(std::string("' of layer '") + layer + "'"), std::string::npos) << trained.err;
  }
}

}  // namespace
}  // namespace sinter::test

// What binaries take for their data, and what `info` says of a model.
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

TEST(Data, OfTheOptionIsNeverThatOfTheCurrentFolder) {
  const Scratch scratch;
  write_npy(scratch / "x.npy", {4, 2}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  write_npy(scratch / "y.npy", {4, 1}, std::vector<float>{1, 2, 3, 4});
  write_text(scratch / "model.py", R"(import numpy as np
from keras.layers import Dense
from keras.models import Sequential
data = np.load('d.npz')
model = Sequential([Dense(1, input_shape=(2,))])
model.compile(optimizer='sgd', loss='mse')
model.fit(data['x'], data['y'], epochs=1, verbose=0)
)");
  const std::string in = "cd " + scratch.path().string() + " && ";
  ASSERT_EQ(run(in + "python3 -m zipfile -c d.npz x.npy y.npy && sinter compile model.py --train -o t && ./t")
                .exit_code,
            0);
  const CommandResult missing = run(in + "./t --data nosuch");
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_NE(missing.err.find("nosuch: no such file or directory"), std::string::npos) << missing.err;
  EXPECT_NE(missing.err.find("nosuch/d.npz"), std::string::npos) << missing.err;
  const CommandResult other = run(in + "mkdir empty && ./t --data empty");
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.err.find("looked for empty/d.npz"), std::string::npos) << other.err;
  EXPECT_EQ(run(in + "./t --data d.npz && ./t --data .").exit_code, 0);
}

TEST(Info, CountsParametersAsTheSummaryDoes) {
  const Scratch scratch;
  write_text(scratch / "model.py", R"(from keras.layers import *
from keras.models import *
x = Input((8, 8, 3))
shared = Conv2D(3, 3, padding='same')
h = BatchNormalization(scale=False, center=False)(shared(shared(x)))
model = Model(x, Dense(2)(GlobalAveragePooling2D()(BatchNormalization(scale=False)(h))))
model.compile(optimizer='sgd', loss='mse')
)");
  const std::string in = "cd " + scratch.path().string() + " && ";
  const CommandResult result = run(in +
                                   "sinter compile model.py --random-weights -o p && ./p info --json && "
                                   "sinter compile model.py --train -o t && ./t info --json && "
                                   "sinter summary --style json model.py");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const size_t second = result.out.find("\n{") + 1, third = result.out.find("\n{", second) + 1;
  const int64_t parameters = nlohmann::json::parse(result.out.substr(third))["total_params"];
  EXPECT_EQ(parameters, 84 + 6 + 9 + 8);
  EXPECT_EQ(nlohmann::json::parse(result.out.substr(0, second))["parameters"], parameters);
  EXPECT_EQ(nlohmann::json::parse(result.out.substr(second, third - second))["parameters"], parameters);
}

}  // namespace
}  // namespace sinter::test

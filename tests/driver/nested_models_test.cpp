// Models within models: read, summed up, trained and written as Keras does.
#include <fstream>

#include "formats/hdf5/keras_files.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

std::string dense(const std::string &name, int units, const std::string &more) {
  return R"({"class_name": "Dense", "config": {"name": ")" + name + R"(", "units": )" +
         std::to_string(units) + R"(, "activation": "tanh"})" + more + "}";
}

// input -> d1 -> [d2 -> batch_1 -> d3] -> d4, where the bracketed part is a model, or not.
std::string config(bool is_nested) {
  const auto node = [](const std::string &from) {
    return R"(, "name": "x", "inbound_nodes": [[[")" + from + R"(", 0, 0, {}]]])";
  };
  const auto named = [&](std::string layer, const std::string &name) {
    return layer.replace(layer.find(R"("name": "x")"), 11, R"("name": ")" + name + '"');
  };
  const auto input = [](const std::string &name, int size) {
    return R"({"class_name": "InputLayer", "config": {"batch_input_shape": [null, )" + std::to_string(size) +
           R"(], "name": ")" + name + R"("}, "name": ")" + name + R"(", "inbound_nodes": []})";
  };
  const auto layer = [&](const std::string &name, int units, const std::string &from) {
    return named(dense(name, units, node(from)), name);
  };
  const auto norm = [&](const std::string &from) {
    return named(R"({"class_name": "BatchNormalization", "config": {"name": "batch_1"})" + node(from) + "}",
                 "batch_1");
  };
  const auto model = [](const std::string &name, const std::string &layers, const std::string &in,
                        const std::string &out, const std::string &more) {
    return R"({"class_name": "Model", "config": {"name": ")" + name + R"(", "layers": [)" + layers +
           R"(], "input_layers": [[")" + in + R"(", 0, 0]], "output_layers": [[")" + out + R"(", 0, 0]]})" +
           more + "}";
  };
  if (!is_nested)
    return model("outer",
                 input("in", 4) + ", " + layer("d1", 3, "in") + ", " + layer("d2", 3, "d1") + ", " +
                     norm("d2") + ", " + layer("d3", 2, "batch_1") + ", " + layer("d4", 1, "d3"),
                 "in", "d4", "");
  const std::string inner = named(model("inner",
                                        input("inner_in", 3) + ", " + layer("d2", 3, "inner_in") + ", " +
                                            norm("d2") + ", " + layer("d3", 2, "batch_1"),
                                        "inner_in", "d3", node("d1")),
                                  "inner");
  return model("outer",
               input("in", 4) + ", " + layer("d1", 3, "in") + ", " + inner + ", " + layer("d4", 1, "inner"),
               "in", "d4", "");
}

class NestedModels : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto &[name, count] : std::vector<std::pair<std::string, size_t>>{
             {"d1", 15}, {"d2", 12}, {"b", 12}, {"d3", 8}, {"d4", 3}}) {
      std::vector<float> &data = values_[name];
      for (size_t i = 0; i < count; ++i)
        data.push_back(0.1f * static_cast<float>((i * 7 + name[1]) % 11) + 0.05f);
    }
    const auto of_dense = [&](const std::string &name, int64_t in, int64_t out) {
      return std::vector<KerasWeight>{{name + "/kernel:0", {in, out}, values_[name].data()},
                                      {name + "/bias:0", {out}, values_[name].data() + in * out}};
    };
    std::vector<KerasWeight> norm;
    for (const char *name : {"gamma", "beta", "moving_mean", "moving_variance"})
      norm.push_back({std::string("batch_1/") + name + ":0", {3}, values_["b"].data() + 3 * norm.size()});
    const auto d2 = of_dense("d2", 3, 3), d3 = of_dense("d3", 3, 2);
    KerasModel flat;
    flat.keras_version = "2.0.2";
    flat.layers = {{"in", "InputLayer", {}, {}}, {"d1", "Dense", of_dense("d1", 4, 3), {}},
                   {"d2", "Dense", d2, {}},      {"batch_1", "BatchNormalization", norm, {}},
                   {"d3", "Dense", d3, {}},      {"d4", "Dense", of_dense("d4", 2, 1), {}}};
    flat.model_config = config(false);
    KerasModel nested = flat;
    // Keras's order in a model that is a layer: what is trained first.
    nested.layers = {{"in", "InputLayer", {}, {}},
                     {"d1", "Dense", of_dense("d1", 4, 3), {}},
                     {"inner", "Model", {d2[0], d2[1], norm[0], norm[1], d3[0], d3[1], norm[2], norm[3]}, {}},
                     {"d4", "Dense", of_dense("d4", 2, 1), {}}};
    nested.model_config = config(true);
    ASSERT_TRUE(sinter::write_keras_model(scratch_ / "flat.h5", flat));
    ASSERT_TRUE(sinter::write_keras_model(scratch_ / "nested.h5", nested));
    write_npy(scratch_ / "x.npy", {2, 4}, std::vector<float>{1, 2, 3, 4, -1, 0.5f, 0, 2});
  }
  CommandResult in_scratch(const std::string &command) {
    return run("cd " + scratch_.path().string() + " && " + command);
  }
  void expect_done(const std::string &command) {
    const CommandResult result = in_scratch(command);
    ASSERT_EQ(result.exit_code, 0) << command << "\n" << result.err;
  }
  std::vector<float> prediction(const std::string &model) {
    expect_done("sinter compile " + model + " -o net && ./net predict x.npy --out y.npy");
    return read_npy(scratch_ / "y.npy");
  }

  std::map<std::string, std::vector<float>> values_;
  Scratch scratch_;
};

TEST_F(NestedModels, AreReadWithTheirWeights) {
  const std::vector<float> expected = prediction("flat.h5");
  EXPECT_NE(expected[0], expected[1]);
  EXPECT_EQ(prediction("nested.h5"), expected);
  for (const char *other : {"c.keras", "c.h5"}) {
    expect_done(std::string("sinter convert nested.h5 ") + other);
    EXPECT_EQ(prediction(other), expected) << other;
  }
  // From the archive of Keras 3 back again.
  expect_done("sinter convert c.keras d.h5 && sinter convert d.h5 d.keras");
  EXPECT_EQ(prediction("d.h5"), expected);
  EXPECT_EQ(read_text(scratch_ / "d.keras"), read_text(scratch_ / "c.keras"));
}

TEST_F(NestedModels, HaveOneRowInTheSummary) {
  const CommandResult result = in_scratch("sinter summary nested.h5");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("inner (Model)                (None, 2)                 32        \n"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("d4 (Dense)                   (None, 1)                 3         \n"),
            std::string::npos)
      << result.out;
  EXPECT_EQ(result.out.find("d2 (Dense)"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("Total params: 50\nTrainable params: 44\nNon-trainable params: 6\n"),
            std::string::npos)
      << result.out;
}

TEST_F(NestedModels, OfAScriptAreTheSame) {
  write_text(scratch_ / "model.py", R"(from keras.layers import BatchNormalization, Dense, Input
from keras.models import Model, Sequential
start = Input(shape=(3,), name='inner_in')
d3 = Dense(2, activation='tanh', name='d3')(BatchNormalization(name='batch_1')(Dense(3, activation='tanh', name='d2')(start)))
inner = Model(start, d3, name='inner')
x = Input(shape=(4,), name='in')
model = Model(x, Dense(1, activation='tanh', name='d4')(inner(Dense(3, activation='tanh', name='d1')(x))), name='outer')
model.summary()
)");
  EXPECT_EQ(in_scratch("sinter summary model.py").out, in_scratch("sinter summary nested.h5").out);
  const std::vector<float> expected = prediction("flat.h5");
  EXPECT_EQ(prediction("model.py --weights nested.h5"), expected) << "as Keras writes it";
  EXPECT_EQ(prediction("model.py --weights flat.h5"), expected) << "as a trainer of a script writes it";
  expect_done("sinter convert nested.h5 c.keras");
  EXPECT_EQ(prediction("model.py --weights c.keras"), expected);
}

TEST_F(NestedModels, AreTrainedAndWritten) {
  expect_done(
      "/usr/bin/python3 -c \"import numpy\nr = numpy.random.RandomState(1)\n"
      "numpy.savez('data.npz', x_train=r.rand(8, 4).astype('f4'), y_train=r.rand(8, 1).astype('f4'))\"");
  for (const std::string semantics : {"keras2", "keras3"}) {
    expect_done("sinter compile --train nested.h5 --loss mse --optimizer SGD:lr=0.1 --semantics " +
                semantics + " -o trainer");
    expect_done("./trainer --data data.npz --epochs 2 --verbose 0 --save-weights w.npz");
    const CommandResult expected =
        in_scratch("./trainer evaluate --data data.npz --split train --json --weights w.npz");
    for (const char *file : {"w.h5", "w.weights.h5", "w.keras"}) {
      expect_done(std::string("./trainer --data data.npz --epochs 2 --verbose 0 --save-weights ") + file);
      EXPECT_EQ(
          in_scratch(std::string("./trainer evaluate --data data.npz --split train --json --weights ") + file)
              .out,
          expected.out)
          << file << semantics;
      expect_done(std::string("sinter compile nested.h5 --weights ") + file +
                  " -o second && ./second predict x.npy --out second.npy");
      expect_done(
          "sinter compile nested.h5 --weights w.npz -o first && ./first predict x.npy --out first.npy && cmp "
          "first.npy second.npy");
    }
    EXPECT_EQ(prediction("w.keras"), read_npy(scratch_ / "first.npy"));
  }
}

}  // namespace
}  // namespace sinter::test

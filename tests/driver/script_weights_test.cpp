// load_weights() of scripts.
#include "driver/weights/script_weights.h"

#include "driver/weights/weight_set.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

const std::string head =
    "from keras.models import Sequential, Model\nfrom keras.layers import Dense\n"
    "m = Sequential([Dense(2, input_shape=(3,), name='one'), Dense(2, name='two'), Dense(4, name='three', "
    "use_bias=False)])\n";

struct Filled {
  std::string name;  // "one.kernel"
  std::vector<int64_t> dims;
  float value;
};

StoredWeights weights(const std::vector<Filled> &all) {
  StoredWeights result{{}, Naming::by_variable, {}, {}};
  for (const Filled &filled : all) {
    int64_t elements = 1;
    for (const int64_t dim : filled.dims) elements *= dim;
    result.add(filled.name, {filled.dims, std::vector<float>(static_cast<size_t>(elements), filled.value)});
  }
  return result;
}

class ScriptWeights : public testing::Test {
 protected:
  // The layers in another order and one of another shape.
  ScriptWeights() {
    Diagnostics diagnostics;
    EXPECT_TRUE(driver::write_weights(scratch_ / "w.h5",
                                      weights({{"two.kernel", {2, 2}, 2},
                                               {"two.bias", {2}, 2.5},
                                               {"one.kernel", {3, 2}, 1},
                                               {"one.bias", {2}, 1.5},
                                               {"three.kernel", {2, 9}, 3}}),
                                      diagnostics));
    EXPECT_TRUE(driver::write_weights(
        scratch_ / "part.h5", weights({{"two.kernel", {2, 2}, 7}, {"two.bias", {2}, 7.5}}), diagnostics));
    EXPECT_TRUE(driver::write_weights(scratch_ / "all.h5",
                                      weights({{"one.kernel", {3, 2}, 5},
                                               {"one.bias", {2}, 5},
                                               {"two.kernel", {2, 2}, 5},
                                               {"two.bias", {2}, 5},
                                               {"three.kernel", {2, 4}, 5}}),
                                      diagnostics));
  }

  // "one.kernel 1, …": the first element of each weight that is there after the script's calls.
  std::string loaded(const std::string &statements, bool before_fit = true) {
    write_text(scratch_ / "m.py", head + statements);
    diagnostics_ = Diagnostics();
    auto model = driver::load_model(scratch_ / "m.py", {}, diagnostics_);
    if (!model ||
        !load_script_weights(*model, standing_loads(*model, before_fit), scratch_ / "m.py", diagnostics_))
      return "error";
    std::string text;
    for (size_t i = 0; i < model->model.weights.size(); ++i) {
      if (!model->model.weights[i]) continue;
      char entry[64];
      std::snprintf(entry, sizeof entry, "%g", model->model.weights[i]->values[0]);
      const ir::Graph &graph = model->model.graph;
      text += (text.empty() ? "" : ", ") + graph.value(graph.variables[i].value).name + " " + entry;
    }
    return text;
  }
  std::string said() const { return diagnostics_.render_all(); }

  Scratch scratch_;
  Diagnostics diagnostics_;
};

TEST_F(ScriptWeights, LayersTakeThoseOfTheirName) {
  EXPECT_EQ(loaded("m.load_weights('w.h5', by_name=True, skip_mismatch=True)\n"),
            "one.kernel 1, one.bias 1.5, two.kernel 2, two.bias 2.5");
  EXPECT_NE(said().find("warning: three: layer 'three' (Dense): three.kernel has the shape [2, 4], but the "
                        "file's 'three/kernel:0' has [2, 9]; it is skipped"),
            std::string::npos)
      << said();
  EXPECT_EQ(loaded("m.load_weights('part.h5', by_name=True)\n"), "two.kernel 7, two.bias 7.5");
  EXPECT_NE(said().find("the file has no weights of the layers one, three"), std::string::npos) << said();
}

TEST_F(ScriptWeights, WhatDoesNotFitIsAnErrorUnlessItIsSkipped) {
  EXPECT_EQ(loaded("m.load_weights('w.h5', by_name=True)\n"), "error");
  EXPECT_NE(said().find("has the shape [2, 4]"), std::string::npos) << said();
  EXPECT_EQ(
      loaded(
          "m = Sequential([Dense(2, input_shape=(3,), name='one', use_bias=False), Dense(2, name='two')])\n"
          "m.load_weights('w.h5', by_name=True, skip_mismatch=True)\n"),
      "two.kernel 2, two.bias 2.5");
  EXPECT_NE(said().find("layer 'one' (Dense) has 1 weights, but the file has 2; it is skipped"),
            std::string::npos)
      << said();
  EXPECT_EQ(
      loaded("m.add(Dense(5, name='four'))\nm.load_weights('w.h5', by_name=True, skip_mismatch=True)\n"),
      "one.kernel 1, one.bias 1.5, two.kernel 2, two.bias 2.5");
}

TEST_F(ScriptWeights, LaterCallsAddToEarlierOnes) {
  EXPECT_EQ(loaded("m.load_weights('all.h5')\nm.load_weights('part.h5', by_name=True)\n"),
            "one.kernel 5, one.bias 5, two.kernel 7, two.bias 7.5, three.kernel 5");
  EXPECT_EQ(loaded("m.load_weights('part.h5', by_name=True)\nm.load_weights('all.h5')\n"),
            "one.kernel 5, one.bias 5, two.kernel 5, two.bias 5, three.kernel 5");
  const std::string fit =
      "import numpy as np\nf = np.load('d.npz')\nm.compile('sgd', 'mse')\nm.fit(f['x'], f['y'])\n";
  EXPECT_EQ(loaded("m.load_weights('part.h5', by_name=True)\n" + fit + "m.load_weights('all.h5')\n"),
            "two.kernel 7, two.bias 7.5");
  EXPECT_EQ(loaded(fit + "m.load_weights('all.h5')\n", false),
            "one.kernel 5, one.bias 5, two.kernel 5, two.bias 5, three.kernel 5");
}

TEST_F(ScriptWeights, WhatCannotBeDoneIsRefused) {
  EXPECT_EQ(loaded("m.load_weights('all.h5', skip_mismatch=True)\n"), "error");
  EXPECT_NE(said().find("skip_mismatch=True without by_name=True"), std::string::npos) << said();
  EXPECT_EQ(loaded("w = Sequential([m, Dense(1)])\nw.load_weights('part.h5', by_name=True)\n"), "error");
  EXPECT_NE(said().find("m.py:5:"), std::string::npos) << said();
  EXPECT_NE(said().find("of a model that holds another model is not supported"), std::string::npos) << said();
  EXPECT_EQ(loaded("import sys\nm.load_weights('all.h5', by_name=sys.argv)\n"), "error");
}

TEST_F(ScriptWeights, NothingLoadedIsSaid) {
  EXPECT_EQ(loaded("n = Sequential([Dense(2, input_shape=(3,))])\nn.load_weights('part.h5', by_name=True)\n"),
            "");
  EXPECT_NE(said().find("warning: no layer of the model has a name of this file"), std::string::npos)
      << said();
}

TEST_F(ScriptWeights, TheTrainerStartsFromThem) {
  write_text(scratch_ / "m.py", head + "m.compile('sgd', 'mse')\nm.load_weights('part.h5', by_name=True)\n");
  const CommandResult built =
      run("sinter compile " + (scratch_ / "m.py") + " --train -o " + (scratch_ / "trainer"));
  EXPECT_EQ(built.exit_code, 0) << built.err;
  write_text(scratch_ / "n.py", head + "m.load_weights('part.h5', by_name=True)\n");
  const CommandResult predictor =
      run("sinter compile " + (scratch_ / "n.py") + " -o " + (scratch_ / "predictor"));
  EXPECT_EQ(predictor.exit_code, 1);
  EXPECT_NE(predictor.err.find("the model has no weights (first without: one.kernel)"), std::string::npos)
      << predictor.err;
}

}  // namespace
}  // namespace sinter::test

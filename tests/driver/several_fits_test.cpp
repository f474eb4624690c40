// A trainer runs what the script says, or says that it cannot.
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

const std::string head =
    "from keras.models import Sequential, Model\nfrom keras.layers import Dense, Flatten\nfrom "
    "keras.datasets import mnist\n"
    "(x, y), _ = mnist.load_data()\nx = x / 255.\n"
    "m = Sequential([Flatten(input_shape=(28, 28)), Dense(10, activation='softmax')])\n";
const std::string compile = "m.compile('sgd', 'sparse_categorical_crossentropy')\n";

class SeveralFits : public testing::Test {
 protected:
  CommandResult train(const std::string &statements, const std::string &options = "") {
    write_text(scratch_ / "m.py", head + statements);
    return run("sinter compile " + (scratch_ / "m.py") + " --train --emit plan " + options);
  }
  void expect_refused(const std::string &statements, const std::string &where, const std::string &message) {
    const CommandResult result = train(statements);
    EXPECT_EQ(result.exit_code, 1) << statements << result.err;
    EXPECT_NE(result.err.find("m.py:" + where), std::string::npos) << statements << result.err;
    EXPECT_NE(result.err.find(message), std::string::npos) << statements << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(run("sinter summary " + (scratch_ / "m.py")).exit_code, 0) << statements;
    EXPECT_EQ(run("sinter compile " + (scratch_ / "m.py") + " --emit graph").exit_code, 0) << statements;
  }
  std::string graph_of(const std::string &statements) {
    write_text(scratch_ / "m.py", head + statements);
    const CommandResult result = run("sinter compile " + (scratch_ / "m.py") + " --train --emit graph");
    EXPECT_EQ(result.exit_code, 0) << statements << result.err;
    return result.out;
  }

  Scratch scratch_;
};

TEST_F(SeveralFits, TwoFitsAreRefusedWithTheirLines) {
  expect_refused(compile + "m.fit(x, y)\nm.compile('adam', 'mse')\nm.fit(x, y)\n",
                 "10:", "the script trains the model 2 times: fit() in lines 8, 10, compile() in lines 7, 9");
  expect_refused(compile + "m.fit(x, y)\nm.fit(x, y)\n", "9:", "fit() in lines 8, 9, compile() in line 7");
}

TEST_F(SeveralFits, ALoopIsRefused) {
  expect_refused(compile + "for i in range(3):\n  m.fit(x, y, epochs=i + 1)\n",
                 "9:", "the script trains the model 3 times: fit() in line 9 (3 times)");
  EXPECT_EQ(train(compile + "for i in range(1):\n  m.fit(x, y)\n").exit_code, 0);
}

TEST_F(SeveralFits, AlternativesDoNotCount) {
  EXPECT_EQ(
      train(compile + "fast = True\nif fast:\n  m.fit(x, y, epochs=1)\nelse:\n  m.fit(x, y, epochs=9)\n")
          .exit_code,
      0);
}

TEST_F(SeveralFits, TheCompileBeforeTheFitHolds) {
  const std::string adam = "m.compile('adam', 'sparse_categorical_crossentropy')\n";
  const std::string expected = graph_of(compile + "m.fit(x, y)\n");
  EXPECT_NE(expected, graph_of(adam + "m.fit(x, y)\n"));
  EXPECT_EQ(expected, graph_of(compile + "m.fit(x, y)\n" + adam));
  EXPECT_EQ(expected, graph_of(adam + compile + "m.fit(x, y)\n" + adam));
  EXPECT_EQ(expected, graph_of(compile + "m.fit(x, y)\nm.layers[1].trainable = False\n" + adam));
  expect_refused("m.fit(x, y)\n" + compile, "7:", "fit() stands before compile() (line 8)");
}

TEST_F(SeveralFits, FlagsAreThoseOfCompile) {
  const std::string expected = graph_of(compile + "m.fit(x, y)\n");
  const std::string frozen =
      graph_of("m.trainable = False\nm.trainable = True\n" + compile + "m.fit(x, y)\n");
  EXPECT_EQ(expected, frozen);
  const CommandResult changed = train(compile + "m.layers[1].trainable = False\nm.fit(x, y)\n");
  EXPECT_EQ(changed.exit_code, 0) << changed.err;
  EXPECT_NE(changed.err.find("m.py:9:"), std::string::npos) << changed.err;
  EXPECT_NE(changed.err.find("warning: 'trainable' of the layer 'dense_1' has changed since compile()"),
            std::string::npos)
      << changed.err;
  EXPECT_EQ(expected, graph_of(compile + "m.layers[1].trainable = False\nm.fit(x, y)\n"));
  const CommandResult keras3 =
      train(compile + "m.layers[1].trainable = False\nm.fit(x, y)\n", "--semantics keras3");
  EXPECT_EQ(keras3.exit_code, 1);
  EXPECT_NE(keras3.err.find("error: 'trainable' of the layer 'dense' has changed since compile()"),
            std::string::npos)
      << keras3.err;
}

TEST_F(SeveralFits, FlagsOfAModelThatGetsItsShapeFromTheData) {
  const std::string unbuilt =
      "m = Sequential([Flatten(), Dense(5, name='d'), Dense(10, activation='softmax')])\n";
  const std::string free = graph_of(unbuilt + compile + "m.fit(x, y)\n");
  const std::string frozen =
      graph_of(unbuilt + "m.layers[1].trainable = False\n" + compile + "m.fit(x, y)\n");
  EXPECT_NE(free, frozen);
}

TEST_F(SeveralFits, ChangesAfterCompileAreRefused) {
  expect_refused(compile + "m.add(Dense(3))\nm.fit(x, y)\n", "8:", "a layer is added after compile()");
  EXPECT_EQ(train(compile + "m.add(Dense(3))\n" + compile + "m.fit(x, y)\n").exit_code, 0);
  EXPECT_EQ(train(compile + "m.fit(x, y)\nm.add(Dense(3))\n").exit_code, 0);
}

TEST_F(SeveralFits, TrainingOfSharedLayersIsRefused) {
  const std::string both = compile + "e = Sequential(m.layers + [Dense(10)])\ne.compile('sgd', 'mse')\n";
  expect_refused(both + "m.fit(x, y)\ne.fit(x, y)\n", "10:", "trains layers that the model shares with it");
  expect_refused(compile +
                     "e = Sequential(m.layers + [Dense(10)])\nm.load_weights('w.h5')\ne.compile('sgd', "
                     "'mse')\ne.fit(x, y)\n",
                 "9:", "'w.h5' is loaded into another model that shares layers with the trained one");
}

TEST_F(SeveralFits, OneOfSeveralModelsIsNamed) {
  const std::string two =
      compile +
      "other = Sequential([Dense(1, input_shape=(7,))], name='another')\nother.compile('sgd', 'mse')\n";
  const CommandResult ambiguous = train(two);
  EXPECT_EQ(ambiguous.exit_code, 1);
  EXPECT_NE(ambiguous.err.find("m, the model 'sequential_1' (line 6); other, the model 'another' (line 8)"),
            std::string::npos)
      << ambiguous.err;
  EXPECT_NE(ambiguous.err.find("--model NAME"), std::string::npos);
  EXPECT_EQ(train(two, "--model other").exit_code, 0);
  const std::string script = scratch_ / "m.py";
  EXPECT_NE(run("sinter summary " + script + " --model another").out.find("Total params: 8"),
            std::string::npos);
  EXPECT_NE(run("sinter summary " + script + " --model m").out.find("Total params: 7,850"),
            std::string::npos);
  const CommandResult predicted =
      run("cd " + scratch_.path().string() + " && XDG_CACHE_HOME=. sinter predict " + script +
          " --model m --random-weights no.png");
  EXPECT_NE(predicted.err.find("no.png"), std::string::npos) << predicted.err;
  EXPECT_NE(run("sinter train " + script + " --model other --nonsense").exit_code, 0);
  EXPECT_NE(
      run("sinter compile --help").out.find("which of a script's models (a variable or a model's name)"),
      std::string::npos);
  EXPECT_NE(run("sinter summary " + example("vgg16.py").string() + " --model nosuch")
                .err.find("no model of that name"),
            std::string::npos);
}

}  // namespace
}  // namespace sinter::test

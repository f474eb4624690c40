// Changes of data in place, integers that wrap around, conditions that are not known.
#include <gmock/gmock.h>

#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string head =
    "import sys, random\nimport numpy as np\nfrom keras.models import Sequential\nfrom keras.layers import "
    "Dense, Flatten\n"
    "from keras import backend as K\nfrom keras.datasets import mnist\n"
    "(x, y), (xt, yt) = mnist.load_data()\n"
    "m = Sequential([Flatten(input_shape=(28, 28)), Dense(10)])\nm.compile('sgd', 'mse')\n";
constexpr int first_line = 10;

// The training input after the statements, or the first error.
std::string data_after(const std::string &steps, const std::string &array = "x") {
  const Evaluated evaluated = evaluate(head + steps + "\nm.fit(" + array + ", y)\n");
  if (!evaluated.result) return "error " + evaluated.errors().front();
  return describe(evaluated.result->plan.first_fit(0)->train.inputs.front().second);
}

std::string error_at(int line, const std::string &message) {
  return "error " + std::to_string(first_line + line) + ": " + message;
}

const std::string floats = "z = x.astype('float32')\n";
const std::string cast = "mnist.x_train | cast float32";

TEST(ScriptInPlace, AugmentedAssignmentChangesTheArrayUnderAllItsNames) {
  EXPECT_EQ(data_after(floats + "a = z\na /= 255\na -= 0.5\n", "z"), cast + " | divide 255 | subtract 0.5");
  EXPECT_EQ(data_after(floats + "def scale(d):\n  d *= 2\nscale(z)\n", "z"), cast + " | multiply 2");
  EXPECT_EQ(data_after(floats + "w = z.copy()\nv = z / 1\nz /= 255\n", "w"), cast);
  EXPECT_EQ(data_after(floats + "w = z.copy()\nv = z / 2\nz /= 255\n", "v"), cast + " | divide 2");
  EXPECT_EQ(data_after(floats + "w = np.asarray(z)\nz /= 255\n", "w"), cast + " | divide 255");
  EXPECT_EQ(data_after(floats + "w = np.array(z)\nz /= 255\n", "w"), cast);
  EXPECT_EQ(data_after(floats + "z[...] /= 255\n", "z"), cast + " | divide 255");
  EXPECT_EQ(data_after(floats + "z[:] /= 255\n", "z"), cast + " | divide 255");
}

TEST(ScriptInPlace, ViewsAreChangedToo) {
  EXPECT_EQ(data_after(floats + "v = z.reshape(-1, 784)\nz /= 255\n", "v"),
            cast + " | reshape [784] | divide 255");
  EXPECT_EQ(data_after(floats + "v = z.reshape(-1, 784)\nv /= 255\n", "z"), cast + " | divide 255");
  EXPECT_EQ(data_after(floats + "v = z[:100]\nz /= 255\n", "v"), cast + " | samples 0:100 | divide 255");
  EXPECT_EQ(data_after(floats + "a, b = z[5000:], z[:5000]\na /= 255\n", "b"), cast + " | samples 0:5000");
  EXPECT_EQ(data_after(floats + "a, b = z[5000:], z[:5000]\na /= 255\nb /= 255\n", "a"),
            cast + " | samples 5000:60000 | divide 255");
  EXPECT_EQ(data_after(floats + "a, b = z[5000:], z[:6000]\na /= 255\n", "b"),
            error_at(2,
                     "the training input is changed by a change in place of a part of the data, which Sinter "
                     "cannot express as a "
                     "data pipeline"));
  EXPECT_THAT(data_after(floats + "a = z[:100]\na /= 255\n", "z"),
              HasSubstr(error_at(2, "the training input is changed by")));
  EXPECT_THAT(data_after(floats + "a = z[3]\na /= 255\n", "z"), HasSubstr(error_at(2, "")));
  EXPECT_THAT(data_after(floats + "for a in z:\n  a /= 255\n", "z"), HasSubstr(error_at(2, "")));
  EXPECT_THAT(data_after(floats + "a = z[:, 4:24]\na /= 255\n", "z"), HasSubstr(error_at(2, "")));
  EXPECT_THAT(data_after(floats + "a = z.T\na[0] = 1\n", "z"), HasSubstr(error_at(2, "")));
  EXPECT_EQ(data_after(floats + "a = z[:, 4:24].astype('float32')\na /= 255\n", "z"), cast);
}

TEST(ScriptInPlace, FunctionsThatWrite) {
  EXPECT_EQ(data_after(floats + "np.divide(z, 255, out=z)\n", "z"), cast + " | divide 255");
  EXPECT_EQ(data_after(floats + "np.divide(z, 255, z)\n", "z"), cast + " | divide 255");
  EXPECT_EQ(data_after(floats + "w = np.divide(z, 255)\n", "w"), cast + " | divide 255");
  EXPECT_THAT(data_after(floats + "np.divide(x, 255, out=z)\n", "z"),
              HasSubstr(error_at(1, "the training input is changed by np.divide(out=…)")));
  EXPECT_THAT(data_after(floats + "np.clip(z, 0, 1, out=z)\n", "z"),
              HasSubstr(error_at(1, "the training input is changed by np.clip(out=…)")));
  EXPECT_THAT(data_after("np.random.shuffle(x)\n"),
              HasSubstr(error_at(0, "the training input is changed by numpy.random.shuffle()")));
  EXPECT_THAT(data_after("random.shuffle(x)\n"),
              HasSubstr(error_at(0, "the training input is changed by shuffle()")));
  EXPECT_THAT(data_after("from random import shuffle\nshuffle(x)\n"),
              HasSubstr(error_at(1, "the training input is changed by")));
  EXPECT_THAT(data_after("rng = np.random.RandomState(0)\nrng.shuffle(x)\n"), HasSubstr(error_at(1, "")));
  EXPECT_THAT(data_after("np.copyto(x, x)\n"), HasSubstr(error_at(0, "")));
  EXPECT_THAT(data_after("x.sort()\n"), HasSubstr(error_at(0, "data arrays have no attribute 'sort'")));
  EXPECT_THAT(data_after("x[...] = 1\n"),
              HasSubstr(error_at(0, "changing single values of a data array is not supported")));
  EXPECT_THAT(data_after("x[5] += 1\n"),
              HasSubstr(error_at(0, "changing single values of a data array is not supported")));
  EXPECT_EQ(data_after("i = np.arange(5)\nnp.random.shuffle(i)\n"), "mnist.x_train");
}

TEST(ScriptInPlace, ShuffledListsAreNotKnown) {
  EXPECT_THAT(
      evaluate(head + "units = [3, 4]\nrandom.shuffle(units)\nm.add(Dense(units[0]))\n").errors(),
      ElementsAre(HasSubstr(
          "12: the argument 'units' of Dense must be known when the model is compiled, but depends on "
          "shuffle() (line 11)")));
  EXPECT_EQ(python("b", "a = [1]\nb = a\na *= 2"), "[1, 1]");
}

TEST(ScriptInPlace, NumpysRulesForIntegers) {
  EXPECT_THAT(data_after("x /= 255\n"),
              HasSubstr(error_at(0, "numpy cannot divide an array of uint8 in place")));
  EXPECT_THAT(data_after("x *= 1.5\n"),
              HasSubstr(error_at(0, "numpy cannot put floats into an array of uint8 in place")));
  EXPECT_THAT(
      data_after("x *= 2\n"),
      HasSubstr(error_at(
          0, "x * 2 is not supported: the array is uint8, in which numpy's arithmetic wraps around")));
  EXPECT_THAT(data_after("z = x + 10\n", "z"), HasSubstr(error_at(0, "x + 10 is not supported")));
  EXPECT_THAT(data_after("z = -x\n", "z"),
              HasSubstr(error_at(0, "x * -1 is not supported: the array is uint8")));
  EXPECT_THAT(data_after("z = x - 128\n", "z"), HasSubstr(error_at(0, "x - 128 is not supported")));
  EXPECT_THAT(data_after("z = 300 - x\n", "z"), HasSubstr(error_at(0, "300 - x is not supported")));
  EXPECT_EQ(data_after("z = 255 - x\n", "z"), "mnist.x_train | reversed subtract 255");
  EXPECT_THAT(data_after("z = 255 - x\nz = z + 1\n", "z"), HasSubstr(error_at(1, "x + 1 is not supported")));
  EXPECT_EQ(data_after("z = x.astype('int32') + 10\n", "z"), "mnist.x_train | cast int32 | add 10");
  EXPECT_EQ(data_after("z = x * 2.0\n", "z"), "mnist.x_train | multiply 2");
  EXPECT_EQ(data_after("z = y + 1\n", "z"), "mnist.y_train | add 1");
  EXPECT_THAT(data_after("z = y - 1\n", "z"), HasSubstr("x - 1 is not supported"));
  EXPECT_THAT(data_after("z = x.astype('int8')\n", "z"),
              HasSubstr("the numbers from 0 to 255 wrap around in int8"));
  EXPECT_THAT(data_after("z = x.astype('float16')\n", "z"),
              HasSubstr("'float16' is no element type that Sinter knows"));
  EXPECT_THAT(data_after("z = x.reshape((-1, 784), order='F')\n", "z"),
              HasSubstr("order='F' is not supported"));
}

TEST(ScriptInPlace, ConditionsOnWhatIsNotKnown) {
  for (const char *unknown :
       {"sys.argv[1] is not None", "sys.argv[1] is None", "sys.argv[1] == None", "sys.argv[1] != 'x'",
        "not sys.argv[1] is None", "np.load('a.npz')['x'] == None"}) {
    const Evaluated evaluated = evaluate(head + "if " + unknown + ":\n  m.add(Dense(3))\n");
    ASSERT_EQ(evaluated.errors().size(), 1u) << unknown;
    EXPECT_THAT(evaluated.errors().front(), HasSubstr("11: whether adding a layer happens here depends on"))
        << unknown;
  }
  EXPECT_TRUE(evaluate(head + "if sys.argv[1] is not None:\n  print(1)\n").result.has_value());
  EXPECT_EQ(python("(None is None, [] is [], 1 is True, 'a' is not None, None is not None)"),
            "(True, False, False, True, False)");
  EXPECT_EQ(data_after("z = 1 - x / 255 if x is not None else x\n", "z"),
            "mnist.x_train | divide 255 | reversed subtract 1");
}

TEST(ScriptInPlace, EffectsInExpressionsThatMayNotBeEvaluated) {
  for (const char *effect : {"sys.argv and m.add(Dense(3))", "m.add(Dense(3)) if sys.argv else None",
                             "None if sys.argv else m.add(Dense(3))", "[m.add(Dense(3)) for a in sys.argv]",
                             "[m.add(Dense(3)) for a in [1] if sys.argv]"}) {
    const Evaluated evaluated = evaluate(head + effect + "\n");
    ASSERT_EQ(evaluated.errors().size(), 1u) << effect;
    EXPECT_THAT(evaluated.errors().front(), HasSubstr("10: whether adding a layer happens here depends on"))
        << effect;
  }
  EXPECT_THAT(data_after(floats + "if sys.argv:\n  z /= 255\n", "z"), HasSubstr("error"));
  EXPECT_THAT(data_after(floats + "w = z\nif sys.argv:\n  z /= 255\n", "w"),
              HasSubstr(error_at(
                  3, "the training input is changed by a change in place that may or may not happen")));
}

// What a trainer refuses: the lines of the calls recorded as unsupported.
std::vector<int> unsupported(const std::string &statements) {
  const Evaluated evaluated = evaluate(head + statements + "\nm.fit(x, y)\n");
  EXPECT_TRUE(evaluated.result.has_value()) << statements << evaluated.diagnostics.render_all();
  std::vector<int> lines;
  if (evaluated.result)
    for (const TrainingAction &action : evaluated.result->plan.actions)
      if (const auto *call = std::get_if<UnsupportedCall>(&action))
        lines.push_back(call->where.line - first_line);
  return lines;
}

TEST(ScriptInPlace, ChangesOfOptimizersAndWeights) {
  EXPECT_THAT(unsupported("m.optimizer.lr = 0.1\n"), ElementsAre(0));
  EXPECT_THAT(unsupported("m.optimizer.lr *= 0.1\n"), ElementsAre(0));
  EXPECT_THAT(unsupported("K.set_value(m.optimizer.lr, 0.1)\n"), ElementsAre(0));
  EXPECT_THAT(unsupported("m.optimizer.learning_rate.assign(0.1)\n"), ElementsAre(0));
  EXPECT_THAT(unsupported("m.layers[1].kernel.assign(0)\nm.weights[0].assign(1)\n"), ElementsAre(0, 1));
  EXPECT_THAT(
      unsupported(
          "from keras.optimizers import SGD\no = SGD()\no.lr = 0.5\nm.compile(o, 'mse')\no.lr = 0.1\n"),
      ElementsAre(4));
  EXPECT_THAT(unsupported("print(m.optimizer.lr)\na = m.optimizer.lr * 2\n"), testing::IsEmpty());
  EXPECT_THAT(
      evaluate(head + "from keras.callbacks import EarlyStopping\ne = EarlyStopping()\ne.patient = 3\n")
          .errors(),
      ElementsAre("12: EarlyStopping has no option 'patient' that Sinter knows"));
}

}  // namespace
}  // namespace sinter::script

// What scripts get wrong: every message has its line, and one run finds all of them.
#include <gmock/gmock.h>

#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string head = "from keras.models import Sequential, Model\nfrom keras.layers import *\n";
const std::string imports =
    "from keras.models import Sequential, Model\nfrom keras.layers import Conv2D, Dense, Flatten, Input, "
    "Foo, Bar, add\n";

TEST(ScriptErrors, AllUnknownLayersAreReported) {
  const Evaluated evaluated = evaluate(
      imports +
      "m = Sequential()\nm.add(Conv2D(8, 3, input_shape=(8, 8, 1)))\nm.add(Foo(3))\nm.add(Flatten())\n"
      "m.add(Bar())\nm.add(Dense(2))\nm.summary()\nm.compile('sgd', 'mse')\n");
  EXPECT_FALSE(evaluated.result.has_value());
  EXPECT_THAT(evaluated.errors(), ElementsAre("5: Sinter does not know the layer class 'Foo'",
                                              "7: Sinter does not know the layer class 'Bar'"));
}

TEST(ScriptErrors, UnknownLayersDoNotCascadeInFunctionalModels) {
  const Evaluated evaluated = evaluate(
      imports +
      "x = Input((8, 8, 1))\ny = Foo()(x)\nz = Conv2D(4, 3)(y)\nw = Bar(1)(z)\nm = Model(x, add([w, z]))\n"
      "m.compile('sgd', 'mse')\nn = m.layers[3].output\n");
  EXPECT_EQ(evaluated.errors().size(), 2u) << evaluated.diagnostics.render_all();
}

TEST(ScriptErrors, UnusedUnknownImportsAreNoError) {
  EXPECT_TRUE(evaluate(imports + "Sequential([Dense(1, input_shape=(2,))])\n").result.has_value());
}

struct Case {
  const char *name, *statement, *message, *hint;
  friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }
};
class Reported : public testing::TestWithParam<Case> {};

TEST_P(Reported, WithLineMessageAndHint) {
  const Evaluated evaluated = evaluate(imports + GetParam().statement + "\n");
  EXPECT_FALSE(evaluated.result.has_value());
  ASSERT_FALSE(evaluated.errors().empty());
  const auto &all = evaluated.diagnostics.all();
  const auto first = std::find_if(all.begin(), all.end(),
                                  [](const Diagnostic &each) { return each.severity == Severity::error; });
  EXPECT_THAT(first->message, HasSubstr(GetParam().message));
  EXPECT_THAT(first->hint, HasSubstr(GetParam().hint));
  EXPECT_EQ(first->where.line, 3);
  EXPECT_GT(first->where.column, 0);
  EXPECT_FALSE(first->where.source_line.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Statements, Reported,
    testing::Values(Case{"while_loop", "while True: pass", "'while' loops are not supported", "range"},
                    Case{"class_statement", "class A(Model): pass", "classes are not supported", "layers"},
                    Case{"try_block", "try:\n  x = 1\nexcept Exception as e:\n  x = 2\nprint(x)",
                         "'try' blocks are not supported", "branch"},
                    Case{"with_block", "with open('f') as f:\n  x = f.read()\nprint(x, f)",
                         "'with' blocks are not supported", ""},
                    Case{"decorator", "@cached\ndef f(): pass\nf()", "decorators are not supported", ""},
                    Case{"undefined", "x = y + 1", "the name 'y' is not defined", "import or assign"},
                    Case{"syntax", "x = (1 +", "this '(' is never closed", ""},
                    Case{"unknown_module", "import helper_functions",
                         "does not know the module 'helper_functions'", "keras"},
                    Case{"unknown_keras_module", "import keras.layer", "no module 'keras.layer'",
                         "did you mean 'layers'?"},
                    Case{"division", "x = 1 // 0", "division by zero", ""},
                    Case{"types", "x = 1 + 'a'", "does not apply to int and str", ""},
                    Case{"index", "x = [1][3]", "outside this list of 1 items", ""},
                    Case{"key", "x = {'padding': 1}['pading']", "no key 'pading'", "did you mean 'padding'?"},
                    Case{"call", "x = (1)(2)", "int cannot be called", ""},
                    Case{"assertion", "assert 1 == 2, 'sizes differ'", "assertion fails: sizes differ", ""},
                    Case{"raise", "raise ValueError('no data')", "raises an exception: no data", ""},
                    Case{"unpack", "a, b = 1, 2, 3", "3 values are assigned to 2 names", ""},
                    Case{"range_float", "x = range(10 / 2)", "range() takes integers, not float", "//"},
                    Case{"function_arguments", "(lambda a: a)()", "lambda() needs the argument 'a'", ""}),
    [](const auto &info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Models, Reported,
    testing::Values(
        Case{"unknown_argument", "Conv2D(8, 3, pading='same')", "Conv2D() has no argument 'pading'",
             "did you mean 'padding'?"},
        Case{"missing_argument", "Conv2D(8)", "Conv2D() needs the argument 'kernel_size'",
             "accepted are: filters, kernel_size"},
        Case{"twice", "Dense(3, units=4)", "gets the argument 'units' twice", ""},
        Case{"layer_as_activation", "Dense(3, activation=Dense(2))",
             "the argument 'activation' of Dense cannot be Dense layer", "by itself"},
        Case{"lambda_argument", "Dense(3, activation=lambda x: x)", "cannot be function",
             "functions of the script"},
        Case{"input_shape", "Dense(3, input_shape='abc')", "the input shape is \"abc\"", "tuple"},
        Case{"negative_shape", "Dense(3, input_shape=(0, 3))", "the input shape has the size 0", "positive"},
        Case{"class_for_layer", "m = Sequential([Dense])", "not the class Dense", "parentheses"},
        Case{"call_on_number", "y = Dense(3)(5)", "Dense is called on int", "tensors"},
        Case{"merge_one", "y = add([Input((3,))])", "Add merges at least 2 tensors, not 1", "[a, b]"},
        Case{"two_tensors", "y = Dense(3)([Input((3,)), Input((3,))])", "Dense takes one tensor, not 2", ""},
        Case{"disconnected", "m = Model(Input((3,)), Dense(2)(Input((3,))))", "depend on the input 'input_2'",
             "inputs=["},
        Case{"no_input_shape", "m = Sequential([Dense(2), Dense(3)])",
             "the input shape of the model 'sequential_1' is not known", "input_shape="},
        Case{"no_layers", "m = Sequential()", "has no layers", "model.add"},
        Case{"model_layers", "m = Sequential([Dense(2, input_shape=(1,))]); m.layers.pop()",
             "changing model.layers does not change the model", ""},
        Case{"method", "m = Sequential(); m.ad(Dense(2))", "models have no attribute 'ad'",
             "did you mean 'add'?"},
        Case{"optimizer", "m = Sequential([Dense(2, input_shape=(1,))]); m.compile('rmspro', 'mse')",
             "does not know the optimizer 'rmspro'", "RMSprop"},
        Case{"loss", "m = Sequential([Dense(2, input_shape=(1,))]); m.compile('sgd', 'crossentropy')",
             "does not know the loss 'crossentropy'", "accepted"},
        Case{"fit_argument", "m = Sequential([Dense(2, input_shape=(1,))]); m.fit(1, 2, epoch=3)",
             "fit() has no argument 'epoch'", "did you mean 'epochs'?"},
        Case{"fit_numbers", "m = Sequential([Dense(2, input_shape=(1,))]); m.fit(1, 2)",
             "the training input must be a data array, not int", ""},
        Case{"same_names", "m = Sequential([Dense(2, input_shape=(1,), name='a'), Dense(2, name='a')])",
             "the name 'a' is used by two layers", "unique"},
        Case{"add_itself", "m = Sequential(); m.add(m)", "cannot be added to itself", ""}),
    [](const auto &info) { return info.param.name; });

TEST(ScriptErrors, SeveralSyntaxErrorsInOneRun) {
  const Evaluated evaluated = evaluate("x = (1 +\n");
  EXPECT_EQ(evaluated.errors().size(), 1u);
  const Evaluated two = evaluate("x = 1 +\ny = 2\nif x\n    z = 3\nw = ]\n");
  EXPECT_THAT(two.errors(), ElementsAre(HasSubstr("1: expected a value"), HasSubstr("3: expected ':'"),
                                        HasSubstr("5: expected a value")));
}

TEST(ScriptErrors, AScriptWithoutAModel) {
  EXPECT_THAT(evaluate("x = 1\n").errors(), ElementsAre(HasSubstr("the script builds no model")));
  EXPECT_THAT(evaluate("").errors(), ElementsAre(HasSubstr("the script builds no model")));
}

TEST(ScriptErrors, BinaryIsNoScript) {
  EXPECT_EQ(evaluate(std::string_view("\xff\xfe\x00x", 4)).errors().size(), 1u);
}

TEST(ScriptErrors, TheCaretPointsAtTheArgument) {
  const Evaluated evaluated = evaluate("from keras.layers import Conv2D\nConv2D(8, 3, pading='same')\n");
  ASSERT_EQ(evaluated.errors().size(), 1u);
  EXPECT_THAT(evaluated.diagnostics.render_all(),
              HasSubstr("test.py:2:21: error: Conv2D() has no argument 'pading'\n"
                        "    Conv2D(8, 3, pading='same')\n"
                        "                        ^\n"));
}

TEST(ScriptErrors, ErrorsStopAtALimit) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "x = undefined_" + std::to_string(i) + "\n";
  const std::size_t count = evaluate(text).errors().size();
  EXPECT_GE(count, 10u);
  EXPECT_LE(count, 100u);
}

TEST(ScriptErrors, StarImports) {
  EXPECT_TRUE(evaluate(head + "m = Sequential([Conv2D(1, 2, input_shape=(4, 4, 1)), Flatten()])\n")
                  .result.has_value());
  EXPECT_THAT(evaluate("from numpy import *\n").errors(), testing::Contains(HasSubstr("import *")));
}

}  // namespace
}  // namespace sinter::script

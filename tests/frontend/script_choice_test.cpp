// Which of a script's models is meant.
#include <gmock/gmock.h>

#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string head =
    "from keras.models import Sequential, Model\nfrom keras.layers import Dense, Input\n"
    "import numpy as np\nf = np.load('d.npz')\nx, y = f['x'], f['y']\n"
    "a = Sequential([Dense(3, input_shape=(2,)), Dense(4)], name='first')\n"
    "b = Sequential([Dense(1, input_shape=(1,))], name='second')\n";

Evaluated choose(const std::string &text, std::string_view name = {}) {
  Evaluated out;
  out.result = evaluate_script(text, "test.py", out.diagnostics, std::nullopt, name);
  return out;
}

std::string chosen(const std::string &statements, std::string_view name = {}) {
  const Evaluated evaluated = choose(head + statements, name);
  if (!evaluated.result)
    return evaluated.errors().empty() ? "nothing" : "error " + evaluated.errors().front();
  return evaluated.result->model().name;
}

TEST(ScriptChoice, SeveralModelsAreAnErrorThatListsThem) {
  const std::string listed =
      "error 7: the script has several models that could be meant: a, the model 'first' (line 6); b, the "
      "model "
      "'second' (line 7)";
  EXPECT_EQ(chosen(""), listed);
  EXPECT_EQ(chosen("a.summary()\nb.summary()\n"), listed);
  EXPECT_EQ(chosen("b.summary()\na.compile('sgd', 'mse')\nb.compile('sgd', 'mse')\n"), listed);
  EXPECT_EQ(
      chosen("for m in (a, b):\n  m.compile('sgd', 'mse')\n  m.fit(x, y)\n"),
      "error 7: the script has several models that could be meant: a, the model 'first' (line 6); b, m, the "
      "model 'second' (line 7)");
}

TEST(ScriptChoice, NamesChoose) {
  EXPECT_EQ(chosen("", "a"), "first");
  EXPECT_EQ(chosen("", "b"), "second");
  EXPECT_EQ(chosen("", "second"), "second");
  EXPECT_EQ(chosen("a.compile('sgd', 'mse')\na.fit(x, y)\n", "b"), "second");
  EXPECT_EQ(
      chosen("def f():\n  inside = Sequential([Dense(1, input_shape=(1,))], name='third')\nf()\n", "inside"),
      "third");
  EXPECT_THAT(chosen("", "c"), HasSubstr("--model c: the script has no model of that name"));
  EXPECT_THAT(choose(head, "c").diagnostics.render_all(),
              HasSubstr("its models are a, the model 'first' (line 6); b"));
  EXPECT_THAT(chosen("b = a\na = Sequential([Dense(1, input_shape=(1,))], name='b')\n", "b"),
              HasSubstr("--model b could mean b, the model 'first' (line 6); a, the model 'b' (line 9)"));
}

TEST(ScriptChoice, WhatIsDoneWithAModelChoosesIt) {
  EXPECT_EQ(chosen("a.summary()\n"), "first");
  EXPECT_EQ(chosen("a.compile('sgd', 'mse')\nb.summary()\n"), "first");
  EXPECT_EQ(chosen("a.compile('sgd', 'mse')\nb.compile('sgd', 'mse')\na.fit(x, y)\nb.evaluate(x, y)\n"),
            "first");
  EXPECT_EQ(chosen("if False:\n  b.summary()\na.summary()\n"), "first");
}

TEST(ScriptChoice, PartsAndExtractorsAreNotMeant) {
  EXPECT_EQ(chosen("i = Input((2,))\nm = Model(i, Dense(7)(a(i)), name='whole')\nb.trainable = True\n"
                   "for each in (a, m): each.summary()\n"),
            "whole");
  EXPECT_EQ(
      chosen("e = Model(a.input, a.layers[0].output)\na.compile('sgd', 'mse')\ne.compile('sgd', 'mse')\n"),
      "first");
  // From a part of another model, and then new layers: the other model is where it comes from.
  EXPECT_EQ(
      chosen("m = Model(a.input, Dense(5)(a.layers[0].output), name='new')\na.summary()\nm.summary()\n"),
      "new");
  // Two heads on one trunk are two models.
  EXPECT_THAT(
      chosen("i = Input((2,))\nt = Dense(3)(i)\np = Model(i, Dense(1)(t))\nq = Model(i, Dense(2)(t))\n"
             "p.summary()\nq.summary()\n"),
      HasSubstr("p, the model"));
}

TEST(ScriptChoice, EmptyAndUnbuiltModelsAreNotMeant) {
  EXPECT_EQ(chosen("del b\nb = None\nc = Sequential()\nd = Sequential([Dense(2)])\n", "first"), "first");
  const std::string only = head.substr(0, head.find("b = Sequential"));
  EXPECT_EQ(choose(only + "c = Sequential()\nd = Sequential([Dense(2)])\n").result->model().name, "first");
}

TEST(ScriptChoice, RelativesShareLayers) {
  const Evaluated evaluated = choose(head + "e = Model(a.input, a.layers[0].output)\na.summary()\n");
  ASSERT_TRUE(evaluated.result.has_value());
  EXPECT_THAT(evaluated.result->plan.relatives,
              ElementsAre(ElementsAre(2), testing::IsEmpty(), ElementsAre(0)));
}

}  // namespace
}  // namespace sinter::script

// Python's semantics, as far as model scripts use them. Each expectation was checked against CPython 3.
#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

struct Case {
  const char *expression, *expected;
  friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.expression; }
};

class Python : public testing::TestWithParam<Case> {};

TEST_P(Python, EvaluatesAsPythonDoes) {
  EXPECT_EQ(python(GetParam().expression), GetParam().expected) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, Python,
    testing::Values(Case{"1 + 2 * 3", "7"}, Case{"-7 // 2", "-4"}, Case{"-7 % 3", "2"}, Case{"7 / 2", "3.5"},
                    Case{"2 ** 10", "1024"}, Case{"2 ** -1", "0.5"}, Case{"-2 ** 2", "-4"},
                    Case{"7 // 2.0", "3.0"}, Case{"1e3", "1000.0"}, Case{"1e-5", "1e-05"},
                    Case{"10 & 6 | 1", "3"}, Case{"1 << 4", "16"}, Case{"~5", "-6"}, Case{"True + 1", "2"},
                    Case{"0.1 + 0.2", "0.30000000000000004"}, Case{"-7 // 2 * 2 + -7 % 2", "-7"},
                    Case{"5.5 % -2", "-0.5"}, Case{"2 ** 3 ** 2", "512"}));

INSTANTIATE_TEST_SUITE_P(Logic, Python,
                         testing::Values(Case{"1 < 2 < 3", "True"}, Case{"1 < 2 > 3", "False"},
                                         Case{"not 0", "True"}, Case{"0 or 'x'", "'x'"},
                                         Case{"1 and []", "[]"}, Case{"'a' if 0 else 'b'", "'b'"},
                                         Case{"2 in [1, 2]", "True"}, Case{"'ell' in 'hello'", "True"},
                                         Case{"3 not in (1, 2)", "True"}, Case{"None is None", "True"},
                                         Case{"1 == 1.0", "True"}, Case{"(1, 2) < (1, 3)", "True"},
                                         Case{"[1] == [1]", "True"}, Case{"'1' == 1", "False"},
                                         Case{"None is not None", "False"}));

INSTANTIATE_TEST_SUITE_P(Sequences, Python,
                         testing::Values(Case{"[1, 2] + [3]", "[1, 2, 3]"}, Case{"(1,) * 3", "(1, 1, 1)"},
                                         Case{"'ab' * 2", "'abab'"}, Case{"[1, 2, 3][-1]", "3"},
                                         Case{"[1, 2, 3, 4][1:3]", "[2, 3]"},
                                         Case{"[1, 2, 3][::-1]", "[3, 2, 1]"}, Case{"'hello'[1:]", "'ello'"},
                                         Case{"[x * x for x in range(4) if x % 2]", "[1, 9]"},
                                         Case{"[(a, b) for a in 'xy' for b in (1, 2)]",
                                              "[('x', 1), ('x', 2), ('y', 1), ('y', 2)]"},
                                         Case{"{k: v for k, v in zip('ab', (1, 2))}", "{'a': 1, 'b': 2}"},
                                         Case{"[*range(3), 9]", "[0, 1, 2, 9]"}, Case{"[(1, 2)]", "[(1, 2)]"},
                                         Case{"(1)", "1"}, Case{"(1,)", "(1,)"}, Case{"{'a': 1}['a']", "1"},
                                         Case{"{**{'a': 1}, 'b': 2}", "{'a': 1, 'b': 2}"},
                                         Case{"[1, 2, 3][5:]", "[]"}, Case{"(1, 2, 3)[-10:2]", "(1, 2)"},
                                         Case{"[1, 2, 3, 4][3:0:-2]", "[4, 2]"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Python,
    testing::Values(Case{"len('abc')", "3"}, Case{"list(range(2, 10, 3))", "[2, 5, 8]"},
                    Case{"sum([1, 2.5])", "3.5"}, Case{"max(3, 1, 2)", "3"}, Case{"min([4, 2])", "2"},
                    Case{"sorted([3, 1, 2], reverse=True)", "[3, 2, 1]"},
                    Case{"list(enumerate('ab', 1))", "[(1, 'a'), (2, 'b')]"},
                    Case{"int('12') + int(3.9)", "15"}, Case{"round(2.5)", "2"},
                    Case{"round(3.14159, 2)", "3.14"}, Case{"str(1.0)", "'1.0'"},
                    Case{"list(map(lambda x: x + 1, [1, 2]))", "[2, 3]"}, Case{"any([0, 1])", "True"},
                    Case{"sorted(['bb', 'a'], key=len)", "['a', 'bb']"}, Case{"dict(a=1)", "{'a': 1}"},
                    Case{"abs(-3)", "3"}, Case{"tuple([1])", "(1,)"}, Case{"len(range(0, 10, 3))", "4"},
                    Case{"max(['aa', 'b'], key=lambda s: len(s))", "'aa'"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, Python,
    testing::Values(Case{"'%d of %s: %.2f' % (3, 'x', 1.5)", "'3 of x: 1.50'"},
                    Case{"'%05d|%-4s|' % (42, 'a')", "'00042|a   |'"},
                    Case{"'{} {1}'.format(1)", "error 4: this format has more fields than values"},
                    Case{"'{:>5}|{:.1%}|{:,}'.format('a', 0.256, 1234567)", "'    a|25.6%|1,234,567'"},
                    Case{"'{n}_{0}'.format(2, n='conv')", "'conv_2'"},
                    Case{"f'{1 + 1}_{\"a\"!r}_{3.14159:.2f}'", "\"2_'a'_3.14\""},
                    Case{"f'{{}}{5:03d}'", "'{}005'"}, Case{"'a,b'.split(',')", "['a', 'b']"},
                    Case{"'-'.join(['x', 'y'])", "'x-y'"}, Case{"' A '.strip().lower()", "'a'"},
                    Case{"'abc'.replace('b', 'XX')", "'aXXc'"}, Case{"'block' 'one' + str(1)", "'blockone1'"},
                    Case{"'x'.startswith('x')", "True"}, Case{"'%%%s' % 'a'", "'%a'"},
                    Case{"f'{3:>4}'", "'   3'"}));

TEST(ScriptEvaluator, Statements) {
  EXPECT_EQ(python("a, b, c", "a = b = 1\nb += 2\n(c, *d) = [7, 8, 9]\n"), "(1, 3, 7)");
  EXPECT_EQ(python("out",
                   "out = []\nfor i, (a, b) in enumerate([(1, 2), (3, 4)]):\n  if i == 1: continue\n  "
                   "out.append(a + b)\n"),
            "[3]");
  EXPECT_EQ(
      python("x",
             "x = 0\nfor i in range(10):\n    if i == 3:\n        break\n    x += i\nelse:\n    x = -1\n"),
      "3");
  EXPECT_EQ(python("x", "if False:\n    x = 1\nelif True:\n    x = 2\nelse:\n    x = 3\n"), "2");
  EXPECT_EQ(python("d", "d = {}\nd['a'] = 1\nd['a'] += 1\nd.update(b=3)\ndel d['b']\n"), "{'a': 2}");
  EXPECT_EQ(python("l", "l = [1, 2, 3]\nl[0] = 9\nl.insert(1, 5)\nl.pop()\nl += [4]\n"), "[9, 5, 2, 4]");
  EXPECT_EQ(python("x", "if __name__ == '__main__':\n    x = 5\n"), "5");
  EXPECT_EQ(python("x", "x: int = 4; y = 2; x -= y\n"), "2");
}

TEST(ScriptEvaluator, Functions) {
  EXPECT_EQ(python("f(1, b=5)", "def f(a, b=2, *rest, c=3, **more):\n    'doc'\n    return a + b + c\n"),
            "9");
  EXPECT_EQ(python("f(1, 2, 3, 4, z=5)", "def f(a, *rest, **more):\n    return rest, more\n"),
            "((2, 3, 4), {'z': 5})");
  EXPECT_EQ(
      python(
          "g(5)",
          "k = 10\ndef make(n):\n    def add(x):\n        return x + n + k\n    return add\ng = make(1)\n"),
      "16");
  EXPECT_EQ(python("fact(10)", "def fact(n):\n    return 1 if n <= 1 else n * fact(n - 1)\n"), "3628800");
  EXPECT_EQ(python("f()", "def f():\n    pass\n"), "None");
  EXPECT_EQ(python("n", "n = 0\ndef f():\n    global n\n    n = 4\nf()\n"), "4");
  EXPECT_EQ(python("f(*[1, 2], **{'c': 3})", "f = lambda a, b, c=0: (a, b, c)\n"), "(1, 2, 3)");
}

TEST(ScriptEvaluator, NumpyAndMathOnNumbers) {
  EXPECT_EQ(python("int(np.ceil(7 / 2)), np.prod([2, 3]), math.sqrt(16), math.ceil(1.2)",
                   "import math\nimport numpy as np\n"),
            "(4, 6, 4.0, 2)");
}

TEST(ScriptEvaluator, RuntimeValuesMayDecideOnlyWhatIsPrinted) {
  const std::string head =
      "from keras.models import Sequential\nfrom keras.layers import Dense\nimport numpy as np\n"
      "m = Sequential([Dense(1, input_shape=(1,))])\nr = np.random.rand()\n";
  const Evaluated printing = evaluate(
      head +
      "if r > 0.5:\n    word = 'high'\nelse:\n    word = 'low'\nprint(word)\nfor i in r:\n    print(i)\n");
  EXPECT_TRUE(printing.result.has_value()) << printing.diagnostics.render_all();
  const Evaluated building = evaluate(head + "if r > 0.5:\n    m.add(Dense(2))\n");
  ASSERT_EQ(building.errors().size(), 1u);
  EXPECT_NE(building.errors()[0].find("7: whether adding a layer happens here depends on numpy.random"),
            std::string::npos)
      << building.errors()[0];
  const Evaluated value = evaluate(head + "m.add(Dense(int(r * 10)))\n");
  ASSERT_EQ(value.errors().size(), 1u);
  EXPECT_NE(value.errors()[0].find("the argument 'units' of Dense must be known when the model is compiled"),
            std::string::npos);
}

TEST(ScriptEvaluator, ReturnUnderARuntimeConditionGivesARuntimeValue) {
  const Evaluated evaluated = evaluate(
      "from keras.models import Sequential\nfrom keras.layers import Dense\nimport numpy as np\n"
      "def pick():\n    if np.random.rand() > 0.5:\n        return 3\n    return 4\n"
      "m = Sequential([Dense(pick(), input_shape=(1,))])\n");
  EXPECT_FALSE(evaluated.result.has_value());
  ASSERT_EQ(evaluated.errors().size(), 1u);
}

struct Hostile {
  const char *name, *text;
  friend std::ostream &operator<<(std::ostream &out, const Hostile &c) { return out << c.name; }
};
class HostileScript : public testing::TestWithParam<Hostile> {};

TEST_P(HostileScript, EndsWithADiagnostic) {
  const Evaluated evaluated = evaluate(GetParam().text);
  EXPECT_FALSE(evaluated.result.has_value());
  EXPECT_GE(evaluated.errors().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Limits, HostileScript,
    testing::Values(
        Hostile{"loop", "for i in range(10**12):\n    pass\n"}, Hostile{"power", "x = 10**10**10\n"},
        Hostile{"text", "x = 'a' * 10**12\n"}, Hostile{"list", "x = [0] * (10**15)\n"},
        Hostile{"nested_loops", "for i in range(10**5):\n  for j in range(10**5):\n    x = i\n"},
        Hostile{"recursion", "def f(n):\n    return f(n + 1)\nf(0)\n"},
        Hostile{"lambda_recursion", "f = lambda: f()\nf()\n"},
        Hostile{"doubling", "x = 'a'\nfor i in range(100):\n    x = x + x\n"},
        Hostile{"list_doubling", "x = [1]\nfor i in range(100):\n    x += x\n"},
        Hostile{"comprehension", "x = [i for i in range(10**9)]\n"}, Hostile{"shift", "x = 1 << 10**9\n"},
        Hostile{"format_width", "x = '%9999999999d' % 1\n"},
        Hostile{"comparison",
                "x = [0] * 1000\ny = [x] * 1000\nz, w = [y] * 999, [y] * 999\nfor i in range(10**6):\n    z "
                "== w\n"},
        Hostile{"search",
                "a = 'a' * (10**7)\nb = 'a' * (5 * 10**6) + 'b'\nfor i in range(10**5):\n    b in a\n"},
        Hostile{"long_texts", "a = 'a' * (10**7)\nb = 'a' * (10**7)\nfor i in range(10**6):\n    a == b\n"},
        Hostile{"replace", "x = ('a' * 9999).replace('a', 'b' * 99999)\n"}),
    [](const auto &info) { return info.param.name; });

TEST(ScriptEvaluator, DeepNestingEndsWithADiagnostic) {
  for (const auto &[open, close] :
       {std::pair{"(", ")"}, std::pair{"[", "]"}, std::pair{"-", ""}, std::pair{"not ", ""},
        std::pair{"f(", ")"}, std::pair{"{1:", "}"}, std::pair{"lambda:", ""}, std::pair{"1 if 1 else ", ""},
        std::pair{"2**", ""}}) {
    std::string text = "x = ";
    for (int i = 0; i < 20000; ++i) text += open;
    text += "1";
    for (int i = 0; i < 20000; ++i) text += close;
    EXPECT_FALSE(evaluate(text).result.has_value()) << open;
  }
  std::string chain = "x = 1", attributes = "x = a", blocks;
  for (int i = 0; i < 50000; ++i) chain += "+1", attributes += ".b";
  for (int i = 0; i < 200; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "if True:\n";
  for (const std::string &text : {chain, attributes, blocks}) EXPECT_GE(evaluate(text).errors().size(), 1u);
}

TEST(ScriptEvaluator, CyclicValuesPrint) {
  EXPECT_NE(python("a", "a = []\na.append(a)\n").find("[[["), std::string::npos);
  EXPECT_EQ(python("a == b", "a = []\na.append(a)\nb = []\nb.append(b)\n").substr(0, 5), "error");
}

}  // namespace
}  // namespace sinter::script

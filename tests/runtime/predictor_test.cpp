// The command line of a predictor, run as a process.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "fixtures.h"

namespace sinter::runtime {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class PredictorTest : public FolderTest {
 protected:
  Answer run(const std::vector<std::string> &arguments, const std::string &program = "classes",
             const std::string &standard_input = {}) {
    return run_predictor_process(program, arguments, standard_input);
  }
  // Nine samples of four values; sample i is {i, 1, 1, 0}.
  std::string nine_samples() {
    std::vector<float> values;
    for (int i = 0; i < 9; ++i) values.insert(values.end(), {static_cast<float>(i), 1, 1, 0});
    return write("nine.npy", npy_floats({9, 2, 2, 1}, values));
  }
};

TEST_F(PredictorTest, PrintsNameThenClassesBestFirst) {
  const std::string file = write("one.npy", npy_floats({2, 2, 1}, {1, 5, 1, 1}));
  const Answer result = run({"predict", file});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, file + "\n  bee  0.625000\n  cat  0.250000\n  ant  0.125000\n");
  EXPECT_EQ(run({"predict", file, "--top", "1"}).out, file + "\n  bee  0.625000\n");
  EXPECT_EQ(run({"predict", "--top=1", "--", file}).out, file + "\n  bee  0.625000\n");
}

TEST_F(PredictorTest, CutsBatchesOfAnySize) {
  const Answer result =
      run({"predict", nine_samples(), "--json", "--out", path("out.npy")});  // max_batch is 4
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json rows = json::parse(result.out);
  ASSERT_EQ(rows.size(), 9u);
  EXPECT_EQ(rows[8]["input"], path("nine.npy") + "[8]");
  EXPECT_EQ(rows[8]["classes"][0]["class"], "ant");
  EXPECT_EQ(rows[8]["classes"][0]["index"], 0);
  EXPECT_FLOAT_EQ(rows[8]["classes"][0]["probability"], 0.8f);
  const std::vector<float> values = floats_of_npy(read_file(path("out.npy")));
  ASSERT_EQ(values.size(), 27u);
  for (int i = 0; i < 9; ++i)
    EXPECT_FLOAT_EQ(values[3 * static_cast<size_t>(i)], static_cast<float>(i) / static_cast<float>(i + 2));
}

TEST_F(PredictorTest, BatchesSpanFiles) {
  std::vector<std::string> arguments{"predict", "--top", "1"};
  for (int i = 0; i < 6; ++i)
    arguments.push_back(
        write(std::to_string(i) + ".npy", npy_floats({2, 2, 1}, {static_cast<float>(i), 2.5f, 0, 0})));
  const Answer result = run(arguments);
  EXPECT_EQ(result.exit_code, 0);
  for (int i = 0; i < 6; ++i)
    EXPECT_THAT(result.out, HasSubstr(std::to_string(i) + (i < 3 ? ".npy\n  bee" : ".npy\n  ant")));
}

TEST_F(PredictorTest, ReadsStandardInputAndScalesBytes) {
  // 51 / 255 = 0.2 and so on: the ratio is what the fake program computes, so bytes need no rounding here.
  const Answer result =
      run({"predict", "-", "--top", "1"}, "classes", npy("|u1", "(2, 2)", "\x01\x01\x03\x05"));
  EXPECT_EQ(result.out, "-\n  cat  0.800000\n");
  std::vector<float> x(24, 0);
  x[5] = 1;
  const Answer scaled = run({"predict", "-", "--out", path("o.npy")}, "planes",
                            npy("|u1", "(4, 2, 3)", std::string(24, '\x33')));
  EXPECT_EQ(scaled.exit_code, 0) << scaled.err;
  EXPECT_FLOAT_EQ(floats_of_npy(read_file(path("o.npy")))[7], 0.2f);
}

TEST_F(PredictorTest, ArraysHaveTheModelFilesLayout) {
  std::vector<float> values(48);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const std::string file = write("in.npy", npy_floats({2, 4, 2, 3}, values));
  const Answer result = run({"predict", file, "--out", path("out.npy")}, "planes");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("in.npy[1]\n  [4, 2, 3], values from 24 to 47\n"));
  EXPECT_EQ(floats_of_npy(read_file(path("out.npy"))), values) << "in and out are reordered";
  EXPECT_THAT(read_file(path("out.npy")), HasSubstr("'shape': (2, 4, 2, 3)"));
  const Answer wrong =
      run({"predict", write("hwc.npy", npy_floats({2, 3, 4}, std::vector<float>(24)))}, "planes");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err,
              HasSubstr("array of shape [2, 3, 4], expected [4, 2, 3] or [N, 4, 2, 3] for input 'x'"));
}

TEST_F(PredictorTest, SeveralInputsAndOutputs) {
  const std::string a = write("a.npy", npy_floats({3, 2}, {1, 2, 3, 4, 5, 6}));
  const std::string b = write("b.npy", npy_floats({3, 3}, {1, 1, 1, 2, 2, 2, 3, 3, 4}));
  const Answer result = run({"predict", a, b, "--out", path("o.npy"), "--json"}, "pairs");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(floats_of_npy(read_file(path("o.sum.npy"))), (std::vector<float>{6, 13, 21}));
  EXPECT_EQ(floats_of_npy(read_file(path("o.b_out_0.npy"))).size(), 9u);
  const json rows = json::parse(result.out);
  EXPECT_EQ(rows[2]["outputs"][1]["name"], "b/out:0");
  EXPECT_EQ(rows[2]["outputs"][1]["classes"][0]["index"], 2);
  EXPECT_THAT(run({"predict", a, b}, "pairs").out,
              HasSubstr("a.npy[0]\n  sum\n    sum  6\n  b/out:0\n    0  1.000000\n"));
  const Answer odd = run({"predict", a, b, a}, "pairs");
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_THAT(odd.err, HasSubstr("in groups of 2; 3 were given"));
  const Answer uneven =
      run({"predict", a, write("b2.npy", npy_floats({2, 3}, std::vector<float>(6)))}, "pairs");
  EXPECT_EQ(uneven.exit_code, 1);
  EXPECT_THAT(uneven.err, HasSubstr("b2.npy: 2 samples, but "));
}

TEST_F(PredictorTest, Pictures) {
  std::vector<uint8_t> green;
  for (int i = 0; i < 9 * 7; ++i) green.insert(green.end(), {10, 80, 10});
  const std::string p = write("g.png", png(9, 7, 3, green)), j = write("g.jpg", jpeg(9, 7, 3, green)),
                    gray = write("gray.png", png(3, 3, 1, std::vector<uint8_t>(9, 40)));
  const Answer result = run({"predict", p, j, gray, "--json"}, "image");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json rows = json::parse(result.out);
  EXPECT_EQ(rows[0]["classes"][0]["class"], "green");
  EXPECT_FLOAT_EQ(rows[0]["classes"][0]["probability"], 0.8f);
  EXPECT_NEAR(rows[1]["classes"][0]["probability"], 0.8, 0.05);
  EXPECT_FLOAT_EQ(rows[2]["classes"][0]["probability"], 1 / 3.0f);
  EXPECT_EQ(rows[2]["classes"][0]["class"], "red") << "ties by index";
  const Answer unfit = run({"predict", p}, "planes");
  EXPECT_EQ(unfit.exit_code, 1);
  EXPECT_THAT(unfit.err, HasSubstr("g.png: a picture, but the model's input is [N, 4, 2, 3]"));
}

TEST_F(PredictorTest, GoodInputsAreAnsweredBesideBadOnes) {
  const std::string good = write("good.npy", npy_floats({2, 2, 1}, {1, 5, 1, 1}));
  const std::string cut = write("cut.npy", npy_floats({2, 2, 1}, {1, 5, 1}));
  const Answer result = run({"predict", cut, path("absent.npy"), good, "--out", path("o.npy")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("classes: error: " + cut + ": offset 128: expected 16 bytes of data"));
  EXPECT_THAT(result.err, HasSubstr("absent.npy: cannot open: No such file or directory"));
  EXPECT_THAT(result.out, HasSubstr("good.npy\n  bee"));
  EXPECT_EQ(entries(), (std::vector<std::string>{"cut.npy", "good.npy"})) << "no output, whole or partial";
  EXPECT_EQ(run({"predict", cut, good}).exit_code, 1);
  EXPECT_EQ(run({"predict", path(".")}).exit_code, 3);
  const Answer text = run({"predict", write("notes.txt", "hello")});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.err, HasSubstr("expected a PNG or JPEG picture or an .npy array"));
}

TEST_F(PredictorTest, FullDisksAreSystemErrors) {
  const std::string file = nine_samples();
  const Answer out = run({"predict", file, "--out", "/dev/full"});
  EXPECT_EQ(out.exit_code, 3);
  EXPECT_THAT(out.err, HasSubstr("/dev/full: cannot write: No space left on device"));
  for (const std::vector<std::string> &arguments :
       std::vector<std::vector<std::string>>{{"predict", file},
                                             {"predict", file, "--json"},
                                             {"info"},
                                             {"--help"},
                                             {"bench", "--repeat", "1"}}) {
    const Answer full = run_predictor_process("classes", arguments, {}, "/dev/full");
    EXPECT_EQ(full.exit_code, 3) << arguments[0];
    EXPECT_THAT(full.err, HasSubstr("standard output: cannot write: No space left on device"));
  }
  EXPECT_EQ(run({"predict", file, "--out", path("no/folder.npy")}).exit_code, 3);
}

TEST_F(PredictorTest, UsageErrors) {
  const std::string file = nine_samples();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "expected a command"},
      {{"train"}, "unknown command train"},
      {{"predict"}, "expected at least one INPUT"},
      {{"predict", file, "--topp", "3"}, "unknown option --topp"},
      {{"predict", file, "--top"}, "--top needs a value"},
      {{"predict", file, "--top", "0"}, "--top 0: expected a whole number from 1"},
      {{"predict", file, "--top", "3x"}, "--top 3x: expected a whole number"},
      {{"predict", file, "--json=yes"}, "--json takes no value"},
      {{"predict", file, "--threads", "0"}, "--threads 0: expected a whole number from 1 to 256"},
      {{"predict", "-", "-"}, "standard input can be read once"},
      {{"evaluate", "d.npz"}, "evaluate takes no arguments but options"},
      {{"evaluate", "--data", ".", "--split", "best"}, "expected test, valid or train"},
      {{"bench", "--batch", "5"}, "--batch 5: expected a whole number from 1 to 4"},
      {{"bench", "more"}, "bench takes no arguments"},
      {{"info", "more"}, "info takes no arguments"},
  };
  for (const auto &[arguments, message] : cases) {
    const Answer result = run(arguments);
    EXPECT_EQ(result.exit_code, 2) << message;
    EXPECT_THAT(result.err, StartsWith("classes: error: "));
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(PredictorTest, HelpNamesEveryOption) {
  EXPECT_EQ(run({"--version"}).out, "compiled by sinter 0.1.0\n");
  const Answer help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char *command :
       {"predict INPUT...", "evaluate --data DIR", "bench [--batch N]", "info [--json]"})
    EXPECT_THAT(help.out, HasSubstr(command));
  const std::map<std::string, std::vector<std::string>> options = {
      {"predict", {"--top K", "--out FILE.npy", "--json", "--threads N"}},
      {"evaluate", {"--data DIR", "--split NAME", "--json"}},
      {"bench", {"--batch N", "--repeat R", "--threads N", "--per-kernel", "--json"}},
      {"info", {"--json"}}};
  for (const auto &[command, names] : options) {
    const Answer result = run({command, "--help"});
    EXPECT_EQ(result.exit_code, 0);
    for (const std::string &name : names) EXPECT_THAT(result.out, HasSubstr("\n  " + name)) << command;
  }
}

TEST_F(PredictorTest, MissingCpuFeaturesAreNamedBeforeAnythingRuns) {
  for (const std::vector<std::string> &arguments :
       std::vector<std::vector<std::string>>{{"predict", nine_samples()}, {"bench"}}) {
    const Answer result = run(arguments, "foreign_cpu");
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err,
                HasSubstr("this CPU lacks features that the program was compiled for: avx9000\n"));
    EXPECT_THAT(result.err, HasSubstr("hint: compiled for znver9"));
  }
  EXPECT_EQ(run({"info"}, "foreign_cpu").exit_code, 0) << "info runs no generated code";
}

TEST_F(PredictorTest, Info) {
  const json info = json::parse(run({"info", "--json"}, "planes").out);
  EXPECT_EQ(info["model"], "planes");
  EXPECT_EQ(info["model_file"], "planes.py");
  EXPECT_EQ(info["cpu"], "znver9");
  EXPECT_EQ(info["max_batch"], 4);
  EXPECT_EQ(info["parameters"], 12);
  EXPECT_EQ(info["parameter_bytes"], 48);
  EXPECT_EQ(info["arena_bytes"], 4096);
  EXPECT_EQ(info["arena_lower_bound"], 4000);
  EXPECT_EQ(info["inputs"][0]["name"], "x");
  EXPECT_EQ(info["inputs"][0]["shape"], (std::vector<int>{4, 2, 3}));
  EXPECT_EQ(info["kernels"][0]["name"], "only");
  const Answer text = run({"info"});
  EXPECT_THAT(text.out, HasSubstr("input           x [N, 2, 2, 1] f32\n"));
  EXPECT_THAT(text.out, HasSubstr("labels          ant, bee, cat\n"));
  EXPECT_THAT(text.out, HasSubstr("arena           4096 bytes (lower bound 4000)\n"));
}

TEST_F(PredictorTest, Bench) {
  const Answer result =
      run({"bench", "--repeat", "7", "--threads", "2", "--per-kernel", "--json", "--batch", "3"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json bench = json::parse(result.out);
  EXPECT_EQ(bench["batch"], 3);
  EXPECT_EQ(bench["threads"], 2);
  EXPECT_EQ(bench["repeat"], 7);
  EXPECT_LE(bench["min_ms"], bench["median_ms"]);
  EXPECT_LE(bench["median_ms"], bench["p90_ms"]);
  EXPECT_GT(bench["gflops"], 0);
  ASSERT_EQ(bench["kernels"].size(), 2u);
  EXPECT_EQ(bench["kernels"][0]["name"], "a");
  for (const char *key : {"median_us", "gflops", "gbytes_per_s"})
    EXPECT_GT(bench["kernels"][1][key], 0) << key;
  EXPECT_TRUE(json::parse(run({"bench", "--repeat", "1", "--json"}).out)["kernels"].empty());
  EXPECT_THAT(run({"bench", "--per-kernel", "--repeat", "2"}).out, HasSubstr("median us"));
}

TEST_F(PredictorTest, EvaluateLossAndAccuracy) {
  // Predictions (x0, x1, x2 + x3) / sum: .5 .25 .25 and .1 .1 .8; the truth is ant and bee.
  write("d.npz", zip({{"x_test.npy", npy_floats({2, 2, 2, 1}, {4, 2, 1, 1, 1, 1, 4, 4})},
                      {"y_test.npy", npy("<i8", "(2,)", bytes_of<int64_t>({0, 1}))}}));
  const Answer result = run({"evaluate", "--data", path("."), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json values = json::parse(result.out);
  EXPECT_NEAR(values["loss"], -(std::log(0.5) + std::log(0.1)) / 2, 1e-7);
  EXPECT_EQ(values["acc"], 0.5);
  EXPECT_EQ(values["samples"], 2);
  EXPECT_EQ(values.size(), 3u);
  EXPECT_EQ(run({"evaluate", "--data", path("d.npz"), "--split", "test"}).out,
            "loss: 1.497866  acc: 0.500000  samples: 2\n");
}

TEST_F(PredictorTest, EvaluateSeveralOutputs) {
  write("d.npz", zip({{"x_test.a.npy", npy_floats({1, 2}, {1, 2})},
                      {"x_test.b.npy", npy_floats({1, 3}, {1, 1, 1})},
                      {"y_test.sum.npy", npy_floats({1}, {4})},
                      {"y_test.b/out:0.npy", npy_floats({1, 3}, {1, 1, 4})}}));
  const json values = json::parse(run({"evaluate", "--data", path("."), "--json"}, "pairs").out);
  EXPECT_DOUBLE_EQ(values["sum_loss"], 4);
  EXPECT_DOUBLE_EQ(values["b/out:0_loss"], 3);
  EXPECT_DOUBLE_EQ(values["loss"], 7);
  EXPECT_EQ(values["samples"], 1);
}

TEST_F(PredictorTest, EvaluateDoesNotInventALoss) {
  write("d.npz", zip({{"x_test.npy", npy_floats({1, 4, 4, 3}, std::vector<float>(48, 1))},
                      {"y_test.npy", npy("|u1", "(1,)", std::string(1, '\0'))}}));
  const Answer none = run({"evaluate", "--data", path("."), "--json"}, "image");
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("the model states no loss: there is nothing to evaluate it with\n"));
  EXPECT_THAT(none.err, HasSubstr("hint: compile it with --loss NAME"));
}

TEST_F(PredictorTest, EvaluateErrors) {
  EXPECT_EQ(run({"evaluate", "--data", path("absent")}).exit_code, 3);
  const Answer empty = run({"evaluate", "--data", path(".")});
  EXPECT_EQ(empty.exit_code, 3);
  EXPECT_THAT(empty.err, HasSubstr("hint: looked for t10k-images-idx3-ubyte[.gz], test_batch.bin"));
  write("test_batch.bin", "short");
  const Answer damaged = run({"evaluate", "--data", path(".")}, "cifar");
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("test_batch.bin: offset 0: expected CIFAR records of 3073 bytes"));
}

TEST_F(PredictorTest, EvaluateFashionMnist) {
  const Answer result = run({"evaluate", "--data", "/usr/share/datasets/fashion-mnist", "--json"}, "digits");
  if (result.exit_code == 3) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["samples"], 10000);
}

}  // namespace
}  // namespace sinter::runtime

// `sinter compile` end to end: what it writes, that it runs, that it is deterministic and lean.
#include <algorithm>
#include <cmath>

#include "tests/driver/command.h"
#include "tests/paths.h"

namespace sinter::test {
namespace {

std::string compile_example(const Scratch &scratch, const std::string &name,
                            const std::string &options = "") {
  const std::string out = scratch / name;
  const CommandResult result = run("sinter compile '" + example(name + ".py").string() +
                                   "' --random-weights=7 " + options + " -o " + out);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return out;
}

std::vector<float> ramp(int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>((i * 7919) % 1000) / 1000.0f - 0.4f);
  return values;
}

TEST(Compile, EveryExampleRuns) {
  const Scratch scratch;
  struct Entry {
    const char *name;
    std::vector<int64_t> input;
  };
  for (const Entry &entry :
       {Entry{"conv-dims", {200, 200, 1}}, Entry{"pool-dims", {100, 100, 15}}, Entry{"mnist_mlp", {28, 28}},
        Entry{"cifar_cnn", {32, 32, 3}}, Entry{"cifar10_cnn", {32, 32, 3}}, Entry{"cifar10_mlp", {32, 32, 3}},
        Entry{"mobilenet", {224, 224, 3}}}) {
    SCOPED_TRACE(entry.name);
    const std::string out = compile_example(scratch, entry.name);
    std::vector<int64_t> dims = {2};
    int64_t elements = 2;
    for (const int64_t dim : entry.input) dims.push_back(dim), elements *= dim;
    write_npy(scratch / "x.npy", dims, ramp(elements));
    const CommandResult result =
        run(out + " predict " + (scratch / "x.npy") + " --out " + (scratch / "y.npy"));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::vector<float> y = read_npy(scratch / "y.npy");
    ASSERT_FALSE(y.empty());
    for (const float value : y) ASSERT_TRUE(std::isfinite(value));
  }
}

TEST(Compile, ConvolutionBiasReluPoolIsOneKernel) {
  const std::string script = example("cifar_cnn.py").string();
  const CommandResult plan = run("sinter compile --emit plan '" + script + "'");
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_EQ(plan.out.find("%conv2d_1 "), std::string::npos) << plan.out;
  EXPECT_NE(plan.out.find("%max_pooling2d_1 "), std::string::npos) << plan.out;
  EXPECT_EQ(plan.out.find("%conv2d_2 "), std::string::npos);
  EXPECT_EQ(plan.out.find("%conv2d_3 "), std::string::npos);
  const CommandResult kernels = run("sinter compile --emit kernels '" + script + "'");
  size_t count = 0;
  for (size_t at = kernels.out.find("kernel "); at != std::string::npos;
       at = kernels.out.find("kernel ", at + 1))
    count += at == 0 || kernels.out[at - 1] == '\n';
  EXPECT_EQ(count, 6u) << "padding copy, three convolutions, two dense layers";
}

TEST(Compile, ArenaPeakIsTheLowerBound) {
  for (const char *name : {"cifar_cnn", "mnist_mlp", "mobilenet", "resnet50", "vgg16", "branches"}) {
    const CommandResult plan =
        run("sinter compile --batch 2 --emit plan '" + example(std::string(name) + ".py").string() + "'");
    ASSERT_EQ(plan.exit_code, 0) << plan.err;
    const size_t at = plan.out.find("arena peak ");
    long long peak = 0, bound = 0;
    ASSERT_EQ(
        std::sscanf(plan.out.c_str() + at, "arena peak %lld bytes, lower bound %lld bytes", &peak, &bound), 2)
        << plan.out;
    EXPECT_LE(static_cast<double>(peak), 1.02 * static_cast<double>(bound)) << name;
  }
}

TEST(Compile, IsDeterministic) {
  const Scratch scratch;
  const std::string first = compile_example(scratch, "cifar_cnn", "--batch 8");
  const std::string bytes = read_text(first);
  EXPECT_EQ(bytes, read_text(compile_example(scratch, "cifar_cnn", "--batch 8")));
  const std::string other = scratch / "other";
  run("sinter compile '" + example("cifar_cnn.py").string() + "' --random-weights=8 --batch 8 -o " + other);
  EXPECT_NE(bytes, read_text(other));
}

TEST(Compile, ResultsDoNotDependOnThreadsOrBatch) {
  const Scratch scratch;
  for (const char *name : {"cifar_cnn", "mnist_mlp"}) {
    const std::string out = compile_example(scratch, name, "--batch 16");
    const bool is_image = std::string(name) == "cifar_cnn";
    const int64_t sample = is_image ? 32 * 32 * 3 : 28 * 28;
    const std::vector<int64_t> dims =
        is_image ? std::vector<int64_t>{13, 32, 32, 3} : std::vector<int64_t>{13, 28, 28};
    const std::vector<float> all = ramp(13 * sample);
    write_npy(scratch / "x.npy", dims, all);
    std::string reference;
    for (const char *threads : {"1", "2", "3"}) {
      const CommandResult result = run(out + " predict " + (scratch / "x.npy") + " --threads " + threads +
                                       " --out " + (scratch / "y.npy"));
      ASSERT_EQ(result.exit_code, 0) << result.err;
      const std::string bytes = read_text(scratch / "y.npy");
      if (reference.empty()) reference = bytes;
      EXPECT_EQ(bytes, reference) << threads << " threads";
    }
    // Sample 11 alone gives the same bits as sample 11 of 13.
    std::vector<int64_t> one = dims;
    one[0] = 1;
    write_npy(scratch / "x1.npy", one,
              std::vector<float>(all.begin() + 11 * sample, all.begin() + 12 * sample));
    ASSERT_EQ(run(out + " predict " + (scratch / "x1.npy") + " --out " + (scratch / "y1.npy")).exit_code, 0);
    const std::vector<float> y = read_npy(scratch / "y.npy"), y1 = read_npy(scratch / "y1.npy");
    ASSERT_EQ(y.size(), 13 * y1.size());
    for (size_t i = 0; i < y1.size(); ++i) EXPECT_EQ(y[11 * y1.size() + i], y1[i]);
  }
}

TEST(Compile, ObjectNeedsNothingButParallelFor) {
  const Scratch scratch;
  const CommandResult result = run("sinter compile '" + example("cifar_cnn.py").string() +
                                   "' --random-weights --name net --emit object -o " + (scratch / "net.o") +
                                   " && nm -u " + (scratch / "net.o"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::string symbols;
  for (const char c : result.out)
    if (!std::isspace(static_cast<unsigned char>(c))) symbols += c;
  EXPECT_TRUE(symbols.empty() || symbols == "Usinter_parallel_for") << result.out;
}

TEST(Compile, CProgramPredictsThroughTheHeader) {
  const Scratch scratch;
  ASSERT_EQ(run("sinter compile '" + example("cifar_cnn.py").string() +
                "' --random-weights=7 --name net --emit object,header -o " + (scratch / "net"))
                .exit_code,
            0);
  write_text(scratch / "main.c", R"(#include <stdio.h>
#include <stdlib.h>
#include "net.h"
void sinter_parallel_for(void (*body)(void *, uint32_t), void *closure, uint32_t chunks) {
  uint32_t c;
  for (c = 0; c < chunks; ++c) body(closure, c);
}
int main(void) {
  static float image[32 * 32 * 3], scores[10];
  const float *inputs[1];
  float *outputs[1];
  void *arena = aligned_alloc(net_ARENA_ALIGN, (net_ARENA_BYTES + net_ARENA_ALIGN - 1) / net_ARENA_ALIGN * net_ARENA_ALIGN);
  int i;
  for (i = 0; i < 32 * 32 * 3; ++i) image[i] = (float)((i * 7919) % 1000) / 1000.0f - 0.4f;
  inputs[0] = image;
  outputs[0] = scores;
  if (net_predict(inputs, outputs, 0, arena) != 1 || net_predict(inputs, outputs, net_MAX_BATCH + 1, arena) != 1) return 2;
  if (net_predict(inputs, outputs, 1, arena) != 0) return 3;
  for (i = 0; i < 10; ++i) printf("%.9g\n", (double)scores[i]);
  free(arena);
  return 0;
}
)");
  const CommandResult result =
      run("cd " + scratch.path().string() +
          " && cc -std=c11 -Wall -Wextra -pedantic -Werror main.c net.o -o host && ./host");
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  // The executable of the same model and weights says the same.
  const std::string out = compile_example(scratch, "cifar_cnn");
  write_npy(scratch / "x.npy", {1, 32, 32, 3}, ramp(32 * 32 * 3));
  ASSERT_EQ(run(out + " predict " + (scratch / "x.npy") + " --out " + (scratch / "y.npy")).exit_code, 0);
  const std::vector<float> y = read_npy(scratch / "y.npy");
  const char *at = result.out.c_str();
  for (const float value : y) {
    char *end = nullptr;
    EXPECT_EQ(std::strtof(at, &end), value);
    at = end;
  }
}

TEST(Compile, LibrariesLink) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a plain C program cannot link the instrumented runtime library";
#endif
  const Scratch scratch;
  ASSERT_EQ(run("sinter compile '" + example("mnist_mlp.py").string() +
                "' --random-weights --name mlp --emit static-lib,shared-lib,header -o " + (scratch / "mlp"))
                .exit_code,
            0);
  write_text(scratch / "main.c", R"(#include "mlp.h"
#include <stdlib.h>
int main(void) {
  static float x[784], y[10];
  const float *in[1] = {x};
  float *out[1] = {y};
  void *arena = aligned_alloc(64, (mlp_ARENA_BYTES + 63) / 64 * 64);
  double sum = 0;
  int i;
  if (mlp_predict(in, out, 1, arena) != 0) return 1;
  for (i = 0; i < 10; ++i) sum += (double)y[i];
  free(arena);
  return sum > 0.999 && sum < 1.001 ? 0 : 2;
}
)");
  const CommandResult result =
      run("cd " + scratch.path().string() +
          " && cc main.c mlp.a -o a1 -lpthread && ./a1 && cc main.c ./mlp.so -Wl,-rpath,. -o a2 && ./a2");
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Compile, TextForms) {
  const std::string script = example("mnist_mlp.py").string();
  for (const auto &[emit, text] :
       {std::pair{"graph", "graph \"sequential_1\" {\n"}, std::pair{"kernels", "\nkernel "},
        std::pair{"llvm-ir", "\ndefine "}, std::pair{"asm", "\t.text\n"}, std::pair{"plan", "arena peak "}}) {
    const CommandResult result =
        run(std::string("sinter compile --random-weights --emit ") + emit + " '" + script + "'");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find(text), std::string::npos) << emit;
  }
  const CommandResult passes =
      run("sinter compile --random-weights --emit plan --print-after-all --time-passes '" + script + "'");
  EXPECT_NE(passes.err.find("--- after fuse\n"), std::string::npos) << passes.err;
  EXPECT_NE(passes.err.find("(unchanged)"), std::string::npos);
  EXPECT_NE(passes.err.find(" ms "), std::string::npos);
}

TEST(Compile, PrintedGraphCompiles) {
  const Scratch scratch;
  ASSERT_EQ(run("sinter compile --random-weights --emit graph '" + example("cifar_cnn.py").string() +
                "' -o " + (scratch / "net.graph"))
                .exit_code,
            0);
  const CommandResult result = run("sinter compile --random-weights " + (scratch / "net.graph") + " -o " +
                                   (scratch / "net") + " && " + (scratch / "net") + " info --json");
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Compile, ClassifiesAnImage) {
  const Scratch scratch;
  const std::string out = compile_example(scratch, "cifar_cnn");
  ASSERT_EQ(run("python3 '" + test::source_dir() + "/tests/driver/make_test_image.py' " + (scratch / "g.png"))
                .exit_code,
            0);
  const CommandResult result = run(out + " predict " + (scratch / "g.png") + " --top 2");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.find((scratch / "g.png") + "\n  "), 0u) << result.out;
  EXPECT_EQ(std::ranges::count(result.out, '\n'), 3) << "the name and two classes\n" << result.out;
}

TEST(Compile, StartsFastAndSmall) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the instrumented runtime library is large";
#endif
  const Scratch scratch;
  const std::string out = compile_example(scratch, "cifar_cnn");
  // 528,054 parameters are 2.1 MB; the rest is code, the runtime library and image codecs.
  EXPECT_LT(std::filesystem::file_size(out), 2'112'216u + 300'000u + 700'000u);
}

}  // namespace
}  // namespace sinter::test

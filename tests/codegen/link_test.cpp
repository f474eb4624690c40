#include "codegen/link.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "codegen/link_command.h"
#include "tests/codegen/emit_test_kernels.h"
#include "tests/codegen/link_test_files.h"

namespace sinter::codegen {
namespace {

// A C program that links the object, checks every output, and the return values for wrong n.
constexpr const char *host_program = R"(
#include "tiny.h"
#include <stdio.h>
#include <stdlib.h>
PARALLEL_FOR
int main(void) {
  static const int dims[] = tiny_INPUT_0_DIMS;
  float x[tiny_MAX_BATCH * tiny_INPUT_0_ELEMENTS], y[tiny_MAX_BATCH * tiny_OUTPUT_0_ELEMENTS], t[tiny_MAX_BATCH * tiny_OUTPUT_1_ELEMENTS];
  const float *inputs[tiny_INPUT_COUNT];
  float *outputs[tiny_OUTPUT_COUNT];
  void *arena = aligned_alloc(tiny_ARENA_ALIGN, (tiny_ARENA_BYTES + 63) / 64 * 64);
  unsigned n, s, i;
  if (dims[0] != 16 || tiny_INPUT_0_RANK != 1) return 2;
  inputs[0] = x;
  outputs[0] = y;
  outputs[1] = t;
  for (i = 0; i < tiny_MAX_BATCH * 16; ++i) x[i] = (float)(i * 7 % 23) / 8.0f - 1.0f;
  if (tiny_predict(inputs, outputs, 0, arena) != 1 || tiny_predict(inputs, outputs, tiny_MAX_BATCH + 1, arena) != 1) return 3;
  for (n = 1; n <= tiny_MAX_BATCH; ++n) {
    for (i = 0; i < tiny_MAX_BATCH * 2; ++i) y[i] = -1;
    if (tiny_predict(inputs, outputs, n, arena) != 0) return 4;
    for (s = 0; s < n; ++s) {
      float sum = 0, largest = 0;
      for (i = 0; i < 16; ++i) {
        float v = x[s * 16 + i] * ((float)i / 4 - 1) + (0.5f - (float)i / 8);
        if (v < 0) v = 0;
        if (t[s * 16 + i] != v) return 5;
        if (i < 8) sum += v; else if (v > largest) largest = v;
      }
      if (y[s * 2] - sum > 1e-4f || sum - y[s * 2] > 1e-4f || y[s * 2 + 1] != largest) return 6;
    }
    if (n < tiny_MAX_BATCH && y[n * 2] != -1) return 7;
  }
  free(arena);
  printf("%s\n", tiny_INPUT_0_NAME);
  return 0;
}
)";

constexpr const char *serial_parallel_for = R"(
void sinter_parallel_for(void (*body)(void *, uint32_t), void *closure, uint32_t chunks) {
  uint32_t c;
  for (c = chunks; c-- > 0;) body(closure, c);
}
)";

constexpr const char *strict = " -Wall -Wextra -pedantic -Werror ";

void write_host_program(const TemporaryFolder &folder, const std::string &parallel_for) {
  std::string text = host_program;
  text.replace(text.find("PARALLEL_FOR"), std::strlen("PARALLEL_FOR"), parallel_for);
  write_text(folder.file("main.c"), text);
  Diagnostics diagnostics;
  ASSERT_TRUE(write_file(folder.file("tiny.h"), emit_header(tiny_program()), diagnostics));
}

TEST(Link, CProgramPredictsWithTheObject) {
  const TemporaryFolder folder;
  write_host_program(folder, serial_parallel_for);
  Diagnostics diagnostics;
  for (int level = 0; level <= 3; ++level) {
    const EmitOptions options{.optimization_level = level};
    ASSERT_TRUE(write_object(tiny_program(), target_named("x86_64-linux-gnu"), options, folder.file("tiny.o"),
                             diagnostics));
    const CommandResult build = run("cc -std=c11" + std::string(strict) + folder.file("main.c") + " " +
                                    folder.file("tiny.o") + " -o " + folder.file("main"));
    ASSERT_EQ(build.exit_code, 0) << build.output;
    const CommandResult result = run(folder.file("main"));
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output, "x \"in\"\n");
  }
}

TEST(Link, HeaderIsStrictCAndCpp) {
  const TemporaryFolder folder;
  write_host_program(folder, "");
  for (const char *compiler :
       {"cc -xc -std=c99", "cc -xc -std=c11", "c++ -xc++ -std=c++11", "c++ -xc++ -std=c++20"}) {
    const CommandResult result =
        run(std::string(compiler) + strict + "-fsyntax-only " + folder.file("tiny.h"));
    EXPECT_EQ(result.exit_code, 0) << result.output;
  }
}

bool libraries_exist() {
  Diagnostics ignored;
  return find_runtime_library("threads", ignored) && find_runtime_library("runtime", ignored);
}

TEST(Link, StaticLibraryIsComplete) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a plain C program cannot link the instrumented runtime library";
#endif
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
  const TemporaryFolder folder;
  write_host_program(folder, "");
  Diagnostics diagnostics;
  ASSERT_TRUE(
      write_static_library(tiny_program(), target_named("native"), {}, folder.file("libtiny.a"), diagnostics))
      << diagnostics.render_all();
  ASSERT_TRUE(write_static_library(tiny_program(), target_named("native"), {}, folder.file("libagain.a"),
                                   diagnostics));
  EXPECT_EQ(read_file(folder.file("libtiny.a")), read_file(folder.file("libagain.a")));
  const CommandResult build = run("cc -std=c11" + std::string(strict) + folder.file("main.c") + " -L" +
                                  folder.file("") + " -ltiny -lpthread -o " + folder.file("main"));
  ASSERT_EQ(build.exit_code, 0) << build.output;
  EXPECT_EQ(run(folder.file("main")).exit_code, 0);
}

TEST(Link, SharedLibraryExportsItsOwnFunctionsOnly) {
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  const std::string path = folder.file("libtiny.so");
  ASSERT_TRUE(write_shared_library(tiny_program(), target_named("native"), {}, path, diagnostics))
      << diagnostics.render_all();
  EXPECT_EQ(folder.entries(), 1u);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  EXPECT_EQ(dlsym(library, "sinter_parallel_for"), nullptr);
  EXPECT_EQ(dlsym(library, "tiny_weights"), nullptr);
  using Predict = int (*)(const float *const *, float *const *, uint32_t, void *);
  const auto predict = reinterpret_cast<Predict>(dlsym(library, "tiny_predict"));
  ASSERT_NE(predict, nullptr);
  alignas(64) char arena[384];
  float x[80], y[10], t[80];
  for (int i = 0; i < 80; ++i) x[i] = static_cast<float>(i % 11) - 5;
  const float *inputs[] = {x};
  float *outputs[] = {y, t};
  ASSERT_EQ(predict(inputs, outputs, 5, arena), 0);
  for (int s = 0; s < 5; ++s) {
    float want_y[2], want_t[16];
    tiny_reference(x + 16 * s, want_y, want_t);
    for (int i = 0; i < 16; ++i) EXPECT_FLOAT_EQ(t[16 * s + i], want_t[i]);
    EXPECT_NEAR(y[2 * s], want_y[0], 1e-4);
    EXPECT_FLOAT_EQ(y[2 * s + 1], want_y[1]);
  }
  dlclose(library);
}

// A .npy file of float32 [2, 16].
std::string npy_of(const float *x) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 16), }";
  header.resize(117, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  file += '\0';
  return file + header + std::string(reinterpret_cast<const char *>(x), 128);
}

TEST(Link, ExecutablePredicts) {
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  const std::string path = folder.file("tiny");
  ASSERT_TRUE(write_executable(tiny_program(), target_named("native"), {}, path, diagnostics))
      << diagnostics.render_all();
  EXPECT_EQ(folder.entries(), 1u);
  ASSERT_TRUE(
      write_executable(tiny_program(), target_named("native"), {}, folder.file("again"), diagnostics));
  EXPECT_EQ(read_file(path), read_file(folder.file("again")));

  float x[32];
  for (int i = 0; i < 32; ++i) x[i] = static_cast<float>(i % 7) / 2 - 1;
  write_text(folder.file("x.npy"), npy_of(x));
  const CommandResult result =
      run(path + " predict " + folder.file("x.npy") + " --out " + folder.file("out.npy"));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  // Models of several outputs write one file each.
  const std::string y = read_file(folder.file("out.y.npy")), t = read_file(folder.file("out.t.npy"));
  ASSERT_GT(y.size(), 128u);
  ASSERT_GT(t.size(), 128u);
  for (int s = 0; s < 2; ++s) {
    float want_y[2], want_t[16], got_y[2], got_t[16];
    tiny_reference(x + 16 * s, want_y, want_t);
    std::memcpy(got_y, y.data() + y.size() - 16 + 8 * s, sizeof got_y);
    std::memcpy(got_t, t.data() + t.size() - 128 + 64 * s, sizeof got_t);
    for (int i = 0; i < 16; ++i) EXPECT_FLOAT_EQ(got_t[i], want_t[i]);
    EXPECT_NEAR(got_y[0], want_y[0], 1e-4);
    EXPECT_FLOAT_EQ(got_y[1], want_y[1]);
  }
  const CommandResult info = run(path + " info --json");
  EXPECT_EQ(info.exit_code, 0);
  EXPECT_NE(info.output.find("\"tiny\""), std::string::npos) << info.output;
}

TEST(Link, PredictorsAreSmall) {
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a sanitized runtime library";
#endif
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  ASSERT_TRUE(write_executable(tiny_program(), target_named("native"), {}, folder.file("tiny"), diagnostics))
      << diagnostics.render_all();
  EXPECT_LT(std::filesystem::file_size(folder.file("tiny")), 300'000u);
  // A model of pictures has the codecs too.
  ASSERT_TRUE(write_executable(tiny_program("pictures", {4, 4, 1}), target_named("native"), {},
                               folder.file("pictures"), diagnostics))
      << diagnostics.render_all();
  EXPECT_GT(std::filesystem::file_size(folder.file("pictures")),
            std::filesystem::file_size(folder.file("tiny")) + 100'000);
}

TEST(Link, ForeignTargetsAreLinkedElsewhere) {
  const TemporaryFolder folder;
  for (const char *spec : {"aarch64-linux-gnu", "x86_64-none-elf"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(write_executable(tiny_program(), target_named(spec), {}, folder.file("tiny"), diagnostics));
    EXPECT_FALSE(
        write_shared_library(tiny_program(), target_named(spec), {}, folder.file("tiny"), diagnostics));
    EXPECT_EQ(diagnostics.exit_code(), 1);
  }
  Diagnostics diagnostics;
  EXPECT_TRUE(write_static_library(tiny_program(), target_named("thumbv7em-none-eabihf"), {},
                                   folder.file("libtiny.a"), diagnostics));
  EXPECT_TRUE(diagnostics.all().empty());
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(Link, WithoutALinkerItSaysSo) {
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
  const TemporaryFolder folder;
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.file("").c_str(), 1);
  Diagnostics diagnostics;
  EXPECT_FALSE(
      write_executable(tiny_program(), target_named("native"), {}, folder.file("tiny"), diagnostics));
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(diagnostics.exit_code(), 3);
  EXPECT_NE(diagnostics.render_all().find("no C compiler"), std::string::npos);
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(Link, FailingLinkersAreQuoted) {
  if (!libraries_exist()) GTEST_SKIP() << "the runtime libraries are not built";
  const TemporaryFolder folder, tools;
  write_text(tools.file("cc"), "#!/bin/sh\necho ld: it hurts >&2\nexit 1\n");
  std::filesystem::permissions(tools.file("cc"), std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  setenv("PATH", (tools.file("") + ":" + path).c_str(), 1);
  Diagnostics diagnostics;
  EXPECT_FALSE(
      write_executable(tiny_program(), target_named("native"), {}, folder.file("tiny"), diagnostics));
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(diagnostics.exit_code(), 3);
  EXPECT_NE(diagnostics.render_all().find("it hurts"), std::string::npos) << diagnostics.render_all();
  EXPECT_EQ(folder.entries(), 0u);
}

}  // namespace
}  // namespace sinter::codegen

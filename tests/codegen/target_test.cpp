#include "codegen/target.h"

#include <gtest/gtest.h>

#include "codegen/cpu/emit.h"
#include "tests/codegen/emit_test_kernels.h"

namespace sinter::codegen {
namespace {

Target target_of(std::string_view spec) {
  Diagnostics diagnostics;
  std::optional<Target> target = parse_target(spec, diagnostics);
  EXPECT_TRUE(target) << spec << diagnostics.render_all();
  return target ? *target : Target{};
}

bool has(const Target &target, const std::string &feature) {
  return std::find(target.features.begin(), target.features.end(), feature) != target.features.end();
}

TEST(Target, NativeIsResolved) {
  const Target target = target_of("native");
  EXPECT_NE(target.cpu, "native");
  EXPECT_FALSE(target.cpu.empty());
  EXPECT_TRUE(target.is_host);
  EXPECT_TRUE(target.hosted);
  EXPECT_GE(target.l1_bytes, 8 << 10);
  EXPECT_GT(target.l2_bytes, target.l1_bytes);
}

struct Expected {
  const char *spec;
  int lanes, registers;
  bool fma, masked, hosted;
};

TEST(Target, VectorFacts) {
  const Expected cases[] = {
      {"x86_64-linux-gnu", 4, 16, false, false, true},
      {"x86_64-linux-gnu:x86-64-v2", 4, 16, false, false, true},
      {"x86_64-linux-gnu:sandybridge", 8, 16, false, false, true},
      {"x86_64-linux-gnu:x86-64-v3", 8, 16, true, false, true},
      {"x86_64-linux-gnu:znver3", 8, 16, true, false, true},
      {"x86_64-linux-gnu:x86-64-v4", 16, 32, true, true, true},
      {"x86_64-linux-gnu:skylake-avx512", 16, 32, true, true, true},
      {"x86_64-linux-gnu:znver4", 16, 32, true, true, true},
      {"x86_64-linux-gnu:znver5", 16, 32, true, true, true},
      {"aarch64-linux-gnu", 4, 32, true, false, true},
      {"aarch64-linux-gnu:neoverse-n1", 4, 32, true, false, true},
      {"aarch64-none-elf", 4, 32, true, false, false},
      {"thumbv7em-none-eabi", 4, 8, true, false, false},
      {"riscv64-unknown-elf", 4, 8, true, false, false},
  };
  for (const Expected &expected : cases) {
    const Target target = target_of(expected.spec);
    EXPECT_EQ(target.vector_lanes, expected.lanes) << expected.spec;
    EXPECT_EQ(target.vector_registers, expected.registers) << expected.spec;
    EXPECT_EQ(target.has_fma, expected.fma) << expected.spec;
    EXPECT_EQ(target.has_masked_access, expected.masked) << expected.spec;
    EXPECT_EQ(target.hosted, expected.hosted) << expected.spec;
  }
}

TEST(Target, FeaturesAreWhatTheRuntimeTests) {
  const Target v3 = target_of("x86_64-linux-gnu:x86-64-v3");
  for (const char *feature : {"avx2", "fma", "bmi2", "sse4.2"}) EXPECT_TRUE(has(v3, feature)) << feature;
  EXPECT_FALSE(has(v3, "avx512f"));
  EXPECT_TRUE(target_of("x86_64-linux-gnu").features.empty());
  EXPECT_TRUE(has(target_of("x86_64-linux-gnu:znver4"), "avx512vl"));
}

TEST(Target, WrongTargetsAreDiagnosed) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "no code can be made"},
      {"pdp11", "no code can be made"},
      {"i686-linux-gnu", "no code can be made"},
      {"powerpc64-linux-gnu", "no code can be made"},
      {"aarch64_be-none-elf", "no code can be made"},
      {"x86_64-pc-windows-msvc", "ELF"},
      {"arm64-apple-darwin", "ELF"},
      {"x86_64-linux-gnu:znver9", "znver1, znver2"},
      {"x86_64-linux-gnu:", "unknown CPU ''"},
      {"x86_64-linux-gnu:i386", "64-bit mode"},
      {"thumbv7em-none-eabi:cortex-m3", "floating-point unit"},
      {"thumbv6m-none-eabi:cortex-m0", "floating-point unit"},
      {"native:znver3", "no code can be made"},
  };
  for (const auto &[spec, text] : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_target(spec, diagnostics)) << spec;
    EXPECT_EQ(diagnostics.exit_code(), 1) << spec;
    EXPECT_NE(diagnostics.render_all().find(text), std::string::npos)
        << spec << ": " << diagnostics.render_all();
  }
}

}  // namespace
}  // namespace sinter::codegen

#include "runtime/cpu_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <vector>

namespace sinter::runtime {
namespace {

std::string missing(const std::vector<std::string> &names) {
  return missing_cpu_features(names);
}

TEST(CpuFeatures, NamesWhatIsMissing) {
  EXPECT_EQ(missing({}), "");
  EXPECT_EQ(missing({"avx9000"}), "avx9000");
  EXPECT_EQ(missing({"+avx9000", "-sse9", "fast-gather", "+slow-shld"}), "avx9000");
  EXPECT_EQ(cpu_feature("avx9000"), FeatureState::unknown);
}

#if defined(__x86_64__)

TEST(CpuFeatures, BaselineIsPresent) {
  EXPECT_EQ(missing({"cx8", "cmov", "fxsr", "mmx", "sse", "sse2", "64bit", "x87"}), "");
}

// The kernel's own list is the oracle: what it lists is present, and what needs its support (wide registers)
// is missing if it does not list it. Kernels of sandboxes leave out some of the others though they work.
TEST(CpuFeatures, AgreesWithTheKernel) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.rfind("flags", 0) != 0) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    for (std::string word; words >> word;) flags.insert(word);
    break;
  }
  if (flags.empty()) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  const std::vector<std::pair<std::string, std::string>> names = {
      {"sse3", "pni"},
      {"ssse3", "ssse3"},
      {"sse4.1", "sse4_1"},
      {"sse4.2", "sse4_2"},
      {"avx", "avx"},
      {"avx2", "avx2"},
      {"fma", "fma"},
      {"f16c", "f16c"},
      {"bmi", "bmi1"},
      {"bmi2", "bmi2"},
      {"popcnt", "popcnt"},
      {"movbe", "movbe"},
      {"avx512f", "avx512f"},
      {"avx512bw", "avx512bw"},
      {"avx512dq", "avx512dq"},
      {"avx512vl", "avx512vl"},
      {"avx512cd", "avx512cd"},
      {"adx", "adx"},
      {"aes", "aes"},
      {"pclmul", "pclmulqdq"},
      {"sha", "sha_ni"},
      {"vaes", "vaes"},
      {"lzcnt", "abm"},
      {"sse4a", "sse4a"},
      {"clwb", "clwb"},
      {"clzero", "clzero"},
      {"rdrnd", "rdrand"},
      {"rdseed", "rdseed"},
      {"avx512vnni", "avx512_vnni"},
      {"avx512bf16", "avx512_bf16"},
      {"gfni", "gfni"},
      {"xsaveopt", "xsaveopt"},
      {"xsavec", "xsavec"},
      {"cx16", "cx16"},
      {"fsgsbase", "fsgsbase"},
      {"clflushopt", "clflushopt"},
  };
  for (const auto &[llvm, kernel] : names) {
    if (flags.count(kernel)) {
      EXPECT_EQ(cpu_feature(llvm), FeatureState::present) << llvm;
    } else if (llvm.rfind("avx", 0) == 0 || llvm == "fma" || llvm == "f16c") {
      EXPECT_EQ(cpu_feature(llvm), FeatureState::missing) << llvm;
    }
  }
}

#endif

}  // namespace
}  // namespace sinter::runtime

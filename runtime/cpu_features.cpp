#include "runtime/cpu_features.h"

#include <cstdint>

#include "formats/text.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace sinter::runtime {
namespace {

#if defined(__x86_64__) || defined(__i386__)

enum Register : uint8_t { eax, ebx, ecx, edx };
enum State : uint8_t { none, ymm, zmm, tile };  // register state that the operating system must save

struct CpuidBit {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register reg;
  uint8_t bit;
  State state = none;
};

// Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E. Names as in LLVM's X86 target.
constexpr CpuidBit bits[] = {
    {"cx8", 1, 0, edx, 8},
    {"cmov", 1, 0, edx, 15},
    {"mmx", 1, 0, edx, 23},
    {"fxsr", 1, 0, edx, 24},
    {"sse", 1, 0, edx, 25},
    {"sse2", 1, 0, edx, 26},
    {"sse3", 1, 0, ecx, 0},
    {"pclmul", 1, 0, ecx, 1},
    {"ssse3", 1, 0, ecx, 9},
    {"fma", 1, 0, ecx, 12, ymm},
    {"cx16", 1, 0, ecx, 13},
    {"sse4.1", 1, 0, ecx, 19},
    {"sse4.2", 1, 0, ecx, 20},
    {"crc32", 1, 0, ecx, 20},
    {"movbe", 1, 0, ecx, 22},
    {"popcnt", 1, 0, ecx, 23},
    {"aes", 1, 0, ecx, 25},
    {"xsave", 1, 0, ecx, 26},
    {"avx", 1, 0, ecx, 28, ymm},
    {"f16c", 1, 0, ecx, 29, ymm},
    {"rdrnd", 1, 0, ecx, 30},
    {"fsgsbase", 7, 0, ebx, 0},
    {"bmi", 7, 0, ebx, 3},
    {"avx2", 7, 0, ebx, 5, ymm},
    {"bmi2", 7, 0, ebx, 8},
    {"invpcid", 7, 0, ebx, 10},
    {"rtm", 7, 0, ebx, 11},
    {"avx512f", 7, 0, ebx, 16, zmm},
    {"avx512dq", 7, 0, ebx, 17, zmm},
    {"rdseed", 7, 0, ebx, 18},
    {"adx", 7, 0, ebx, 19},
    {"avx512ifma", 7, 0, ebx, 21, zmm},
    {"clflushopt", 7, 0, ebx, 23},
    {"clwb", 7, 0, ebx, 24},
    {"avx512cd", 7, 0, ebx, 28, zmm},
    {"sha", 7, 0, ebx, 29},
    {"avx512bw", 7, 0, ebx, 30, zmm},
    {"avx512vl", 7, 0, ebx, 31, zmm},
    {"avx512vbmi", 7, 0, ecx, 1, zmm},
    {"pku", 7, 0, ecx, 4},
    {"waitpkg", 7, 0, ecx, 5},
    {"avx512vbmi2", 7, 0, ecx, 6, zmm},
    {"shstk", 7, 0, ecx, 7},
    {"gfni", 7, 0, ecx, 8},
    {"vaes", 7, 0, ecx, 9, ymm},
    {"vpclmulqdq", 7, 0, ecx, 10, ymm},
    {"avx512vnni", 7, 0, ecx, 11, zmm},
    {"avx512bitalg", 7, 0, ecx, 12, zmm},
    {"avx512vpopcntdq", 7, 0, ecx, 14, zmm},
    {"rdpid", 7, 0, ecx, 22},
    {"cldemote", 7, 0, ecx, 25},
    {"movdiri", 7, 0, ecx, 27},
    {"movdir64b", 7, 0, ecx, 28},
    {"enqcmd", 7, 0, ecx, 29},
    {"uintr", 7, 0, edx, 5},
    {"avx512vp2intersect", 7, 0, edx, 8, zmm},
    {"serialize", 7, 0, edx, 14},
    {"tsxldtrk", 7, 0, edx, 16},
    {"pconfig", 7, 0, edx, 18},
    {"amx-bf16", 7, 0, edx, 22, tile},
    {"avx512fp16", 7, 0, edx, 23, zmm},
    {"amx-tile", 7, 0, edx, 24, tile},
    {"amx-int8", 7, 0, edx, 25, tile},
    {"avxvnni", 7, 1, eax, 4, ymm},
    {"avx512bf16", 7, 1, eax, 5, zmm},
    {"cmpccxadd", 7, 1, eax, 7},
    {"amx-fp16", 7, 1, eax, 21, tile},
    {"hreset", 7, 1, eax, 22},
    {"avxifma", 7, 1, eax, 23, ymm},
    {"avxvnniint8", 7, 1, edx, 4, ymm},
    {"avxneconvert", 7, 1, edx, 5, ymm},
    {"avxvnniint16", 7, 1, edx, 10, ymm},
    {"prefetchi", 7, 1, edx, 14},
    {"xsaveopt", 13, 1, eax, 0},
    {"xsavec", 13, 1, eax, 1},
    {"xsaves", 13, 1, eax, 3},
    {"sahf", 0x80000001u, 0, ecx, 0},
    {"lzcnt", 0x80000001u, 0, ecx, 5},
    {"sse4a", 0x80000001u, 0, ecx, 6},
    {"prfchw", 0x80000001u, 0, ecx, 8},
    {"xop", 0x80000001u, 0, ecx, 11, ymm},
    {"lwp", 0x80000001u, 0, ecx, 15},
    {"fma4", 0x80000001u, 0, ecx, 16, ymm},
    {"tbm", 0x80000001u, 0, ecx, 21},
    {"mwaitx", 0x80000001u, 0, ecx, 29},
    {"64bit", 0x80000001u, 0, edx, 29},
    {"clzero", 0x80000008u, 0, ebx, 0},
    {"rdpru", 0x80000008u, 0, ebx, 4},
    {"wbnoinvd", 0x80000008u, 0, ebx, 9},
};

uint32_t cpuid(uint32_t leaf, uint32_t subleaf, Register reg) {
  uint32_t values[4] = {};
  if (!__get_cpuid_count(leaf, subleaf, &values[eax], &values[ebx], &values[ecx], &values[edx])) return 0;
  return values[reg];
}

bool operating_system_saves(State state) {
  if (state == none) return true;
  if (!(cpuid(1, 0, ecx) >> 27 & 1)) return false;  // OSXSAVE
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const uint32_t needed = state == ymm ? 0x6 : state == zmm ? 0xE6 : 0x60000;
  return (low & needed) == needed;
}

FeatureState test(std::string_view name) {
  if (name == "x87" || name == "evex512") return FeatureState::present;  // implied by the others
  for (const CpuidBit &bit : bits) {
    if (bit.name != name) continue;
    const bool present =
        (cpuid(bit.leaf, bit.subleaf, bit.reg) >> bit.bit & 1) && operating_system_saves(bit.state);
    return present ? FeatureState::present : FeatureState::missing;
  }
  return FeatureState::unknown;
}

#elif defined(__aarch64__)

struct HardwareCapability {
  std::string_view name;
  int word;  // 1: AT_HWCAP, 2: AT_HWCAP2
  uint8_t bit;
};

// Linux, arch/arm64/include/uapi/asm/hwcap.h. Names as in LLVM's AArch64 target.
constexpr HardwareCapability bits[] = {
    {"fp-armv8", 1, 0}, {"neon", 1, 1},     {"aes", 1, 3},      {"sha2", 1, 6},    {"crc", 1, 7},
    {"lse", 1, 8},      {"fullfp16", 1, 9}, {"rdm", 1, 12},     {"jsconv", 1, 13}, {"complxnum", 1, 14},
    {"rcpc", 1, 15},    {"sha3", 1, 17},    {"dotprod", 1, 20}, {"sve", 1, 22},    {"fp16fml", 1, 23},
    {"sve2", 2, 1},     {"i8mm", 2, 13},    {"bf16", 2, 14},
};

FeatureState test(std::string_view name) {
  for (const HardwareCapability &bit : bits) {
    if (bit.name != name) continue;
    const unsigned long word = getauxval(bit.word == 1 ? AT_HWCAP : AT_HWCAP2);
    return word >> bit.bit & 1 ? FeatureState::present : FeatureState::missing;
  }
  return FeatureState::unknown;
}

#else

FeatureState test(std::string_view) {
  return FeatureState::unknown;
}

#endif

bool is_tuning_hint(std::string_view name) {
  for (const std::string_view prefix :
       {"fast-", "slow-", "prefer-", "false-deps-", "allow-", "tuning", "no-bypass-"})
    if (starts_with(name, prefix)) return true;
  return false;
}

}  // namespace

FeatureState cpu_feature(std::string_view name) {
  return test(name);
}

std::string missing_cpu_features(std::span<const std::string> names) {
  std::string missing;
  for (std::string_view name : names) {
    if (name.empty() || name[0] == '-') continue;
    if (name[0] == '+') name.remove_prefix(1);
    if (is_tuning_hint(name) || cpu_feature(name) == FeatureState::present) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  return missing;
}

}  // namespace sinter::runtime

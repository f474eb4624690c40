#include "codegen/target.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "codegen/cpu/llvm_target.h"

namespace sinter::codegen {
namespace {

// What instruction selection may use of x86-64 beyond its baseline. All of it can be tested by the runtime
// library.
constexpr std::string_view x86_features[] = {
    "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt",  "avx",      "avx2",     "f16c",     "fma",
    "bmi",  "bmi2",  "lzcnt",  "movbe",  "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"};

constexpr std::string_view known_triples =
    "known are native, x86_64-linux-gnu, aarch64-linux-gnu, and bare metal: x86_64-none-elf, "
    "aarch64-none-elf, "
    "thumbv7em-none-eabihf, riscv64-unknown-elf; a CPU may follow a colon, as in x86_64-linux-gnu:znver4";

bool has(const Target &target, std::string_view feature) {
  return std::find(target.features.begin(), target.features.end(), feature) != target.features.end();
}

std::string default_cpu(const llvm::Triple &triple) {
  switch (triple.getArch()) {
    case llvm::Triple::x86_64:
      return "x86-64";
    case llvm::Triple::aarch64:
      return "generic";
    case llvm::Triple::riscv64:
      return "generic-rv64";
    case llvm::Triple::riscv32:
      return "generic-rv32";
    default:
      break;
  }
  switch (triple.getSubArch()) {
    case llvm::Triple::ARMSubArch_v7em:
      return "cortex-m4";
    case llvm::Triple::ARMSubArch_v8m_mainline:
      return "cortex-m33";
    case llvm::Triple::ARMSubArch_v8_1m_mainline:
      return "cortex-m55";
    default:
      return "cortex-a7";
  }
}

void set_cache_defaults(Target &target) {
  struct Caches {
    std::string_view cpu;
    int64_t l1_kib, l2_kib;
  };
  // Vendors' data sheets; everything else has the defaults of Target.
  static constexpr Caches caches[] = {{"skylake-avx512", 32, 1024}, {"cascadelake", 32, 1024},
                                      {"icelake-server", 48, 1280}, {"sapphirerapids", 48, 2048},
                                      {"znver4", 32, 1024},         {"znver5", 48, 1024},
                                      {"cortex-m4", 16, 64},        {"cortex-m7", 16, 64}};
  for (const Caches &entry : caches) {
    if (entry.cpu != target.cpu) continue;
    target.l1_bytes = entry.l1_kib << 10;
    target.l2_bytes = entry.l2_kib << 10;
  }
}

void set_host_caches(Target &target) {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (const long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE); bytes > 0) target.l1_bytes = bytes;
  if (const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) target.l2_bytes = bytes;
#endif
}

void set_vector_facts(Target &target, const llvm::Triple &triple) {
  switch (triple.getArch()) {
    case llvm::Triple::x86_64: {
      // The partial forms of AVX-512 need its 32-bit and shorter lanes: F and VL.
      const bool avx512 = has(target, "avx512f") && has(target, "avx512vl");
      target.vector_lanes = avx512 ? 16 : has(target, "avx") ? 8 : 4;
      target.vector_registers = avx512 ? 32 : 16;
      target.has_fma = has(target, "fma");
      target.has_masked_access = avx512;
      break;
    }
    case llvm::Triple::aarch64:
      target.vector_registers = 32;
      target.has_fma = true;
      break;
    default:
      // 32 scalar registers, used four at a time.
      target.vector_registers = 8;
      break;
  }
}

// The CPU's features as LLVM's tables state them, in their order (alphabetical).
std::vector<std::string> table_features(const llvm::MCSubtargetInfo &subtarget, const llvm::Triple &triple) {
  std::vector<std::string> names;
  const auto enabled = subtarget.getEnabledProcessorFeatures();
  const auto is_enabled = [&](std::string_view name) {
    return std::any_of(enabled.begin(), enabled.end(),
                       [&](const auto &feature) { return feature.Key == name; });
  };
  if (triple.getArch() == llvm::Triple::x86_64) {
    for (std::string_view name : x86_features)
      if (is_enabled(name)) names.emplace_back(name);
  } else if (triple.isRISCV()) {
    for (std::string_view name : {"m", "a", "f", "d", "c"})
      if (is_enabled(name)) names.emplace_back(name);
  }
  return names;
}

std::optional<Target> make_native() {
  const llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  Target target;
  target.triple = triple.getTriple();
  target.cpu = llvm::sys::getHostCPUName().str();
  target.is_host = true;
  if (triple.getArch() == llvm::Triple::x86_64) {
    const auto host = llvm::sys::getHostCPUFeatures();
    for (std::string_view name : x86_features)
      if (host.lookup(llvm::StringRef(name))) target.features.emplace_back(name);
  }
  set_vector_facts(target, triple);
  set_cache_defaults(target);
  set_host_caches(target);
  return target;
}

// Names of CPUs that differ from `name` by little: the same first letters.
std::string similar_cpus(const llvm::MCSubtargetInfo &subtarget, std::string_view name) {
  std::string list;
  const std::string_view prefix = name.substr(0, std::min<size_t>(name.size(), 3));
  for (const auto &entry : subtarget.getAllProcessorDescriptions()) {
    if (!std::string_view(entry.Key).starts_with(prefix)) continue;
    if (!list.empty()) list += ", ";
    list += entry.Key;
  }
  return list;
}

bool is_known_cpu(const llvm::MCSubtargetInfo &subtarget, std::string_view name) {
  const auto all = subtarget.getAllProcessorDescriptions();
  return std::any_of(all.begin(), all.end(), [&](const auto &entry) { return entry.Key == name; });
}

}  // namespace

std::optional<Target> parse_target(std::string_view spec, Diagnostics &diagnostics) {
  initialize_llvm();
  if (spec == "native") return make_native();
  const Location where{.path = "--target"};
  const size_t colon = spec.find(':');
  const std::string triple_text(spec.substr(0, colon));
  const llvm::Triple triple(llvm::Triple::normalize(triple_text));
  std::string error;
  const llvm::Target *llvm_target = nullptr;
  if (triple.isX86() || triple.isAArch64() || triple.isARM() || triple.isThumb() || triple.isRISCV())
    llvm_target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  if (llvm_target == nullptr || triple.getArch() == llvm::Triple::x86 || !triple.isLittleEndian() ||
      triple.getArch() == llvm::Triple::aarch64_32) {
    diagnostics.error(where, "no code can be made for target '" + std::string(spec) + "'",
                      std::string(known_triples));
    return std::nullopt;
  }
  if (!triple.isOSBinFormatELF() ||
      (triple.getOS() != llvm::Triple::Linux && triple.getOS() != llvm::Triple::UnknownOS)) {
    diagnostics.error(where,
                      "target '" + triple_text + "' does not use ELF object files on Linux or bare metal",
                      std::string(known_triples));
    return std::nullopt;
  }

  Target target;
  target.triple = triple.str();
  target.cpu = colon == std::string_view::npos ? default_cpu(triple) : std::string(spec.substr(colon + 1));
  target.hosted = triple.getOS() == llvm::Triple::Linux;
  const llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  target.is_host = host.getArch() == triple.getArch() && host.getOS() == triple.getOS();

  // The generic RISC-V CPUs lack everything optional.
  const bool generic_riscv = triple.isRISCV() && target.cpu.starts_with("generic");
  const std::string extra = generic_riscv ? "+m,+a,+f,+d,+c" : "";
  std::unique_ptr<llvm::MCSubtargetInfo> any_cpu(llvm_target->createMCSubtargetInfo(triple.str(), "", ""));
  if (!is_known_cpu(*any_cpu, target.cpu)) {
    const std::string similar = similar_cpus(*any_cpu, target.cpu);
    diagnostics.error(where, "unknown CPU '" + target.cpu + "' for " + triple_text,
                      similar.empty() ? "leave it out for the default, " + default_cpu(triple)
                                      : "names that begin alike: " + similar);
    return std::nullopt;
  }
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      llvm_target->createMCSubtargetInfo(triple.str(), target.cpu, extra));
  const bool is_64_bit = triple.getArch() != llvm::Triple::x86_64 || subtarget->checkFeatures("+64bit");
  const bool has_float = triple.isRISCV()                       ? subtarget->checkFeatures("+f")
                         : (triple.isARM() || triple.isThumb()) ? subtarget->checkFeatures("+vfp2sp")
                                                                : true;
  if (!is_64_bit || !has_float) {
    diagnostics.error(
        where, "CPU '" + target.cpu + "' has no " + (is_64_bit ? "floating-point unit" : "64-bit mode"),
        "name another CPU after the colon, or leave it out for the default, " + default_cpu(triple));
    return std::nullopt;
  }
  target.features = table_features(*subtarget, triple);
  if (triple.isARM() || triple.isThumb()) target.has_fma = subtarget->checkFeatures("+vfp4d16sp");
  if (triple.isRISCV()) target.has_fma = true;
  set_vector_facts(target, triple);
  set_cache_defaults(target);
  return target;
}

}  // namespace sinter::codegen

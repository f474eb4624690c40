// The machine that code is made for: LLVM's triple, CPU and features, and the few facts that schedules ask
// for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::codegen {

struct Target {
  std::string triple;
  std::string cpu;                    // resolved: never "native"
  std::vector<std::string> features;  // LLVM names, each needed at run time, e.g. "avx2"
  bool is_host = false;
  bool hosted = true;         // false for bare-metal triples: loops are serial, nothing is called
  int vector_lanes = 4;       // f32 lanes of the widest register: 16, 8 or 4
  int vector_registers = 16;  // 32 with AVX-512 and NEON
  bool has_fma = false;
  bool has_masked_access = false;  // partial vector loads and stores are cheap
  int64_t l1_bytes = 32 << 10;
  int64_t l2_bytes = 512 << 10;
};

// spec: "native" | TRIPLE[:CPU]. Unknown triples and CPUs are diagnosed with what is known.
std::optional<Target> parse_target(std::string_view spec, Diagnostics &diagnostics);

}  // namespace sinter::codegen

// Whether this CPU, and its operating system, can run the code of a program.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sinter::runtime {

enum class FeatureState { present, missing, unknown };

// `name` as LLVM spells it ("avx2", "sse4.2", "avx512vl"; "neon", "dotprod" on AArch64). `unknown`: a name
// that this runtime cannot test. Wide vectors count as present only if the operating system saves their
// registers (XCR0).
FeatureState cpu_feature(std::string_view name);

// Those of `names` that are not present, joined by ", " (empty: the code can run). A leading '+' is ignored,
// so are tuning hints ("fast-gather") and names after '-'. Unknown names are returned too: running on would
// risk an illegal instruction.
std::string missing_cpu_features(std::span<const std::string> names);

}  // namespace sinter::runtime

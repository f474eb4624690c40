#include "ir/text.h"
#include "ir/verify.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void graph(std::string_view bytes) {
  Diagnostics diagnostics;
  const auto graph = ir::parse_graph(bytes, diagnostics, "fuzz.graph");
  check_said(graph.has_value(), diagnostics);
  if (!graph) return;
  SINTER_CHECK(ir::verify(*graph).empty());
  const std::string printed = ir::print(*graph);
  Diagnostics again;
  const auto reparsed = ir::parse_graph(printed, again);
  SINTER_CHECK(reparsed && ir::print(*reparsed) == printed);
}

}  // namespace sinter::fuzz

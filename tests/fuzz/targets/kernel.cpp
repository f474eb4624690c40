#include "ir/kernel/text.h"
#include "ir/kernel/verify.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void kernel(std::string_view bytes) {
  Diagnostics diagnostics;
  const auto kernel = kernel::parse(bytes, diagnostics, "fuzz.kernel");
  check_said(kernel.has_value(), diagnostics);
  if (!kernel || !kernel::verify(*kernel).empty()) return;
  const std::string printed = kernel::print(*kernel);
  Diagnostics again;
  const auto reparsed = kernel::parse(printed, again);
  SINTER_CHECK(reparsed && kernel::print(*reparsed) == printed);
}

}  // namespace sinter::fuzz

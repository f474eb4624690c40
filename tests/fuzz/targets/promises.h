// What every reader promises, checked by the targets.
#pragma once

#include <string_view>

#include "formats/error.h"
#include "support/check.h"
#include "support/diagnostic.h"

namespace sinter::fuzz {

// A failure says what is wrong; a success does not.
inline void check_said(bool is_done, const Diagnostics &diagnostics) {
  SINTER_CHECK(is_done != diagnostics.has_errors());
  for (const Diagnostic &each : diagnostics.all()) SINTER_CHECK(!each.message.empty());
}

inline void check_said(const Error &error) {
  SINTER_CHECK(!error.message.empty());
}

template <class Outcome>  // a Status or a Result
bool succeeded(const Outcome &outcome) {
  if (!outcome) check_said(outcome.error());
  return static_cast<bool>(outcome);
}

}  // namespace sinter::fuzz

// Runs many cases, each in a process of its own: a crash, a failed CHECK or an access beyond a guard page is
// a failure like any other, and can be reduced.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/campaign/compare.h"

namespace sinter::campaign {

struct Failure {
  uint64_t number = 0;
  std::string difference;  // the first difference, or how the process ended and what it printed
};

struct Campaign {
  Coverage coverage;  // of all cases that ended well
  std::vector<Failure> failures;
  int64_t valid = 0;    // cases that were compared
  int64_t refused = 0;  // numbers out of range, nothing to train
};

using MakeCase = std::function<Case(uint64_t number)>;
using CheckCase = std::function<Verdict(const Case &c, Coverage &coverage)>;

// Cases first, first + 1, … until `count` were valid, on `workers` processes at a time.
Campaign run_campaign(const MakeCase &make, uint64_t first, int64_t count, int workers,
                      const CheckCase &check_case = check);

// What is wrong with one case, by a process of its own; "": nothing.
std::string failure_of(const Case &c);

}  // namespace sinter::campaign

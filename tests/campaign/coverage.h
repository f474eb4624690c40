// How often what was used: the campaign's table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "passes/pipeline.h"
#include "tests/campaign/case.h"

namespace sinter::campaign {

class Coverage {
 public:
  void count(std::string_view kind, std::string_view name, int64_t times = 1) {
    counts_[{std::string(kind), std::string(name)}] += times;
  }
  int64_t of(std::string_view kind, std::string_view name) const;
  void add(const Coverage &other);

  // What a case asks for, and what became of it: ops of the fused graph, rules of fusion, layouts.
  void count_case(const Case &c);
  void count_program(const passes::PlannedGraph &planned);

  // Everything that there is, used or not.
  std::string table() const;
  // Of what there is, what never was used: "op conv2d".
  std::vector<std::string> unused() const;

  // A line an entry, for the pipe from a process that ran cases.
  std::string serialized() const;
  void add_serialized(std::string_view text);

 private:
  std::map<std::pair<std::string, std::string>, int64_t> counts_;
};

}  // namespace sinter::campaign

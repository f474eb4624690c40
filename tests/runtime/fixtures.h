// What tests of the runtime share beside files: runs of a predictor.
#pragma once

#include "tests/formats/fixtures.h"

namespace sinter::runtime {

struct Answer {
  int exit_code;
  std::string out, err;
};

// The predictor of a fake program in a process of its own; its name is the program's. `standard_output`: a
// file to write to instead of `out`.
Answer run_predictor_process(const std::string &program, const std::vector<std::string> &arguments,
                             const std::string &standard_input = {}, const std::string &standard_output = {});

}  // namespace sinter::runtime

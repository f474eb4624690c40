// The parser: tokens to statements. A syntax error is reported and parsing goes on with the next line, so
// that one run shows all of them.
#pragma once

#include "frontend/script/ast.h"
#include "support/diagnostic.h"

namespace sinter::script {

struct Syntax {
  Block statements;
  std::vector<int> magic_lines;  // notebook magics, which are skipped
};

Syntax parse(const Source &source, Diagnostics &diagnostics);

}  // namespace sinter::script

// The text of a script, and positions in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/diagnostic.h"
#include "support/utf8.h"

namespace sinter::script {

// 1-based; the column counts bytes.
struct Position {
  int line = 0;
  int column = 0;
};

class Source {
 public:
  // Keeps views into `text`, which must outlive it.
  Source(std::string_view text, std::string_view file_name);

  std::string_view text() const { return text_; }
  Location at(Position position) const;

 private:
  std::string_view text_;
  std::string file_name_;
  std::vector<std::string_view> lines_;
};

}  // namespace sinter::script

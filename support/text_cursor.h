// A cursor over text for our hand-written parsers (.graph files, Kernel IR, attributes). Every reader skips
// spaces first and leaves the cursor in place when it does not match. Line and column are 1-based, for
// diagnostics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sinter {

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) {}

  void skip_spaces();  // blanks, newlines and # comments
  bool at_end();
  char peek();  // next non-space character, 0 at the end
  bool accept(char c);
  bool accept(std::string_view token);                    // these very characters
  bool accept_word(std::string_view word);                // not followed by an identifier character
  std::string_view identifier();                          // [A-Za-z_][A-Za-z0-9_./-]*, empty if there is none
  std::optional<int64_t> integer();                       // optional sign; nullopt on overflow too
  std::optional<std::variant<int64_t, double>> number();  // also inf, -inf, nan
  std::optional<std::string> quoted_string();             // "…" with \" \\ \n \t \r \xHH
  std::string_view rest() const { return text_.substr(position_); }

  size_t position() const { return position_; }
  void seek(size_t position) { position_ = position; }
  int line() const;
  int column() const;
  std::string source_line() const;  // the text of the current line

 private:
  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace sinter

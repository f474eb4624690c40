// BLAKE3 (LLVM has it) of texts and files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sinter::codegen {

class Digest {
 public:
  Digest();
  ~Digest();

  // Each call is told apart from two calls with its halves.
  void add(std::string_view text);
  // The content; a file that cannot be read is a content of its own.
  void add_file(const std::string &path);
  // 64 hexadecimal digits.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sinter::codegen

#include "codegen/digest.h"

#include <fmt/format.h>
#include <llvm/Support/BLAKE3.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace sinter::codegen {

struct Digest::State {
  llvm::BLAKE3 hasher;
};

Digest::Digest() : state_(std::make_unique<State>()) {}
Digest::~Digest() = default;

void Digest::add(std::string_view text) {
  state_->hasher.update(llvm::StringRef(std::to_string(text.size()) + ":"));
  state_->hasher.update(llvm::StringRef(text.data(), text.size()));
}

void Digest::add_file(const std::string &path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  // What a pipe will give is not known before it is read, and then it is gone: it is like nothing else.
  if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found)
    return add(fmt::format("not a file, {}", std::chrono::steady_clock::now().time_since_epoch().count()));
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file) return add("absent");
  Digest content;
  std::vector<char> buffer(1 << 20);
  size_t got = 0;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), file)) > 0)
    content.state_->hasher.update(llvm::StringRef(buffer.data(), got));
  const bool whole = std::ferror(file) == 0;
  std::fclose(file);
  add(whole ? content.hex() : "absent");
}

std::string Digest::hex() {
  std::string text;
  for (const uint8_t byte : state_->hasher.final()) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace sinter::codegen

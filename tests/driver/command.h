// Runs the built `sinter` and the binaries it makes, as a user would type them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace sinter::test {

struct CommandResult {
  int exit_code = -1;  // 128 + signal if it was killed
  std::string out, err;
};

// Runs a shell command line with standard input closed. `sinter` is found first on PATH.
CommandResult run(const std::string &command);

// A folder of the running test, empty at first and removed at its end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  std::string operator/(const std::string &name) const { return (path_ / name).string(); }
  const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::filesystem::path &path);
void write_text(const std::filesystem::path &path, const std::string &text);
std::filesystem::path example(const std::string &name);

// Floats of an .npy file that OUT predict --out wrote (version 1.0, '<f4').
std::vector<float> read_npy(const std::filesystem::path &path);
void write_npy(const std::filesystem::path &path, const std::vector<int64_t> &dims,
               const std::vector<float> &values);
void write_npy(const std::filesystem::path &path, const std::vector<int64_t> &dims,
               const std::string &bytes);  // uint8

}  // namespace sinter::test

#include "tests/driver/command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/paths.h"

namespace sinter::test {

CommandResult run(const std::string &command) {
  static int count = 0;
  const std::string stem = (std::filesystem::temp_directory_path() /
                            ("sinter-run-" + std::to_string(getpid()) + "-" + std::to_string(count++)))
                               .string();
  const std::string line = "PATH='" + test::binary_dir() + "/bin':\"$PATH\"; { " + command + "\n} >'" + stem +
                           ".out' 2>'" + stem + ".err' </dev/null";
  const int status = std::system(line.c_str());
  CommandResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_text(stem + ".out");
  result.err = read_text(stem + ".err");
  std::filesystem::remove(stem + ".out");
  std::filesystem::remove(stem + ".err");
  return result;
}

Scratch::Scratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sinter-test-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

Scratch::~Scratch() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string read_text(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::filesystem::path example(const std::string &name) {
  return std::filesystem::path(test::source_dir()) / "examples" / name;
}

std::vector<float> read_npy(const std::filesystem::path &path) {
  const std::string bytes = read_text(path);
  if (bytes.size() < 10 || bytes.find("'<f4'") == std::string::npos) return {};
  const size_t header =
      10 + static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  std::vector<float> values((bytes.size() - header) / 4);
  std::memcpy(values.data(), bytes.data() + header, values.size() * 4);
  return values;
}

namespace {

void write_npy_bytes(const std::filesystem::path &path, const char *dtype, const std::vector<int64_t> &dims,
                     const std::string &bytes) {
  std::string header = std::string("{'descr': '") + dtype + "', 'fortran_order': False, 'shape': (";
  for (const int64_t dim : dims) header += std::to_string(dim) + ",";
  header += "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string text = "\x93NUMPY\x01";
  text += '\0';
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  write_text(path, text + header + bytes);
}

}  // namespace

void write_npy(const std::filesystem::path &path, const std::vector<int64_t> &dims,
               const std::vector<float> &values) {
  write_npy_bytes(path, "<f4", dims,
                  std::string(reinterpret_cast<const char *>(values.data()), values.size() * 4));
}

void write_npy(const std::filesystem::path &path, const std::vector<int64_t> &dims,
               const std::string &bytes) {
  write_npy_bytes(path, "|u1", dims, bytes);
}

}  // namespace sinter::test

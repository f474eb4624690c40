#include "codegen/link_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "codegen/clean_up.h"

extern char **environ;

namespace sinter::codegen {
namespace {

namespace fs = std::filesystem;

std::string read_all(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

// The last lines: a linker that fails repeats itself, and says what matters at the end.
std::string tail(const std::string &text) {
  constexpr size_t longest = 2000;
  std::string part = text.size() > longest ? "…" + text.substr(text.size() - longest) : text;
  while (!part.empty() && part.back() == '\n') part.pop_back();
  return part;
}

}  // namespace

std::optional<std::string> find_runtime_library(const std::string &name, Diagnostics &diagnostics) {
  std::error_code ignored;
  const fs::path root = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  const std::string file = "libsinter_" + name + ".a";
  for (const char *folder : {"lib", "lib/sinter", SINTER_INSTALL_LIBDIR "/sinter"}) {
    const fs::path path = root / folder / file;
    if (fs::exists(path, ignored)) return path.string();
  }
  diagnostics.system_error({.file = (root / "lib" / file).string()}, "the runtime library is missing",
                           "build or install it together with sinter; --emit object does without");
  return std::nullopt;
}

std::optional<std::string> find_linker(Diagnostics &diagnostics) {
  const char *variable = std::getenv("PATH");
  const std::string path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (const char *name : {"cc", "gcc", "clang", "clang-19"}) {
    for (size_t begin = 0; begin <= path.size();) {
      const size_t end = std::min(path.find(':', begin), path.size());
      const std::string candidate = path.substr(begin, end - begin) + "/" + name;
      if (access(candidate.c_str(), X_OK) == 0) return candidate;
      begin = end + 1;
    }
  }
  diagnostics.system_error({}, "no C compiler (cc, gcc or clang) was found in PATH to link with",
                           "install one, or use --emit object and link elsewhere");
  return std::nullopt;
}

bool run_linker(const std::vector<std::string> &command, Diagnostics &diagnostics) {
  std::vector<char *> arguments;
  for (const std::string &argument : command) arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) {
    diagnostics.system_error({.file = command[0]}, std::string("cannot run: ") + std::strerror(errno));
    return false;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO);
  pid_t child = 0;
  // In a group of its own, which clean_up_on_failure ends as a whole.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawn(&child, command[0].c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) end_on_failure(child);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  std::string text;
  int status = 0;
  if (error == 0) {
    text = read_all(output[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    end_on_failure(0);
  }
  close(output[0]);
  if (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  diagnostics.system_error({.file = command[0]}, error != 0
                                                     ? std::string("cannot run: ") + std::strerror(error)
                                                     : "linking failed");
  std::istringstream lines(tail(text));
  for (std::string line; std::getline(lines, line);) diagnostics.note({}, line);
  return false;
}

}  // namespace sinter::codegen

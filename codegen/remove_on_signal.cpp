#include "codegen/remove_on_signal.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>

namespace sinter::codegen {
namespace {

// All that a signal handler may look at.
struct Entry {
  std::atomic<bool> is_used = false;
  char path[PATH_MAX];
};
Entry entries[16];
std::atomic<pid_t> child = 0;

void handle(int signal) {
  if (const pid_t process = child.load()) {
    kill(-process, SIGTERM);  // cc removes its own files
    waitpid(process, nullptr, 0);
  }
  for (Entry &entry : entries)
    if (entry.is_used) unlink(entry.path);
  for (Entry &entry : entries)
    if (entry.is_used) rmdir(entry.path);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

void clean_up_on_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old{}, action{};
    sigaction(signal, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;
    action.sa_handler = handle;
    action.sa_flags = SA_NODEFER;
    sigaction(signal, &action, nullptr);
  }
}

void remove_on_signal(const std::string &path) {
  if (path.size() >= PATH_MAX) return;
  for (Entry &entry : entries) {
    if (entry.is_used) continue;
    std::memcpy(entry.path, path.c_str(), path.size() + 1);
    entry.is_used = true;
    return;
  }
}

void forget(const std::string &path) {
  for (Entry &entry : entries)
    if (entry.is_used && path == entry.path) entry.is_used = false;
}

void end_on_signal(pid_t process) {
  child = process;
}

}  // namespace sinter::codegen

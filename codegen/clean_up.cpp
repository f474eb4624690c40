#include "codegen/clean_up.h"

#include <llvm/Support/ErrorHandling.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>

#include "support/temporary_files.h"

namespace sinter::codegen {
namespace {

std::atomic<pid_t> child = 0;

void clean_up() {
  if (const pid_t process = child.load()) {
    kill(-process, SIGTERM);  // cc removes its own files
    waitpid(process, nullptr, 0);
  }
  remove_temporaries();
}

void handle(int signal) {
  clean_up();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void say(const char *text) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void handle_terminate() {
  if (const std::exception_ptr exception = std::current_exception()) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception &error) {
      give_up(error.what());
    } catch (...) {
    }
  }
  give_up("an unknown exception");
}

}  // namespace

void clean_up_on_failure() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old{}, action{};
    sigaction(signal, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;
    action.sa_handler = handle;
    action.sa_flags = SA_NODEFER;
    sigaction(signal, &action, nullptr);
  }
  // Not thrown: LLVM's functions, which it would pass, are built without exceptions.
  std::set_new_handler([] { give_up("out of memory"); });
  std::set_terminate(handle_terminate);
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { give_up("out of memory"); });
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) { give_up(reason, 70); });
}

void give_up(const char *message, int code) {
  clean_up();
  say("sinter: error: ");
  say(message);
  say(code == 70 ? "\nThis is a bug in Sinter.\n" : "\n");
  _exit(code);
}

void end_on_failure(pid_t process) {
  child = process;
}

}  // namespace sinter::codegen

// `main` of a predictor. An archive member of its own: libraries and programs with another main do not take
// it.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>

#include "runtime/predictor/commands.h"
#include "runtime/program_abi.h"

// libstdc++'s own names the exception's type, for which it carries a demangler of 47 KiB. There are no exceptions here.
void __gnu_cxx::__verbose_terminate_handler() { std::abort(); }

int main(int argc, char **argv) {
  // The runtime is built without exceptions; what readers allocate is bounded, so this is the last resort.
  std::set_new_handler([] {
    static constexpr char message[] = "error: out of memory\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    _exit(3);
  });
  const sinter::runtime::Program program = sinter::runtime::make_program(
      sinter_program_metadata, {sinter_program_predict, sinter_program_run_kernel});
  return sinter::runtime::run_predictor(program, argc, argv);
}

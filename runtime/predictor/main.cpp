// `main` of a predictor and of a trainer. An archive member of its own: libraries and programs with another
// main do not take it.
#include <unistd.h>

#include <exception>
#include <new>
#include <string_view>

#include "runtime/predictor/commands.h"
#include "runtime/program_abi.h"
#include "runtime/trainer_abi.h"
#include "support/temporary_files.h"

// A trainer's link line has `-u sinter_trainer_main`: then this symbol is there and the predictor's are not.
// The weak references draw nothing out of the archive.
extern "C" {
[[gnu::weak]] int sinter_trainer_main(int argc, char **argv);
[[gnu::weak]] decltype(sinter_program_predict) sinter_program_predict;
[[gnu::weak]] decltype(sinter_program_run_kernel) sinter_program_run_kernel;
[[gnu::weak]] decltype(sinter_program_evaluate) sinter_program_evaluate;  // of models with a loss
}

namespace {

// The last resort: what readers allocate is bounded, and there are no exceptions here but those that libstdc++
// throws at a caller's mistake.
[[noreturn]] void give_up(std::string_view message) {
  sinter::remove_temporaries();
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(3);
}

}  // namespace

// libstdc++'s own names the exception's type, for which it carries a demangler of 47 KiB.
void __gnu_cxx::__verbose_terminate_handler() {
  give_up("error: the program cannot go on: it asked the system for something impossible\n");
}

int main(int argc, char **argv) {
  std::set_new_handler([] { give_up("error: out of memory\n"); });
  if (sinter_trainer_main) return sinter_trainer_main(argc, argv);
  const sinter::runtime::Program program = sinter::runtime::make_program(
      sinter_program_metadata, {sinter_program_predict, sinter_program_run_kernel, sinter_program_evaluate});
  return sinter::runtime::run_predictor(program, argc, argv);
}

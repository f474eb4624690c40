// How a compilation ends that does not reach its end: its temporary files (support/temporary_files.h) and the
// linker that it runs go with it.
#pragma once

#include <sys/types.h>

namespace sinter::codegen {

// From now on SIGINT, SIGTERM and SIGHUP end the process only after that. Signals that are ignored stay
// ignored. Where memory ends, or an exception is not caught, the process says so and exits with 3; after a
// fatal error of LLVM, which is a bug, with 70.
void clean_up_on_failure();

// Says `sinter: error: MESSAGE` and exits with `code` after cleaning up. Allocates nothing.
[[noreturn]] void give_up(const char *message, int code = 3);

// The leader of a process group that is to end first; 0: none.
void end_on_failure(pid_t process);

}  // namespace sinter::codegen

// What an interrupted compilation takes with it: its temporary files and the linker that it runs.
#pragma once

#include <sys/types.h>

#include <string>

namespace sinter::codegen {

// From now on SIGINT, SIGTERM and SIGHUP end the process only after that. Signals that are ignored stay
// ignored.
void clean_up_on_signals();

// A file, or a folder that is empty once the files are gone. At most 16 at a time; more stay behind.
void remove_on_signal(const std::string &path);
void forget(const std::string &path);

// The leader of a process group that is to end first; 0: none.
void end_on_signal(pid_t process);

}  // namespace sinter::codegen

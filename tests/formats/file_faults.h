// Faults of the system calls that write files, for this process: the program's own definitions of write,
// fsync and rename take the place of libc's.
#pragma once

namespace sinter {

enum class FileFault { none, no_space, io_error, short_write, kill };

// The `call`-th call (from 0) of write, fsync or rename from now on fails: no_space, io_error: with that
// errno; short_write: half of the bytes are written, the next call fails with ENOSPC; kill: the process dies
// by SIGKILL, in a write after half of the bytes.
void arm_file_fault(FileFault fault, int call);
// Disarms, and returns how many calls there were since arm_file_fault().
int disarm_file_fault();

}  // namespace sinter

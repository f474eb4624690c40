#include "tests/formats/file_faults.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sinter {
namespace {

FileFault armed = FileFault::none;
int remaining = 0, calls = 0;

// Whether this call is to fail. Standard streams are left alone.
bool strikes(int descriptor) {
  if (armed == FileFault::none || (descriptor >= 0 && descriptor <= 2)) return false;
  ++calls;
  return remaining-- == 0;
}

int fail() {
  if (armed == FileFault::kill) kill(getpid(), SIGKILL);
  errno = armed == FileFault::io_error ? EIO : ENOSPC;
  return -1;
}

}  // namespace

void arm_file_fault(FileFault fault, int call) {
  armed = fault;
  remaining = call;
  calls = 0;
}

int disarm_file_fault() {
  armed = FileFault::none;
  return calls;
}

}  // namespace sinter

using namespace sinter;

extern "C" {

ssize_t write(int descriptor, const void *bytes, size_t count) {
  if (strikes(descriptor)) {
    if (armed == FileFault::no_space || armed == FileFault::io_error) return fail();
    const ssize_t written = syscall(SYS_write, descriptor, bytes, count / 2);
    if (armed == FileFault::kill) fail();
    remaining = 0;  // the rest meets a full disk
    return written;
  }
  return syscall(SYS_write, descriptor, bytes, count);
}

int fsync(int descriptor) {
  return strikes(descriptor) ? fail() : static_cast<int>(syscall(SYS_fsync, descriptor));
}

int rename(const char *from, const char *to) noexcept {
  return strikes(-1) ? fail() : static_cast<int>(syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}
}

// The temporary files of this process, which go with it when it ends outside its own ways: at a signal, without
// memory, at an exception that nobody catches. For compiler and binaries alike; it allocates nothing.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstring>
#include <string>

namespace sinter {

// All that a signal handler may look at.
struct TemporaryFile {
  std::atomic<bool> is_used = false;
  char path[PATH_MAX];
};
inline TemporaryFile temporary_files[16];

// A file, or a folder that is empty once the files are gone. Nothing is to be said when it gets its final name
// or is removed: a name that is gone gives its entry to the next. At most 16 exist at a time; more stay behind.
inline void note_temporary(const std::string &path) {
  if (path.size() >= PATH_MAX) return;
  struct stat status;
  for (TemporaryFile &entry : temporary_files) {
    if (entry.is_used && path != entry.path && lstat(entry.path, &status) == 0) continue;
    entry.is_used = false;
    std::memcpy(entry.path, path.c_str(), path.size() + 1);
    entry.is_used = true;
    return;
  }
}

// May be called in a signal handler.
inline void remove_temporaries() {
  for (TemporaryFile &entry : temporary_files)
    if (entry.is_used) unlink(entry.path);
  for (TemporaryFile &entry : temporary_files)
    if (entry.is_used) rmdir(entry.path);
}

}  // namespace sinter

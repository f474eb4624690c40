// Where an output goes, and temporary files beside it: for compiler and binaries alike. Links are followed
// and stay; devices, pipes and open descriptors are written as they are; a regular file is replaced by a
// finished one.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/temporary_files.h"

namespace sinter {

struct OutputPlace {
  std::string path;  // the links resolved; of what is written in place as it was given
  bool in_place = false;
  int descriptor = -1;  // in_place: an open one, of standard output or /dev/fd
  int error = 0;        // errno, if nothing can be written there
};

inline std::string directory_of(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// "-" is standard output.
inline OutputPlace output_place(const std::string &given) {
  if (given == "-") return {"standard output", true, STDOUT_FILENO, 0};
  if (given.empty()) return {given, false, -1, ENOENT};
  std::string path = given;
  struct stat status;
  for (int links = 0; lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode); ++links) {
    if (links == 40) return {given, false, -1, ELOOP};
    // Below /proc a link names an open file, whose path may be gone or another's by now.
    struct statfs system;
    const std::string directory = directory_of(path);
    if (statfs(directory.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC) {
      char own[PATH_MAX];
      const bool is_own =
          realpath(directory.c_str(), own) && "/proc/" + std::to_string(getpid()) + "/fd" == own;
      return {given, true, is_own ? std::atoi(path.c_str() + path.rfind('/') + 1) : -1, 0};
    }
    char target[PATH_MAX];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target))
      return {given, false, -1, length < 0 ? errno : ENAMETOOLONG};
    const std::string to(target, static_cast<size_t>(length));
    path = to[0] == '/' ? to : directory + "/" + to;
  }
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return {given, false, -1, errno};
    return {path, false, -1, path.back() == '/' ? EISDIR : 0};
  }
  if (S_ISDIR(status.st_mode)) return {given, false, -1, EISDIR};
  return {path, !S_ISREG(status.st_mode), -1, 0};
}

// For writing; -1 with errno. An open descriptor keeps its offset and whether it appends.
inline int open_in_place(const OutputPlace &place) {
  return place.descriptor >= 0 ? fcntl(place.descriptor, F_DUPFD_CLOEXEC, 0)
                               : open(place.path.c_str(), O_WRONLY | O_CLOEXEC);
}

// Temporary files of `path` are called PATH.tmp-PROCESS-NUMBER and locked by their writer while it lives:
// what others left, killed, is removed. (A linker may have put an unlocked file in the place of a locked one,
// so the process must be gone too.)
inline void remove_stale_temporaries(const std::string &path) {
  const std::string directory = directory_of(path);
  const std::string prefix = path.substr(path.rfind('/') + 1) + ".tmp-";
  DIR *entries = opendir(directory.c_str());
  if (!entries) return;
  while (const dirent *entry = readdir(entries)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0) continue;
    const char *rest = entry->d_name + prefix.size();
    const size_t process = std::strspn(rest, "0123456789");
    const size_t number = rest[process] == '-' ? std::strspn(rest + process + 1, "0123456789") : 0;
    if (process == 0 || number == 0 || rest[process + 1 + number] != '\0') continue;
    const pid_t writer = std::atoi(rest);
    if (writer != getpid() && (kill(writer, 0) == 0 || errno == EPERM)) continue;
    const std::string name = directory + "/" + entry->d_name;
    const int descriptor = open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlink(name.c_str());
    close(descriptor);
  }
  closedir(entries);
}

// Creates one for `path`, a regular file or none yet; -1 with errno. The lock goes with the descriptor.
inline int create_temporary(const std::string &path, mode_t mode, std::string &name) {
  remove_stale_temporaries(path);
  for (unsigned number = 0;; ++number) {
    name = path + ".tmp-" + std::to_string(getpid()) + "-" + std::to_string(number);
    const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0) {
      if (errno == EEXIST) continue;
      return -1;
    }
    // Between creation and lock, another process may have taken it for a stale one.
    struct stat status;
    flock(descriptor, LOCK_EX);
    if (fstat(descriptor, &status) == 0 && status.st_nlink > 0) {
      note_temporary(name);
      return descriptor;
    }
    close(descriptor);
  }
}

// Puts a finished temporary file, open as `descriptor`, in the place of `path`: 0, or errno. Permissions of a file that was
// there stay, and programs can be run. At every instant the path holds the old file or the new one, whole, on the disk too.
inline int replace_file(int descriptor, const std::string &temporary, const std::string &path) {
  struct stat old, own;
  if (stat(path.c_str(), &old) == 0 && fstat(descriptor, &own) == 0)
    fchmod(descriptor, (old.st_mode & 07777) | (own.st_mode & 0111));
  if (fsync(descriptor) != 0 || rename(temporary.c_str(), path.c_str()) != 0) return errno;
  const int directory = open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);  // not all file systems can; the file itself is whole either way
    close(directory);
  }
  return 0;
}

}  // namespace sinter

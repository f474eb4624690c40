#include "runtime/data/output_check.h"

#include "formats/bytes/atomic_file.h"
#include "formats/text.h"
#include "runtime/options.h"
#include "support/output_place.h"

namespace sinter::runtime {

Status check_writable(const std::string &path) {
  const OutputPlace place = output_place(path);
  if (place.in_place) {
    // Opening a pipe would wait for its reader.
    if (place.descriptor >= 0 || access(path.c_str(), W_OK) == 0) return {};
    return system_error(path, std::string("cannot write: ") + std::strerror(errno));
  }
  Result<AtomicFile> file = AtomicFile::create(path);
  if (file) return {};
  Error error = file.error();
  if (place.error == 0 && access(directory_of(place.path).c_str(), F_OK) != 0)
    error.hint = "the folder must exist";
  return error;
}

Status check_no_input(const std::string &option, const std::string &path,
                      std::span<const std::string> inputs) {
  struct stat written, read;
  if (stat(path.c_str(), &written) != 0 || !S_ISREG(written.st_mode)) return {};
  for (const std::string &input : inputs)
    if (stat(input.c_str(), &read) == 0 && read.st_dev == written.st_dev && read.st_ino == written.st_ino)
      return usage_error(option + " " + printable(path) + " would overwrite the input " + printable(input));
  return {};
}

Status check_output(const std::string &option, const std::string &path, std::span<const std::string> inputs) {
  if (output_place(path).descriptor == STDOUT_FILENO)
    return usage_error(option + " " + printable(path) + ": standard output carries the log lines",
                       "name a file");
  if (Status status = check_no_input(option, path, inputs); !status) return status;
  return check_writable(path);
}

}  // namespace sinter::runtime

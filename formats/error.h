// Errors of files, and of generated binaries: values, never exceptions. Everything that data or a user can cause comes back
// as an Error; a binary prints it as `NAME: error: FILE: MESSAGE` and, on a second line, `hint: …`, the compiler as a
// diagnostic.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace sinter {

// What the process returns: see "Exit codes" of the command line.
enum class ExitCode : int { done = 0, rejected = 1, usage = 2, system = 3 };

struct Error {
  ExitCode code = ExitCode::rejected;
  std::string file;     // the file (or other input) at fault; may be empty
  std::string message;  // what is wrong: offset, what was expected, what was found
  std::string hint;     // what to do; may be empty
  std::string place;    // within the file: a layer, a path of HDF5; may be empty
};

// A file whose content is damaged or unsuitable (exit 1).
inline Error rejected(std::string file, std::string message, std::string hint = {}) {
  return {ExitCode::rejected, std::move(file), std::move(message), std::move(hint), {}};
}

// A file or system error: missing, unreadable, disk full (exit 3).
inline Error system_error(std::string file, std::string message, std::string hint = {}) {
  return {ExitCode::system, std::move(file), std::move(message), std::move(hint), {}};
}

// Nothing, or the Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error &error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

// A value, or the Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return value_.has_value(); }
  T &operator*() { return *value_; }
  const T &operator*() const { return *value_; }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }
  const Error &error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

}  // namespace sinter

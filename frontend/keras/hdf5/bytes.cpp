#include "frontend/keras/hdf5/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sinter::keras::hdf5 {
namespace {

// Structure is read once; sound files need less than their own size.
constexpr uint64_t kBudgetFactor = 8, kBudgetBase = 1 << 20;

}  // namespace

FileBytes::FileBytes(const std::string &path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) throw std::system_error(errno, std::generic_category());
  struct stat status {};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
    const int error = errno;
    ::close(file_);
    throw std::system_error(S_ISREG(status.st_mode) ? error : EINVAL, std::generic_category());
  }
  size_ = static_cast<uint64_t>(status.st_size);
  budget_ = size_ * kBudgetFactor + kBudgetBase;
}

FileBytes::~FileBytes() {
  ::close(file_);
}

Bytes FileBytes::block(uint64_t at, uint64_t length) {
  if (length > size_ || at > size_ - length) throw FormatError("it points outside itself");
  if (length > budget_) throw FormatError("its structure repeats itself");
  budget_ -= length;
  Bytes out(length);
  read(at, out);
  return out;
}

void FileBytes::read(uint64_t at, std::span<uint8_t> out) const {
  if (out.size() > size_ || at > size_ - out.size()) throw FormatError("it points outside itself");
  for (size_t done = 0; done < out.size();) {
    const ssize_t got = ::pread(file_, out.data() + done, out.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw FormatError("it cannot be read");
    done += static_cast<size_t>(got);
  }
}

std::span<const uint8_t> Cursor::take(size_t count) {
  if (count > left()) throw FormatError("a structure is cut off");
  const auto part = bytes_.subspan(at_, count);
  at_ += count;
  return part;
}

uint64_t Cursor::unsigned_integer(size_t bytes) {
  uint64_t value = 0;
  const auto part = take(bytes);
  for (size_t i = bytes; i-- > 0;) value = value << 8 | part[i];
  return value;
}

void Cursor::expect(std::string_view signature) {
  const auto part = take(signature.size());
  if (!std::equal(part.begin(), part.end(), signature.begin(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }))
    throw FormatError("the mark '" + std::string(signature) + "' is missing");
}

std::string text_of(std::span<const uint8_t> bytes) {
  return {bytes.begin(), std::find(bytes.begin(), bytes.end(), uint8_t{0})};
}

}  // namespace sinter::keras::hdf5

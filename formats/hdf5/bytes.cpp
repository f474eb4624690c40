#include "formats/hdf5/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "formats/bytes/numbers.h"

namespace sinter::hdf5 {

int FileBytes::open(const std::string &path) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0) return errno;
  struct stat status{};
  if (::fstat(file_, &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EINVAL;
  size_ = static_cast<uint64_t>(status.st_size);
  budget_ = std::make_shared<Budget>(size_);
  return 0;
}

void FileBytes::open_memory(Bytes bytes, std::shared_ptr<Budget> budget) {
  memory_ = std::move(bytes);
  size_ = memory_.size();
  budget_ = std::move(budget);
}

FileBytes::~FileBytes() {
  if (file_ >= 0) ::close(file_);
}

bool FileBytes::charge(uint64_t bytes, uint64_t count) {
  const bool has_room = !problem && budget_->charge(bytes, count);
  if (!has_room)
    problem.set("its structure repeats itself: it asks for more than " + bytes_text(budget_->limit()));
  return has_room;
}

Bytes FileBytes::block(uint64_t at, uint64_t length) {
  constexpr uint64_t overhead = 64;  // of a block, however small
  if (length > size_ || at > size_ - length) problem.set("it points outside itself");
  if (!charge(length + overhead)) return {};
  Bytes out(length);
  read(at, out);
  return out;
}

void FileBytes::read(uint64_t at, std::span<uint8_t> out) {
  if (out.size() > size_ || at > size_ - out.size()) problem.set("it points outside itself");
  for (size_t done = 0; done < out.size() && !problem;) {
    if (file_ < 0) {
      std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
      return;
    }
    const ssize_t got = ::pread(file_, out.data() + done, out.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) problem.set("it cannot be read");
    if (got > 0) done += static_cast<size_t>(got);
  }
  if (problem) std::ranges::fill(out, uint8_t{0});
}

std::span<const uint8_t> Cursor::take(size_t count) {
  if (count > left()) {
    problem_.set("a structure is cut off");
    return {};
  }
  const auto part = bytes_.subspan(at_, count);
  at_ += count;
  return part;
}

uint64_t Cursor::unsigned_integer(size_t bytes) {
  const auto part = take(bytes);
  return little_endian(part.data(), part.size());
}

void Cursor::expect(std::string_view signature) {
  const auto part = take(signature.size());
  if (!std::equal(part.begin(), part.end(), signature.begin(), signature.end(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }))
    problem_.set("the mark '" + std::string(signature) + "' is missing");
}

std::string text_of(std::span<const uint8_t> bytes) {
  return {bytes.begin(), std::find(bytes.begin(), bytes.end(), uint8_t{0})};
}

}  // namespace sinter::hdf5

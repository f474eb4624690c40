// Memory for a whole file whose parts are used where they lie.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace sinter {

// `size()` bytes aligned to 64, of no defined value; data() is nullptr if there is no memory for them.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size)
      : data_(static_cast<std::byte *>(::operator new(size, std::align_val_t{64}, std::nothrow))),
        size_(size) {}

  std::byte *data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data(), size_}; }

 private:
  struct Delete {
    void operator()(std::byte *data) const { ::operator delete(data, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Delete> data_;
  size_t size_;
};

}  // namespace sinter

// What the reading of one file that is not trusted may cost. Sizes, counts and references in a file are claims of
// whoever made it: a text may be named a thousand times, a table shared, zeros packed a thousandfold. So every reader
// charges here, before it allocates or loops, what the file makes it allocate or go through; an archive and the files
// in it share one budget. Nothing is given back: work counts as memory does.
#pragma once

#include <cstdint>
#include <string>

#include "formats/error.h"
#include "formats/text.h"

namespace sinter {

class Budget {
 public:
  // Weights hardly shrink when they are packed, and structure is smaller than what it describes. A file of 10 MB may
  // cost 768 MB.
  static constexpr uint64_t per_byte = 64, allowance = uint64_t{128} << 20;

  explicit Budget(uint64_t file_bytes)
      : limit_(file_bytes > (UINT64_MAX - allowance) / per_byte ? UINT64_MAX
                                                                : file_bytes * per_byte + allowance),
        left_(limit_) {}

  // Whether `count` times `bytes` more may be read, unpacked or allocated. After the first refusal nothing may.
  [[nodiscard]] bool charge(uint64_t bytes, uint64_t count = 1) {
    uint64_t all = 0;
    if (__builtin_mul_overflow(bytes, count, &all) || all > left_) {
      left_ = 0;
      return false;
    }
    left_ -= all;
    return true;
  }

  uint64_t limit() const { return limit_; }
  uint64_t left() const { return left_; }

  // `what` in `file` was refused.
  Error exceeded(const std::string &file, const std::string &what) const {
    return rejected(
        file, what + ": the file asks for more than " + bytes_text(limit_) + ", the limit for its size",
        "it is damaged, made to exhaust memory, or packed far more than weights are: save it uncompressed");
  }

 private:
  uint64_t limit_, left_;
};

}  // namespace sinter

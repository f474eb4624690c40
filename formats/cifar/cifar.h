// Files of CIFAR-10 and CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): small pictures of 32 x 32
// pixels in three colors, in records of bytes (the "binary version") or as Python pickled them (the
// "python version", which Keras reads). Which of the two a file is, its first byte says.
#pragma once

#include <cstdint>
#include <string>

#include "formats/bytes/byte_stream.h"
#include "formats/cifar/pickle.h"

namespace sinter {

// What a picture is labelled with: one of CIFAR-10's 10 classes, of CIFAR-100's 100 classes or of its 20
// superclasses.
enum class CifarLabel : uint8_t { ten, fine, coarse };

class CifarReader {
 public:
  static constexpr int64_t side = 32, channels = 3, pixels = channels * side * side;

  static Result<CifarReader> open(const std::string &path, CifarLabel label);

  int64_t count() const { return count_; }
  // [count, 32, 32, 3], channels last as Keras has them.
  Status read_pixels(uint8_t *to);
  // [count]; classes that the set does not have are rejected.
  Status read_labels(uint8_t *to);

  // Where in the file the first picture and the first label lie, and how far from there the next one. A
  // stride of 0: labels that lie near each other, but not evenly.
  struct Places {
    uint64_t first, stride;
  };
  Places pixel_places() const;
  Places label_places() const;

 private:
  CifarReader(std::unique_ptr<FileStream> stream, CifarLabel label)
      : stream_(std::move(stream)), label_(label) {}
  bool is_binary() const { return label_bytes_ > 0; }
  Status check_records();
  Status check_pickle();
  Error bad_label(uint64_t offset, int64_t label) const;

  std::unique_ptr<FileStream> stream_;
  CifarLabel label_;
  int64_t count_ = 0;
  uint64_t label_bytes_ = 0;   // of a record; 0: a pickle
  uint64_t pixel_offset_ = 0;  // in the pickle
  PickledIntegers labels_;     // of the pickle
};

}  // namespace sinter

// What tests of files share: a folder that vanishes, and files in the formats that are read.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/bytes/byte_stream.h"

namespace sinter {

// A folder of its own for each test, removed at its end.
class FolderTest : public testing::Test {
 protected:
  FolderTest();
  ~FolderTest() override;

  std::string path(const std::string &name) const { return folder_ + "/" + name; }
  std::string write(const std::string &name, const std::string &bytes) const;  // returns the path
  void make_folder(const std::string &name) const;
  std::vector<std::string> entries() const;

 private:
  std::string folder_;
};

std::string read_file(const std::string &path);
std::unique_ptr<ByteStream> memory(std::string bytes, std::string name = "file");

// Bytes of values as they lie in memory.
template <class Value>
std::string bytes_of(const std::vector<Value> &values) {
  return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(Value)};
}

std::string npy(const std::string &dtype, const std::string &shape, const std::string &data, int version = 1,
                bool fortran = false);
std::string npy_floats(const std::vector<int64_t> &shape, const std::vector<float> &values);
// The values of a float32 file, checking nothing but its header length.
std::vector<float> floats_of_npy(const std::string &bytes);

std::string big_endian32(uint32_t value);
std::string idx(const std::vector<uint32_t> &shape, const std::string &data);
std::string gzip(const std::string &bytes);
struct ZipMember {
  std::string name, bytes;
  bool deflated = false;
};
std::string zip(const std::vector<ZipMember> &members);

// A batch of CIFAR as cPickle of Python 2 wrote it with protocol 2: lists of numbers by their keys, "data"
// of 3072 bytes a picture, and "filenames".
std::string cifar_pickle(const std::vector<std::pair<std::string, std::vector<int>>> &labels,
                         const std::string &data);

// Pictures of [height, width, channels] bytes.
std::string png(int width, int height, int channels, const std::vector<uint8_t> &pixels);
std::string jpeg(int width, int height, int channels, const std::vector<uint8_t> &pixels, int quality = 95);

}  // namespace sinter

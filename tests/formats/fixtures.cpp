#include "tests/formats/fixtures.h"

#include <png.h>
#include <unistd.h>
#include <zlib.h>
// clang-format off
#include <stdio.h>  // jpeglib.h needs it
#include <jpeglib.h>
// clang-format on

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sinter {

FolderTest::FolderTest() {
  std::string pattern = testing::TempDir() + "sinter-test-XXXXXX";
  if (!mkdtemp(pattern.data())) std::abort();
  folder_ = pattern;
}

FolderTest::~FolderTest() {
  std::filesystem::remove_all(folder_);
}

std::string FolderTest::write(const std::string &name, const std::string &bytes) const {
  const std::string file = path(name);
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

void FolderTest::make_folder(const std::string &name) const {
  std::filesystem::create_directories(path(name));
}

std::vector<std::string> FolderTest::entries() const {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::unique_ptr<ByteStream> memory(std::string bytes, std::string name) {
  return std::make_unique<MemoryStream>(std::move(name), std::move(bytes));
}

std::string npy(const std::string &dtype, const std::string &shape, const std::string &data, int version,
                bool fortran) {
  std::string header = "{'descr': '" + dtype + "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY");
  bytes += static_cast<char>(version);
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes.append(version == 1 ? 1 : 3, '\0');
  return bytes + header + data;
}

std::string npy_floats(const std::vector<int64_t> &shape, const std::vector<float> &values) {
  std::string text = "(";
  for (const int64_t extent : shape) text += std::to_string(extent) + ",";
  return npy("<f4", text + ")", bytes_of(values));
}

std::vector<float> floats_of_npy(const std::string &bytes) {
  const size_t start =
      10 + static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
  std::vector<float> values((bytes.size() - start) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(float));
  return values;
}

std::string big_endian32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

std::string idx(const std::vector<uint32_t> &shape, const std::string &data) {
  std::string bytes = big_endian32(0x800 + static_cast<uint32_t>(shape.size()));
  for (const uint32_t extent : shape) bytes += big_endian32(extent);
  return bytes + data;
}

namespace {

std::string deflated(const std::string &bytes, int window_bits) {
  z_stream zlib{};
  if (deflateInit2(&zlib, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string result(bytes.size() + 1000, '\0');
  zlib.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  zlib.next_out = reinterpret_cast<Bytef *>(result.data());
  zlib.avail_out = static_cast<uInt>(result.size());
  if (deflate(&zlib, Z_FINISH) != Z_STREAM_END) std::abort();
  result.resize(zlib.total_out);
  deflateEnd(&zlib);
  return result;
}

std::string little(uint64_t value, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>(i < 8 ? value >> 8 * i & 0xFF : 0);
  return result;
}

}  // namespace

std::string gzip(const std::string &bytes) {
  return deflated(bytes, 15 + 16);
}

std::string zip(const std::vector<ZipMember> &members) {
  std::string file, directory;
  for (const ZipMember &member : members) {
    const std::string data = member.deflated ? deflated(member.bytes, -15) : member.bytes;
    const uLong crc = crc32(0, reinterpret_cast<const Bytef *>(member.bytes.data()),
                            static_cast<uInt>(member.bytes.size()));
    const std::string common = little(20, 2) + little(0, 2) + little(member.deflated ? 8 : 0, 2) +
                               little(0, 4) + little(crc, 4) + little(data.size(), 4) +
                               little(member.bytes.size(), 4) + little(member.name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + common + little(0, 10) + little(file.size(), 4) + member.name;
    file += "PK\x03\x04" + common + member.name + data;
  }
  return file + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

namespace {

class Python2Pickle {
 public:
  std::string bytes = "\x80\x02";

  void memo() {
    ++memos_;
    bytes += memos_ < 256 ? "q" + little(memos_, 1) : "r" + little(memos_, 4);
  }
  void text(const std::string &value) {
    bytes += value.size() < 256 ? "U" + little(value.size(), 1) : "T" + little(value.size(), 4);
    bytes += value;
    memo();
  }
  void integer(int value) {
    bytes += value < 256 ? "K" + little(static_cast<uint64_t>(value), 1)
                         : "M" + little(static_cast<uint64_t>(value), 2);
  }
  // In batches of 1000, as cPickle appends them.
  template <class Item>
  void list(size_t count, Item item) {
    bytes += "]";
    memo();
    for (size_t done = 0; done < count;) {
      const size_t now = std::min<size_t>(1000, count - done);
      if (now > 1) bytes += "(";
      for (size_t i = 0; i < now; ++i) item(done + i);
      bytes += now > 1 ? "e" : "a";
      done += now;
    }
  }

 private:
  uint64_t memos_ = 0;
};

}  // namespace

std::string cifar_pickle(const std::vector<std::pair<std::string, std::vector<int>>> &labels,
                         const std::string &data) {
  Python2Pickle pickle;
  const size_t count = data.size() / 3072;
  pickle.bytes += "}";
  pickle.memo();
  pickle.bytes += "(";
  pickle.text("batch_label");
  pickle.text("training batch 1 of 5");
  for (const auto &[key, values] : labels) {
    pickle.text(key);
    pickle.list(values.size(), [&](size_t i) { pickle.integer(values[i]); });
  }
  pickle.text("data");
  const auto global = [&](const std::string &module, const std::string &name) {
    pickle.bytes += "c" + module + "\n" + name + "\n";
    pickle.memo();
  };
  const auto memo_after = [&](const std::string &operation) {
    pickle.bytes += operation;
    pickle.memo();
  };
  global("numpy.core.multiarray", "_reconstruct");
  global("numpy", "ndarray");
  pickle.integer(0);
  memo_after("\x85");
  pickle.text("b");
  memo_after("\x87");
  memo_after("R");
  pickle.bytes += "(";
  pickle.integer(1);
  pickle.integer(static_cast<int>(count));
  pickle.integer(3072);
  memo_after("\x86");
  global("numpy", "dtype");
  pickle.text("u1");
  pickle.integer(0);
  pickle.integer(1);
  memo_after("\x87");
  memo_after("R");
  pickle.bytes += "(";
  pickle.integer(3);
  pickle.text("|");
  pickle.bytes += "NNN" + ("J" + little(0xFFFFFFFF, 4)) + ("J" + little(0xFFFFFFFF, 4));
  pickle.integer(0);
  memo_after("t");
  pickle.bytes += "b\x89";
  pickle.text(data);
  memo_after("t");
  pickle.bytes += "b";
  pickle.text("filenames");
  pickle.list(count, [&](size_t i) { pickle.text("picture_s_" + std::to_string(i) + ".png"); });
  return pickle.bytes + "u.";
}

std::string png(int width, int height, int channels, const std::vector<uint8_t> &pixels) {
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  picture.width = static_cast<png_uint_32>(width);
  picture.height = static_cast<png_uint_32>(height);
  picture.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  png_alloc_size_t size = 0;
  if (!png_image_write_to_memory(&picture, nullptr, &size, 0, pixels.data(), 0, nullptr)) std::abort();
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&picture, bytes.data(), &size, 0, pixels.data(), 0, nullptr)) std::abort();
  return bytes;
}

std::string jpeg(int width, int height, int channels, const std::vector<uint8_t> &pixels, int quality) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char *buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &buffer, &size);
  codec.image_width = static_cast<JDIMENSION>(width);
  codec.image_height = static_cast<JDIMENSION>(height);
  codec.input_components = channels;
  codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    JSAMPROW row =
        const_cast<JSAMPROW>(pixels.data()) + codec.next_scanline * static_cast<size_t>(width * channels);
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  std::string bytes(reinterpret_cast<char *>(buffer), size);
  jpeg_destroy_compress(&codec);
  std::free(buffer);
  return bytes;
}

}  // namespace sinter

#include "formats/npy/npy_writer.h"

#include <bit>

#include "formats/npy/npy.h"

namespace sinter {

static_assert(std::endian::native == std::endian::little, "npy files are written as '<f4'");

Result<NpyWriter> NpyWriter::create(const std::string &path, std::vector<int64_t> sample_shape) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  std::vector<int64_t> shape{INT64_MAX};  // makes room for any count: the header is replaced by finish()
  shape.insert(shape.end(), sample_shape.begin(), sample_shape.end());
  NpyWriter writer(std::move(*file), std::move(shape));
  const std::string header = npy_float32_header(writer.shape_);
  writer.header_bytes_ = header.size();
  writer.shape_[0] = 0;
  if (Status status = writer.file_.write(header); !status) return status.error();
  return writer;
}

Status NpyWriter::append(std::span<const float> values, int64_t samples) {
  shape_[0] += samples;
  return file_.write({reinterpret_cast<const char *>(values.data()), values.size_bytes()});
}

Status NpyWriter::finish() {
  if (Status status = file_.overwrite(0, npy_float32_header(shape_, header_bytes_)); !status) return status;
  return file_.commit();
}

}  // namespace sinter

#include "runtime/data/input.h"

#include <algorithm>

#include "formats/text.h"

namespace sinter::runtime {
namespace {

constexpr uint64_t max_image_file_bytes = 256u << 20;

std::vector<int64_t> without_ones(std::span<const int64_t> dims) {
  std::vector<int64_t> result;
  for (const int64_t extent : dims)
    if (extent != 1) result.push_back(extent);
  return result;
}

int64_t product(std::span<const int64_t> dims) {
  int64_t elements = 1;
  for (const int64_t extent : dims) elements *= extent;
  return elements;
}

std::string expectation(const TensorInfo &tensor, Batching batching) {
  const std::string batch = shape_text(tensor.source_dims, true);
  return batching == Batching::required ? batch : shape_text(tensor.source_dims) + " or " + batch;
}

}  // namespace

bool sample_shape_fits(std::span<const int64_t> sample, const TensorInfo &tensor) {
  if (without_ones(sample) == without_ones(tensor.source_dims)) return true;
  return tensor.source_dims.size() == 1 && product(sample) == tensor.elements;
}

Result<ArrayInput> ArrayInput::open(std::unique_ptr<ByteStream> stream, const TensorInfo &tensor,
                                    PixelScale scale, Batching batching) {
  Result<NpyReader> reader = NpyReader::open(std::move(stream));
  if (!reader) return reader.error();
  const NpyHeader &header = reader->header();
  if (!header.is_float() && !header.is_uint8())
    return rejected(reader->name(), "array of " + header.type_text() + ", expected float32, float64 or uint8",
                    "save it with .astype('float32')");
  const std::span<const int64_t> shape = header.shape;
  // An exact match decides first: [1, 28, 28] for [1, 28, 28] is one sample, not a batch of [28, 28].
  const bool exact_sample = std::ranges::equal(shape, tensor.source_dims);
  const bool exact_batch = !shape.empty() && std::ranges::equal(shape.subspan(1), tensor.source_dims);
  const bool batch_fits = !shape.empty() && sample_shape_fits(shape.subspan(1), tensor);
  const bool sample_fits = batching == Batching::optional && sample_shape_fits(shape, tensor);
  ArrayInput input(std::move(*reader), tensor, scale);
  if (exact_batch || (batch_fits && !(exact_sample && batching == Batching::optional))) {
    input.is_batch_ = true;
    input.count_ = shape[0];
  } else if (!sample_fits) {
    return rejected(input.name(), "array of shape " + shape_text(shape) + ", expected " +
                                      expectation(tensor, batching) + " for input '" + tensor.name + "'");
  }
  if (!tensor.same_layout()) input.source_.resize(static_cast<size_t>(tensor.elements));
  return input;
}

Status ArrayInput::read(int64_t n, float *to) {
  const int64_t elements = tensor_->elements;
  if (source_.empty()) {
    if (Status status = reader_.read(to, n * elements); !status) return status;
  } else {
    for (int64_t i = 0; i < n; ++i) {
      if (Status status = reader_.read(source_.data(), elements); !status) return status;
      to_program_layout(*tensor_, source_.data(), to + i * elements, 1);
    }
  }
  if (reader_.header().is_uint8())
    for (int64_t i = 0; i < n * elements; ++i) to[i] = scale_.scale * to[i] + scale_.offset;
  return {};
}

void fill_from_image(const Image &image, const TensorInfo &tensor, PixelScale scale, float *to) {
  const int channels = static_cast<int>(tensor.dims[2]);
  if (image.channels == channels)
    resize_bilinear(image, tensor.dims[0], tensor.dims[1], scale.scale, scale.offset, to);
  else
    resize_bilinear(convert_channels(image, channels), tensor.dims[0], tensor.dims[1], scale.scale,
                    scale.offset, to);
}

Result<Image> read_image(const std::string &path) {
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  Result<std::string> bytes = read_all(**stream, max_image_file_bytes);
  if (!bytes) return bytes.error();
  return decode_image(path, *bytes);
}

}  // namespace sinter::runtime

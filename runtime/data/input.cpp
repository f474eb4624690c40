#include "runtime/data/input.h"

#include <algorithm>

#include "formats/text.h"

namespace sinter::runtime {
namespace {

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

}  // namespace

bool sample_shape_fits(std::span<const int64_t> sample, const TensorInfo &tensor) {
  if (without_ones(sample) == without_ones(tensor.source_dims)) return true;
  return tensor.source_dims.size() == 1 && product(sample) == tensor.elements;
}

Result<ArrayInput> ArrayInput::open(std::unique_ptr<ByteStream> stream, const TensorInfo &tensor,
                                    const schema::Program &program) {
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
  const bool sample_fits = sample_shape_fits(shape, tensor);
  ArrayInput input(std::move(*reader), tensor);
  if (exact_batch || (batch_fits && !exact_sample)) {
    input.is_batch_ = true;
    input.count_ = shape[0];
  } else if (!sample_fits) {
    return rejected(input.name(),
                    "array of shape " + shape_text(shape) + ", expected " + shape_text(tensor.source_dims) +
                        " or " + shape_text(tensor.source_dims, true) + " for input '" + tensor.name + "'");
  }
  if (!tensor.same_layout()) input.source_.resize(static_cast<size_t>(tensor.elements));
  if (input.reader_.header().is_uint8()) {
    input.pixel_steps_.emplace(ValueSteps::Source::bytes);
    const int64_t channels = tensor.source_dims.empty() ? 1 : tensor.source_dims.back();
    if (Status status = input.pixel_steps_->add_pixel_steps(program, channels, input.name()); !status)
      return status.error();
    input.pixels_.resize(static_cast<size_t>(tensor.elements));
  }
  return input;
}

Status ArrayInput::read(int64_t n, float *to) {
  const int64_t elements = tensor_->elements;
  if (source_.empty() && !pixel_steps_) return reader_.read(to, n * elements);
  for (int64_t i = 0; i < n; ++i, to += elements) {
    float *sample = source_.empty() ? to : source_.data();
    if (Status status = reader_.read(sample, elements); !status) return status;
    if (pixel_steps_) {
      std::transform(sample, sample + elements, pixels_.begin(),
                     [](float byte) { return static_cast<uint8_t>(byte); });
      pixel_steps_->convert(pixels_, sample);
    }
    if (!source_.empty()) to_program_layout(*tensor_, sample, to, 1);
  }
  return {};
}

void fill_from_image(const Image &image, std::span<const int64_t> dims, const ValueSteps &steps, float *to) {
  const int channels = static_cast<int>(dims[2]);
  if (image.channels == channels)
    resize_bilinear(image, dims[0], dims[1], to);
  else
    resize_bilinear(convert_channels(image, channels), dims[0], dims[1], to);
  steps.transform({to, static_cast<size_t>(dims[0] * dims[1] * dims[2])});
}

}  // namespace sinter::runtime

#include "formats/cifar/cifar.h"

#include "formats/text.h"

namespace sinter {
namespace {

constexpr int64_t plane = CifarReader::side * CifarReader::side;

struct LabelKind {
  const char *key;  // in pickles
  int64_t classes;
  uint64_t record_bytes;  // labels of a record: CIFAR-100 has the coarse one first, then the fine one
  uint64_t position;      // among them
};

const LabelKind &kind_of(CifarLabel label) {
  static constexpr LabelKind kinds[] = {
      {"labels", 10, 1, 0}, {"fine_labels", 100, 2, 1}, {"coarse_labels", 20, 2, 0}};
  return kinds[static_cast<size_t>(label)];
}

void planes_to_pixels(const uint8_t *planes, uint8_t *to) {
  for (int64_t pixel = 0; pixel < plane; ++pixel)
    for (int64_t c = 0; c < CifarReader::channels; ++c) *to++ = planes[c * plane + pixel];
}

}  // namespace

Result<CifarReader> CifarReader::open(const std::string &path, CifarLabel label) {
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  Result<std::string> first = (*stream)->peek(1);
  if (!first) return first.error();
  CifarReader reader(std::move(*stream), label);
  // A pickle says its protocol first; a record its class, which is below 100.
  const bool is_pickle = *first == "\x80";
  if (Status status = is_pickle ? reader.check_pickle() : reader.check_records(); !status)
    return status.error();
  return reader;
}

Status CifarReader::check_records() {
  label_bytes_ = kind_of(label_).record_bytes;
  const uint64_t record = label_bytes_ + pixels;
  const uint64_t bytes = stream_->total_bytes().value_or(0);
  if (bytes == 0 || bytes % record != 0)
    return stream_->damaged(
        bytes / record * record,
        format("expected CIFAR records of %llu bytes each, the file has %llu bytes",
               static_cast<unsigned long long>(record), static_cast<unsigned long long>(bytes)));
  count_ = static_cast<int64_t>(bytes / record);
  return {};
}

Status CifarReader::check_pickle() {
  Result<PickleFile> file = PickleFile::read(*stream_);
  if (!file) return file.error();
  const char *key = kind_of(label_).key;
  const std::optional<PickledArray> data = file->array("data");
  std::optional<PickledIntegers> labels = file->integers(key);
  if (!data || data->shape.size() != 2 || data->shape[1] != pixels)
    return rejected(stream_->name(), format("no array 'data' of bytes [N, %lld], expected CIFAR's dictionary",
                                            static_cast<long long>(pixels)));
  count_ = data->shape[0];
  if (!labels || static_cast<int64_t>(labels->values.size()) != count_)
    return rejected(stream_->name(),
                    format("no list '%s' of %lld numbers, expected CIFAR%s's dictionary", key,
                           static_cast<long long>(count_), label_ == CifarLabel::ten ? "-10" : "-100"));
  if (count_ == 0) return rejected(stream_->name(), "no pictures");
  pixel_offset_ = data->offset;
  labels_ = std::move(*labels);
  return {};
}

Error CifarReader::bad_label(uint64_t offset, int64_t label) const {
  return stream_->damaged(offset, format("label %lld, expected 0 to %lld", static_cast<long long>(label),
                                         static_cast<long long>(kind_of(label_).classes - 1)));
}

CifarReader::Places CifarReader::pixel_places() const {
  return is_binary() ? Places{label_bytes_, label_bytes_ + pixels} : Places{pixel_offset_, pixels};
}

CifarReader::Places CifarReader::label_places() const {
  return is_binary() ? Places{kind_of(label_).position, label_bytes_ + pixels} : Places{labels_.offset, 0};
}

Status CifarReader::read_pixels(uint8_t *to) {
  const Places places = pixel_places();
  std::vector<uint8_t> planes(static_cast<size_t>(pixels));
  for (int64_t i = 0; i < count_; ++i, to += pixels) {
    if (Status status = stream_->seek(places.first + static_cast<uint64_t>(i) * places.stride); !status)
      return status;
    if (Status status = stream_->read_exact(planes.data(), planes.size(), "a picture"); !status)
      return status;
    planes_to_pixels(planes.data(), to);
  }
  return {};
}

Status CifarReader::read_labels(uint8_t *to) {
  const Places places = label_places();
  for (int64_t i = 0; i < count_; ++i) {
    const uint64_t at = places.first + static_cast<uint64_t>(i) * places.stride;
    int64_t label = is_binary() ? 0 : labels_.values[static_cast<size_t>(i)];
    if (is_binary()) {
      uint8_t byte = 0;
      if (Status status = stream_->seek(at); !status) return status;
      if (Status status = stream_->read_exact(&byte, 1, "a label"); !status) return status;
      label = byte;
    }
    if (label < 0 || label >= kind_of(label_).classes) return bad_label(at, label);
    to[i] = static_cast<uint8_t>(label);
  }
  return {};
}

}  // namespace sinter

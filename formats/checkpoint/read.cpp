#include <algorithm>
#include <set>

#include "formats/budget.h"
#include "formats/bytes/byte_stream.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/header.h"
#include "formats/text.h"
#include "schema/checkpoint_generated.h"
#include "support/enum_cast.h"

namespace sinter {
namespace {

constexpr const char *restore_hint = "the file was changed after it was written: use another copy of it";

// What is wrong with a file, found while checking it; null if nothing.
class Reader {
 public:
  Reader(const std::string &path, std::span<const std::byte> bytes)
      : path_(path), bytes_(bytes), budget_(bytes.size()) {}

  Status read(Checkpoint &content);

 private:
  Error damaged(uint64_t offset, const std::string &what) const {
    return rejected(path_, format("offset %llu: ", static_cast<unsigned long long>(offset)) + what,
                    restore_hint);
  }
  Status check_zeros(uint64_t from, uint64_t to) const;
  Status check_header();
  // An index may point to one table or vector again and again: each visit is charged.
  bool charge(const flatbuffers::String *text) { return budget_.charge(64 + (text ? text->size() : 0)); }
  template <class Value>
  bool charge(const flatbuffers::Vector<Value> *vector) {
    return !vector || budget_.charge(sizeof(Value), vector->size());
  }
  Status read_history(const schema::Checkpoint &index, History &history);
  Status read_callbacks(const schema::Checkpoint &index, std::vector<CallbackState> &callbacks);
  Status read_blobs(const schema::Checkpoint &index, Checkpoint &content);

  const std::string &path_;
  std::span<const std::byte> bytes_;
  CheckpointHeader header_{};
  Budget budget_;
};

Status Reader::check_zeros(uint64_t from, uint64_t to) const {
  for (uint64_t i = from; i < to; ++i)
    if (bytes_[i] != std::byte{0}) return damaged(i, "expected padding of zero bytes");
  return {};
}

Status Reader::check_header() {
  if (bytes_.size() < sizeof header_)
    return rejected(path_, format("expected a checkpoint, the file has only %zu bytes", bytes_.size()));
  std::memcpy(&header_, bytes_.data(), sizeof header_);
  if (std::string_view(header_.magic, sizeof header_.magic) != checkpoint_magic)
    return rejected(path_, "not a checkpoint: it does not start with the bytes 89 'SINTER'");
  if (header_.computed_crc() != header_.crc) return damaged(0, "the header does not fit its checksum");
  if (header_.version > checkpoint_format_version) {
    const std::string writer(header_.writer, strnlen(header_.writer, sizeof header_.writer));
    return rejected(
        path_,
        format("checkpoint format %u, written by %s; this program reads formats up to %u", header_.version,
               writer.empty() ? "a newer version" : printable(writer).c_str(), checkpoint_format_version),
        "compile the model with that version of Sinter");
  }
  if (header_.version == 0 || header_.reserved != 0)
    return damaged(8, "the header is not that of a known format");
  const uint64_t size = bytes_.size();
  if (header_.index_bytes > size || header_.data_bytes > size || header_.data_start() > size ||
      header_.data_start() + header_.data_bytes != size)
    return damaged(16, format("expected a file of %llu bytes, found %llu",
                              static_cast<unsigned long long>(header_.data_start() + header_.data_bytes),
                              static_cast<unsigned long long>(size)));
  if (crc32c(bytes_.data() + sizeof header_, header_.index_bytes) != header_.index_crc)
    return damaged(sizeof header_, "the index does not fit its checksum");
  return check_zeros(sizeof header_ + header_.index_bytes, header_.data_start());
}

// FlatBuffers' verifier does not look at the alignment of what a forged index points to: fields of 8 and of 4
// bytes, and elements of vectors (of an empty one there is nothing to align).
template <class Table>
bool fields_are_aligned(const Table &table, std::initializer_list<flatbuffers::voffset_t> of_8_bytes,
                        std::initializer_list<flatbuffers::voffset_t> of_4_bytes = {}) {
  const auto *base = reinterpret_cast<const flatbuffers::Table *>(&table);
  const auto aligned = [&](flatbuffers::voffset_t field, uintptr_t bytes) {
    return reinterpret_cast<uintptr_t>(base->GetAddressOf(field)) % bytes == 0;
  };
  return std::ranges::all_of(of_8_bytes, [&](auto field) { return aligned(field, 8); }) &&
         std::ranges::all_of(of_4_bytes, [&](auto field) { return aligned(field, 4); });
}

template <class Value>
bool is_aligned(const flatbuffers::Vector<Value> *vector) {
  return !vector || vector->size() == 0 || reinterpret_cast<uintptr_t>(vector->Data()) % sizeof(Value) == 0;
}

bool is_aligned(const schema::Checkpoint &index) {
  using C = schema::Checkpoint;
  if (!fields_are_aligned(
          index,
          {C::VT_FINGERPRINT, C::VT_SEED, C::VT_STEP, C::VT_BATCH_IN_EPOCH, C::VT_SEEN_IN_EPOCH,
           C::VT_SAMPLES},
          {C::VT_BATCH, C::VT_INITIAL_LEARNING_RATE, C::VT_LEARNING_RATE, C::VT_EPOCH, C::VT_DATA_CRC}) ||
      !is_aligned(index.sums()) || !is_aligned(index.display()) || !is_aligned(index.history_epochs()))
    return false;
  if (index.history())
    for (const schema::Series *series : *index.history())
      if (!is_aligned(series->values())) return false;
  if (index.callbacks())
    for (const schema::CallbackState *callback : *index.callbacks()) {
      if (!callback->numbers()) continue;
      for (const schema::NamedNumber *number : *callback->numbers())
        if (!fields_are_aligned(*number, {schema::NamedNumber::VT_VALUE})) return false;
    }
  if (index.blobs())
    for (const schema::Blob *blob : *index.blobs())
      if (!fields_are_aligned(*blob, {schema::Blob::VT_OFFSET, schema::Blob::VT_BYTES},
                              {schema::Blob::VT_CRC}) ||
          !is_aligned(blob->dims()))
        return false;
  return true;
}

template <class Value>
std::vector<Value> values_of(const flatbuffers::Vector<Value> *vector) {
  return vector ? std::vector<Value>(vector->begin(), vector->end()) : std::vector<Value>();
}

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

Status Reader::read_history(const schema::Checkpoint &index, History &history) {
  history.epochs = values_of(index.history_epochs());
  if (!index.history()) return {};
  for (const schema::Series *series : *index.history()) {
    if (!charge(series->name()) || !charge(series->values())) return budget_.exceeded(path_, "the history");
    history.series.emplace_back(text_of(series->name()), values_of(series->values()));
    if (history.series.back().second.size() != history.epochs.size())
      return damaged(sizeof header_,
                     "the history of '" + printable(history.series.back().first) + "' has a wrong length");
  }
  return {};
}

Status Reader::read_callbacks(const schema::Checkpoint &index, std::vector<CallbackState> &callbacks) {
  if (!index.callbacks()) return {};
  for (const schema::CallbackState *callback : *index.callbacks()) {
    if (!charge(callback->class_name())) return budget_.exceeded(path_, "the callbacks");
    CallbackState state{text_of(callback->class_name()), {}};
    if (callback->numbers())
      for (const schema::NamedNumber *number : *callback->numbers()) {
        if (!charge(number->name())) return budget_.exceeded(path_, "the callbacks");
        state.numbers.emplace_back(text_of(number->name()), number->value());
      }
    callbacks.push_back(std::move(state));
  }
  return {};
}

Status Reader::read_blobs(const schema::Checkpoint &index, Checkpoint &content) {
  const uint64_t start = header_.data_start();
  uint64_t end = 0;  // of the blob before, from the start of the data section
  std::set<std::pair<BlobRole, std::string>> names;
  if (index.blobs())
    for (const schema::Blob *blob : *index.blobs()) {
      // The name is kept twice.
      if (!charge(blob->name()) || !charge(blob->name()) || !charge(blob->dims()) ||
          !budget_.charge(2 * sizeof(CheckpointBlob)))
        return budget_.exceeded(path_, "the index");
      CheckpointBlob read{text_of(blob->name()), enum_cast<BlobRole>(blob->role()),
                          enum_cast<BlobType>(blob->type()), values_of(blob->dims()), nullptr};
      uint64_t elements = 1;
      for (const int64_t extent : read.dims)
        if (extent < 0 || __builtin_mul_overflow(elements, static_cast<uint64_t>(extent), &elements) ||
            elements > header_.data_bytes)
          return damaged(sizeof header_, "a shape in the index exceeds the file");
      const bool known = read.role <= BlobRole::restored_weights && read.type <= BlobType::u32;
      if (!known || blob->bytes() != elements * sizeof(float) || blob->offset() != checkpoint_aligned(end) ||
          blob->offset() > header_.data_bytes || blob->bytes() > header_.data_bytes - blob->offset())
        return damaged(sizeof header_, "the index does not fit the data of '" + printable(read.name) + "'");
      if (Status status = check_zeros(start + end, start + blob->offset()); !status) return status;
      read.data = bytes_.data() + start + blob->offset();
      if (crc32c(read.data, blob->bytes()) != blob->crc())
        return damaged(start + blob->offset(),
                       format("the %llu bytes of '%s' do not fit their checksum",
                              static_cast<unsigned long long>(blob->bytes()), printable(read.name).c_str()));
      if (!names.emplace(read.role, read.name).second)
        return damaged(sizeof header_, "the index lists '" + printable(read.name) + "' twice");
      end = blob->offset() + blob->bytes();
      content.blobs.push_back(std::move(read));
    }
  if (end != header_.data_bytes) return damaged(start + end, "data that the index does not mention");
  return {};
}

Status Reader::read(Checkpoint &content) {
  if (Status status = check_header(); !status) return status;
  const auto *index_bytes = reinterpret_cast<const uint8_t *>(bytes_.data() + sizeof header_);
  flatbuffers::Verifier verifier(index_bytes, header_.index_bytes);
  if (!schema::VerifyCheckpointBuffer(verifier))
    return damaged(sizeof header_, "the index is not well-formed");
  const schema::Checkpoint &index = *schema::GetCheckpoint(index_bytes);
  if (!is_aligned(index)) return damaged(sizeof header_, "the index is not well-formed");
  content.sinter_version = text_of(index.sinter_version());
  content.fingerprint = index.fingerprint();
  content.seed = index.seed();
  content.batch = index.batch();
  content.initial_learning_rate = index.initial_learning_rate();
  content.learning_rate = index.learning_rate();
  content.progress = {index.step(),          index.epoch(),           index.batch_in_epoch(),
                      index.seen_in_epoch(), values_of(index.sums()), values_of(index.display()),
                      index.stopped()};
  content.samples = index.samples();
  content.data_crc = index.data_crc();
  if (Status status = read_history(index, content.history); !status) return status;
  if (Status status = read_callbacks(index, content.callbacks); !status) return status;
  return read_blobs(index, content);
}

}  // namespace

bool CheckpointFile::is_checkpoint(std::string_view first_bytes) {
  return starts_with(first_bytes, checkpoint_magic);
}

Result<CheckpointFile> CheckpointFile::read(const std::string &path) {
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  const auto total = (*stream)->total_bytes();
  if (!total) return system_error(path, "a checkpoint must be a regular file");
  AlignedBytes bytes(static_cast<size_t>(*total));
  if (!bytes.data()) return system_error(path, "no memory for a file of " + bytes_text(*total));
  if (Status status = (*stream)->read_exact(bytes.data(), bytes.size(), "a checkpoint"); !status)
    return status.error();
  return parse(path, std::move(bytes));
}

Result<CheckpointFile> CheckpointFile::parse(const std::string &name, AlignedBytes bytes) {
  CheckpointFile file(std::move(bytes));
  Reader reader(name, file.bytes_.bytes());
  if (Status status = reader.read(file.content_); !status) return status.error();
  return file;
}

}  // namespace sinter

#include <bit>

#include "formats/bytes/atomic_file.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/header.h"
#include "schema/checkpoint_generated.h"
#include "support/enum_cast.h"
#include "support/version.h"

namespace sinter {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

flatbuffers::Offset<schema::Series> pack_series(flatbuffers::FlatBufferBuilder &builder,
                                                const std::string &name, const std::vector<double> &values) {
  return schema::CreateSeriesDirect(builder, name.c_str(), &values);
}

std::string build_index(const Checkpoint &checkpoint) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Blob>> blobs;
  uint64_t offset = 0;
  for (const CheckpointBlob &blob : checkpoint.blobs) {
    const size_t bytes = blob.bytes();
    blobs.push_back(schema::CreateBlobDirect(
        builder, blob.name.c_str(), enum_cast<schema::BlobRole>(blob.role),
        enum_cast<schema::BlobType>(blob.type), &blob.dims, offset, bytes, crc32c(blob.data, bytes)));
    offset = checkpoint_aligned(offset + bytes);
  }
  std::vector<flatbuffers::Offset<schema::Series>> history;
  for (const auto &[name, values] : checkpoint.history.series)
    history.push_back(pack_series(builder, name, values));
  std::vector<flatbuffers::Offset<schema::CallbackState>> callbacks;
  for (const CallbackState &callback : checkpoint.callbacks) {
    std::vector<flatbuffers::Offset<schema::NamedNumber>> numbers;
    for (const auto &[name, value] : callback.numbers)
      numbers.push_back(schema::CreateNamedNumberDirect(builder, name.c_str(), value));
    callbacks.push_back(schema::CreateCallbackStateDirect(builder, callback.class_name.c_str(), &numbers));
  }
  const Progress &progress = checkpoint.progress;
  builder.Finish(schema::CreateCheckpointDirect(
      builder, checkpoint.sinter_version.c_str(), checkpoint.fingerprint, checkpoint.seed, checkpoint.batch,
      checkpoint.initial_learning_rate, checkpoint.learning_rate, progress.step, progress.epoch,
      progress.batch_in_epoch, progress.seen_in_epoch, &progress.sums, &progress.display, progress.stopped,
      checkpoint.samples, checkpoint.data_crc, &checkpoint.history.epochs, &history, &callbacks, &blobs));
  return {reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize()};
}

std::string_view bytes_of(const CheckpointHeader &header) {
  return {reinterpret_cast<const char *>(&header), sizeof header};
}

}  // namespace

size_t CheckpointBlob::bytes() const {
  size_t elements = 1;
  for (const int64_t extent : dims) elements *= static_cast<size_t>(extent);
  return elements * sizeof(float);
}

const CheckpointBlob *Checkpoint::find(std::string_view name, BlobRole role) const {
  for (const CheckpointBlob &blob : blobs)
    if (blob.role == role && blob.name == name) return &blob;
  return nullptr;
}

Status write_checkpoint(const std::string &path, const Checkpoint &checkpoint) {
  const std::string index = build_index(checkpoint);
  CheckpointHeader header{};
  std::memcpy(header.magic, checkpoint_magic.data(), sizeof header.magic);
  header.version = checkpoint_format_version;
  header.index_crc = crc32c(index.data(), index.size());
  header.index_bytes = index.size();
  for (const CheckpointBlob &blob : checkpoint.blobs)
    header.data_bytes = checkpoint_aligned(header.data_bytes) + blob.bytes();
  const std::string writer = "sinter " + checkpoint.sinter_version;
  std::memcpy(header.writer, writer.data(), std::min(writer.size(), sizeof header.writer - 1));
  header.crc = header.computed_crc();

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  static constexpr char zeros[checkpoint_alignment] = {};
  uint64_t written = 0;
  const auto write = [&](std::string_view bytes) {
    written += bytes.size();
    return file->write(bytes);
  };
  const auto align = [&] { return write({zeros, checkpoint_aligned(written) - written}); };
  if (Status status = write(bytes_of(header)); !status) return status;
  if (Status status = write(index); !status) return status;
  if (Status status = align(); !status) return status;
  for (const CheckpointBlob &blob : checkpoint.blobs) {
    if (Status status = align(); !status) return status;
    if (Status status = write({reinterpret_cast<const char *>(blob.data), blob.bytes()}); !status)
      return status;
  }
  return file->commit();
}

}  // namespace sinter

// Checkpoint files: everything that training needs to go on. docs/checkpoint-format.md describes the bytes.
//
// Writing is atomic: at every instant the path holds the old or the new checkpoint, whole. Reading verifies
// everything (sizes, checksums, padding) before anything is believed, and refuses newer formats by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/bytes/aligned_bytes.h"
#include "formats/error.h"

namespace sinter {

inline constexpr uint32_t checkpoint_format_version = 1;

// state: a variable as it is. The others are copies of weights that a callback keeps: ModelCheckpoint's best
// ones, and those that EarlyStopping will restore.
enum class BlobRole : uint8_t { state, best_weights, restored_weights };
enum class BlobType : uint8_t { f32, u32 };  // both of 4 bytes

// One variable: dense, in the order of `dims` (canonical layout).
struct CheckpointBlob {
  std::string name;
  BlobRole role = BlobRole::state;
  BlobType type = BlobType::f32;
  std::vector<int64_t> dims;
  const std::byte *data = nullptr;  // not owned; product(dims) * 4 bytes

  size_t bytes() const;
};

struct CallbackState {
  std::string class_name;
  std::vector<std::pair<std::string, double>> numbers;
};

// Where training stands.
struct Progress {
  uint64_t step = 0;            // steps done, over all epochs
  uint32_t epoch = 0;           // epochs done
  uint64_t batch_in_epoch = 0;  // steps done of the epoch under way
  uint64_t seen_in_epoch = 0;   // samples
  std::vector<double> sums;     // running sums of the epoch under way: value * samples
  std::vector<double> display;  // what the progress bar has added up
  bool stopped = false;         // a callback ended training
};

struct History {
  std::vector<uint32_t> epochs;  // 0-based
  std::vector<std::pair<std::string, std::vector<double>>> series;
};

struct Checkpoint {
  std::string sinter_version;
  uint64_t fingerprint = 0;
  uint64_t seed = 0;
  uint32_t batch = 0;
  float initial_learning_rate = 0, learning_rate = 0;
  Progress progress;
  uint64_t samples = 0;  // of the training data
  uint32_t data_crc = 0;
  History history;
  std::vector<CallbackState> callbacks;
  std::vector<CheckpointBlob> blobs;

  const CheckpointBlob *find(std::string_view name, BlobRole role) const;
};

Status write_checkpoint(const std::string &path, const Checkpoint &checkpoint);

// Owns the bytes that its blobs point to.
class CheckpointFile {
 public:
  // Missing and unreadable files are system errors, everything else that is wrong is rejected.
  static Result<CheckpointFile> read(const std::string &path);
  // The file's bytes; `name` is for messages.
  static Result<CheckpointFile> parse(const std::string &name, AlignedBytes bytes);
  // Whether the file starts as checkpoints do.
  static bool is_checkpoint(std::string_view first_bytes);

  const Checkpoint &content() const { return content_; }

 private:
  explicit CheckpointFile(AlignedBytes bytes) : bytes_(std::move(bytes)) {}
  AlignedBytes bytes_;
  Checkpoint content_;
};

}  // namespace sinter

// A small checkpoint for tests.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "formats/checkpoint/checkpoint.h"

namespace sinter {

// Keeps the bytes that the checkpoint points to.
struct SampleCheckpoint {
  std::vector<float> kernel, bias, best;
  std::vector<uint32_t> counter{7};
  Checkpoint content;

  explicit SampleCheckpoint(float value = 1.5f, size_t rows = 5)
      : kernel(rows * 3, value), bias(3, -value), best(3) {
    content.sinter_version = "0.1.0";
    content.fingerprint = 0x123456789ABCDEF0;
    content.seed = 42;
    content.batch = 32;
    content.initial_learning_rate = 0.01f;
    content.learning_rate = 0.001f;
    content.progress = {1234, 3, 17, 544, {12.5, 400}, {1, 2, 3, 4}, true};
    content.samples = 60000;
    content.data_crc = 0xDEADBEEF;
    content.history = {{0, 1, 2}, {{"loss", {3, 2, 1}}, {"val_loss", {3.5, 2.5, 1.5}}}};
    content.callbacks = {{"EarlyStopping", {{"best", 1.5}, {"wait", 0}}}, {"CSVLogger", {}}};
    const auto bytes = [](auto &values) { return reinterpret_cast<const std::byte *>(values.data()); };
    content.blobs = {
        {"dense/kernel", BlobRole::state, BlobType::f32, {static_cast<int64_t>(rows), 3}, bytes(kernel)},
        {"dense/bias", BlobRole::state, BlobType::f32, {3}, bytes(bias)},
        {"iterations", BlobRole::state, BlobType::u32, {}, bytes(counter)},
        {"dense/bias", BlobRole::best_weights, BlobType::f32, {3}, bytes(best)}};
  }
};

// What differs, for messages; empty if nothing does.
inline std::string difference(const Checkpoint &a, const Checkpoint &b) {
  if (a.fingerprint != b.fingerprint || a.seed != b.seed || a.batch != b.batch ||
      a.sinter_version != b.sinter_version)
    return "identity";
  if (a.initial_learning_rate != b.initial_learning_rate || a.learning_rate != b.learning_rate) return "rate";
  const Progress &p = a.progress, &q = b.progress;
  if (p.step != q.step || p.epoch != q.epoch || p.batch_in_epoch != q.batch_in_epoch ||
      p.seen_in_epoch != q.seen_in_epoch || p.sums != q.sums || p.display != q.display ||
      p.stopped != q.stopped)
    return "progress";
  if (a.samples != b.samples || a.data_crc != b.data_crc) return "data";
  if (a.history.epochs != b.history.epochs || a.history.series != b.history.series) return "history";
  if (a.callbacks.size() != b.callbacks.size() || a.blobs.size() != b.blobs.size()) return "counts";
  for (size_t i = 0; i < a.callbacks.size(); ++i)
    if (a.callbacks[i].class_name != b.callbacks[i].class_name ||
        a.callbacks[i].numbers != b.callbacks[i].numbers)
      return "callback " + a.callbacks[i].class_name;
  for (size_t i = 0; i < a.blobs.size(); ++i) {
    const CheckpointBlob &x = a.blobs[i], &y = b.blobs[i];
    if (x.name != y.name || x.role != y.role || x.type != y.type || x.dims != y.dims ||
        std::memcmp(x.data, y.data, x.bytes()) != 0)
      return "blob " + x.name;
  }
  return "";
}

}  // namespace sinter

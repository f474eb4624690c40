// Batches of samples, gathered on a thread while the program works on the batch before.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "runtime/arena.h"
#include "runtime/data/sample_set.h"

namespace sinter::runtime {

struct Batch {
  uint32_t n = 0;
  std::vector<float *> inputs, targets;  // as the program takes them
  std::optional<Error> error;            // the data could not be read
};

class BatchStream {
 public:
  // Two sets of buffers for up to `batch` samples. Without `threaded`, batches are gathered when they are
  // asked for, also if no thread can be had: the values are the same. `samples` must outlive the stream.
  static Result<std::unique_ptr<BatchStream>> create(const Trainer &trainer, const SampleSet &samples,
                                                     uint32_t batch, bool threaded);
  ~BatchStream();

  // The batches first, first + 1, … of `order`, which must stay as it is until the last one was taken, or
  // stop().
  void start(std::span<const uint32_t> order, uint64_t first);
  void stop();
  // Valid until the next call. Not to be called beyond the last batch.
  const Batch &next();

  uint64_t batches(size_t samples) const { return (samples + batch_ - 1) / batch_; }

 private:
  explicit BatchStream(const SampleSet &samples, uint32_t batch) : samples_(&samples), batch_(batch) {}
  void fill(Batch &batch, uint64_t number);
  void work();

  const SampleSet *samples_;
  uint32_t batch_;
  std::vector<Arena> memory_;
  Batch slots_[2];

  std::span<const uint32_t> order_;
  uint64_t next_ = 0, end_ = 0;  // batches handed out, and the last one's successor

  bool threaded_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t filled_ = 0;  // batches gathered
  bool busy_ = false, quit_ = false;
  pthread_t thread_{};
};

// Ends the gathering when a scope is left, also by an error: the thread reads what its owner may free next.
struct StopAtExit {
  BatchStream &stream;
  ~StopAtExit() { stream.stop(); }
};

}  // namespace sinter::runtime

// Loss and metrics over a set of samples with the state's weights.
#pragma once

#include <memory>
#include <vector>

#include "runtime/data/batch_stream.h"
#include "runtime/training/state.h"

namespace sinter::runtime {

class Evaluator {
 public:
  // Batches of `batch` samples. The arena is the trainer's. All arguments must outlive the Evaluator.
  static Result<std::unique_ptr<Evaluator>> create(const Trainer &trainer, const SampleSet &samples,
                                                   uint32_t batch, void *arena, bool prefetch);

  // Means over all samples, or over the first `steps` batches if steps > 0, one a value of the trainer.
  // Allocates nothing.
  Status run(const TrainingState &state, uint64_t steps, std::span<double> means);
  uint64_t batches() const { return stream_->batches(order_.size()); }

 private:
  Evaluator(const Trainer &trainer, std::unique_ptr<BatchStream> stream, void *arena)
      : trainer_(&trainer), stream_(std::move(stream)), arena_(arena) {}
  const Trainer *trainer_;
  std::vector<uint32_t> order_;  // outlives the stream, which reads it
  std::unique_ptr<BatchStream> stream_;
  void *arena_;
  std::vector<float> sums_;
};

}  // namespace sinter::runtime

#include "runtime/training/evaluator.h"

#include <algorithm>
#include <numeric>

namespace sinter::runtime {

Result<std::unique_ptr<Evaluator>> Evaluator::create(const Trainer &trainer, const SampleSet &samples,
                                                     uint32_t batch, void *arena, bool prefetch) {
  Result<std::unique_ptr<BatchStream>> stream = BatchStream::create(trainer, samples, batch, prefetch);
  if (!stream) return stream.error();
  std::unique_ptr<Evaluator> evaluator(new Evaluator(trainer, std::move(*stream), arena));
  evaluator->order_.resize(static_cast<size_t>(samples.count()));
  std::iota(evaluator->order_.begin(), evaluator->order_.end(), 0u);
  evaluator->sums_.resize(trainer.values.size());
  return evaluator;
}

Status Evaluator::run(const TrainingState &state, uint64_t steps, std::span<double> means) {
  std::ranges::fill(means, 0.0);
  uint64_t batches = stream_->batches(order_.size());
  if (steps > 0) batches = std::min(batches, steps);
  double samples = 0;
  const StopAtExit stop{*stream_};
  stream_->start(order_, 0);
  for (uint64_t i = 0; i < batches; ++i) {
    const Batch &batch = stream_->next();
    if (batch.error) return *batch.error;
    trainer_->code.evaluate(batch.inputs.data(), batch.targets.data(), batch.n, arena_, state.data(),
                            sums_.data());
    for (size_t v = 0; v < means.size(); ++v) means[v] += double{sums_[v]};
    samples += batch.n;
  }
  for (double &mean : means) mean /= samples;
  return {};
}

}  // namespace sinter::runtime

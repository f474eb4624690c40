#include "runtime/data/batch_stream.h"

#include <csignal>

#include "runtime/predictor/console.h"

namespace sinter::runtime {

Result<std::unique_ptr<BatchStream>> BatchStream::create(const Trainer &trainer, const SampleSet &samples,
                                                         uint32_t batch, bool threaded) {
  std::unique_ptr<BatchStream> stream(new BatchStream(samples, batch));
  const auto add = [&](int64_t elements, std::vector<float *> &pointers) -> Status {
    Result<Arena> memory = Arena::create(static_cast<size_t>(elements) * batch * sizeof(float));
    if (!memory) return memory.error();
    pointers.push_back(memory->floats().data());
    stream->memory_.push_back(std::move(*memory));
    return {};
  };
  for (Batch &slot : stream->slots_) {
    for (const TensorInfo &input : trainer.program.inputs)
      if (Status status = add(input.elements, slot.inputs); !status) return status.error();
    for (const TargetInfo &target : trainer.targets)
      if (Status status = add(target.tensor.elements, slot.targets); !status) return status.error();
    if (trainer.takes_sample_weights)
      if (Status status = add(1, slot.targets); !status) return status.error();
  }
  stream->threaded_ = threaded;
  if (threaded) {
    // Signals are for the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto work = [](void *self) -> void * {
      static_cast<BatchStream *>(self)->work();
      return nullptr;
    };
    stream->threaded_ = pthread_create(&stream->thread_, nullptr, work, stream.get()) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!stream->threaded_)
      warn("no thread could be started to read ahead; the main thread reads each batch");
  }
  return stream;
}

BatchStream::~BatchStream() {
  if (!threaded_) return;
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  pthread_join(thread_, nullptr);
}

void BatchStream::fill(Batch &batch, uint64_t number) {
  const size_t begin = static_cast<size_t>(number) * batch_;
  const auto samples = order_.subspan(begin, std::min<size_t>(batch_, order_.size() - begin));
  batch.n = static_cast<uint32_t>(samples.size());
  batch.error.reset();
  if (Status status = samples_->gather(samples, batch.inputs.data(), batch.targets.data()); !status)
    batch.error = status.error();
}

void BatchStream::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // The batch handed out last, next_ - 1, keeps its slot; the other one is free once filled_ - next_ is 0.
    changed_.wait(lock, [&] { return quit_ || (filled_ < end_ && filled_ <= next_); });
    if (quit_) return;
    const uint64_t number = filled_;
    busy_ = true;
    lock.unlock();
    fill(slots_[number % 2], number);
    lock.lock();
    busy_ = false;
    ++filled_;
    changed_.notify_all();
  }
}

void BatchStream::stop() {
  std::unique_lock lock(mutex_);
  end_ = 0;
  changed_.wait(lock, [&] { return !busy_; });
}

void BatchStream::start(std::span<const uint32_t> order, uint64_t first) {
  stop();
  {
    const std::lock_guard lock(mutex_);
    order_ = order;
    next_ = filled_ = first;
    end_ = batches(order.size());
  }
  changed_.notify_all();
}

const Batch &BatchStream::next() {
  if (!threaded_) {
    Batch &batch = slots_[next_ % 2];
    fill(batch, next_++);
    return batch;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return filled_ > next_; });
  const uint64_t number = next_++;
  lock.unlock();
  changed_.notify_all();
  return slots_[number % 2];
}

}  // namespace sinter::runtime

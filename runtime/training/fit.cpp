#include "runtime/training/fit.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "formats/text.h"
#include "runtime/options.h"
#include "runtime/training/interrupt.h"
#include "runtime/training/permutation.h"
#include "runtime/training/plot.h"
#include "runtime/training/weight_files.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

double now_seconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Keras 3 logs float32 numbers in the order of their names, Keras 2 doubles in the order of the outputs.
std::vector<size_t> display_order(const Trainer &trainer) {
  std::vector<size_t> order(trainer.values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (trainer.semantics == Semantics::keras3)
    std::ranges::sort(order, {}, [&](size_t v) { return trainer.values[v].name; });
  return order;
}

// Keras 3's warning.
std::string out_of_data(const char *wanted) {
  return format(
      "Your input ran out of data; interrupting training. Make sure that your dataset or generator can "
      "generate at least `%s` batches.",
      wanted);
}

}  // namespace

Fit::Fit(const Trainer &trainer, FitOptions options, Console &console)
    : trainer_(&trainer), options_(std::move(options)), console_(&console) {
  const schema::Fit *fit = trainer.metadata->fit();
  epochs_ = options_.epochs.value_or(fit ? fit->epochs() : 1);
  batch_ = options_.batch.value_or(std::min(fit ? fit->batch_size() : 32, trainer.max_batch()));
  seed_ = options_.seed.value_or(0);
  initial_rate_ = options_.learning_rate.value_or(trainer.metadata->learning_rate());
  shuffle_ = fit ? fit->shuffle() : true;
  style_ = {trainer.semantics, options_.verbose.value_or(fit ? static_cast<int>(fit->verbose()) : 1),
            isatty(STDOUT_FILENO) == 1, false};
  const char *no_color = std::getenv("NO_COLOR");
  style_.colors = style_.is_terminal && !(no_color && *no_color);
}

Result<std::unique_ptr<Fit>> Fit::create(const Trainer &trainer, SampleSet train,
                                         std::optional<SampleSet> validation, FitOptions options,
                                         Console &console) {
  std::unique_ptr<Fit> fit(new Fit(trainer, std::move(options), console));
  if (fit->options_.resume)
    if (!fit->options_.checkpoint)
      return usage_error("--resume needs --checkpoint FILE, the checkpoint to go on from");
  if (Status status = fit->set_up(std::move(train), std::move(validation)); !status) return status.error();
  return fit;
}

Status Fit::set_up(SampleSet train, std::optional<SampleSet> validation) {
  train_ = std::move(train);
  validation_ = std::move(validation);
  Result<TrainingState> state = TrainingState::create(*trainer_);
  if (!state) return state.error();
  state_ = std::move(*state);
  Result<Arena> arena = Arena::create(trainer_->metadata->arena_bytes());
  if (!arena) return arena.error();
  arena_ = std::move(*arena);
  Result<VariableCopies> copies =
      VariableCopies::create(*trainer_, [](const VariableInfo &) { return true; });
  if (!copies) return copies.error();
  copies_ = std::move(*copies);
  sums_.resize(trainer_->values.size());
  batch_values_.resize(trainer_->values.size());
  means_.resize(trainer_->values.size());
  progress_.sums.assign(trainer_->values.size(), 0.0);
  context_.learning_rate = initial_rate_;
  if (const schema::Fit *fit = trainer_->metadata->fit()) progress_.epoch = fit->initial_epoch();
  if (Status status = set_up_callbacks(); !status) return status;
  if (options_.resume) {
    if (Status status = resume(); !status) return status;
  } else {
    state_->initialize(seed_);
  }

  // What depends on the batch, which a checkpoint may have set.
  Result<std::unique_ptr<BatchStream>> stream =
      BatchStream::create(*trainer_, *train_, batch_, options_.prefetch);
  if (!stream) return stream.error();
  stream_ = std::move(*stream);
  order_.resize(static_cast<size_t>(train_->count()));
  const schema::Fit *fit = trainer_->metadata->fit();
  steps_.batches = steps_.steps_per_epoch = stream_->batches(order_.size());
  if (fit && fit->steps_per_epoch() > 0) steps_.steps_per_epoch = fit->steps_per_epoch();
  steps_.first_epoch = fit ? fit->initial_epoch() : 0;
  steps_.ends_with_pass = trainer_->semantics == Semantics::keras3;
  validation_steps_ = fit ? fit->validation_steps() : 0;
  if (validation_) {
    auto evaluator = Evaluator::create(*trainer_, *validation_, batch_, arena_->data(), options_.prefetch);
    if (!evaluator) return evaluator.error();
    evaluator_ = std::move(*evaluator);
  }
  counts_samples_ = trainer_->semantics == Semantics::keras2 && steps_.steps_per_epoch == steps_.batches &&
                    !(fit && fit->counts_steps());
  std::vector<std::string> names;
  for (const LogEntry &entry : context_.logs.entries())
    if (trainer_->semantics == Semantics::keras3 || entry.name != "lr") names.push_back(entry.name);
  bar_.emplace(style_, std::move(names),
               counts_samples_ ? static_cast<uint64_t>(train_->count()) : steps_.steps_per_epoch);
  bar_->restore(progress_.display, counts_samples_ ? progress_.seen_in_epoch : progress_.batch_in_epoch);
  return {};
}

Status Fit::set_up_callbacks() {
  context_.trainer = trainer_;
  context_.state = &*state_;
  context_.console = console_;
  context_.epochs = epochs_;
  context_.learning_rate_given = options_.learning_rate.has_value();
  context_.save = [this](const std::string &path, bool weights_only) {
    return save_model(path, weights_only);
  };
  for (const size_t v : display_order(*trainer_)) context_.logs.add(trainer_->values[v].name);
  if (validation_)
    for (const size_t v : display_order(*trainer_)) context_.logs.add("val_" + trainer_->values[v].name);
  Result<std::vector<std::unique_ptr<Callback>>> callbacks = make_callbacks(*trainer_, *console_);
  if (!callbacks) return callbacks.error();
  callbacks_ = std::move(*callbacks);
  if (options_.log) callbacks_.push_back(make_csv_logger(*options_.log, ",", false));
  if (options_.tensorboard)
    callbacks_.push_back(make_tensorboard(*options_.tensorboard, trainer_->semantics));
  for (const auto &callback : callbacks_) {
    if (callback->logs_learning_rate() && context_.learning_rate_entry == SIZE_MAX)
      context_.learning_rate_entry =
          context_.logs.add(trainer_->semantics == Semantics::keras2 ? "lr" : "learning_rate");
    const std::optional<BlobRole> role = callback->kept_weights();
    if (!role || context_.kept(*role).copies) continue;
    Result<VariableCopies> copies = VariableCopies::create(
        *trainer_, [](const VariableInfo &variable) { return variable.is_parameter(); });
    if (!copies) return copies.error();
    context_.kept(*role).copies = std::move(*copies);
  }
  history_.epochs.reserve(epochs_);
  for (const LogEntry &entry : context_.logs.entries()) {
    history_.series.emplace_back(entry.name, std::vector<double>());
    history_.series.back().second.reserve(epochs_);
  }
  return {};
}

void Fit::show(std::string_view text) {
  if (text.empty()) return;
  console_->print(text);
  console_->flush();
}

Status Fit::run() {
  const bool keras2 = trainer_->semantics == Semantics::keras2;
  const schema::Fit *fit = trainer_->metadata->fit();
  const StopAtExit stop{*stream_};
  pass_ = UINT64_MAX;
  for (const auto &callback : callbacks_)
    if (Status status = callback->begin_training(context_, options_.resume); !status) return status;
  if (keras2 && style_.verbose > 0 && validation_ && !(fit && fit->counts_steps()))
    show(format("Train on %lld samples, validate on %lld samples\n", static_cast<long long>(train_->count()),
                static_cast<long long>(validation_->count())));
  while (progress_.epoch < epochs_ && !progress_.stopped) {
    if (Status status = epoch(); !status) return status;
    if (interrupted_ != 0) return {};
  }
  return finish();
}

Status Fit::epoch() {
  const int64_t epoch = progress_.epoch;
  const bool fresh = progress_.batch_in_epoch == 0;
  if (fresh)
    for (const auto &callback : callbacks_)
      if (Status status = callback->begin_epoch(context_, epoch); !status) return status;
  if (style_.verbose > 0 && (trainer_->semantics == Semantics::keras2 || epochs_ > 1)) {
    char line[64];
    const int length =
        snprintf(line, sizeof line, "Epoch %lld/%u\n", static_cast<long long>(epoch + 1), epochs_);
    show({line, static_cast<size_t>(length)});
  }
  if (fresh) {
    bar_->start(now_seconds());
    std::ranges::fill(progress_.sums, 0.0);
    progress_.seen_in_epoch = 0;
  } else {
    bar_->resume(now_seconds());
  }
  const uint64_t steps = steps_.steps(static_cast<uint64_t>(epoch));
  while (progress_.batch_in_epoch < steps && !context_.stop) {
    if (Status status = step(epoch); !status) return status;
    if (const int signal = pending_interrupt()) return stop_for(signal);
    const bool at_end = progress_.batch_in_epoch == steps;
    if (options_.checkpoint && options_.checkpoint_every > 0 && !at_end &&
        progress_.step % options_.checkpoint_every == 0)
      if (Status status = write_checkpoint_to(*options_.checkpoint); !status) return status;
  }
  if (steps < steps_.steps_per_epoch) context_.warn_once(out_of_data("steps_per_epoch * epochs"));
  return end_epoch(epoch);
}

Status Fit::step(int64_t epoch) {
  const uint64_t batch_number = progress_.batch_in_epoch;
  const EpochSteps::Place place = steps_.place(static_cast<uint64_t>(epoch), batch_number);
  if (place.pass != pass_) {
    stream_->stop();
    pass_ = place.pass;
    if (shuffle_)
      shuffled_order(seed_, pass_, order_);
    else
      std::iota(order_.begin(), order_.end(), 0u);
    stream_->start(order_, place.batch);
  }
  const Batch &batch = stream_->next();
  if (batch.error) return *batch.error;
  const SinterHyper hyper = trainer_->hyper(context_.learning_rate, seed_, progress_.step);
  if (options_.nan_check) {
    if (Status status = checked_step(batch, hyper); !status) return status;
  } else {
    trainer_->code.train_step(batch.inputs.data(), batch.targets.data(), batch.n, &hyper, arena_->data(),
                              state_->data(), sums_.data());
  }
  ++progress_.step;
  ++progress_.batch_in_epoch;
  progress_.seen_in_epoch += batch.n;
  const bool keras3 = trainer_->semantics == Semantics::keras3;
  size_t shown = 0;
  for (size_t v = 0; v < sums_.size(); ++v) progress_.sums[v] += double{sums_[v]};
  for (const LogEntry &entry : context_.logs.entries().first(sums_.size())) {
    const size_t v = static_cast<size_t>(std::ranges::find(trainer_->values, entry.name, &ValueInfo::name) -
                                         trainer_->values.begin());
    // Keras 3's metrics are running means, Keras 2's are those of the batch.
    batch_values_[shown++] =
        keras3 ? double{static_cast<float>(progress_.sums[v] / static_cast<double>(progress_.seen_in_epoch))}
               : double{sums_[v]} / batch.n;
  }
  show(bar_->update(counts_samples_ ? progress_.seen_in_epoch : progress_.batch_in_epoch, batch_values_,
                    now_seconds()));
  context_.logs.clear();
  for (size_t i = 0; i < batch_values_.size(); ++i) context_.logs.set(i, batch_values_[i]);
  const double loss = double{sums_[0]} / batch.n;
  for (const auto &callback : callbacks_)
    if (Status status = callback->end_batch(context_, epoch, static_cast<int64_t>(batch_number), loss);
        !status)
      return status;
  return {};
}

// One kernel at a time; what each leaves behind is looked at before another one may overwrite it.
Status Fit::checked_step(const Batch &batch, const SinterHyper &hyper) {
  const schema::Trainer &metadata = *trainer_->metadata;
  const uint32_t kernels = metadata.train_kernels() ? metadata.train_kernels()->size() : 0;
  const auto found = [&](const std::string &tensor, const std::string &layer, uint64_t element, float value) {
    return rejected("",
                    format("step %llu (epoch %u, batch %llu): %g in tensor '%s'%s at element %llu",
                           static_cast<unsigned long long>(progress_.step), progress_.epoch,
                           static_cast<unsigned long long>(progress_.batch_in_epoch),
                           std::isnan(value) ? std::nan("") : double{value}, printable(tensor).c_str(),
                           layer.empty() ? "" : (" of layer '" + printable(layer) + "'").c_str(),
                           static_cast<unsigned long long>(element)),
                    "a smaller --lr often helps; steps, epochs and batches count from 0");
  };
  for (uint32_t k = 0; k < kernels; ++k) {
    trainer_->code.run_train_kernel(k, batch.inputs.data(), batch.targets.data(), batch.n, &hyper,
                                    arena_->data(), state_->data(), sums_.data());
    if (!metadata.checked_tensors()) continue;
    for (const schema::CheckedTensor *tensor : *metadata.checked_tensors()) {
      if (tensor->kernel() != k) continue;
      const std::byte *base =
          tensor->in_state() ? static_cast<const std::byte *>(state_->data()) : arena_->data();
      const auto *values = reinterpret_cast<const float *>(base + tensor->offset());
      const uint64_t elements = tensor->elements() + tensor->sample_elements() * batch.n;
      for (uint64_t i = 0; i < elements; ++i)
        if (!std::isfinite(values[i]))
          return found(tensor->name() ? tensor->name()->str() : "",
                       tensor->layer() ? tensor->layer()->str() : "", i, values[i]);
    }
  }
  for (size_t v = 0; v < sums_.size(); ++v)
    if (!std::isfinite(sums_[v])) return found(trainer_->values[v].name, "", 0, sums_[v]);
  for (const VariableInfo &variable : trainer_->variables)
    if (const int64_t element = state_->first_non_finite(variable); element >= 0)
      return found(variable.name, "", static_cast<uint64_t>(element), std::nanf(""));
  return {};
}

Status Fit::end_epoch(int64_t epoch) {
  const bool keras3 = trainer_->semantics == Semantics::keras3;
  const size_t count = trainer_->values.size();
  context_.logs.clear();
  const auto log = [&](size_t first, std::span<const double> means) {
    for (size_t i = 0; i < count; ++i) {
      const std::string_view name =
          context_.logs.entries()[i].name;  // of the training value in display order
      const auto v = static_cast<size_t>(std::ranges::find(trainer_->values, name, &ValueInfo::name) -
                                         trainer_->values.begin());
      context_.logs.set(first + i, keras3 ? double{static_cast<float>(means[v])} : means[v]);
    }
  };
  for (size_t v = 0; v < count; ++v)
    means_[v] = progress_.sums[v] / static_cast<double>(std::max<uint64_t>(1, progress_.seen_in_epoch));
  log(0, means_);
  if (evaluator_) {
    if (keras3 && validation_steps_ > evaluator_->batches())
      context_.warn_once(out_of_data("validation_steps"));
    if (Status status = evaluator_->run(*state_, validation_steps_, means_); !status) return status;
    log(count, means_);
  }
  for (const auto &callback : callbacks_)
    if (Status status = callback->end_epoch(context_, epoch); !status) return status;
  show(bar_->finish(counts_samples_ ? progress_.seen_in_epoch : progress_.batch_in_epoch, batch_values_,
                    context_.logs, now_seconds()));
  history_.epochs.push_back(static_cast<uint32_t>(epoch));
  for (size_t i = 0; i < history_.series.size(); ++i) {
    const LogEntry &entry = context_.logs.entries()[i];
    history_.series[i].second.push_back(entry.present ? entry.value : std::nan(""));
  }
  ++progress_.epoch;
  progress_.batch_in_epoch = progress_.seen_in_epoch = 0;
  progress_.stopped = context_.stop;
  std::ranges::fill(progress_.sums, 0.0);
  return options_.checkpoint ? write_checkpoint_to(*options_.checkpoint) : Status();
}

Status Fit::write_checkpoint_to(const std::string &path) {
  Checkpoint checkpoint;
  const auto *version = trainer_->program.metadata->sinter_version();
  checkpoint.sinter_version = version ? version->str() : "";
  checkpoint.fingerprint = trainer_->metadata->fingerprint();
  checkpoint.seed = seed_;
  checkpoint.batch = batch_;
  checkpoint.initial_learning_rate = initial_rate_;
  checkpoint.learning_rate = context_.learning_rate;
  checkpoint.progress = progress_;
  if (progress_.batch_in_epoch > 0)
    bar_->save(checkpoint.progress.display);
  else
    checkpoint.progress.display.clear();
  checkpoint.samples = static_cast<uint64_t>(train_->count());
  checkpoint.data_crc = train_->crc();
  checkpoint.history = history_;
  for (const auto &callback : callbacks_) {
    checkpoint.callbacks.push_back({callback->class_name(), {}});
    callback->save(checkpoint.callbacks.back());
  }
  copies_->read_from(*state_);
  copies_->append_blobs(BlobRole::state, checkpoint.blobs);
  for (const BlobRole role : {BlobRole::best_weights, BlobRole::restored_weights})
    if (context_.kept(role).filled) context_.kept(role).copies->append_blobs(role, checkpoint.blobs);
  return write_checkpoint(path, checkpoint);
}

Status Fit::save_model(const std::string &path, bool weights_only) {
  if (ends_with(path, ".sinter")) return write_checkpoint_to(path);
  copies_->read_from(*state_);
  std::string note;
  Status status =
      save_weights(*trainer_, *copies_, {progress_.step, context_.learning_rate}, path, weights_only, note);
  if (!note.empty()) context_.warn_once(note);
  return status;
}

Status Fit::finish() {
  for (const auto &callback : callbacks_)
    if (Status status = callback->end_training(context_); !status) return status;
  if (options_.save_weights) {
    const std::string &path = *options_.save_weights;
    // EarlyStopping has put its best weights back into the state; ModelCheckpoint has not.
    const bool use_best = context_.best.filled && !context_.has_restored;
    if (ends_with(path, ".sinter")) {
      if (use_best) context_.best.copies->write_to(*state_);
      if (Status status = write_checkpoint_to(path); !status) return status;
    } else {
      copies_->read_from(*state_);
      std::string note;
      if (Status status = save_weights(*trainer_, use_best ? *context_.best.copies : *copies_,
                                       {progress_.step, context_.learning_rate}, path, true, note);
          !status)
        return status;
    }
  }
  return options_.plot ? write_plot(*options_.plot, history_) : Status();
}

}  // namespace sinter::runtime

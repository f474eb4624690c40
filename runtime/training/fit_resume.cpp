// Fit stops at a signal, and goes on from a checkpoint.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "formats/text.h"
#include "runtime/training/fit.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

// PROGRAM.interrupted.sinter, with a number where there is such a file; in the current folder.
std::string free_checkpoint_name(const std::string &program) {
  constexpr int most = 10'000;
  std::string name;
  for (int number = 1; number <= most; ++number) {
    name = program + ".interrupted" + (number > 1 ? format("-%d", number) : "") + ".sinter";
    struct stat status;
    if (lstat(name.c_str(), &status) != 0 && errno == ENOENT) return name;
  }
  return {};
}

}  // namespace

Status Fit::stop_for(int signal) {
  interrupted_ = signal;
  stream_->stop();
  pass_ = UINT64_MAX;
  const std::string stopped =
      format("stopped after step %llu; ", static_cast<unsigned long long>(progress_.step));
  if (options_.checkpoint) {
    if (Status status = write_checkpoint_to(*options_.checkpoint); !status) return status;
    console_->warning(stopped + "--resume goes on from " + *options_.checkpoint);
    return {};
  }
  // Nobody asked for this file, so that it cannot be written is no error.
  const std::string path = free_checkpoint_name(console_->binary());
  if (path.empty()) {
    console_->warning(stopped + "nothing was saved: " + console_->binary() +
                      ".interrupted.sinter and all names beside it are taken");
  } else if (Status status = write_checkpoint_to(path); !status) {
    console_->warning(stopped + "nothing was saved: " + path + ": " + status.error().message);
  } else {
    console_->warning(stopped + "--checkpoint " + path + " --resume goes on from there");
  }
  return {};
}

Status Fit::check_resumed(const Checkpoint &checkpoint) {
  const std::string &path = *options_.checkpoint;
  if (checkpoint.fingerprint != trainer_->metadata->fingerprint())
    return rejected(path, "the checkpoint is of another model or optimizer than this program's",
                    "resume with the program that wrote it, or compile the same script again");
  if (!options_.batch && checkpoint.batch > trainer_->max_batch())
    return rejected(path,
                    format("training began with batches of %u, this program takes up to %u", checkpoint.batch,
                           trainer_->max_batch()),
                    format("compile it with --batch %u", checkpoint.batch));
  if (options_.override_checkpoint) return {};
  const char *hint = "leave the option out to go on as before, or add --override";
  if (options_.seed && *options_.seed != checkpoint.seed)
    return rejected(
        path,
        format("training began with --seed %llu, not %llu", static_cast<unsigned long long>(checkpoint.seed),
               static_cast<unsigned long long>(*options_.seed)),
        hint);
  if (options_.batch && *options_.batch != checkpoint.batch)
    return rejected(path, format("training began with --batch %u, not %u", checkpoint.batch, *options_.batch),
                    hint);
  if (options_.learning_rate && *options_.learning_rate != checkpoint.initial_learning_rate)
    return rejected(path,
                    format("training began with --lr %.9g, not %.9g",
                           static_cast<double>(checkpoint.initial_learning_rate),
                           static_cast<double>(*options_.learning_rate)),
                    hint);
  if (checkpoint.samples != static_cast<uint64_t>(train_->count()))
    return rejected(path,
                    format("training began with %llu samples, the data set has %llu",
                           static_cast<unsigned long long>(checkpoint.samples),
                           static_cast<unsigned long long>(train_->count())),
                    "resume with the same data, or add --override");
  if (checkpoint.data_crc != train_->crc())
    return rejected(path,
                    format("the training data have changed: their CRC-32C was %08x, it is %08x",
                           checkpoint.data_crc, train_->crc()),
                    "resume with the same data, or add --override");
  return {};
}

Status Fit::resume() {
  const std::string &path = *options_.checkpoint;
  Result<CheckpointFile> file = CheckpointFile::read(path);
  if (!file) return file.error();
  const Checkpoint &checkpoint = file->content();
  if (Status status = check_resumed(checkpoint); !status) return status;
  if (Status status = copies_->take(checkpoint, BlobRole::state, path); !status) return status;
  copies_->write_to(*state_);
  for (const BlobRole role : {BlobRole::best_weights, BlobRole::restored_weights}) {
    const bool has =
        std::ranges::find(checkpoint.blobs, role, &CheckpointBlob::role) != checkpoint.blobs.end();
    if (!has || !context_.kept(role).copies) continue;
    if (Status status = context_.kept(role).copies->take(checkpoint, role, path); !status) return status;
    context_.kept(role).filled = true;
  }
  const uint32_t old_batch = checkpoint.batch;
  const bool new_rate = options_.learning_rate && *options_.learning_rate != checkpoint.initial_learning_rate;
  if (!options_.seed) seed_ = checkpoint.seed;
  if (!options_.batch) batch_ = std::max(checkpoint.batch, 1u);
  if (!new_rate) {
    initial_rate_ = checkpoint.initial_learning_rate;
    context_.learning_rate = checkpoint.learning_rate;
  }
  progress_ = checkpoint.progress;
  progress_.sums.resize(trainer_->values.size());
  if (batch_ != old_batch || seed_ != checkpoint.seed ||
      checkpoint.samples != static_cast<uint64_t>(train_->count())) {
    // --override: the epoch under way begins again, its order is another one.
    progress_.batch_in_epoch = progress_.seen_in_epoch = 0;
    std::ranges::fill(progress_.sums, 0.0);
    progress_.display.clear();
  }
  for (const auto &[name, values] : checkpoint.history.series)
    for (auto &[own, to] : history_.series)
      if (own == name) to.assign(values.begin(), values.end());
  history_.epochs.assign(checkpoint.history.epochs.begin(), checkpoint.history.epochs.end());
  for (auto &[name, values] : history_.series) values.resize(history_.epochs.size(), std::nan(""));
  size_t next = 0;
  for (const CallbackState &state : checkpoint.callbacks) {
    while (next < callbacks_.size() && callbacks_[next]->class_name() != state.class_name) ++next;
    if (next < callbacks_.size()) callbacks_[next++]->restore(state);
  }
  return {};
}

}  // namespace sinter::runtime

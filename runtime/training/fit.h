// Training: Keras's fit() with the loop, log lines, callbacks, checkpoints and resuming.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/predictor/console.h"
#include "runtime/training/callbacks.h"
#include "runtime/training/epoch_steps.h"
#include "runtime/training/evaluator.h"
#include "runtime/training/progress_bar.h"

namespace sinter::runtime {

// What the command line says; absent values are the script's.
struct FitOptions {
  std::optional<uint32_t> epochs, batch;
  std::optional<float> learning_rate;
  std::optional<uint64_t> seed;
  std::optional<int> verbose;
  std::optional<std::string> checkpoint;
  uint64_t checkpoint_every = 0;  // steps; 0: at the ends of epochs only
  bool resume = false, override_checkpoint = false;
  std::optional<std::string> save_weights, log, tensorboard, plot;
  bool nan_check = false;
  bool prefetch = true;
};

class Fit {
 public:
  // Allocates everything that training needs, reads the checkpoint if it resumes. `train` and `validation`
  // are moved in.
  static Result<std::unique_ptr<Fit>> create(const Trainer &trainer, SampleSet train,
                                             std::optional<SampleSet> validation, FitOptions options,
                                             Console &console);

  // Trains to the end, or until a signal comes (see interrupted()). Between two steps nothing is allocated.
  Status run();

  // The signal that ended run(), or 0.
  int interrupted() const { return interrupted_; }
  const History &history() const { return history_; }
  const Progress &progress() const { return progress_; }
  TrainingState &state() { return *state_; }
  // Ends after so many epochs, at most those it was made for.
  void set_epochs(uint32_t epochs) { epochs_ = std::min(epochs_, epochs); }

 private:
  Fit(const Trainer &trainer, FitOptions options, Console &console);

  Status set_up(SampleSet train, std::optional<SampleSet> validation);
  Status set_up_callbacks();
  Status resume();
  Status check_resumed(const Checkpoint &checkpoint);
  Status epoch();
  Status step(int64_t epoch);
  Status checked_step(const Batch &batch, const SinterHyper &hyper);
  Status end_epoch(int64_t epoch);
  Status finish();
  Status write_checkpoint_to(const std::string &path);
  Status save_model(const std::string &path, bool weights_only);
  Status stop_for(int signal);
  void show(std::string_view text);

  const Trainer *trainer_;
  FitOptions options_;
  Console *console_;

  // Settled by script and command line.
  uint32_t epochs_ = 1, batch_ = 1;
  uint64_t seed_ = 0;
  float initial_rate_ = 0;
  bool shuffle_ = true, counts_samples_ = true;  // what the bar counts: samples or steps
  EpochSteps steps_;
  uint64_t validation_steps_ = 0;
  ProgressStyle style_;

  std::optional<SampleSet> train_, validation_;
  std::optional<TrainingState> state_;
  std::optional<Arena> arena_;
  std::optional<VariableCopies> copies_;  // all variables, for checkpoints and files
  std::vector<uint32_t> order_;           // outlives the stream, which reads it
  std::unique_ptr<BatchStream> stream_;
  std::unique_ptr<Evaluator> evaluator_;
  std::optional<ProgressBar> bar_;
  CallbackContext context_;
  std::vector<std::unique_ptr<Callback>> callbacks_;

  Progress progress_;
  History history_;
  uint64_t pass_ = UINT64_MAX;  // whose order order_ is
  std::vector<float> sums_;     // of a batch
  std::vector<double> batch_values_, means_;
  int interrupted_ = 0;
};

}  // namespace sinter::runtime

// Keras's callbacks, with the defaults, messages and quirks of Keras 2.0 or Keras 3 by the trainer's
// semantics.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/predictor/console.h"
#include "runtime/training/logs.h"
#include "runtime/training/state.h"

namespace sinter::schema {
struct Callback;
}

namespace sinter::runtime {

// What callbacks see of the training under way, and may change.
struct CallbackContext {
  const Trainer *trainer = nullptr;
  TrainingState *state = nullptr;
  Console *console = nullptr;
  Logs logs;                              // of the epoch that ended; of the batch in end_batch()
  uint32_t epochs = 0;                    // training ends before this one
  bool learning_rate_given = false;       // on the command line
  float learning_rate = 0;                // for the next steps
  size_t learning_rate_entry = SIZE_MAX;  // in the logs; SIZE_MAX: it is not logged
  bool stop = false;                      // training ends after this epoch (batch, for TerminateOnNaN)
  std::vector<std::string> warned;
  // Weights that callbacks keep, see BlobRole: made before training if one does; filled in once there is
  // something to keep.
  struct Kept {
    std::optional<VariableCopies> copies;
    bool filled = false;
  };
  Kept best, restored;
  bool has_restored = false;  // at the end of training, the state has the weights `restored`
  // Writes weights or the whole model in the format that the path's suffix says.
  std::function<Status(const std::string &path, bool weights_only)> save;

  Kept &kept(BlobRole role) { return role == BlobRole::best_weights ? best : restored; }
  void keep(BlobRole role) {
    if (kept(role).copies) kept(role).copies->read_from(*state);
    kept(role).filled = kept(role).copies.has_value();
  }
  void print(std::string_view text) { console->print(text); }
  void warn_once(const std::string &message);
};

class Callback {
 public:
  virtual ~Callback() = default;
  virtual const char *class_name() const = 0;
  // A fresh start or a resumed one. Settings that cannot work are errors here, before training.
  virtual Status begin_training(CallbackContext &, bool /*resumed*/) { return {}; }
  virtual Status begin_epoch(CallbackContext &, int64_t /*epoch*/) { return {}; }
  // epoch and batch count from 0; loss: of the batch.
  virtual Status end_batch(CallbackContext &, int64_t /*epoch*/, int64_t /*batch*/, double /*loss*/) {
    return {};
  }
  virtual Status end_epoch(CallbackContext &, int64_t /*epoch*/) { return {}; }
  virtual Status end_training(CallbackContext &) { return {}; }
  // What it has to remember beyond a restart.
  virtual void save(CallbackState &) const {}
  virtual void restore(const CallbackState &) {}
  // Weights that it keeps.
  virtual std::optional<BlobRole> kept_weights() const { return std::nullopt; }
  virtual bool logs_learning_rate() const { return false; }
};

// Arguments of a callback as the script gives them.
class CallbackArguments {
 public:
  explicit CallbackArguments(const schema::Callback &callback) : callback_(&callback) {}
  bool has(std::string_view name) const;  // and is not None
  double number(std::string_view name, double fallback) const;
  bool flag(std::string_view name, bool fallback = false) const {
    return number(name, fallback ? 1 : 0) != 0;
  }
  std::string text(std::string_view name, const std::string &fallback) const;
  std::vector<double> numbers(std::string_view name) const;

 private:
  const schema::Callback *callback_;
};

// A monitored quantity and its direction.
struct Monitor {
  std::string name;
  bool larger = false;
  double best = 0;

  // mode "auto": Keras 2 (and ReduceLROnPlateau) by "acc" in the name, Keras 3 by the metric. A usage error
  // if Keras 3 cannot tell.
  static Result<Monitor> create(const Trainer &trainer, const CallbackArguments &arguments, bool by_name);
  void reset();
  bool is_better(double value, double than, double min_delta) const {
    return larger ? value - min_delta > than : value + min_delta < than;
  }
};

std::unique_ptr<Callback> make_model_checkpoint(const CallbackArguments &, Monitor, Semantics);
std::unique_ptr<Callback> make_early_stopping(const CallbackArguments &, Monitor, Semantics);
std::unique_ptr<Callback> make_reduce_learning_rate(const CallbackArguments &, Monitor, Semantics);
std::unique_ptr<Callback> make_learning_rate_table(const CallbackArguments &, Semantics);
std::unique_ptr<Callback> make_csv_logger(std::string path, std::string separator, bool append);
std::unique_ptr<Callback> make_tensorboard(std::string directory, Semantics);
std::unique_ptr<Callback> make_terminate_on_nan();

// Those of the plan, in its order. What the trainer does itself (History, ProgbarLogger, …) is left out.
Result<std::vector<std::unique_ptr<Callback>>> make_callbacks(const Trainer &trainer, Console &console);

}  // namespace sinter::runtime

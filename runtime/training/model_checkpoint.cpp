// ModelCheckpoint of Keras 2.0.2 and Keras 3.
#include <algorithm>

#include "formats/text.h"
#include "runtime/data/output_check.h"
#include "runtime/options.h"
#include "runtime/training/callbacks.h"
#include "runtime/training/python_text.h"
#include "runtime/training/weight_files.h"

namespace sinter::runtime {
namespace {

class ModelCheckpoint final : public Callback {
 public:
  ModelCheckpoint(const CallbackArguments &arguments, Monitor monitor, Semantics semantics)
      : monitor_(std::move(monitor)),
        path_(arguments.text("filepath", "")),
        verbose_(arguments.number("verbose", 0) > 0),
        best_only_(arguments.flag("save_best_only")),
        weights_only_(arguments.flag("save_weights_only")),
        keras2_(semantics == Semantics::keras2) {
    period_ = static_cast<int64_t>(std::max(1.0, arguments.number("period", 1)));
    batches_ = static_cast<int64_t>(arguments.number("save_freq", 0));
    if (arguments.has("initial_value_threshold"))
      monitor_.best = arguments.number("initial_value_threshold", 0);
  }

  const char *class_name() const override { return "ModelCheckpoint"; }
  std::optional<BlobRole> kept_weights() const override {
    return best_only_ ? std::optional(BlobRole::best_weights) : std::nullopt;
  }

  Status begin_training(CallbackContext &context, bool) override {
    if (path_.empty()) return usage_error("ModelCheckpoint has no path to write to");
    if (!keras2_ && !is_weight_file(path_))  // Keras 2 writes HDF5 whatever the name
      return usage_error("ModelCheckpoint: the suffix of " + printable(path_) + " does not say what to write",
                         "known are .keras, .weights.h5, .h5, .npz, .safetensors and .sinter");
    if (batches_ > 0 && path_.find("{val_") != std::string::npos)
      return usage_error(
          "the path '" + printable(path_) + "' of a callback: nothing is validated between batches",
          "save_freq='epoch' saves after validation");
    Result<std::string> path = python_format(path_, 0, 0, context.logs, true);
    return path ? check_writable(*path) : Status(path.error());
  }

  Status end_batch(CallbackContext &context, int64_t epoch, int64_t batch, double) override {
    if (batches_ == 0 || ++batches_seen_ < batches_) return {};
    batches_seen_ = 0;
    return consider(context, epoch, batch);
  }

  Status end_epoch(CallbackContext &context, int64_t epoch) override {
    if (batches_ > 0 || ++epochs_seen_ < period_) return {};
    epochs_seen_ = 0;
    return consider(context, epoch, 0);
  }

  void save(CallbackState &state) const override {
    state.numbers = {{"best", monitor_.best},
                     {"epochs_seen", static_cast<double>(epochs_seen_)},
                     {"batches_seen", static_cast<double>(batches_seen_)}};
  }
  void restore(const CallbackState &state) override {
    for (const auto &[name, value] : state.numbers) {
      if (name == "best") monitor_.best = value;
      if (name == "epochs_seen") epochs_seen_ = static_cast<int64_t>(value);
      if (name == "batches_seen") batches_seen_ = static_cast<int64_t>(value);
    }
  }

 private:
  std::string epoch_text(int64_t epoch) const {
    return keras2_ ? format("Epoch %05lld: ", static_cast<long long>(epoch))
                   : format("\nEpoch %lld: ", static_cast<long long>(epoch + 1));
  }

  Status consider(CallbackContext &context, int64_t epoch, int64_t batch) {
    Result<std::string> path = python_format(path_, keras2_ ? epoch : epoch + 1, batch + 1, context.logs);
    if (!path) return path.error();
    if (best_only_) {
      const LogEntry *entry = context.logs.find(monitor_.name);
      if (!entry) {
        context.warn_once("Can save best model only with " + monitor_.name + " available" +
                          (keras2_ ? ", skipping." : "."));
        return keras2_ ? Status() : write(context, epoch, *path);
      }
      const double current = entry->value;
      if (!monitor_.is_better(current, monitor_.best, 0)) {
        if (verbose_)
          context.print(epoch_text(epoch) + printable(monitor_.name) + " did not improve" +
                        (keras2_ ? "" : format(" from %.5f", monitor_.best)) + "\n");
        return {};
      }
      if (verbose_)
        context.print(epoch_text(epoch) + format("%s improved from %.5f to %.5f, saving model to %s\n",
                                                 printable(monitor_.name).c_str(), monitor_.best, current,
                                                 printable(*path).c_str()));
      monitor_.best = current;
      context.keep(BlobRole::best_weights);
    } else if (verbose_) {
      context.print(epoch_text(epoch) + "saving model to " + printable(*path) + "\n");
    }
    return write(context, epoch, *path);
  }

  Status write(CallbackContext &context, int64_t epoch, const std::string &path) {
    if (Status status = context.save(path, weights_only_); !status) return status;
    if (verbose_ && !keras2_)
      context.print(epoch_text(epoch) + "finished saving model to " + printable(path) + "\n");
    return {};
  }

  Monitor monitor_;
  std::string path_;
  bool verbose_, best_only_, weights_only_, keras2_;
  int64_t period_ = 1, batches_ = 0;  // batches_ > 0: saves every so many batches instead
  int64_t epochs_seen_ = 0, batches_seen_ = 0;
};

}  // namespace

std::unique_ptr<Callback> make_model_checkpoint(const CallbackArguments &arguments, Monitor monitor,
                                                Semantics semantics) {
  return std::make_unique<ModelCheckpoint>(arguments, std::move(monitor), semantics);
}

}  // namespace sinter::runtime

// EarlyStopping of Keras 2.0.2 and Keras 3, which count patience differently: after a best epoch 0, Keras 2
// stops at epoch patience + 1, Keras 3 at epoch max(patience, 1).
#include <cmath>

#include "formats/text.h"
#include "runtime/training/callbacks.h"

namespace sinter::runtime {
namespace {

class EarlyStopping final : public Callback {
 public:
  EarlyStopping(const CallbackArguments &arguments, Monitor monitor, Semantics semantics)
      : monitor_(std::move(monitor)),
        min_delta_(arguments.number("min_delta", 0)),
        patience_(arguments.number("patience", 0)),
        verbose_(arguments.number("verbose", 0) > 0),
        restores_(arguments.flag("restore_best_weights")),
        start_from_(arguments.number("start_from_epoch", 0)),
        keras2_(semantics == Semantics::keras2) {
    if (!keras2_) min_delta_ = std::abs(min_delta_);
    if (!arguments.has("baseline")) return;
    if (keras2_)
      monitor_.best = arguments.number("baseline", 0);
    else
      baseline_ = arguments.number("baseline", 0);
  }

  const char *class_name() const override { return "EarlyStopping"; }
  std::optional<BlobRole> kept_weights() const override {
    return restores_ ? std::optional(BlobRole::restored_weights) : std::nullopt;
  }

  Status end_epoch(CallbackContext &context, int64_t epoch) override {
    const LogEntry *entry = context.logs.find(monitor_.name);
    if (!entry) {
      context.warn_once(keras2_ ? "Early stopping requires " + monitor_.name + " available!"
                                : "Early stopping conditioned on metric `" + monitor_.name +
                                      "` which is not available.");
      return {};
    }
    if (static_cast<double>(epoch) < start_from_) return {};
    const double current = entry->value;
    if (!keras2_ && restores_ && !context.restored.filled) keep(context, epoch);
    if (!keras2_) wait_ += 1;
    if (monitor_.is_better(current, monitor_.best, min_delta_)) {
      monitor_.best = current;
      best_epoch_ = epoch;
      if (restores_) keep(context, epoch);
      if (!baseline_ || monitor_.is_better(current, *baseline_, min_delta_)) wait_ = 0;
      return {};
    }
    if (wait_ >= patience_ && (keras2_ || epoch > 0)) {
      stopped_epoch_ = epoch;
      context.stop = true;
      if (keras2_) restore_weights(context, "Restoring model weights from the end of the best epoch\n");
    }
    if (keras2_) wait_ += 1;
    return {};
  }

  Status end_training(CallbackContext &context) override {
    if (stopped_epoch_ > 0 && verbose_)
      context.print(keras2_
                        ? format("Epoch %05lld: early stopping\n", static_cast<long long>(stopped_epoch_))
                        : format("Epoch %lld: early stopping\n", static_cast<long long>(stopped_epoch_ + 1)));
    if (!keras2_)
      restore_weights(context, format("Restoring model weights from the end of the best epoch: %lld.\n",
                                      static_cast<long long>(best_epoch_ + 1)));
    context.has_restored = restores_ && context.restored.filled && (!keras2_ || stopped_epoch_ > 0);
    return {};
  }

  void save(CallbackState &state) const override {
    state.numbers = {{"best", monitor_.best},
                     {"wait", wait_},
                     {"stopped_epoch", static_cast<double>(stopped_epoch_)},
                     {"best_epoch", static_cast<double>(best_epoch_)}};
  }
  void restore(const CallbackState &state) override {
    for (const auto &[name, value] : state.numbers) {
      if (name == "best") monitor_.best = value;
      if (name == "wait") wait_ = value;
      if (name == "stopped_epoch") stopped_epoch_ = static_cast<int64_t>(value);
      if (name == "best_epoch") best_epoch_ = static_cast<int64_t>(value);
    }
  }

 private:
  void keep(CallbackContext &context, int64_t epoch) {
    context.keep(BlobRole::restored_weights);
    best_epoch_ = epoch;
  }
  // Keras 2 does this where it stops, Keras 3 at the end of training, stopped or not.
  void restore_weights(CallbackContext &context, const std::string &line) {
    if (!restores_ || !context.restored.filled) return;
    if (verbose_) context.print(line);
    context.restored.copies->write_to(*context.state);
  }

  Monitor monitor_;
  double min_delta_, patience_;
  bool verbose_, restores_;
  double start_from_;
  bool keras2_;
  std::optional<double> baseline_;
  double wait_ = 0;
  int64_t stopped_epoch_ = 0, best_epoch_ = 0;
};

}  // namespace

std::unique_ptr<Callback> make_early_stopping(const CallbackArguments &arguments, Monitor monitor,
                                              Semantics semantics) {
  return std::make_unique<EarlyStopping>(arguments, std::move(monitor), semantics);
}

}  // namespace sinter::runtime

// ReduceLROnPlateau and LearningRateScheduler of Keras 2.0.2 and Keras 3.
#include <algorithm>

#include "formats/text.h"
#include "runtime/options.h"
#include "runtime/training/callbacks.h"
#include "runtime/training/python_text.h"

namespace sinter::runtime {
namespace {

void log_rate(CallbackContext &context) {
  if (context.learning_rate_entry != SIZE_MAX)
    context.logs.set(context.learning_rate_entry, double{context.learning_rate});
}

class ReduceLearningRate final : public Callback {
 public:
  ReduceLearningRate(const CallbackArguments &arguments, Monitor monitor, Semantics semantics)
      : monitor_(std::move(monitor)),
        factor_(arguments.number("factor", 0.1)),
        patience_(arguments.number("patience", 10)),
        verbose_(arguments.number("verbose", 0) > 0),
        min_delta_(arguments.number("min_delta", 1e-4)),
        cooldown_(arguments.number("cooldown", 0)),
        minimum_(arguments.number("min_lr", 0)),
        keras2_(semantics == Semantics::keras2) {}

  const char *class_name() const override { return "ReduceLROnPlateau"; }
  bool logs_learning_rate() const override { return true; }

  Status end_epoch(CallbackContext &context, int64_t epoch) override {
    log_rate(context);
    const LogEntry *entry = context.logs.find(monitor_.name);
    if (!entry) {
      context.warn_once("Learning rate reduction is conditioned on metric `" + monitor_.name +
                        "` which is not available.");
      return {};
    }
    if (cooldown_left_ > 0) {
      cooldown_left_ -= 1;
      wait_ = 0;
    }
    const double best = monitor_.best + (monitor_.larger ? min_delta_ : -min_delta_);
    if (monitor_.larger ? entry->value > best : entry->value < best) {
      monitor_.best = entry->value;
      wait_ = 0;
      return {};
    }
    if (cooldown_left_ > 0) return {};
    // Keras 3 counts this epoch before it compares, Keras 2 after.
    if (!keras2_) wait_ += 1;
    if (wait_ >= patience_) reduce(context, epoch);
    if (keras2_) wait_ += 1;
    return {};
  }

  void save(CallbackState &state) const override {
    state.numbers = {{"best", monitor_.best}, {"wait", wait_}, {"cooldown_left", cooldown_left_}};
  }
  void restore(const CallbackState &state) override {
    for (const auto &[name, value] : state.numbers) {
      if (name == "best") monitor_.best = value;
      if (name == "wait") wait_ = value;
      if (name == "cooldown_left") cooldown_left_ = value;
    }
  }

 private:
  void reduce(CallbackContext &context, int64_t epoch) {
    const double old_rate = double{context.learning_rate};
    const bool may_fall =
        keras2_ ? old_rate > minimum_ + minimum_ * 1e-4 : old_rate > double{static_cast<float>(minimum_)};
    if (!may_fall) return;
    const double new_rate = std::max(old_rate * factor_, minimum_);
    context.learning_rate = static_cast<float>(new_rate);
    if (verbose_)
      context.print(
          keras2_ ? format("\nEpoch %05lld: reducing learning rate to ", static_cast<long long>(epoch)) +
                        python_repr(new_rate) + ".\n"
                  : format("\nEpoch %lld: ReduceLROnPlateau reducing learning rate to ",
                           static_cast<long long>(epoch + 1)) +
                        python_repr(new_rate) + ".\n");
    cooldown_left_ = cooldown_;
    wait_ = 0;
  }

  Monitor monitor_;
  double factor_, patience_;
  bool verbose_;
  double min_delta_, cooldown_, minimum_;
  bool keras2_;
  double wait_ = 0, cooldown_left_ = 0;
};

// The schedule is a table, one rate an epoch: the compiler evaluated the script's function.
class LearningRateTable final : public Callback {
 public:
  LearningRateTable(const CallbackArguments &arguments, Semantics semantics)
      : rates_(arguments.numbers("learning_rates")),
        verbose_(arguments.number("verbose", 0) > 0),
        keras2_(semantics == Semantics::keras2) {}

  const char *class_name() const override { return "LearningRateScheduler"; }
  bool logs_learning_rate() const override { return !keras2_; }

  Status begin_training(CallbackContext &context, bool) override {
    if (context.learning_rate_given)
      return usage_error("--lr: the script's LearningRateScheduler sets the learning rate of each epoch",
                         "change the script's schedule and compile it again");
    if (context.epochs > rates_.size())
      return usage_error(
          format("%u epochs: the script's LearningRateScheduler was compiled for %zu", context.epochs,
                 rates_.size()),
          format("write epochs=%u in the script's fit() and compile it again", context.epochs));
    return {};
  }

  Status begin_epoch(CallbackContext &context, int64_t epoch) override {
    const double rate = rates_[static_cast<size_t>(epoch)];
    context.learning_rate = static_cast<float>(rate);
    if (verbose_)
      context.print(keras2_ ? format("\nEpoch %05lld: LearningRateScheduler reducing learning rate to ",
                                     static_cast<long long>(epoch + 1)) +
                                  python_repr(rate) + ".\n"
                            : format("\nEpoch %lld: LearningRateScheduler setting learning rate to ",
                                     static_cast<long long>(epoch + 1)) +
                                  python_repr(rate) + ".\n");
    return {};
  }

  Status end_epoch(CallbackContext &context, int64_t) override {
    if (!keras2_) log_rate(context);
    return {};
  }

 private:
  std::vector<double> rates_;
  bool verbose_, keras2_;
};

class TerminateOnNan final : public Callback {
 public:
  const char *class_name() const override { return "TerminateOnNaN"; }
  Status end_batch(CallbackContext &context, int64_t, int64_t batch, double loss) override {
    if (loss - loss == 0) return {};  // finite
    context.print(format("Batch %lld: Invalid loss, terminating training\n", static_cast<long long>(batch)));
    context.stop = true;
    return {};
  }
};

}  // namespace

std::unique_ptr<Callback> make_reduce_learning_rate(const CallbackArguments &arguments, Monitor monitor,
                                                    Semantics semantics) {
  return std::make_unique<ReduceLearningRate>(arguments, std::move(monitor), semantics);
}

std::unique_ptr<Callback> make_learning_rate_table(const CallbackArguments &arguments, Semantics semantics) {
  return std::make_unique<LearningRateTable>(arguments, semantics);
}

std::unique_ptr<Callback> make_terminate_on_nan() {
  return std::make_unique<TerminateOnNan>();
}

}  // namespace sinter::runtime

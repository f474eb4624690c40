// OUT train
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "formats/text.h"
#include "runtime/data/output_check.h"
#include "runtime/data/training_sets.h"
#include "runtime/predictor/commands.h"
#include "runtime/training/commands.h"
#include "runtime/training/fit.h"
#include "runtime/training/interrupt.h"
#include "runtime/training/train_options.h"
#include "runtime/training/weight_files.h"
#include "schema/program_generated.h"
#include "support/fit_limits.h"
#include "support/output_place.h"

namespace sinter::runtime {
namespace {

// A finite number above 0.
Result<float> rate_of(const std::string &text) {
  char *end = nullptr;
  const float rate = std::strtof(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(rate) || rate <= 0)
    return usage_error("--lr " + printable(text) + ": expected a number above 0");
  return rate;
}

Result<uint64_t> seed_of(const std::string &text) {
  char *end = nullptr;
  errno = 0;
  const unsigned long long seed = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || errno != 0)
    return usage_error("--seed " + printable(text) +
                       ": expected a whole number from 0 to 18446744073709551615");
  return uint64_t{seed};
}

Result<FitOptions> fit_options(const Trainer &trainer, const Options &options) {
  FitOptions fit;
  const auto integer = [&](const char *name, int64_t low, int64_t high, auto set) -> Status {
    if (!options.has(name)) return {};
    Result<int64_t> number = options.integer(name, low, high, 0);
    if (!number) return number.error();
    set(*number);
    return {};
  };
  if (Status s =
          integer("--epochs", 0, most_epochs, [&](int64_t n) { fit.epochs = static_cast<uint32_t>(n); });
      !s)
    return s.error();
  if (Status s = integer("--batch", 1, trainer.max_batch(),
                         [&](int64_t n) { fit.batch = static_cast<uint32_t>(n); });
      !s) {
    Error error = s.error();
    error.hint = format("the program was compiled for batches of up to %u", trainer.max_batch());
    return error;
  }
  if (Status s = integer("--checkpoint-every", 1, INT64_MAX,
                         [&](int64_t n) { fit.checkpoint_every = static_cast<uint64_t>(n); });
      !s)
    return s.error();
  if (Status s = integer("--verbose", 0, 2, [&](int64_t n) { fit.verbose = static_cast<int>(n); }); !s)
    return s.error();
  if (const auto text = options.get("--lr")) {
    Result<float> rate = rate_of(*text);
    if (!rate) return rate.error();
    fit.learning_rate = *rate;
  }
  if (const auto text = options.get("--seed")) {
    Result<uint64_t> seed = seed_of(*text);
    if (!seed) return seed.error();
    fit.seed = *seed;
  }
  fit.checkpoint = options.get("--checkpoint");
  fit.resume = options.has("--resume");
  fit.override_checkpoint = options.has("--override");
  fit.save_weights = options.get("--save-weights");
  fit.log = options.get("--log");
  fit.tensorboard = options.get("--tensorboard");
  fit.plot = options.get("--plot");
  fit.nan_check = options.has("--nan-check");
  fit.prefetch = !options.has("--no-prefetch");
  if (fit.save_weights && !is_weight_file(*fit.save_weights))
    return usage_error(
        "--save-weights " + printable(*fit.save_weights) + ": the suffix does not say what to write",
        "known are .sinter, .h5, .hdf5, .keras, .npz and .safetensors");
  if (fit.checkpoint_every > 0 && !fit.checkpoint)
    return usage_error("--checkpoint-every needs --checkpoint FILE");
  if (const auto device = options.get("--device"); device && *device != "cpu")
    return usage_error("--device " + printable(*device) + ": this program was compiled for the CPU",
                       "compile it with --target cuda");
  return fit;
}

// Outputs that cannot be written are found before anything is read.
Status check_outputs(const FitOptions &fit, const Options &options) {
  std::vector<std::string> inputs;
  if (const auto data = options.get("--data")) inputs.push_back(*data);
  for (const char *option : {"--checkpoint", "--save-weights", "--log", "--plot"})
    if (const auto path = options.get(option))
      if (Status status = check_output(option, *path, inputs); !status) return status;
  const bool overwrites = options.has("--overwrite");
  if (!fit.checkpoint || fit.resume) {
    if (overwrites)
      return usage_error(fit.resume ? "--resume and --overwrite exclude each other"
                                    : "--overwrite needs --checkpoint FILE");
    return {};
  }
  if (!overwrites && path_kind(*fit.checkpoint) == PathKind::file && !output_place(*fit.checkpoint).in_place)
    return usage_error("--checkpoint " + printable(*fit.checkpoint) + ": the file exists",
                       "go on from it with --resume, or begin anew with --overwrite");
  return {};
}

int train(const Trainer &trainer, const Options &options, Console &console) {
  const auto fail = [&](const Error &error) {
    console.error(error);
    return 0;
  };
  Result<FitOptions> fit_choices = fit_options(trainer, options);
  if (!fit_choices) return fail(fit_choices.error());
  if (Status status = check_outputs(*fit_choices, options); !status) return fail(status.error());
  if (Status status = apply_threads(trainer.program, options); !status) return fail(status.error());
  if (Status status = check_cpu(trainer.program); !status) return fail(status.error());
  DataLoader loader(trainer, options.get("--data"));
  Result<TrainingSets> sets = load_training_sets(trainer, loader, console);
  if (!sets) return fail(sets.error());
  Result<std::unique_ptr<Fit>> fit =
      Fit::create(trainer, std::move(sets->train), std::move(sets->validation), *fit_choices, console);
  if (!fit) return fail(fit.error());
  catch_interrupts();
  if (Status status = (*fit)->run(); !status) return fail(status.error());
  return (*fit)->interrupted() != 0 ? 128 + (*fit)->interrupted() : 0;
}

}  // namespace

const TrainerCommand train_command = {"train",
                                      "--data DIR [options]",
                                      "train as the script's fit() does",
                                      "DIR holds MNIST-style IDX files (train-images-idx3-ubyte …, also "
                                      ".gz), CIFAR-10 or CIFAR-100 (binary or as Python pickled it), a\n"
                                      ".npz with x_train and y_train (several inputs: x_train.<input>, "
                                      "y_train.<output>), or folders of pictures\n"
                                      "train/CLASS/*.png|jpg. The script's steps (scaling, slices, one-hot "
                                      "encoding, validation_split) are applied to\n"
                                      "them. The log lines are Keras's; where standard output is no "
                                      "terminal, only the last bar of an epoch is\n"
                                      "printed. SIGINT and SIGTERM finish the step, write the checkpoint "
                                      "(without --checkpoint\n"
                                      "PROGRAM.interrupted.sinter in the current folder, or a free name "
                                      "beside it) and exit 130 or 143; a second\n"
                                      "one ends the process at once.\n",
                                      options_of_train,
                                      train};

}  // namespace sinter::runtime

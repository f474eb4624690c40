// OUT evaluate, predict and info of a trainer.
#include <algorithm>

#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "runtime/training/commands.h"
#include "runtime/training/evaluate.h"
#include "runtime/training/weight_files.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

constexpr OptionSpec checkpoint_option = {"--checkpoint", "FILE", "weights from a checkpoint"},
                     weights_option = {"--weights", "FILE",
                                       "weights: .sinter, .h5, .hdf5, .keras, .npz or .safetensors"};

constexpr OptionSpec options_of_evaluate[] = {
    {"--data", "DIR", "where the data set lies (default: as for train)"},
    {"--split", "NAME", "test (default), valid or train"},
    checkpoint_option,
    weights_option,
    {"--json", "", "print JSON"},
    threads_option,
};

// The state with the weights that the options name.
Result<TrainingState> trained_state(const Trainer &trainer, const Options &options) {
  const auto file = options.has("--weights") ? options.get("--weights") : options.get("--checkpoint");
  if (!file)
    return usage_error("--checkpoint FILE or --weights FILE is needed: the program holds no trained weights");
  Result<TrainingState> state = TrainingState::create(trainer);
  if (!state) return state.error();
  state->initialize(0);
  if (Status status = load_weights(trainer, *state, *file); !status) return status.error();
  return state;
}

int evaluate(const Trainer &trainer, const Options &options, Console &console) {
  const auto fail = [&](const Error &error) {
    console.error(error);
    return 0;
  };
  Result<std::string> split = evaluated_split(options);
  if (!split) return fail(split.error());
  if (Status status = apply_threads(trainer.program, options); !status) return fail(status.error());
  if (Status status = check_cpu(trainer.program); !status) return fail(status.error());
  Result<TrainingState> state = trained_state(trainer, options);
  if (!state) return fail(state.error());
  if (Status status = evaluate_state(trainer, *state, options, *split, console); !status)
    return fail(status.error());
  return 0;
}

// The predictor's own commands take a function without a state: this one has it here.
const Trainer *bound_trainer = nullptr;
const void *bound_state = nullptr;

int predict_bound(const float *const *inputs, float *const *outputs, uint32_t n, void *arena) {
  return bound_trainer->code.predict_state(inputs, outputs, n, arena, bound_state);
}

int predict(const Trainer &trainer, const Options &options, Console &console) {
  Result<TrainingState> state = trained_state(trainer, options);
  if (!state) {
    console.error(state.error());
    return 0;
  }
  bound_trainer = &trainer;
  bound_state = state->data();
  Program program = trainer.program;
  program.code.predict = predict_bound;
  predict_command.run(program, options, console);
  return 0;
}

constexpr OptionSpec options_of_predict[] = {
    {"--top", "K", "classes to print per input (default 5)"},
    {"--out", "FILE.npy", "write the outputs as float32"},
    {"--json", "", "print JSON"},
    threads_option,
    checkpoint_option,
    weights_option,
};

int info(const Trainer &trainer, const Options &options, Console &console) {
  info_command.run(trainer.program, options, console);
  return 0;
}

constexpr OptionSpec options_of_info[] = {{"--json", "", "print JSON"}};

}  // namespace

const TrainerCommand evaluate_trainer_command = {
    "evaluate",
    "--data DIR (--checkpoint | --weights) FILE [--split test] [--json]",
    "loss and metrics on a data set",
    "Prints the means of the model's loss and metrics over the test samples (or those of another split).\n",
    options_of_evaluate,
    evaluate};

const TrainerCommand predict_trainer_command = {"predict",
                                                "INPUT... (--checkpoint | --weights) FILE [options]",
                                                "run the network on pictures or arrays",
                                                "INPUT is a PNG or JPEG picture, a .npy array (one sample or "
                                                "a batch), or - for .npy on standard input.\n",
                                                options_of_predict,
                                                predict};

const TrainerCommand info_trainer_command = {
    "info",
    "[--json]",
    "model, target, parameters, memory, inputs and outputs, compile options",
    "Prints what the binary was compiled from and for.\n",
    options_of_info,
    info};

}  // namespace sinter::runtime

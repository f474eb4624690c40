// OUT evaluate of a predictor with a loss: an archive member of its own, so that other predictors do without
// it.
#include "runtime/training/evaluate.h"

extern "C" __attribute__((visibility("default"))) void sinter_predictor_evaluate(
    const sinter::runtime::Program &program, const sinter::runtime::Options &options,
    sinter::runtime::Console &console) {
  using namespace sinter;
  using namespace sinter::runtime;
  Result<std::string> split = evaluated_split(options);
  if (!split) return console.error(split.error());
  const Trainer evaluation = make_evaluation(program);
  Result<TrainingState> state = TrainingState::create(evaluation);
  if (!state) return console.error(state.error());
  if (Status status = evaluate_state(evaluation, *state, options, *split, console); !status)
    console.error(status.error());
}

// The entry that predictor/main.cpp calls in a trainer: the member of the archive that draws in all of
// training.
#include "runtime/program_abi.h"
#include "runtime/training/commands.h"

extern "C" __attribute__((visibility("default"))) int sinter_trainer_main(int argc, char **argv) {
  using namespace sinter::runtime;
  const Trainer trainer =
      make_trainer(sinter_program_metadata,
                   {sinter_program_constants, sinter_program_train_step, sinter_program_run_train_kernel,
                    sinter_program_evaluate, sinter_program_predict_state});
  return run_trainer(trainer, argc, argv);
}

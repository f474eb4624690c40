// `test_runtime --predictor PROGRAM ARGUMENTS...` is the predictor of a fake program, for tests of its
// command line; `--trainer PROGRAM ARGUMENTS...` the same for a fake trainer; otherwise the tests run.
#include <gtest/gtest.h>

#include <cstring>

#include "fake_programs.h"
#include "fake_trainers.h"
#include "formats/image/codecs.h"
#include "runtime/predictor/commands.h"
#include "runtime/training/commands.h"

extern "C" void sinter_predictor_evaluate(const sinter::runtime::Program &, const sinter::runtime::Options &,
                                          sinter::runtime::Console &);

namespace {

// As `-u` does in a link with codecs.
[[gnu::used]] sinter::ImageDecoder *const codecs[] = {sinter_decode_png, sinter_decode_jpeg};
// And in a link of a model with a loss.
[[gnu::used]] decltype(sinter_predictor_evaluate) *const evaluation = sinter_predictor_evaluate;

}  // namespace

int main(int argc, char **argv) {
  if (argc > 2 && std::strcmp(argv[1], "--predictor") == 0)
    return sinter::runtime::run_predictor(sinter::runtime::fake_program(argv[2]), argc - 2, argv + 2);
  if (argc > 2 && std::strcmp(argv[1], "--trainer") == 0)
    return sinter::runtime::run_trainer(
        sinter::runtime::fake_trainer(sinter::runtime::fake_trainer_spec(argv[2])), argc - 2, argv + 2);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

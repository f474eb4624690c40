// OUT evaluate: the model's own loss and metrics over a data set, by the code that the compiler made of them.
#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "schema/program_generated.h"

// In binaries of models with a loss: runtime/training/predictor_evaluate.cpp, which their link line names.
extern "C" [[gnu::weak]] void sinter_predictor_evaluate(const sinter::runtime::Program &program,
                                                        const sinter::runtime::Options &options,
                                                        sinter::runtime::Console &console);

namespace sinter::runtime {
namespace {

constexpr OptionSpec options_of_evaluate[] = {
    {"--data", "DIR", "where the data set lies (default: $SINTER_DATA/<name>, the system's usual places)"},
    {"--split", "NAME", "test (default), valid or train"},
    {"--json", "", "print JSON"},
    threads_option,
};

void evaluate(const Program &program, const Options &options, Console &console) {
  if (!options.positional().empty())
    return console.error(usage_error("evaluate takes no arguments but options", "see evaluate --help"));
  if (!program.code.evaluate || !sinter_predictor_evaluate) {
    const auto *problem = program.metadata->loss_problem();
    return console.error(
        rejected("",
                 problem && problem->size() > 0
                     ? "the model's loss or metrics cannot be evaluated: " + printable(problem->string_view())
                     : "the model states no loss: there is nothing to evaluate it with",
                 "compile it with --loss NAME"));
  }
  if (Status status = apply_threads(program, options); !status) return console.error(status.error());
  if (Status status = check_cpu(program); !status) return console.error(status.error());
  sinter_predictor_evaluate(program, options, console);
}

}  // namespace

const Command evaluate_command = {
    "evaluate",
    "--data DIR [--split test] [--json] [--threads N]",
    "loss and metrics on a data set",
    "DIR holds MNIST-style IDX files (t10k-images-idx3-ubyte …, also .gz), CIFAR-10 or CIFAR-100 (binary or\n"
    "as Python pickled it), a .npz with x_test and y_test (several inputs: x_test.<input>, "
    "y_test.<output>),\n"
    "or a folder of pictures test/CLASS/*.png|jpg. The script's steps are applied to them; without any, "
    "bytes\n"
    "are scaled as predict scales pictures. Prints the means of the loss and metrics that the model was\n"
    "compiled with, in the script or by --loss.\n",
    options_of_evaluate,
    evaluate};

}  // namespace sinter::runtime

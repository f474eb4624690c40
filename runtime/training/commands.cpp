#include "runtime/training/commands.h"

#include "formats/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

constexpr const TrainerCommand *commands[] = {&train_command, &evaluate_trainer_command,
                                              &predict_trainer_command, &bench_trainer_command,
                                              &info_trainer_command};

std::string overall_help(const Trainer &trainer, const std::string &binary) {
  const auto *model = trainer.program.metadata->name();
  std::string text =
      binary + ": a compiled training" + (model ? " (" + model->str() + ")" : "") + "\n\nusage:\n";
  for (const TrainerCommand *command : commands)
    text += "  " + binary + " " + (command == &train_command ? "[train]" : std::string(command->name)) + " " +
            std::string(command->synopsis) + "\n      " + std::string(command->summary) + "\n";
  return text + "  " + binary + " COMMAND --help\n  " + binary +
         " --version\n\nKeras's log lines and results go to standard output, diagnostics to standard error. "
         "Exit "
         "codes: 0 done;\n1 the input was rejected; 2 usage; 3 a file or system error; 130 and 143 stopped "
         "by SIGINT or "
         "SIGTERM.\n";
}

int run_command(const Trainer &trainer, const TrainerCommand &command, std::span<const std::string> arguments,
                Console &console) {
  for (const std::string &argument : arguments) {
    if (argument == "--") break;
    if (argument != "--help" && argument != "-h") continue;
    console.print("usage: " + console.binary() + " " + std::string(command.name) + " " +
                  std::string(command.synopsis) + "\n\n" + std::string(command.description) + "\noptions:\n" +
                  options_help(command.options));
    return 0;
  }
  Result<Options> options = Options::parse(arguments, command.options);
  Error error;
  if (!options)
    error = options.error();
  else if (!options->positional().empty() && &command != &predict_trainer_command)
    error = usage_error(std::string(command.name) + " takes no argument '" +
                        printable(options->positional()[0]) + "'");
  else
    return command.run(trainer, *options, console);
  console.error(with_help(std::move(error), console.binary() + " " + std::string(command.name)));
  return 0;
}

}  // namespace

int run_trainer(const Trainer &trainer, int argc, const char *const *argv) {
  const std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
  Console console(argc > 0 ? base_name(argv[0]) : "trainer");
  int exit_code = 0;
  const std::string first = arguments.empty() ? "" : arguments[0];
  if (first == "--help" || first == "-h" || first == "help") {
    console.print(overall_help(trainer, console.binary()));
  } else if (first == "--version") {
    const auto *version = trainer.program.metadata->sinter_version();
    console.print("compiled by sinter " + (version ? version->str() : std::string("(unknown)")) + "\n");
  } else if (first.empty() || first[0] == '-') {
    exit_code = run_command(trainer, train_command, arguments, console);
  } else {
    const TrainerCommand *found = nullptr;
    for (const TrainerCommand *command : commands)
      if (command->name == first) found = command;
    if (found)
      exit_code = run_command(trainer, *found, std::span(arguments).subspan(1), console);
    else
      console.error(with_help(usage_error("unknown command " + printable(first),
                                          "the commands are train, evaluate, predict, bench and info"),
                              console.binary()));
  }
  const int worst = console.finish();
  return worst != 0 ? worst : exit_code;
}

}  // namespace sinter::runtime

#include <span>
#include <vector>

#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "runtime/threads/threads.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

constexpr const Command *commands[] = {&predict_command, &evaluate_command, &bench_command, &info_command};

std::string overall_help(const Program &program, const std::string &binary) {
  const auto *model = program.metadata->name();
  std::string text =
      binary + ": a compiled network" + (model ? " (" + model->str() + ")" : "") + "\n\nusage:\n";
  for (const Command *command : commands)
    text += "  " + binary + " " + std::string(command->name) + " " + std::string(command->synopsis) +
            "\n      " + std::string(command->summary) + "\n";
  text += "  " + binary + " COMMAND --help\n  " + binary + " --version\n\n";
  text +=
      "Results go to standard output, diagnostics to standard error. Exit codes: 0 done; 1 the input was\n"
      "rejected; 2 usage; 3 a file or system error.\n";
  return text;
}

std::string command_help(const Command &command, const std::string &binary) {
  return "usage: " + binary + " " + std::string(command.name) + " " + std::string(command.synopsis) + "\n\n" +
         std::string(command.description) + "\noptions:\n" + options_help(command.options);
}

bool is_help(std::string_view argument) {
  return argument == "--help" || argument == "-h" || argument == "help";
}

void run_command(const Program &program, const Command &command, std::span<const std::string> arguments,
                 Console &console) {
  for (const std::string &argument : arguments) {
    if (argument == "--") break;
    if (argument == "--help" || argument == "-h")
      return console.print(command_help(command, console.binary()));
  }
  Result<Options> options = Options::parse(arguments, command.options);
  if (!options) {
    Error error = options.error();
    if (!error.hint.empty()) error.hint += "; ";
    error.hint += "see " + console.binary() + " " + std::string(command.name) + " --help";
    return console.error(error);
  }
  command.run(program, *options, console);
}

}  // namespace

Status apply_threads(const Options &options) {
  Result<int64_t> threads = options.integer("--threads", 1, SINTER_MAX_THREADS, 0);
  if (!threads) return threads.error();
  if (*threads > 0) sinter_set_threads(static_cast<uint32_t>(*threads));
  return {};
}

int run_predictor(const Program &program, int argc, const char *const *argv) {
  const std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
  Console console(argc > 0 ? base_name(argv[0]) : "predictor");
  if (arguments.empty()) {
    console.error(usage_error("expected a command: predict, evaluate, bench or info",
                              "see " + console.binary() + " --help"));
  } else if (is_help(arguments[0])) {
    console.print(overall_help(program, console.binary()));
  } else if (arguments[0] == "--version") {
    const auto *version = program.metadata->sinter_version();
    console.print("compiled by sinter " + (version ? version->str() : std::string("(unknown)")) + "\n");
  } else {
    const Command *found = nullptr;
    for (const Command *command : commands)
      if (command->name == arguments[0]) found = command;
    if (found)
      run_command(program, *found, std::span(arguments).subspan(1), console);
    else
      console.error(usage_error(
          "unknown command " + printable(arguments[0]),
          "the commands are predict, evaluate, bench and info; see " + console.binary() + " --help"));
  }
  return console.finish();
}

}  // namespace sinter::runtime

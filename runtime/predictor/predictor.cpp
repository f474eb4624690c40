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
  if (!options)
    return console.error(with_help(options.error(), console.binary() + " " + std::string(command.name)));
  command.run(program, *options, console);
}

}  // namespace

Status apply_threads(const Program &program, const Options &options) {
  const bool serial = program.metadata->serial();
  Result<int64_t> threads = options.integer("--threads", 1, SINTER_MAX_THREADS, serial ? 1 : 0);
  if (!threads) return threads.error();
  if (serial && *threads > 1)
    return usage_error(
        format("--threads %lld: the program was compiled with --threads 1, its code runs on one",
               static_cast<long long>(*threads)),
        "compile it without that option");
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
      console.error(with_help(usage_error("unknown command " + printable(arguments[0]),
                                          "the commands are predict, evaluate, bench and info"),
                              console.binary()));
  }
  return console.finish();
}

}  // namespace sinter::runtime

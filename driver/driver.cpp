#include "driver/driver.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "codegen/clean_up.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/option_names.h"
#include "support/version.h"

namespace sinter {

namespace {

// `--random-weights [SEED]`: the next argument is the seed only if it is a number; CLI11 would take a file
// name.
std::vector<std::string> arguments(int argc, char **argv) {
  std::vector<std::string> result;
  for (int i = 1; i < argc; ++i) {
    result.emplace_back(argv[i]);
    if (result.back() != "--random-weights") continue;
    const std::string next = i + 1 < argc ? argv[i + 1] : "";
    const bool is_number = !next.empty() && next.find_first_not_of("0123456789") == std::string::npos;
    result.back() += "=" + (is_number ? next : std::string("0"));
    if (is_number) ++i;
  }
  return result;
}

// Results that could not be written (a full disk behind standard output) are no results.
int with_output(int code) {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout) return code;
  std::fputs("sinter: error: cannot write to standard output\n", stderr);
  return 3;
}

int unknown_command(const std::string &name, const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
    names.push_back(command->get_name());
  return driver::usage_error("unknown command " + name, driver::hint_for_option(name, names, "sinter"));
}

// What CLI11 found no use for.
int unknown_argument(const CLI::App &app) {
  const std::vector<CLI::App *> commands = app.get_subcommands();
  const CLI::App &command = commands.empty() ? app : *commands.front();
  const std::string full_name = commands.empty() ? "sinter" : "sinter " + command.get_name();
  const std::string argument = app.remaining(/*recurse=*/true).front();
  const std::string hint = driver::hint_for_option(argument, driver::option_names(command), full_name);
  if (argument.starts_with('-'))
    return driver::usage_error("unknown option " + argument.substr(0, argument.find('=')), hint);
  return driver::usage_error(full_name + " has no use for the argument " + argument,
                             "see " + full_name + " --help");
}

int run(int argc, char **argv) {
  CLI::App app("Sinter compiles convolutional networks described in Keras into self-contained native code.",
               "sinter");
  app.set_version_flag("--version", std::string("sinter ") + version);
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App *, driver::Command>> commands;
  const auto add = [&](driver::Command (*adder)(CLI::App &)) {
    driver::Command command = adder(app);
    commands.emplace_back(app.get_subcommands([](const CLI::App *) { return true; }).back(),
                          std::move(command));
  };
  add(driver::add_summary);
  add(driver::add_compile);
  add(driver::add_train);
  add(driver::add_predict);
  add(driver::add_convert);
  add(driver::add_ops);
  std::vector<std::string> list = arguments(argc, argv);
  const std::string name = list.empty() ? "" : list[0];
  const auto named =
      std::ranges::find(commands, name, [](const auto &entry) { return entry.first->get_name(); });
  if (named == commands.end() && !name.empty() && name[0] != '-') return unknown_command(name, app);
  if (named != commands.end() && named->second.take_foreign)
    if (const int code = named->second.take_foreign(list)) return code;
  try {
    std::reverse(list.begin(), list.end());  // CLI11 takes them from the back
    app.parse(list);
  } catch (const CLI::ExtrasError &) {
    return unknown_argument(app);
  } catch (const CLI::ParseError &error) {
    const int code = app.exit(error);
    std::cout.flush();
    return with_output(code == 0 ? 0 : 2);
  }
  for (const auto &[subcommand, command] : commands)
    if (subcommand->parsed()) return with_output(command.run());
  return 2;
}

}  // namespace

// What is thrown and not caught is of the system: fmt throws where standard output takes no more, threads where
// there is no room for one. What the command holds is destroyed on the way, its temporary files with it.
int run_driver(int argc, char **argv) {
  codegen::clean_up_on_failure();
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    codegen::give_up(error.what());
  } catch (...) {
    codegen::give_up("an unknown exception");
  }
}

}  // namespace sinter

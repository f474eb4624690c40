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
  try {
    std::vector<std::string> list = arguments(argc, argv);
    std::reverse(list.begin(), list.end());  // CLI11 takes them from the back
    app.parse(list);
  } catch (const CLI::ParseError &error) {
    const int code = app.exit(error);
    std::cout.flush();
    return with_output(code == 0 ? 0 : 2);
  }
  for (const auto &[subcommand, command] : commands)
    if (subcommand->parsed()) return with_output(command());
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

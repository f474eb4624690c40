#include "driver/driver.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>
#include <vector>

#include "driver/commands.h"
#include "support/version.h"

namespace sinter {

int run_driver(int argc, char **argv) {
  CLI::App app("Sinter compiles convolutional networks described in Keras into self-contained native code.", "sinter");
  app.set_version_flag("--version", std::string("sinter ") + version);
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App *, driver::Command>> commands;
  const auto add = [&](driver::Command (*adder)(CLI::App &)) {
    driver::Command command = adder(app);
    commands.emplace_back(app.get_subcommands([](const CLI::App *) { return true; }).back(), std::move(command));
  };
  add(driver::add_summary);
  add(driver::add_compile);
  add(driver::add_predict);
  add(driver::add_ops);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  for (const auto &[subcommand, command] : commands) {
    if (!subcommand->parsed()) continue;
    const int code = command();
    // Results that could not be written (a full disk behind standard output) are no results.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      std::fputs("sinter: error: cannot write to standard output\n", stderr);
      return 3;
    }
    return code;
  }
  return 2;
}

}  // namespace sinter

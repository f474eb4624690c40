// The subcommands. Each adds itself to the command line, and returns how it is run; that gives the exit code.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sinter::driver {

struct Command {
  std::function<int()> run;
  // Before the options are read: takes what is not for this command out of the command line, whose first word
  // is its name. Another code than 0 ends.
  std::function<int(std::vector<std::string> &arguments)> take_foreign = nullptr;
};

Command add_summary(CLI::App &app);
Command add_compile(CLI::App &app);
Command add_predict(CLI::App &app);
Command add_train(CLI::App &app);
Command add_convert(CLI::App &app);
Command add_ops(CLI::App &app);

}  // namespace sinter::driver

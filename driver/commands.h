// The subcommands. Each adds itself to the command line; the function it returns runs it and gives the exit
// code.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace sinter::driver {

using Command = std::function<int()>;

Command add_summary(CLI::App &app);
Command add_compile(CLI::App &app);
Command add_predict(CLI::App &app);
Command add_train(CLI::App &app);
Command add_convert(CLI::App &app);
Command add_ops(CLI::App &app);

}  // namespace sinter::driver

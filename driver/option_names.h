// Names of options on a command line that CLI11 reads.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sinter::driver {

// Of `--batch=4` it is `--batch`, of `-O3` it is `-O`.
std::string option_name(const std::string &argument);

// All options that a command takes: `--batch`, `-o`, …
std::vector<std::string> option_names(const CLI::App &command);

// What to say of an option that is none of these: the nearest name, and where all of them are listed.
std::string hint_for_option(const std::string &argument, const std::vector<std::string> &names,
                            const std::string &command);

// The options that were given, for the binary's `info` and the cache's key: `--batch=4`. Not MODEL, and not
// what has no influence on the result: -o, --quiet.
std::vector<std::string> stated_options(const CLI::App &command);

}  // namespace sinter::driver

#include "driver/option_names.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "support/did_you_mean.h"

namespace sinter::driver {

std::string option_name(const std::string &argument) {
  return argument.substr(0, argument.starts_with("--") ? argument.find('=') : 2);
}

std::vector<std::string> option_names(const CLI::App &command) {
  std::vector<std::string> names;
  for (const CLI::Option *option : command.get_options()) {
    for (const std::string &name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string &name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string hint_for_option(const std::string &argument, const std::vector<std::string> &names,
                            const std::string &command) {
  const std::string nearest = did_you_mean(argument.substr(0, argument.find('=')), names);
  return nearest + (nearest.empty() ? "" : " ") + "see " + command + " --help";
}

std::vector<std::string> stated_options(const CLI::App &command) {
  constexpr std::string_view without_influence[] = {"MODEL", "-o", "--quiet"};
  std::vector<std::string> stated;
  for (const CLI::Option *option : command.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || std::ranges::find(without_influence, name) != std::end(without_influence))
      continue;
    const std::string value = fmt::format("{}", fmt::join(option->results(), ","));
    stated.push_back(value.empty() ? name : name + "=" + value);
  }
  return stated;
}

}  // namespace sinter::driver

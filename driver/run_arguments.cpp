#include "driver/run_arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "driver/console.h"
#include "driver/option_names.h"

namespace sinter::driver {

namespace {

class Splitter {
 public:
  Splitter(std::span<const std::string> arguments, const CLI::App &command,
           std::span<const runtime::OptionSpec> binary_options, bool takes_inputs)
      : arguments_(arguments),
        command_(command),
        binary_options_(binary_options),
        takes_inputs_(takes_inputs),
        is_separated_(std::ranges::find(arguments, "--") != arguments.end()) {}

  std::optional<RunArguments> split() {
    while (at_ < arguments_.size()) {
      const std::string &argument = arguments_[at_];
      if (argument == "--") {
        if (is_behind_) break;
        is_behind_ = true;
        ++at_;
      } else if (argument.size() < 2 || argument[0] != '-') {
        if (!positional()) return std::nullopt;
      } else if (!option()) {
        return std::nullopt;
      }
    }
    // Behind a second -- there are inputs alone, whatever they look like.
    result_.binary.insert(result_.binary.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_),
                          arguments_.end());
    return std::move(result_);
  }

 private:
  bool positional() {
    const std::string &argument = arguments_[at_++];
    if (!is_behind_ && !has_model_) {
      has_model_ = true;
      result_.compiler.push_back(argument);
      return true;
    }
    if (takes_inputs_) {
      result_.binary.push_back(argument);
      return true;
    }
    usage_error(fmt::format("{} takes one MODEL; there is no use for '{}'", command_.get_name(), argument),
                help());
    return false;
  }

  // With the value that follows it, if it takes one.
  bool option() {
    const std::string &argument = arguments_[at_];
    const std::string name = option_name(argument);
    const CLI::Option *compilers = command_.get_option_no_throw(name);
    const auto binarys = std::ranges::find(binary_options_, name, &runtime::OptionSpec::name);
    const bool is_binarys = binarys != binary_options_.end() || (is_behind_ && is_help(name));
    if (compilers && !is_behind_)
      return take(result_.compiler, compilers->get_items_expected_max() > 0, false);
    if (is_binarys && (is_behind_ || !is_separated_))
      return take(result_.binary, binarys != binary_options_.end() && !binarys->value.empty(), true);
    if (compilers || is_binarys)
      usage_error(fmt::format("{} is an option of the {}", name, compilers ? "compiler" : "binary"),
                  compilers ? "put it before the --" : "put it behind the --");
    else
      usage_error(fmt::format("unknown option {}", argument.substr(0, argument.find('='))),
                  suggestion(argument));
    return false;
  }

  bool take(std::vector<std::string> &list, bool takes_value, bool is_binarys) {
    const std::string &argument = arguments_[at_++];
    list.push_back(argument);
    const bool holds_value =
        argument.starts_with("--") ? argument.find('=') != std::string::npos : argument.size() > 2;
    if (!takes_value || holds_value) return true;
    if (at_ < arguments_.size()) {
      list.push_back(arguments_[at_++]);
      return true;
    }
    if (!is_binarys) return true;  // the compiler's command line says so
    usage_error(argument + " needs a value", help());
    return false;
  }

  static bool is_help(const std::string &name) { return name == "--help" || name == "-h"; }

  std::string help() const { return fmt::format("see sinter {} --help", command_.get_name()); }

  std::string suggestion(const std::string &argument) const {
    std::vector<std::string> names;
    if (!is_behind_) names = option_names(command_);
    if (is_behind_ || !is_separated_)
      for (const runtime::OptionSpec &spec : binary_options_) names.emplace_back(spec.name);
    return hint_for_option(argument, names, "sinter " + command_.get_name());
  }

  std::span<const std::string> arguments_;
  const CLI::App &command_;
  std::span<const runtime::OptionSpec> binary_options_;
  const bool takes_inputs_, is_separated_;
  size_t at_ = 0;
  bool is_behind_ = false, has_model_ = false;
  RunArguments result_;
};

}  // namespace

std::optional<RunArguments> split_run_arguments(std::span<const std::string> arguments,
                                                const CLI::App &command,
                                                std::span<const runtime::OptionSpec> binary_options,
                                                bool takes_inputs) {
  return Splitter(arguments, command, binary_options, takes_inputs).split();
}

}  // namespace sinter::driver

#include "runtime/options.h"

#include <cerrno>
#include <cstdlib>

#include "formats/text.h"
#include "support/did_you_mean.h"

namespace sinter::runtime {
namespace {

const OptionSpec *find(std::span<const OptionSpec> specs, std::string_view name) {
  for (const OptionSpec &spec : specs)
    if (spec.name == name) return &spec;
  return nullptr;
}

std::string names_of(std::span<const OptionSpec> specs) {
  std::string names;
  for (const OptionSpec &spec : specs) {
    if (!names.empty()) names += ", ";
    names += spec.name;
  }
  return names;
}

}  // namespace

Result<Options> Options::parse(std::span<const std::string> arguments, std::span<const OptionSpec> specs) {
  Options options;
  bool only_positional = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string &argument = arguments[i];
    if (only_positional || argument.size() < 2 || argument[0] != '-') {  // "-" is standard input
      options.positional_.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_positional = true;
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const OptionSpec *spec = find(specs, name);
    if (!spec) {
      std::string hint = did_you_mean(name, specs, &OptionSpec::name);
      if (hint.empty() && !specs.empty()) hint = "the options here are " + names_of(specs);
      return usage_error("unknown option " + printable(name), hint);
    }
    std::string value;
    if (spec->value.empty()) {
      if (equals != std::string::npos) return usage_error(name + " takes no value");
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else {
      if (i + 1 == arguments.size())
        return usage_error(name + " needs a value: " + name + " " + std::string(spec->value));
      value = arguments[++i];
    }
    options.given_.emplace_back(name, value);
  }
  return options;
}

std::optional<std::string> Options::get(std::string_view name) const {
  for (auto it = given_.rbegin(); it != given_.rend(); ++it)
    if (it->first == name) return it->second;
  return std::nullopt;
}

Result<int64_t> Options::integer(std::string_view name, int64_t low, int64_t high, int64_t fallback) const {
  const std::optional<std::string> text = get(name);
  if (!text) return fallback;
  char *end = nullptr;
  errno = 0;
  const long long number = std::strtoll(text->c_str(), &end, 10);
  const bool whole = !text->empty() && end == text->c_str() + text->size() && errno == 0 && (*text)[0] != ' ';
  if (!whole || number < low || number > high)
    return usage_error(format("%.*s %s: expected a whole number from %lld to %lld",
                              static_cast<int>(name.size()), name.data(), printable(*text).c_str(),
                              static_cast<long long>(low), static_cast<long long>(high)));
  return int64_t{number};
}

Error with_help(Error error, const std::string &command) {
  if (!error.hint.empty()) error.hint += error.hint.back() == '?' ? " " : "; ";
  error.hint += "see " + command + " --help";
  return error;
}

std::string options_help(std::span<const OptionSpec> specs) {
  size_t width = 0;
  const auto left = [](const OptionSpec &spec) {
    return std::string(spec.name) + (spec.value.empty() ? "" : " " + std::string(spec.value));
  };
  for (const OptionSpec &spec : specs) width = std::max(width, left(spec).size());
  std::string text;
  for (const OptionSpec &spec : specs) {
    const std::string name = left(spec);
    text += "  " + name + std::string(width - name.size() + 2, ' ') + std::string(spec.help) + "\n";
  }
  return text;
}

}  // namespace sinter::runtime

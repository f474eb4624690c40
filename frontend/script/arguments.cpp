#include "frontend/script/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "support/did_you_mean.h"

namespace sinter::script {

namespace {

struct Parameter {
  std::vector<std::string> names;
  bool required = false;
  bool named_only = false;
};

struct Signature {
  std::vector<Parameter> parameters;
  bool any_keyword = false, any_positional = false;
};

Signature parse_signature(std::string_view text) {
  Signature signature;
  std::istringstream words{std::string(text)};
  bool named_only = false;
  for (std::string word; words >> word;) {
    if (word == "*") {
      named_only = true;
    } else if (word == "**") {
      signature.any_keyword = true;
    } else if (word == "...") {
      signature.any_positional = true;
    } else {
      Parameter parameter;
      parameter.named_only = named_only;
      if (word.back() == '!') {
        parameter.required = true;
        word.pop_back();
      }
      std::istringstream names(word);
      for (std::string name; std::getline(names, name, '|');) parameter.names.push_back(name);
      signature.parameters.push_back(std::move(parameter));
    }
  }
  return signature;
}

}  // namespace

std::string parameter_name(std::string_view signature, std::string_view name) {
  for (const Parameter &parameter : parse_signature(signature).parameters)
    if (std::ranges::find(parameter.names, name) != parameter.names.end()) return parameter.names.front();
  return {};
}

std::string suggestion(std::string_view word, const std::vector<std::string> &names) {
  const std::string nearest = did_you_mean(word, names);
  if (!nearest.empty() || names.empty()) return nearest;
  return fmt::format("accepted are: {}", fmt::join(names, ", "));
}

const Argument *Bound::find(std::string_view name) const {
  for (const Argument &argument : arguments_)
    if (argument.name == name) return &argument;
  return nullptr;
}

Value Bound::operator[](std::string_view name) const {
  const Argument *argument = find(name);
  return argument ? argument->value : Value(None{});
}

Position Bound::at(std::string_view name) const {
  const Argument *argument = find(name);
  return argument ? argument->at : call_;
}

bool Bound::poisoned() const {
  const auto bad = [](const Argument &argument) { return is_poison(argument.value); };
  return std::ranges::any_of(arguments_, bad) || std::ranges::any_of(extra_, bad);
}

Bound bind_arguments(Evaluator &evaluator, std::string_view callee, std::string_view signature_text,
                     const CallArguments &arguments) {
  const Signature signature = parse_signature(signature_text);
  Bound bound;
  bound.call_ = arguments.at;
  const auto fail = [&](Position at, std::string message, std::string hint) {
    evaluator.error(at, std::move(message), std::move(hint));
    bound.ok_ = false;
  };
  std::vector<std::string> accepted;
  std::size_t positional_count = 0;
  for (const Parameter &parameter : signature.parameters) {
    accepted.push_back(parameter.names.front());
    if (!parameter.named_only) ++positional_count;
  }
  std::size_t next = 0;
  for (const Argument &argument : arguments.items) {
    const Parameter *parameter = nullptr;
    if (argument.name.empty()) {
      if (next < positional_count)
        parameter = &signature.parameters[next++];
      else if (signature.any_positional) {
        bound.extra_.push_back(argument);
        continue;
      } else {
        fail(argument.at, fmt::format("{}() takes at most {} positional arguments", callee, positional_count),
             accepted.empty() ? "it takes none" : fmt::format("accepted are: {}", fmt::join(accepted, ", ")));
        break;
      }
    } else {
      for (const Parameter &candidate : signature.parameters)
        if (std::ranges::find(candidate.names, argument.name) != candidate.names.end())
          parameter = &candidate;
      if (!parameter && signature.any_keyword) {
        bound.extra_.push_back(argument);
        continue;
      }
      if (!parameter) {
        fail(argument.at, fmt::format("{}() has no argument '{}'", callee, argument.name),
             suggestion(argument.name, accepted));
        continue;
      }
    }
    const std::string &name = parameter->names.front();
    if (bound.find(name)) {
      fail(argument.at, fmt::format("{}() gets the argument '{}' twice", callee, name), "give it once");
      continue;
    }
    bound.arguments_.push_back({name, argument.value, argument.at});
  }
  for (const Parameter &parameter : signature.parameters)
    if (parameter.required && !bound.find(parameter.names.front()) && bound.ok_)
      fail(arguments.at, fmt::format("{}() needs the argument '{}'", callee, parameter.names.front()),
           fmt::format("accepted are: {}", fmt::join(accepted, ", ")));
  if (bound.poisoned()) bound.ok_ = false;
  return bound;
}

}  // namespace sinter::script

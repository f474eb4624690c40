// Binding of call arguments to the parameters of our own functions.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

// Arguments by parameter name. Values that were not given are absent.
class Bound {
 public:
  bool ok() const { return ok_; }  // false: an error has been reported
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // The value, or None if it was not given.
  Value operator[](std::string_view name) const;
  const Argument *find(std::string_view name) const;
  Position at(std::string_view name) const;  // of the argument, or of the call
  const std::vector<Argument> &all() const { return arguments_; }
  // The first argument that is poisoned, or that is opaque; None if there is none.
  bool poisoned() const;
  // Those that were given under names the signature does not list (signatures ending in "**").
  const std::vector<Argument> &extra() const { return extra_; }

 private:
  friend Bound bind_arguments(Evaluator &, std::string_view, std::string_view, const CallArguments &);
  std::vector<Argument> arguments_, extra_;
  Position call_;
  bool ok_ = true;
};

// `signature` lists the parameters in positional order, separated by spaces: `filters!` is required,
// `epochs|nb_epoch` also goes by an old name, `*` begins those that must be named, `**` at the end accepts
// any other name, `...` any number of further positional arguments (in extra()). Unknown, repeated, missing
// and surplus arguments are errors that name `callee` and the accepted ones.
Bound bind_arguments(Evaluator &evaluator, std::string_view callee, std::string_view signature,
                     const CallArguments &arguments);

// The first name of the parameter that also goes by `name`; empty if the signature has none.
std::string parameter_name(std::string_view signature, std::string_view name);

// `did you mean 'padding'?` if one of the names is close; else a list of them.
std::string suggestion(std::string_view word, const std::vector<std::string> &names);

}  // namespace sinter::script

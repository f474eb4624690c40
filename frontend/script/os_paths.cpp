#include "frontend/script/os_paths.h"

#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

Value current_folder(Evaluator &evaluator, const Native &, const CallArguments &) {
  return evaluator.string(".");
}

// As posixpath.join: an absolute part starts anew.
Value join_paths(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  std::string path;
  for (const Argument &argument : arguments.items) {
    const std::string *part = text_of(argument.value);
    if (is_poison(argument.value)) return Poison{};
    if (!part || !argument.name.empty()) return evaluator.opaque(arguments.at, "os.path.join()");
    evaluator.allocate(path.size() + part->size() + 1);
    if (part->starts_with('/'))
      path.clear();
    else if (!path.empty() && !path.ends_with('/'))
      path += '/';
    path += *part;
  }
  return evaluator.string(std::move(path));
}

}  // namespace

std::optional<Value> os_member(Evaluator &evaluator, const std::string &name) {
  if (name == "os.getcwd") return evaluator.native("getcwd", current_folder);
  if (name == "os.path.join") return evaluator.native("join", join_paths);
  if (name == "os.curdir" || name == "os.path.curdir") return evaluator.string(".");
  return std::nullopt;
}

}  // namespace sinter::script

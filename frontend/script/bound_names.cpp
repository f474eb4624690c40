#include "frontend/script/bound_names.h"

namespace sinter::script {

namespace {

void collect_target(const Expression &target, std::vector<std::string> &names) {
  if (const auto *name = std::get_if<Name>(&target.node))
    names.push_back(name->id);
  else if (const auto *starred = std::get_if<Starred>(&target.node))
    collect_target(*starred->value, names);
  else if (const auto *sequence = std::get_if<SequenceDisplay>(&target.node))
    for (const ExpressionPtr &item : sequence->items) collect_target(*item, names);
}

void collect(const Block &block, std::vector<std::string> &names) {
  for (const Statement &statement : block) {
    if (const auto *assignment = std::get_if<Assignment>(&statement.node)) {
      for (const ExpressionPtr &target : assignment->targets) collect_target(*target, names);
    } else if (const auto *augmented = std::get_if<AugmentedAssignment>(&statement.node)) {
      collect_target(*augmented->target, names);
    } else if (const auto *branch = std::get_if<If>(&statement.node)) {
      for (const auto &[condition, body] : branch->branches) collect(body, names);
      collect(branch->otherwise, names);
    } else if (const auto *loop = std::get_if<For>(&statement.node)) {
      collect_target(*loop->target, names);
      collect(loop->body, names);
      collect(loop->otherwise, names);
    } else if (const auto *function = std::get_if<FunctionDefinition>(&statement.node)) {
      names.push_back(function->name);
    } else if (const auto *import = std::get_if<Import>(&statement.node)) {
      for (const Import::Item &item : import->items)
        names.push_back(item.alias.empty() ? item.name.substr(0, item.name.find('.')) : item.alias);
    } else if (const auto *unsupported = std::get_if<Unsupported>(&statement.node)) {
      names.insert(names.end(), unsupported->names.begin(), unsupported->names.end());
    }
  }
}

}  // namespace

std::vector<std::string> bound_names(const Block &block) {
  std::vector<std::string> names;
  collect(block, names);
  return names;
}

}  // namespace sinter::script

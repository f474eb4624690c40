#include "codegen/lower/kernel_builder.h"

#include <functional>
#include <unordered_map>

namespace sinter::codegen {

using kernel::Expr;
using kernel::ExprNode;

namespace {

constexpr double long_text = 200;  // nodes

struct Usage {
  int users = 0;
  double written_out = 1;  // nodes of the expression as a tree
};

}  // namespace

Expr KernelBuilder::let_shared(const Expr &value, kernel::Body &body) {
  std::unordered_map<const ExprNode *, Usage> usage;
  std::vector<Expr> order;  // parents first
  kernel::visit(value, [&](const Expr &node) { order.push_back(node); });
  const auto each_operand = [](const Expr &node, const auto &fn) {
    kernel::rebuild(node, [&](const Expr &operand) {
      fn(operand);
      return operand;
    });
  };
  const std::function<double(const Expr &)> count = [&](const Expr &node) -> double {
    const auto [entry, is_new] = usage.try_emplace(node.get());
    ++entry->second.users;
    if (!is_new) return entry->second.written_out;
    double nodes = 1;
    std::vector<const ExprNode *> seen;  // rebuild asks for an operand more than once
    each_operand(node, [&](const Expr &operand) {
      if (std::find(seen.begin(), seen.end(), operand.get()) != seen.end()) return;
      seen.push_back(operand.get());
      nodes += count(operand);
    });
    usage[node.get()].written_out = nodes;
    return nodes;
  };
  if (count(value) < long_text) return value;

  std::unordered_map<const ExprNode *, Expr> done;
  const std::function<Expr(const Expr &)> replace = [&](const Expr &node) -> Expr {
    if (const auto found = done.find(node.get()); found != done.end()) return found->second;
    Expr result = kernel::rebuild(node, replace);
    const bool is_scalar_constant = std::holds_alternative<kernel::IntConst>(node->node) ||
                                    std::holds_alternative<kernel::FloatConst>(node->node);
    if (usage[node.get()].users > 1 && !is_scalar_constant && node.type().base != kernel::Base::boolean)
      result = let("t", result, body);
    done.emplace(node.get(), result);
    return result;
  };
  return replace(value);
}

}  // namespace sinter::codegen

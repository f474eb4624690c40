#include "ir/kernel/check_bounds.h"

#include <fmt/format.h>

#include <map>

#include "ir/kernel/build.h"
#include "ir/kernel/linear_form.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

const Type scalar_index{Base::index, 1};

class BoundsChecker {
 public:
  BoundsChecker(const Kernel &kernel, const std::vector<BufferExtent> &extents, int64_t max_batch)
      : kernel_(kernel), extents_(extents) {
    n_ =
        max_batch == 1 ? linear_constant(1) : space_.variable(linear_constant(1), linear_constant(max_batch));
    values_[kernel.n.id] = n_;
  }

  std::vector<std::string> run() {
    body(kernel_.body);
    return std::move(problems_);
  }

 private:
  void body(const Body &statements) {
    for (const Stmt &stmt : statements) std::visit([&](const auto &node) { statement(node); }, stmt.node);
  }

  void statement(const For &loop) {
    const LinearForm begin = form_of(loop.begin), end = form_of(loop.end);
    accesses(loop.begin);
    accesses(loop.end);
    if (begin.is_constant() && end.is_constant() && begin.constant >= end.constant) return;
    if (values_.count(loop.var.id) > 0) atoms_of_.clear();  // made of the variable of another loop
    values_[loop.var.id] = space_.variable(begin, last_of(begin, end, loop.step));
    forget_written(*loop.body);
    body(*loop.body);
  }

  // The largest value of a loop's variable, or a bound of it.
  static LinearForm last_of(const LinearForm &begin, const LinearForm &end, int64_t step) {
    const LinearForm distance = add(end, begin, -1);
    if (distance.is_constant()) return add(begin, linear_constant((distance.constant - 1) / step * step));
    bool is_whole = distance.constant % step == 0;
    for (const auto &term : distance.terms) is_whole = is_whole && term.second % step == 0;
    return add(end, linear_constant(is_whole ? -step : -1));
  }

  void statement(const Let &let) {
    accesses(let.value);
    if (let.var.type == scalar_index) values_[let.var.id] = form_of(let.value);
  }

  void statement(const If &node) {
    accesses(node.condition);
    std::vector<LinearForm> facts;
    collect_facts(node.condition, facts);
    const size_t mark = space_.assume(linear_constant(0));
    for (const LinearForm &fact : facts) space_.assume(fact);
    body(*node.then_body);
    space_.forget(mark);
    forget_written(*node.then_body);
    if (!node.else_body) return;
    body(*node.else_body);
    forget_written(*node.else_body);
  }

  void statement(const Store &node) {
    accesses(node.index);
    accesses(node.value);
    access("store to", node.buffer, node.index, node.valid > 0 ? node.valid : node.value.type().lanes);
  }

  void statement(const WriteRegister &node) {
    accesses(node.index);
    accesses(node.value);
    if (node.value.type() == scalar_index) registers_[node.registers] = form_of(node.value);
  }

  void statement(const Prefetch &node) { accesses(node.index); }  // a prefetch beyond the end does nothing
  void statement(const Barrier &) {}

  // What a condition that holds says: forms that are not negative.
  void collect_facts(const Expr &condition, std::vector<LinearForm> &facts) {
    const auto *node = std::get_if<Binary>(&condition->node);
    if (node == nullptr) return;
    if (node->op == BinaryOp::logical_and) {
      collect_facts(node->a, facts);
      collect_facts(node->b, facts);
      return;
    }
    if (node->a.type() != scalar_index) return;
    const LinearForm difference = add(form_of(node->b), form_of(node->a), -1);
    if (node->op == BinaryOp::lt) facts.push_back(add(difference, linear_constant(-1)));
    if (node->op == BinaryOp::le || node->op == BinaryOp::eq) facts.push_back(difference);
    if (node->op == BinaryOp::eq) facts.push_back(scale(difference, -1));
  }

  // Registers that hold addresses: a value from before a loop or an if may be gone within or after it.
  void forget_written(const Body &statements) {
    for (const Stmt &stmt : statements) {
      if (const auto *write = std::get_if<WriteRegister>(&stmt.node)) {
        if (write->value.type() == scalar_index) registers_.erase(write->registers);
      } else if (const auto *loop = std::get_if<For>(&stmt.node)) {
        forget_written(*loop->body);
      } else if (const auto *branch = std::get_if<If>(&stmt.node)) {
        forget_written(*branch->then_body);
        if (branch->else_body) forget_written(*branch->else_body);
      }
    }
  }

  // All loads within an expression.
  void accesses(const Expr &expr) {
    visit(expr, [&](const Expr &part) {
      if (const auto *load = std::get_if<Load>(&part->node))
        access("load from", load->buffer, load->index, load->valid > 0 ? load->valid : part->type.lanes);
    });
  }

  void access(const char *what, int buffer, const Expr &index, int64_t count) {
    const LinearForm first = form_of(index);
    const BufferExtent &extent = extents_[static_cast<size_t>(buffer)];
    const LinearForm end = add(linear_constant(extent.fixed - count), n_, extent.per_sample);
    if (!space_.is_never_negative(first)) report(what, buffer, index, count, "before its begin");
    if (!space_.is_never_negative(add(end, first, -1))) report(what, buffer, index, count, "beyond its end");
  }

  void report(const char *what, int buffer, const Expr &index, int64_t count, const char *where) {
    problems_.push_back(fmt::format("a {} {} of {} elements at {} may lie {}", what,
                                    kernel_.buffers[static_cast<size_t>(buffer)].name, count,
                                    print(kernel_, index), where));
  }

  LinearForm form_of(const Expr &expr) {
    return std::visit([&](const auto &node) { return form(node, expr); }, expr->node);
  }
  LinearForm form(const IntConst &node, const Expr &) { return linear_constant(node.value); }
  LinearForm form(const VarRef &node, const Expr &) {
    const auto found = values_.find(node.var.id);
    return found == values_.end() ? space_.unknown() : found->second;
  }
  LinearForm form(const Unary &node, const Expr &) {
    return node.op == UnaryOp::neg ? scale(form_of(node.x), -1) : space_.unknown();
  }
  LinearForm form(const ReadRegister &node, const Expr &) {
    const auto found = registers_.find(node.registers);
    return found == registers_.end() ? space_.unknown() : found->second;
  }
  LinearForm form(const Select &node, const Expr &) {
    return space_.either(form_of(node.a), form_of(node.b));
  }
  LinearForm form(const Binary &node, const Expr &expr) {
    // The same node has the same atoms, wherever it is used.
    if (node.op != BinaryOp::add && node.op != BinaryOp::sub && node.op != BinaryOp::mul) {
      const auto known = atoms_of_.find(expr.get());
      if (known != atoms_of_.end()) return known->second.second;
    }
    const LinearForm a = form_of(node.a), b = form_of(node.b);
    const auto keep = [&](LinearForm result) {
      atoms_of_[expr.get()] = {expr, result};
      return result;
    };
    switch (node.op) {
      case BinaryOp::add:
        return add(a, b);
      case BinaryOp::sub:
        return add(a, b, -1);
      case BinaryOp::mul:
        if (b.is_constant()) return scale(a, b.constant);
        return a.is_constant() ? scale(b, a.constant) : space_.unknown();
      case BinaryOp::div:
        return b.is_constant() && b.constant > 0 ? keep(space_.quotient(a, b.constant)) : space_.unknown();
      case BinaryOp::mod:
        return b.is_constant() && b.constant > 0 ? keep(space_.remainder(a, b.constant)) : space_.unknown();
      case BinaryOp::min:
        return keep(space_.smaller(a, b));
      case BinaryOp::max:
        return keep(space_.larger(a, b));
      default:
        return space_.unknown();
    }
  }
  template <class Node>
  LinearForm form(const Node &, const Expr &) {
    return space_.unknown();
  }

  const Kernel &kernel_;
  const std::vector<BufferExtent> &extents_;
  LinearSpace space_;
  LinearForm n_;
  std::map<int, LinearForm> values_;     // by variable
  std::map<int, LinearForm> registers_;  // by number: what was written to registers of addresses
  std::map<const ExprNode *, std::pair<Expr, LinearForm>> atoms_of_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_bounds(const Kernel &kernel, const std::vector<BufferExtent> &extents,
                                      int64_t max_batch) {
  return BoundsChecker(kernel, extents, max_batch).run();
}

}  // namespace sinter::kernel

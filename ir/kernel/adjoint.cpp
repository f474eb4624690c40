#include "ir/kernel/adjoint.h"

#include <unordered_map>
#include <vector>

#include "ir/kernel/build.h"
#include "ir/kernel/fold.h"
#include "ir/kernel/typing.h"
#include "support/check.h"

namespace sinter::kernel {

namespace {

bool is_zero(const Expr &x) {
  return is_float_constant(x, 0.0f);
}

// A choice one side of which is the constant 0: arithmetic goes to the other side alone.
const Select *as_partial(const Expr &x) {
  const auto *choice = std::get_if<Select>(&x->node);
  return choice && (is_zero(choice->a) || is_zero(choice->b)) ? choice : nullptr;
}

template <class Fn>
Expr on_branches(const Select &choice, const Fn &fn) {
  const auto apply = [&](const Expr &x) { return is_zero(x) ? x : fn(x); };
  return select(choice.condition, apply(choice.a), apply(choice.b));
}

Expr negated(const Expr &d) {
  if (const Select *choice = as_partial(d)) return on_branches(*choice, negated);
  return is_zero(d) ? d : -d;
}

Expr product(const Expr &d, const Expr &factor) {
  if (is_zero(d) || is_zero(factor)) return Expr(0.0f);
  if (is_float_constant(factor, -1.0f)) return negated(d);
  if (const Select *choice = as_partial(d))
    return on_branches(*choice, [&](const Expr &x) { return product(x, factor); });
  return d * factor;
}

Expr quotient(const Expr &d, const Expr &divisor) {
  if (const Select *choice = as_partial(d))
    return on_branches(*choice, [&](const Expr &x) { return quotient(x, divisor); });
  return is_zero(d) ? d : d / divisor;
}

Expr sum(const Expr &a, const Expr &b) {
  if (is_zero(a)) return b;
  if (is_zero(b)) return a;
  const auto *left = std::get_if<Select>(&a->node), *right = std::get_if<Select>(&b->node);
  if (left && right && left->condition.get() == right->condition.get())
    return select(left->condition, sum(left->a, right->a), sum(left->b, right->b));
  return a + b;
}

class Differentiator {
 public:
  Differentiator(const Expr &body, const Var &by) : by_(by) { collect(body); }

  Expr run(const Expr &body, const Expr &seed, const Expr &value) {
    if (value) values_.insert_or_assign(body.get(), value);
    push(body, seed);
    for (size_t i = order_.size(); i-- > 0;) {
      const Expr node = order_[i];
      const auto found = adjoints_.find(node.get());
      if (found == adjoints_.end()) continue;  // a condition
      const Expr d = found->second;
      std::visit([&](const auto &op) { differentiate(node, op, d); }, node->node);
    }
    return result_ ? result_ : Expr(0.0f);
  }

 private:
  // Operands before operators, each once, of what depends on the variable.
  bool collect(const Expr &expr) {
    if (const auto found = uses_.find(expr.get()); found != uses_.end()) {
      ++found->second;
      return found->second > 0;
    }
    bool depends = false;
    if (const auto *var = std::get_if<VarRef>(&expr->node)) {
      depends = var->var.id == by_.id;
    } else {
      for_each_operand(*expr, [&](const Expr &operand) { depends = collect(operand) || depends; });
      if (depends) order_.push_back(expr);
    }
    uses_[expr.get()] = depends ? 1 : independent;
    return depends;
  }

  bool depends(const Expr &expr) const { return uses_.at(expr.get()) > 0; }

  Expr value_of(const Expr &expr) const {
    const auto found = values_.find(expr.get());
    return found == values_.end() ? expr : found->second;
  }

  void push(const Expr &expr, const Expr &d) {
    if (!depends(expr)) return;
    SINTER_CHECK(expr.type() == Type{}, name_of(expr.type()));
    Expr &total = std::holds_alternative<VarRef>(expr->node) ? result_ : adjoints_[expr.get()];
    total = total ? sum(total, d) : d;
  }

  void differentiate(const Expr &node, const Unary &u, const Expr &d) {
    const Expr &x = u.x;
    const Expr y = value_of(node);
    switch (u.op) {
      case UnaryOp::neg:
        return push(x, negated(d));
      case UnaryOp::abs:
        return push(x, product(d, select(x > 0.0f, 1.0f, select(x < 0.0f, -1.0f, x))));
      case UnaryOp::sqrt:
        return push(x, quotient(product(d, 0.5f), y));
      case UnaryOp::floor:
        return;
      case UnaryOp::exp:
        return push(x, product(d, y));
      case UnaryOp::log:
        return push_log(x, d);
      case UnaryOp::tanh:
        return push(x, product(d, 1.0f - y * y));
      case UnaryOp::sigmoid:
        return push(x, product(product(d, y), 1.0f - y));
      case UnaryOp::erf:
        return push(x, product(d, 1.1283791671f * exp(-(x * x))));  // 2 / sqrt(pi)
      case UnaryOp::logical_not:
        break;
    }
    refuse(node);
  }

  // log(a / b) as log(a) - log(b): a quotient fewer, and exact for b = a.
  void push_log(const Expr &x, const Expr &d) {
    const auto *ratio = std::get_if<Binary>(&x->node);
    if (!ratio || ratio->op != BinaryOp::div || uses_.at(x.get()) > 1) return push(x, quotient(d, x));
    push(ratio->a, quotient(d, ratio->a));
    push(ratio->b, negated(quotient(d, ratio->b)));
  }

  void differentiate(const Expr &node, const Binary &b, const Expr &d) {
    switch (b.op) {
      case BinaryOp::add:
        push(b.a, d);
        return push(b.b, d);
      case BinaryOp::sub:
        push(b.a, d);
        return push(b.b, negated(d));
      case BinaryOp::mul:
        if (b.a.get() == b.b.get()) return push(b.a, product(product(d, b.a), 2.0f));
        push(b.a, product(d, b.b));
        return push(b.b, product(d, b.a));
      case BinaryOp::div:
        push(b.a, quotient(d, b.b));
        if (depends(b.b)) push(b.b, negated(quotient(product(d, value_of(node)), b.b)));
        return;
      case BinaryOp::min:
      case BinaryOp::max:
        return push_choice(node, b, d);
      default:
        refuse(node);
    }
  }

  void push_choice(const Expr &node, const Binary &b, const Expr &d) {
    const bool is_max = b.op == BinaryOp::max;
    if (depends(b.a) && depends(b.b)) {
      const Expr second = is_max ? b.a < b.b : b.b < b.a;
      push(b.a, select(second, 0.0f, d));
      return push(b.b, select(second, d, 0.0f));
    }
    const Expr &x = depends(b.a) ? b.a : b.b, &bound = depends(b.a) ? b.b : b.a;
    const Expr y = value_of(node);
    push(x, select(is_max ? y <= bound : y >= bound, 0.0f, d));
    // Where the adjoint of x is not 0, x is y.
    if (uses_.at(x.get()) == 1 && !std::holds_alternative<VarRef>(x->node)) values_.emplace(x.get(), y);
  }

  void differentiate(const Expr &, const Fma &f, const Expr &d) {
    push(f.a, product(d, f.b));
    push(f.b, product(d, f.a));
    push(f.c, d);
  }

  void differentiate(const Expr &, const Select &s, const Expr &d) {
    push(s.a, select(s.condition, d, 0.0f));
    push(s.b, select(s.condition, 0.0f, d));
  }

  template <class Node>
  void differentiate(const Expr &node, const Node &, const Expr &) {
    refuse(node);
  }

  static void refuse(const Expr &node) { SINTER_CHECK(false, "no derivative of a " + name_of(node.type())); }

  static constexpr int independent = -(1 << 30);  // stays below 0, however often it is used
  Var by_;
  std::unordered_map<const ExprNode *, int> uses_;
  std::vector<Expr> order_;
  std::unordered_map<const ExprNode *, Expr> adjoints_;
  std::unordered_map<const ExprNode *, Expr> values_;
  Expr result_;
};

}  // namespace

Expr adjoint(const Expr &body, const Var &by, const Expr &seed, const Expr &value) {
  return Differentiator(body, by).run(body, seed, value);
}

bool is_nan_where(const Expr &expr, const Var &var) {
  if (const auto *own = std::get_if<VarRef>(&expr->node)) return own->var.id == var.id;
  const auto any_operand = [&](const Expr &of) {
    bool any = false;
    for_each_operand(*of, [&](const Expr &operand) { any = any || is_nan_where(operand, var); });
    return any;
  };
  if (const auto *choice = std::get_if<Select>(&expr->node)) {
    if (!is_nan_where(choice->b, var)) return false;
    const auto *test = std::get_if<Binary>(&choice->condition->node);
    const bool is_false =
        test && test->op != BinaryOp::ne && is_comparison(test->op) && any_operand(choice->condition);
    return is_false || is_nan_where(choice->a, var);
  }
  return expr.type().base == Base::f32 && any_operand(expr);
}

bool depends_on(const Expr &expr, const Var &var) {
  bool found = false;
  visit(expr, [&](const Expr &e) {
    const auto *own = std::get_if<VarRef>(&e->node);
    found = found || (own && own->var.id == var.id);
  });
  return found;
}

}  // namespace sinter::kernel

// The printer of the text form. docs/kernel-ir.md gives the grammar.
#include <fmt/format.h>

#include <bit>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "ir/kernel/build.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

// How tightly an operator binds; an operand that binds less tightly goes into parentheses.
enum Binding : int { loosest = 0, comparison = 3, sum = 8, product = 9, prefix = 10, primary = 11 };

struct Infix {
  const char *symbol;
  int binding;
};

Infix infix_of(BinaryOp op) {
  switch (op) {
    case BinaryOp::logical_or:
      return {"||", 1};
    case BinaryOp::logical_and:
      return {"&&", 2};
    case BinaryOp::lt:
      return {"<", comparison};
    case BinaryOp::le:
      return {"<=", comparison};
    case BinaryOp::eq:
      return {"==", comparison};
    case BinaryOp::ne:
      return {"!=", comparison};
    case BinaryOp::bit_or:
      return {"|", 4};
    case BinaryOp::bit_xor:
      return {"^", 5};
    case BinaryOp::bit_and:
      return {"&", 6};
    case BinaryOp::shl:
      return {"<<", 7};
    case BinaryOp::shr:
      return {">>", 7};
    case BinaryOp::add:
      return {"+", sum};
    case BinaryOp::sub:
      return {"-", sum};
    case BinaryOp::mul:
      return {"*", product};
    case BinaryOp::div:
      return {"/", product};
    case BinaryOp::mod:
      return {"%", product};
    case BinaryOp::min:
    case BinaryOp::max:
    case BinaryOp::mul_high:
      break;
  }
  return {nullptr, primary};
}

std::string text_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return bits == 0x7fc00000u ? "nan" : fmt::format("nan(0x{:08x})", bits);
  std::string text = fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string text_of(const IntConst &literal, Base base) {
  if (base == Base::boolean) return literal.value != 0 ? "true" : "false";
  if (base == Base::index) return fmt::format("{}", literal.value);
  return fmt::format("{}{}", literal.value, name_of(base));
}

std::string identifier_from(std::string_view name) {
  std::string text;
  for (const char c : name) text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) text.insert(0, "_");
  return text;
}

bool is_literal(const Expr &expr) {
  return std::holds_alternative<IntConst>(expr->node) || std::holds_alternative<FloatConst>(expr->node);
}

// A literal broadcast to lanes that the parser adds by itself, because the other operand has them.
bool is_spread_literal(const Expr &expr) {
  const auto *spread = std::get_if<Broadcast>(&expr->node);
  return spread != nullptr && is_literal(spread->x);
}

class Printer {
 public:
  explicit Printer(const Kernel &kernel) : kernel_(kernel) {
    for (const char *word : {"true", "false", "inf", "nan"}) taken_.insert(word);
    for (const Buffer &buffer : kernel.buffers) buffer_names_.push_back(claim(buffer.name));
    for (const Registers &registers : kernel.registers) register_names_.push_back(claim(registers.name));
    define(kernel.n);
  }

  std::string kernel() {
    out_ = fmt::format("kernel {}({}) {{\n", identifier_from(kernel_.name), name(kernel_.n));
    indent_ = 1;
    for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
      const Buffer &buffer = kernel_.buffers[i];
      line(fmt::format("buffer {}: {}[{}] {}{}", buffer_names_[i], name_of(buffer.base), buffer.elements,
                       name_of(buffer.kind), buffer.written ? " written" : ""));
    }
    for (size_t i = 0; i < kernel_.registers.size(); ++i) {
      const Registers &registers = kernel_.registers[i];
      line(fmt::format("registers {}: {}[{}]", register_names_[i], name_of(registers.type), registers.count));
    }
    statements(kernel_.body);
    return out_ + "}\n";
  }

  std::string expression(const Expr &expr, int needed = loosest) {
    if (!expr) return "_empty";
    int binding = primary;
    std::string text = std::visit([&](const auto &node) { return print(node, *expr, binding); }, expr->node);
    return binding < needed ? fmt::format("({})", text) : text;
  }

  std::string claim(const std::string &wanted) {
    const std::string base = identifier_from(wanted);
    if (taken_.insert(base).second) return base;
    for (int &suffix = last_suffix_[base];;) {
      std::string name = fmt::format("{}_{}", base, ++suffix);
      if (taken_.insert(name).second) return name;
    }
  }

  void define(const Var &var) {
    if (names_.count(var.id) == 0) names_[var.id] = claim(var.name);
  }

 private:
  void forget(const Var &var) {
    const auto found = names_.find(var.id);
    if (found == names_.end()) return;
    taken_.erase(found->second);
    names_.erase(found);
  }

  // A variable out of scope is a fault that verify reports; it is printed with its number.
  std::string name(const Var &var) const {
    const auto found = names_.find(var.id);
    return found != names_.end() ? found->second
                                 : fmt::format("{}__undefined_{}", identifier_from(var.name), var.id);
  }

  template <class Names>
  static std::string name(const Names &names, int index) {
    const bool exists = index >= 0 && static_cast<size_t>(index) < names.size();
    return exists ? names[static_cast<size_t>(index)] : fmt::format("_undefined_{}", index);
  }

  std::string without_spread(const Expr &expr, int needed = loosest) {
    return expression(is_spread_literal(expr) ? std::get<Broadcast>(expr->node).x : expr, needed);
  }

  std::string print(const IntConst &literal, const ExprNode &node, int &binding) {
    if (literal.value < 0) binding = prefix;
    return text_of(literal, node.type.base);
  }

  std::string print(const FloatConst &literal, const ExprNode &, int &binding) {
    std::string text = text_of(literal.value);
    if (text[0] == '-') binding = prefix;
    return text;
  }

  std::string print(const VarRef &use, const ExprNode &, int &) { return name(use.var); }

  std::string print(const Unary &node, const ExprNode &, int &binding) {
    if (node.op == UnaryOp::neg || node.op == UnaryOp::logical_not) {
      binding = prefix;
      const bool negates_literal = node.op == UnaryOp::neg && is_literal(node.x);
      const std::string operand =
          negates_literal ? fmt::format("({})", expression(node.x)) : expression(node.x, prefix);
      return fmt::format("{}{}", node.op == UnaryOp::neg ? '-' : '!', operand);
    }
    return fmt::format("{}({})", name_of(node.op), expression(node.x));
  }

  std::string print(const Binary &node, const ExprNode &, int &binding) {
    const Infix infix = infix_of(node.op);
    const bool both = is_spread_literal(node.a) && is_spread_literal(node.b);
    const auto side = [&](const Expr &x, int needed) {
      return both ? expression(x, needed) : without_spread(x, needed);
    };
    if (infix.symbol == nullptr) {
      return fmt::format("{}({}, {})", name_of(node.op), side(node.a, loosest), side(node.b, loosest));
    }
    binding = infix.binding;
    const int left = infix.binding + (infix.binding == comparison ? 1 : 0);
    return fmt::format("{} {} {}", side(node.a, left), infix.symbol, side(node.b, infix.binding + 1));
  }

  std::string print(const Fma &node, const ExprNode &, int &) {
    const bool all = is_spread_literal(node.a) && is_spread_literal(node.b) && is_spread_literal(node.c);
    const auto side = [&](const Expr &x) { return all ? expression(x) : without_spread(x); };
    return fmt::format("fma({}, {}, {})", side(node.a), side(node.b), side(node.c));
  }

  std::string print(const Select &node, const ExprNode &, int &) {
    return fmt::format("select({}, {}, {})", expression(node.condition), without_spread(node.a),
                       without_spread(node.b));
  }

  std::string print(const Convert &node, const ExprNode &expr, int &) {
    return fmt::format("{}({})", name_of(expr.type.base), expression(node.x));
  }

  std::string print(const Bitcast &node, const ExprNode &expr, int &) {
    return fmt::format("bitcast_{}({})", name_of(expr.type.base), expression(node.x));
  }

  std::string print(const Broadcast &node, const ExprNode &expr, int &) {
    return fmt::format("broadcast({}, {})", expression(node.x), expr.type.lanes);
  }

  std::string print(const LaneIndex &, const ExprNode &expr, int &) {
    return fmt::format("lane_index({})", expr.type.lanes);
  }

  std::string print(const Load &node, const ExprNode &expr, int &) {
    return element(node.buffer, node.index, expr.type.lanes, node.valid);
  }

  std::string print(const ReadRegister &node, const ExprNode &, int &) {
    return fmt::format("{}[{}]", name(register_names_, node.registers), expression(node.index));
  }

  std::string print(const Horizontal &node, const ExprNode &, int &) {
    return fmt::format("horizontal_{}({})", name_of(node.op), expression(node.x));
  }

  std::string element(int buffer, const Expr &index, int lanes, int valid) {
    std::string text = fmt::format("{}[{}", name(buffer_names_, buffer), expression(index));
    if (lanes != 1 || valid != 0) text += fmt::format(" : {}", lanes);
    if (valid != 0) text += fmt::format(" valid {}", valid);
    return text + "]";
  }

  void line(std::string_view text) { out_ += fmt::format("{:{}}{}\n", "", indent_ * 2, text); }

  void statements(const Body &body) {
    for (const Stmt &stmt : body) {
      std::visit([&](const auto &node) { statement(node); }, stmt.node);
    }
    for (const Stmt &stmt : body) {
      if (const auto *let = std::get_if<Let>(&stmt.node)) forget(let->var);
    }
  }

  void block(const std::shared_ptr<Body> &body) {
    ++indent_;
    if (body != nullptr) statements(*body);
    --indent_;
  }

  void statement(const For &loop) {
    const std::string begin = expression(loop.begin);
    const std::string end = expression(loop.end);
    define(loop.var);
    const std::string step = loop.step == 1 ? "" : fmt::format(" step {}", loop.step);
    line(fmt::format("{} {} in {}..{}{} {{", name_of(loop.kind), name(loop.var), begin, end, step));
    block(loop.body);
    forget(loop.var);
    line("}");
  }

  void statement(const Let &let) {
    const std::string value = without_spread(let.value);
    define(let.var);
    line(fmt::format("let {}: {} = {}", name(let.var), name_of(let.var.type), value));
  }

  void statement(const If &node) {
    line(fmt::format("if {} {{", expression(node.condition)));
    block(node.then_body);
    if (node.else_body != nullptr) {
      line("} else {");
      block(node.else_body);
    }
    line("}");
  }

  void statement(const Store &node) {
    const int lanes = node.value ? node.value.type().lanes : 1;
    line(fmt::format("{} = {}", element(node.buffer, node.index, lanes, node.valid),
                     without_spread(node.value)));
  }

  void statement(const WriteRegister &node) {
    line(fmt::format("{}[{}] = {}", name(register_names_, node.registers), expression(node.index),
                     without_spread(node.value)));
  }

  void statement(const Prefetch &node) { line("prefetch " + element(node.buffer, node.index, 1, 0)); }
  void statement(const Barrier &) { line("barrier"); }

  const Kernel &kernel_;
  std::vector<std::string> buffer_names_;
  std::vector<std::string> register_names_;
  std::set<std::string> taken_;
  std::map<std::string, int> last_suffix_;
  std::map<int, std::string> names_;
  std::string out_;
  int indent_ = 0;
};

}  // namespace

std::string print(const Kernel &kernel) {
  return Printer(kernel).kernel();
}

std::string print(const Kernel &kernel, const Expr &expr) {
  Printer printer(kernel);
  if (expr) {
    visit(expr, [&](const Expr &below) {
      if (const auto *use = std::get_if<VarRef>(&below->node)) printer.define(use->var);
    });
  }
  return printer.expression(expr);
}

}  // namespace sinter::kernel

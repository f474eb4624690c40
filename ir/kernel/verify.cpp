#include "ir/kernel/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "ir/kernel/build.h"
#include "ir/kernel/fold.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

constexpr size_t max_problems = 100;
constexpr int64_t max_register_checks = 4096;  // index combinations of unrolled loops that are tried
constexpr int64_t max_unrolled_trips = 4096;   // of one loop: what it means is that many copies of its body

const Type scalar_index{Base::index, 1};

// What an index of registers may be made of: variables that are constant once unrolled loops are expanded.
struct Known {
  Type type;
  bool constant = false;
  int64_t begin = 0, end = 0, step = 1;  // of an unrolled loop
  Expr value;                            // of a let
};

class Verifier {
 public:
  explicit Verifier(const Kernel &kernel) : kernel_(kernel) {}

  std::vector<std::string> run() {
    declarations();
    place_ = fmt::format("kernel {}", kernel_.name);
    if (kernel_.n.type != scalar_index) problem("n must be an index");
    known_[kernel_.n.id] = Known{kernel_.n.type};
    const bool parallel = std::any_of(kernel_.body.begin(), kernel_.body.end(), [](const Stmt &stmt) {
      const auto *loop = std::get_if<For>(&stmt.node);
      return loop != nullptr && loop->kind == LoopKind::parallel;
    });
    if (parallel && kernel_.body.size() != 1)
      problem("a parallel loop must be the only statement of the kernel");
    body(kernel_.body, Around{true, false, false, false});
    return problems_;
  }

 private:
  // The loops around a statement.
  struct Around {
    bool outermost = false;  // nothing but the kernel or gpu_block loops
    bool gpu_block = false;
    bool gpu_thread = false;
    bool conditional = false;  // an if between the thread loop and here
  };

  void problem(std::string_view what) {
    if (problems_.size() < max_problems) problems_.push_back(fmt::format("{}: {}", place_, what));
  }

  void declarations() {
    for (const Buffer &buffer : kernel_.buffers) {
      place_ = fmt::format("buffer {}", buffer.name);
      if (buffer.elements < 0) problem(fmt::format("{} elements", buffer.elements));
      if (buffer.base == Base::index || buffer.base == Base::boolean) {
        problem(fmt::format("elements of {}: buffers hold f32, i32 or u8", name_of(buffer.base)));
      }
      const bool read_only = buffer.kind == BufferKind::input || buffer.kind == BufferKind::constant;
      if (buffer.written && read_only) problem(fmt::format("{} buffers are read only", name_of(buffer.kind)));
    }
    for (const Registers &registers : kernel_.registers) {
      place_ = fmt::format("registers {}", registers.name);
      if (registers.count < 1) problem(fmt::format("{} registers", registers.count));
      if (!valid_lanes(registers.type.lanes)) problem(bad_lanes(registers.type));
    }
  }

  static std::string bad_lanes(Type type) {
    return fmt::format("{} lanes: a power of two up to {} is needed", type.lanes, max_lanes);
  }

  void body(const Body &statements, Around around) {
    std::vector<int> defined;
    for (const Stmt &stmt : statements) {
      std::visit([&](const auto &node) { statement(node, around); }, stmt.node);
      if (const auto *let = std::get_if<Let>(&stmt.node)) defined.push_back(let->var.id);
    }
    for (const int id : defined) known_.erase(id);
  }

  static int64_t trips(const Known &loop) {
    if (loop.begin >= loop.end || loop.step < 1) return 0;
    const auto distance = static_cast<uint64_t>(loop.end) - static_cast<uint64_t>(loop.begin);
    const uint64_t trips = (distance - 1) / static_cast<uint64_t>(loop.step) + 1;
    return static_cast<int64_t>(std::min<uint64_t>(trips, max_unrolled_trips + 1));
  }

  void define(const Var &var, Known known) {
    if (known_.count(var.id) != 0) problem(fmt::format("{} is defined twice", var.name));
    known_[var.id] = std::move(known);
  }

  void statement(const For &loop, Around around) {
    place_ = fmt::format("{} {}", name_of(loop.kind), loop.var.name);
    bool sound = expression(loop.begin, scalar_index, "the begin of a loop");
    sound = expression(loop.end, scalar_index, "the end of a loop") && sound;
    if (loop.var.type != scalar_index) problem("a loop's variable must be an index");
    if (loop.step < 1) problem(fmt::format("step {}: must be positive", loop.step));
    if (loop.body == nullptr) {
      problem("has no body");
      return;
    }
    Known known{loop.var.type};
    if (loop.kind == LoopKind::unrolled && sound) {
      known.constant = true;
      known.step = loop.step;
      if (!is_constant(loop.begin, &known.begin) || !is_constant(loop.end, &known.end)) {
        problem("the bounds of an unrolled loop must be constants");
        known.constant = false;
      } else if (trips(known) > max_unrolled_trips) {
        problem(fmt::format("unrolled from {} to {}: at most {} trips are", known.begin, known.end,
                            max_unrolled_trips));
        known.constant = false;
      }
    }
    if (loop.kind == LoopKind::parallel && (!around.outermost || around.gpu_block)) {
      problem("a parallel loop must be the outermost one");
    }
    if (loop.kind == LoopKind::gpu_block && !around.outermost) {
      problem("a gpu_block loop stands outermost or within gpu_block loops");
    }
    if (loop.kind == LoopKind::gpu_thread && (!around.gpu_block || around.gpu_thread)) {
      problem("a gpu_thread loop stands within gpu_block loops, and in no other gpu_thread loop");
    }
    around.outermost = around.outermost && loop.kind == LoopKind::gpu_block;
    around.gpu_block = around.gpu_block || loop.kind == LoopKind::gpu_block;
    around.gpu_thread = around.gpu_thread || loop.kind == LoopKind::gpu_thread;
    define(loop.var, std::move(known));
    body(*loop.body, around);
    known_.erase(loop.var.id);
  }

  void statement(const Let &let, Around) {
    place_ = fmt::format("let {}", let.var.name);
    Known known{let.var.type};
    if (expression(let.value, let.var.type, "the value of a let") && let.var.type == scalar_index) {
      known.constant = made_of_constants(let.value);
      known.value = let.value;
    }
    define(let.var, std::move(known));
  }

  void statement(const If &node, Around around) {
    place_ = "if";
    expression(node.condition, Type{Base::boolean, 1}, "the condition of an if");
    if (node.then_body == nullptr) problem("has no body");
    around.outermost = false;
    around.conditional = true;
    if (node.then_body != nullptr) body(*node.then_body, around);
    if (node.else_body != nullptr) body(*node.else_body, around);
  }

  void statement(const Store &node, Around) {
    place_ = "a store";
    const bool sound = expression(node.index, scalar_index, "the index of a store");
    if (!operands(node.value)) return;
    const Type type = node.value.type();
    if (!buffer_access(node.buffer, type, node.valid)) return;
    const Buffer &buffer = kernel_.buffers[static_cast<size_t>(node.buffer)];
    place_ = fmt::format("a store to {}", buffer.name);
    if (!buffer.written) problem("the buffer is not declared as written");
    if (sound) constant_bounds(node.index, node.valid > 0 ? node.valid : type.lanes, buffer);
  }

  void statement(const WriteRegister &node, Around) {
    place_ = "a write of registers";
    if (!register_access(node.registers, node.index)) return;
    const Registers &registers = kernel_.registers[static_cast<size_t>(node.registers)];
    place_ = fmt::format("a write of {}", registers.name);
    expression(node.value, registers.type, "the value");
  }

  void statement(const Prefetch &node, Around) {
    place_ = "prefetch";
    expression(node.index, scalar_index, "the index");
    if (!buffer_exists(node.buffer)) problem(fmt::format("there is no buffer {}", node.buffer));
  }

  void statement(const Barrier &, Around around) {
    place_ = "barrier";
    if (!around.gpu_thread) problem("a barrier stands within a gpu_thread loop");
    if (around.conditional) problem("a barrier under an if: not every thread would reach it");
  }

  // Checks expr and what lies below it; true if its type is the wanted one and all is well.
  bool expression(const Expr &expr, Type wanted, std::string_view what) {
    if (!operands(expr)) return false;
    if (expr.type() == wanted) return true;
    problem(fmt::format("{} must be {}, it is {}", what, name_of(wanted), name_of(expr.type())));
    return false;
  }

  bool operands(const Expr &expr) {
    const size_t before = problems_.size();
    std::unordered_set<const ExprNode *> seen;
    check(expr, seen);
    return problems_.size() == before && static_cast<bool>(expr);
  }

  void check(const Expr &expr, std::unordered_set<const ExprNode *> &seen) {
    if (!expr) {
      problem("an empty expression");
      return;
    }
    if (!seen.insert(expr.get()).second) return;
    const size_t before = problems_.size();
    for_each_operand(*expr, [&](const Expr &operand) { check(operand, seen); });
    if (problems_.size() > before) return;  // its type could not be judged
    if (!valid_lanes(expr.type().lanes)) {
      problem(bad_lanes(expr.type()));
      return;
    }
    std::visit([&](const auto &node) { check_node(node, expr); }, expr->node);
  }

  void mistyped(const Expr &expr) {
    problem(fmt::format("{} cannot be {}", print(kernel_, expr), name_of(expr.type())));
  }

  void check_node(const IntConst &node, const Expr &expr) {
    const Type type = expr.type();
    const bool fits = type.base == Base::index ||
                      (type.base == Base::i32 && node.value == static_cast<int32_t>(node.value)) ||
                      (type.base == Base::u8 && node.value >= 0 && node.value <= 255) ||
                      (type.base == Base::boolean && node.value >= 0 && node.value <= 1);
    if (!fits || type.lanes != 1)
      problem(fmt::format("the constant {} cannot be {}", node.value, name_of(type)));
  }

  void check_node(const FloatConst &, const Expr &expr) {
    if (expr.type() != Type{Base::f32, 1}) mistyped(expr);
  }

  void check_node(const VarRef &node, const Expr &expr) {
    const auto found = known_.find(node.var.id);
    if (found == known_.end()) {
      problem(
          fmt::format("the variable {} is used before its definition or out of its scope", node.var.name));
    } else if (found->second.type != expr.type() || node.var.type != expr.type()) {
      problem(fmt::format("the variable {} is {}, used as {}", node.var.name, name_of(found->second.type),
                          name_of(expr.type())));
    }
  }

  void check_node(const Unary &node, const Expr &expr) {
    if (result_type(node.op, node.x.type()) != expr.type()) mistyped(expr);
  }

  void check_node(const Binary &node, const Expr &expr) {
    if (node.a.type() != node.b.type()) {
      problem(fmt::format("{} and {} are the operands of {}", name_of(node.a.type()), name_of(node.b.type()),
                          name_of(node.op)));
    } else if (result_type(node.op, node.a.type(), node.b.type()) != expr.type()) {
      mistyped(expr);
    }
  }

  void check_node(const Fma &node, const Expr &expr) {
    const Type type = expr.type();
    if (type.base != Base::f32 || node.a.type() != type || node.b.type() != type || node.c.type() != type) {
      mistyped(expr);
    }
  }

  void check_node(const Select &node, const Expr &expr) {
    const Type type = expr.type();
    const Type condition{Base::boolean, type.lanes};
    if (node.condition.type() != condition || node.a.type() != type || node.b.type() != type) mistyped(expr);
  }

  void check_node(const Convert &node, const Expr &expr) {
    const Type from = node.x.type();
    if (from.lanes != expr.type().lanes || !can_convert(from.base, expr.type().base)) mistyped(expr);
  }

  void check_node(const Bitcast &node, const Expr &expr) {
    const Type from = node.x.type();
    const Base other = expr.type().base == Base::f32 ? Base::i32 : Base::f32;
    if (from != Type{other, expr.type().lanes} ||
        (expr.type().base != Base::f32 && expr.type().base != Base::i32)) {
      mistyped(expr);
    }
  }

  void check_node(const Broadcast &node, const Expr &expr) {
    if (node.x.type() != Type{expr.type().base, 1} || expr.type().lanes == 1) mistyped(expr);
  }

  void check_node(const LaneIndex &, const Expr &expr) {
    if (expr.type().base != Base::i32 || expr.type().lanes == 1) mistyped(expr);
  }

  void check_node(const Load &node, const Expr &expr) {
    if (node.index.type() != scalar_index) {
      problem(
          fmt::format("the index of a load must be a scalar index, it is {}", name_of(node.index.type())));
      return;
    }
    if (!buffer_access(node.buffer, expr.type(), node.valid)) return;
    const int lanes = node.valid > 0 ? node.valid : expr.type().lanes;
    constant_bounds(node.index, lanes, kernel_.buffers[static_cast<size_t>(node.buffer)]);
  }

  void check_node(const ReadRegister &node, const Expr &expr) {
    if (!register_access(node.registers, node.index)) return;
    if (kernel_.registers[static_cast<size_t>(node.registers)].type != expr.type()) mistyped(expr);
  }

  void check_node(const Horizontal &node, const Expr &expr) {
    const Type from = node.x.type();
    if (from.lanes == 1 || expr.type() != Type{from.base, 1} || !result_type(BinaryOp::add, from, from))
      mistyped(expr);
  }

  bool buffer_exists(int buffer) const {
    return buffer >= 0 && static_cast<size_t>(buffer) < kernel_.buffers.size();
  }

  bool buffer_access(int number, Type type, int valid) {
    if (!buffer_exists(number)) {
      problem(fmt::format("there is no buffer {}", number));
      return false;
    }
    const Buffer &buffer = kernel_.buffers[static_cast<size_t>(number)];
    if (buffer.base != type.base) {
      problem(fmt::format("{} holds {}, accessed as {}", buffer.name, name_of(buffer.base), name_of(type)));
      return false;
    }
    if (valid >= 0 && valid <= type.lanes) return true;
    problem(fmt::format("{} valid lanes of {}", valid, type.lanes));
    return false;
  }

  void constant_bounds(const Expr &index, int lanes, const Buffer &buffer) {
    int64_t first = 0;
    if (!is_constant(index, &first)) return;
    if (first >= 0 && first <= buffer.elements - lanes) return;
    problem(
        fmt::format("{} has {} elements, {} are accessed at {}", buffer.name, buffer.elements, lanes, first));
  }

  bool register_access(int number, const Expr &index) {
    if (number < 0 || static_cast<size_t>(number) >= kernel_.registers.size()) {
      problem(fmt::format("there are no registers {}", number));
      return false;
    }
    const Registers &registers = kernel_.registers[static_cast<size_t>(number)];
    if (!expression(index, scalar_index, "the index of registers")) return false;
    if (!made_of_constants(index)) {
      problem(fmt::format("the index {} of {} is no constant after unrolling", print(kernel_, index),
                          registers.name));
      return false;
    }
    return register_bounds(registers, index);
  }

  bool made_of_constants(const Expr &index) {
    bool constant = true;
    visit(index, [&](const Expr &below) {
      if (const auto *use = std::get_if<VarRef>(&below->node)) {
        const auto found = known_.find(use->var.id);
        constant = constant && found != known_.end() && found->second.constant;
      }
      constant = constant && !std::holds_alternative<Load>(below->node) &&
                 !std::holds_alternative<ReadRegister>(below->node);
    });
    return constant;
  }

  // Tries the index for every combination of the unrolled variables in it, if these are few.
  bool register_bounds(const Registers &registers, Expr index) {
    std::map<int, int64_t> loops;
    for (bool again = true; again;) {
      again = false;
      loops.clear();
      std::map<int, Expr> lets;
      visit(index, [&](const Expr &below) {
        const auto *use = std::get_if<VarRef>(&below->node);
        if (use == nullptr) return;
        const Known &known = known_.at(use->var.id);
        if (known.value) {
          lets[use->var.id] = known.value;
        } else {
          loops[use->var.id] = known.begin;
        }
      });
      if (!lets.empty()) {
        index = substitute(index, lets);
        again = true;
      }
    }
    int64_t combinations = 1;
    for (const auto &[id, begin] : loops) {
      const Known &known = known_.at(id);
      combinations *= trips(known);
      if (combinations == 0 || combinations > max_register_checks) return true;
    }
    for (int64_t i = 0; i < combinations; ++i) {
      std::map<int, Expr> values;
      for (const auto &[id, value] : loops) values[id] = Expr(value);
      int64_t at = 0;
      if (!is_constant(substitute(index, values), &at)) return true;
      if (at < 0 || at >= registers.count) {
        problem(fmt::format("index {} of {}, which has {}", at, registers.name, registers.count));
        return false;
      }
      for (auto &[id, value] : loops) {
        const Known &known = known_.at(id);
        value += known.step;
        if (value < known.end) break;
        value = known.begin;
      }
    }
    return true;
  }

  const Kernel &kernel_;
  std::vector<std::string> problems_;
  std::string place_;
  std::map<int, Known> known_;
};

}  // namespace

std::vector<std::string> verify(const Kernel &kernel) {
  return Verifier(kernel).run();
}

}  // namespace sinter::kernel

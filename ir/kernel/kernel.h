// Kernel IR: what a fused group becomes before machine code. A small closed set of nodes, printable,
// parseable (text.h), verified (verify.h) and interpretable (interpret.h): the interpreter is the oracle of
// every schedule.
//
// A Kernel works on flat buffers of scalars. Values are scalars or short vectors; a vector load or store
// touches consecutive elements. Control flow is loops and conditionals; accumulators live in register arrays
// whose indices are constants once unrolled loops are expanded. The same kernel runs for every batch size
// `n`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sinter::kernel {

enum class Base : uint8_t { f32, i32, u8, index, boolean };  // index: 64-bit signed

struct Type {
  Base base = Base::f32;
  int lanes = 1;
  bool operator==(const Type &) const = default;
};

struct ExprNode;

// An immutable expression. Cheap to copy. The constructors convert literals: Expr(1) is an index, Expr(1.0f)
// an f32.
class Expr {
 public:
  Expr() = default;
  Expr(int value);      // NOLINT(google-explicit-constructor): literals read as in mathematics
  Expr(int64_t value);  // NOLINT
  Expr(float value);    // NOLINT
  Expr(double value);   // NOLINT; rounded to f32
  explicit Expr(std::shared_ptr<const ExprNode> node) : node_(std::move(node)) {}

  explicit operator bool() const { return node_ != nullptr; }
  const ExprNode &operator*() const { return *node_; }
  const ExprNode *operator->() const { return node_.get(); }
  const ExprNode *get() const { return node_.get(); }
  Type type() const;

 private:
  std::shared_ptr<const ExprNode> node_;
};

// A variable: a loop index, a let, or a parameter of a scalar body. Two Vars are the same if their ids are.
struct Var {
  int id = -1;
  std::string name;
  Type type;
};
Var make_var(std::string name, Type type);  // a fresh id

// exp, log, tanh, sigmoid and erf are math functions: expand_math (math.h) rewrites them into the other nodes
// before code is made.
enum class UnaryOp : uint8_t { neg, abs, sqrt, floor, logical_not, exp, log, tanh, sigmoid, erf };

// On index and i32: div and mod round toward minus infinity; the divisor is positive. shr is logical;
// mul_high, of i32 alone, gives the upper 32 bits of the product of two unsigned numbers. Comparisons give
// boolean. i32 wraps; index arithmetic does not overflow. On f32, min and max give NaN if an operand is NaN,
// and -0 if one of two zeros is. Comparisons with NaN are false, except ne.
enum class BinaryOp : uint8_t {
  add,
  sub,
  mul,
  div,
  mod,
  min,
  max,
  bit_and,
  bit_or,
  bit_xor,
  shl,
  shr,
  mul_high,
  lt,
  le,
  eq,
  ne,
  logical_and,
  logical_or,
};

struct IntConst {
  int64_t value;
};
struct FloatConst {
  float value;
};
struct VarRef {
  Var var;
};
struct Unary {
  UnaryOp op;
  Expr x;
};
struct Binary {
  BinaryOp op;
  Expr a, b;
};
struct Fma {
  Expr a, b, c;
};  // a * b + c with one rounding
struct Select {
  Expr condition, a, b;
};  // both sides are evaluated
// To the node's type, by value: f32 -> integer truncates (out of range: unspecified); a narrower integer
// keeps the low bits; boolean -> 0 or 1. Never to boolean.
struct Convert {
  Expr x;
};
struct Bitcast {
  Expr x;
};  // between f32 and i32 of equal lanes
struct Broadcast {
  Expr x;
};  // a scalar to every lane of the node's type
struct LaneIndex {};  // 0, 1, 2, … as i32 lanes
// Elements index, index + 1, …; `valid` > 0 reads only the first `valid` lanes, the others are 0.
struct Load {
  int buffer;
  Expr index;
  int valid = 0;
};
struct ReadRegister {
  int registers;
  Expr index;
};
enum class HorizontalOp : uint8_t { add, max, min };
struct Horizontal {
  HorizontalOp op;
  Expr x;
};  // over the lanes, halves first: ((0+4)+(2+6))+((1+5)+(3+7)) for 8 lanes

struct ExprNode {
  Type type;
  std::variant<IntConst, FloatConst, VarRef, Unary, Binary, Fma, Select, Convert, Bitcast, Broadcast,
               LaneIndex, Load, ReadRegister, Horizontal>
      node;
};

struct Stmt;
using Body = std::vector<Stmt>;

// parallel: only the outermost loop of a kernel; iterations are independent chunks. unrolled: constant
// bounds; expanded when code is made. gpu_block and gpu_thread belong to GPU schedules.
enum class LoopKind : uint8_t { serial, parallel, unrolled, gpu_block, gpu_thread };

struct For {
  Var var;
  Expr begin, end;
  int64_t step = 1;
  LoopKind kind = LoopKind::serial;
  std::shared_ptr<Body> body;
};
struct Let {
  Var var;
  Expr value;
};
struct If {
  Expr condition;
  std::shared_ptr<Body> then_body, else_body;
};  // else_body may be null
struct Store {
  int buffer;
  Expr index;
  Expr value;
  int valid = 0;
};  // `valid` as in Load
struct WriteRegister {
  int registers;
  Expr index;
  Expr value;
};
struct Prefetch {
  int buffer;
  Expr index;
};
struct Barrier {};

struct Stmt {
  std::variant<For, Let, If, Store, WriteRegister, Prefetch, Barrier> node;
};

enum class BufferKind : uint8_t {
  input,     // caller's memory, 4-byte aligned, read only
  output,    // caller's memory, 4-byte aligned
  arena,     // 64-byte aligned
  constant,  // weights; read only, 64-byte aligned
  state,     // a trainer's variables, which its steps change; 64-byte aligned
  local,     // a tile private to one iteration of the parallel loop; uninitialised, 64-byte aligned
};

struct Buffer {
  std::string name;
  Base base = Base::f32;
  BufferKind kind = BufferKind::arena;
  int64_t elements = 0;  // that the kernel may touch, at max_batch
  bool written = false;
};

// An array of accumulators that live in machine registers; indices are constants after unrolling.
// Uninitialised.
struct Registers {
  std::string name;
  Type type;
  int64_t count = 0;
};

struct Kernel {
  std::string name;
  std::vector<Buffer> buffers;       // Load::buffer and Store::buffer index this
  std::vector<Registers> registers;  // ReadRegister::registers indexes this
  Var n;                             // the batch size at run time, index
  Body body;                         // a single parallel For, or serial code
};

}  // namespace sinter::kernel

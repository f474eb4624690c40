// Building Kernel IR: operators and helpers that type, broadcast and fold as they go. A scalar operand meets
// a vector by broadcast; an integer literal meets an f32 as that number. Constant index arithmetic is folded
// (x + 0, x * 1, constants, (x + a) + b), so that what schedules write down stays short.
#pragma once

#include <functional>
#include <map>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

Expr index_constant(int64_t value);
Expr i32_constant(int64_t value);
Expr float_constant(double value);
Expr boolean_constant(bool value);
Expr ref(const Var &var);

Expr unary(UnaryOp op, Expr x);
Expr binary(BinaryOp op, Expr a, Expr b);
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator%(Expr a, Expr b);
Expr operator-(Expr x);
Expr operator<(Expr a, Expr b);
Expr operator<=(Expr a, Expr b);
Expr operator>(Expr a, Expr b);
Expr operator>=(Expr a, Expr b);
Expr operator&&(Expr a, Expr b);
Expr operator||(Expr a, Expr b);
Expr equal(Expr a, Expr b);
Expr min(Expr a, Expr b);
Expr max(Expr a, Expr b);
Expr abs(Expr x);
Expr sqrt(Expr x);
Expr floor(Expr x);
Expr exp(Expr x);
Expr log(Expr x);
Expr tanh(Expr x);
Expr sigmoid(Expr x);
Expr erf(Expr x);
Expr fma(Expr a, Expr b, Expr c);
Expr select(Expr condition, Expr a, Expr b);
Expr convert(Expr x, Base base);
Expr bitcast(Expr x, Base base);
Expr broadcast(Expr x, int lanes);  // x itself if it has that many lanes
Expr lane_index(int lanes);
Expr load(const Kernel &kernel, int buffer, Expr index, int lanes = 1, int valid = 0);
Expr read(const Kernel &kernel, int registers, Expr index);
Expr horizontal(HorizontalOp op, Expr x);

Stmt for_loop(Var var, Expr begin, Expr end, LoopKind kind, Body body, int64_t step = 1);
Stmt let(Var var, Expr value);
Stmt if_then(Expr condition, Body then_body, Body else_body = {});
Stmt store(int buffer, Expr index, Expr value, int valid = 0);
Stmt write(int registers, Expr index, Expr value);

// The constant value of an integer expression, if it is one.
bool is_constant(const Expr &expr, int64_t *value = nullptr);

// Replaces variables by id; types adapt, so a scalar body becomes a vector body when its parameters do. A let
// inside is not entered: expressions have none.
Expr substitute(const Expr &expr, const std::map<int, Expr> &by_var_id);

// The same operator on replaced operands, built anew; expr itself if no operand changed. replace is called
// more than once on an operand.
Expr rebuild(const Expr &expr, const std::function<Expr(const Expr &)> &replace);

// Calls fn on expr and every expression below it, parents first; on a shared operand once.
void visit(const Expr &expr, const std::function<void(const Expr &)> &fn);

}  // namespace sinter::kernel

#include "ir/kernel/parse_expression.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

// Bounds of what is accepted: nested parentheses, and the longest path in an expression.
constexpr int max_nesting = 400;
constexpr int max_depth = 2000;

struct Infix {
  std::string_view symbol;
  int binding;
  BinaryOp op;
  bool swapped = false;
};

constexpr int comparison_binding = 3;
constexpr Infix infixes[] = {
    {"||", 1, BinaryOp::logical_or},
    {"&&", 2, BinaryOp::logical_and},
    {"<", comparison_binding, BinaryOp::lt},
    {"<=", comparison_binding, BinaryOp::le},
    {">", comparison_binding, BinaryOp::lt, true},
    {">=", comparison_binding, BinaryOp::le, true},
    {"==", comparison_binding, BinaryOp::eq},
    {"!=", comparison_binding, BinaryOp::ne},
    {"|", 4, BinaryOp::bit_or},
    {"^", 5, BinaryOp::bit_xor},
    {"&", 6, BinaryOp::bit_and},
    {"<<", 7, BinaryOp::shl},
    {">>", 7, BinaryOp::shr},
    {"+", 8, BinaryOp::add},
    {"-", 8, BinaryOp::sub},
    {"*", 9, BinaryOp::mul},
    {"/", 9, BinaryOp::div},
    {"%", 9, BinaryOp::mod},
};

const Infix *find_infix(const Token &token) {
  if (token.kind != Token::Kind::symbol) return nullptr;
  for (const Infix &infix : infixes) {
    if (infix.symbol == token.text) return &infix;
  }
  return nullptr;
}

std::optional<UnaryOp> function_of(std::string_view name) {
  for (const UnaryOp op : {UnaryOp::abs, UnaryOp::sqrt, UnaryOp::floor, UnaryOp::exp, UnaryOp::log,
                           UnaryOp::tanh, UnaryOp::sigmoid, UnaryOp::erf}) {
    if (name == name_of(op)) return op;
  }
  return std::nullopt;
}

std::optional<HorizontalOp> horizontal_of(std::string_view name) {
  for (const HorizontalOp op : {HorizontalOp::add, HorizontalOp::max, HorizontalOp::min}) {
    if (name == fmt::format("horizontal_{}", name_of(op))) return op;
  }
  return std::nullopt;
}

std::optional<Base> base_of(std::string_view name) {
  for (const Base base : {Base::f32, Base::i32, Base::u8, Base::index, Base::boolean}) {
    if (name == name_of(base)) return base;
  }
  return std::nullopt;
}

}  // namespace

bool parse_type(std::string_view text, Type &type) {
  if (const auto scalar = base_of(text)) {
    type = Type{*scalar, 1};
    return true;
  }
  // "index" holds an x of its own; the lanes follow the last one.
  const size_t x = text.rfind('x');
  if (x == std::string_view::npos) return false;
  const auto base = base_of(text.substr(0, x));
  int lanes = 0;
  const char *end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + x + 1, end, lanes);
  if (!base || parsed.ec != std::errc() || parsed.ptr != end || lanes < 2 || !valid_lanes(lanes))
    return false;
  type = Type{*base, lanes};
  return true;
}

bool ExpressionParser::fail(const Token &at, std::string message, std::string hint) {
  if (at.kind == Token::Kind::end) {
    message += "; the text ends here";
  } else if (message.starts_with("expected")) {
    message += fmt::format(", got '{}'", at.text.substr(0, 40));
  }
  diagnostics_.error(lexer_.location(at), std::move(message), std::move(hint));
  ++errors_;
  return false;
}

bool ExpressionParser::expect(std::string_view symbol) {
  const Token token = lexer_.take();
  return token.is(symbol) || fail(token, fmt::format("expected '{}'", symbol));
}

bool ExpressionParser::accept(std::string_view symbol) {
  if (!lexer_.peek().is(symbol)) return false;
  lexer_.take();
  return true;
}

Expr ExpressionParser::expression() {
  return infix(0).expr;
}

bool ExpressionParser::fit(Expr &value, Type type, const Token &at) {
  Expr target = make_node(type, VarRef{});
  meet(value, target);
  if (value.type() == type) return true;
  return fail(
      at, fmt::format("a value of {} is needed here, this one is {}", name_of(type), name_of(value.type())));
}

ExpressionParser::Value ExpressionParser::bounded(Expr expr, int depth, const Token &at) {
  if (depth <= max_depth) return {std::move(expr), depth};
  fail(at, fmt::format("an expression of more than {} nested operations", max_depth),
       "name a part of it with let");
  return none();
}

ExpressionParser::Value ExpressionParser::infix(int binding) {
  if (nesting_ >= max_nesting) {
    fail(lexer_.peek(), fmt::format("more than {} nested parentheses", max_nesting));
    return none();
  }
  ++nesting_;
  Value left = prefix();
  bool compared = false;
  while (left.expr) {
    const Infix *infix_op = find_infix(lexer_.peek());
    if (infix_op == nullptr || infix_op->binding < binding) break;
    const Token at = lexer_.take();
    if (infix_op->binding == comparison_binding && std::exchange(compared, true)) {
      fail(at, "comparisons do not chain", "join them with &&");
      left = none();
      break;
    }
    Value right = infix(infix_op->binding + 1);
    if (!right.expr) {
      left = none();
      break;
    }
    if (infix_op->binding < comparison_binding) compared = false;
    if (infix_op->swapped) std::swap(left, right);
    left = make_binary(infix_op->op, std::move(left), std::move(right), at);
  }
  --nesting_;
  return left;
}

ExpressionParser::Value ExpressionParser::make_binary(BinaryOp op, Value a, Value b, const Token &at) {
  meet(a.expr, b.expr);
  const auto type = result_type(op, a.expr.type(), b.expr.type());
  if (!type) {
    const std::string left = name_of(a.expr.type());
    const std::string right = name_of(b.expr.type());
    fail(at,
         left == right ? fmt::format("'{}' is not defined on {}", at.text, left)
                       : fmt::format("'{}' of {} and {}", at.text, left, right),
         left == right ? "" : "both sides need one type: convert one, as in f32(i), or broadcast(x, 8)");
    return none();
  }
  return bounded(make_node(*type, Binary{op, a.expr, b.expr}), std::max(a.depth, b.depth) + 1, at);
}

ExpressionParser::Value ExpressionParser::make_unary(UnaryOp op, Value x, const Token &at) {
  const auto type = result_type(op, x.expr.type());
  if (type) return bounded(make_node(*type, Unary{op, x.expr}), x.depth + 1, at);
  fail(at, fmt::format("'{}' is not defined on {}", at.text, name_of(x.expr.type())));
  return none();
}

ExpressionParser::Value ExpressionParser::prefix() {
  if (!lexer_.peek().is("-") && !lexer_.peek().is("!")) return primary();
  const Token sign = lexer_.take();
  const Token &next = lexer_.peek();
  const bool number = next.kind == Token::Kind::integer || next.kind == Token::Kind::real || next.is("inf");
  if (sign.is("-") && number) return literal(lexer_.take(), true);
  if (nesting_ >= max_nesting) {
    fail(sign, fmt::format("more than {} nested operators", max_nesting));
    return none();
  }
  ++nesting_;
  Value operand = prefix();
  --nesting_;
  if (!operand.expr) return none();
  return make_unary(sign.is("-") ? UnaryOp::neg : UnaryOp::logical_not, std::move(operand), sign);
}

ExpressionParser::Value ExpressionParser::literal(const Token &token, bool negative) {
  if (token.kind == Token::Kind::name) {
    const float infinity = std::numeric_limits<float>::infinity();
    return {Expr(negative ? -infinity : infinity), 1};
  }
  if (token.kind == Token::Kind::real) {
    if (token.overflow) {
      fail(token, fmt::format("{} does not fit f32", token.text), "write inf, or 0.0");
      return none();
    }
    return {Expr(negative ? -token.real : token.real), 1};
  }
  const uint64_t magnitude = token.integer;
  Base base = Base::index;
  uint64_t largest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (token.suffix == "i32") {
    base = Base::i32;
    largest = (uint64_t{1} << 31) - (negative ? 0 : 1);
  } else if (token.suffix == "u8") {
    base = Base::u8;
    largest = negative ? 0 : 255;
  }
  if (token.overflow || magnitude > largest) {
    fail(token, fmt::format("{}{} does not fit {}", negative ? "-" : "", token.text, name_of(base)));
    return none();
  }
  const auto value = static_cast<int64_t>(negative ? -magnitude : magnitude);
  return {make_node(Type{base, 1}, IntConst{value}), 1};
}

ExpressionParser::Value ExpressionParser::primary() {
  const Token token = lexer_.take();
  if (token.kind == Token::Kind::integer || token.kind == Token::Kind::real) return literal(token, false);
  if (token.is("(")) {
    Value inner = infix(0);
    return inner.expr && expect(")") ? inner : none();
  }
  if (token.kind != Token::Kind::name) {
    fail(token, "expected a value");
    return none();
  }
  if (token.is("true") || token.is("false")) {
    return {make_node(Type{Base::boolean, 1}, IntConst{token.is("true") ? 1 : 0}), 1};
  }
  if (lexer_.peek().is("(")) return call(token);
  if (token.is("inf")) return literal(token, false);
  if (token.is("nan")) return {Expr(std::bit_cast<float>(0x7fc00000u)), 1};
  if (lexer_.peek().is("[")) {
    int depth = 0;
    Expr expr = element(token, &depth);
    return expr ? bounded(std::move(expr), depth + 1, token) : none();
  }
  const auto found = scope_.find(token.text);
  if (found == scope_.end()) {
    fail(token, fmt::format("'{}' is not defined", token.text));
    return none();
  }
  if (found->second.kind != Symbol::Kind::variable) {
    fail(token, fmt::format("'{}' is no variable", token.text),
         fmt::format("name an element: {}[0]", token.text));
    return none();
  }
  return {make_node(found->second.var.type, VarRef{found->second.var}), 1};
}

Expr ExpressionParser::element(const Token &name, int *depth) {
  const auto found = scope_.find(name.text);
  if (found == scope_.end() || found->second.kind == Symbol::Kind::variable) {
    fail(name, fmt::format("'{}' is no buffer or registers", name.text),
         "declare it at the top of the kernel");
    return Expr();
  }
  if (!expect("[")) return Expr();
  const Token at = lexer_.peek();
  const Value parsed = infix(0);
  Expr index = parsed.expr;
  if (depth != nullptr) *depth = parsed.depth;
  if (!index || !fit(index, Type{Base::index, 1}, at)) return Expr();
  const auto number = static_cast<size_t>(found->second.number);
  if (found->second.kind == Symbol::Kind::registers) {
    if (!expect("]")) return Expr();
    return make_node(kernel_.registers[number].type, ReadRegister{found->second.number, index});
  }
  int lanes = 1;
  int valid = 0;
  if (accept(":")) {
    const Token count = lexer_.take();
    if (count.kind != Token::Kind::integer || count.overflow || count.integer > max_lanes ||
        !valid_lanes(static_cast<int>(count.integer))) {
      fail(count, "expected a number of lanes, a power of two");
      return Expr();
    }
    lanes = static_cast<int>(count.integer);
    if (accept("valid")) {
      const Token part = lexer_.take();
      if (part.kind != Token::Kind::integer || part.overflow || part.integer < 1 ||
          part.integer > count.integer) {
        fail(part, fmt::format("expected a number of valid lanes from 1 to {}", lanes));
        return Expr();
      }
      valid = static_cast<int>(part.integer);
    }
  }
  if (!expect("]")) return Expr();
  return make_node(Type{kernel_.buffers[number].base, lanes}, Load{found->second.number, index, valid});
}

ExpressionParser::Value ExpressionParser::broadcast_call(const Token &name) {
  Value x;
  if (name.is("broadcast")) {
    x = infix(0);
    if (!x.expr || !expect(",")) return none();
    if (x.expr.type().lanes != 1) {
      fail(name, fmt::format("broadcast of {}: it takes a scalar", name_of(x.expr.type())));
      return none();
    }
  }
  const Token count = lexer_.take();
  const bool fits = count.kind == Token::Kind::integer && !count.overflow && count.integer >= 2 &&
                    count.integer <= max_lanes && valid_lanes(static_cast<int>(count.integer));
  if (!fits) {
    fail(count, fmt::format("expected a number of lanes, a power of two from 2 to {}", max_lanes));
    return none();
  }
  if (!expect(")")) return none();
  const int lanes = static_cast<int>(count.integer);
  if (!name.is("broadcast")) return {make_node(Type{Base::i32, lanes}, LaneIndex{}), 1};
  return bounded(make_node(Type{x.expr.type().base, lanes}, Broadcast{x.expr}), x.depth + 1, name);
}

ExpressionParser::Value ExpressionParser::call(const Token &name) {
  expect("(");
  if (name.is("broadcast") || name.is("lane_index")) return broadcast_call(name);
  if (name.is("nan")) {
    const Token bits = lexer_.take();
    const bool is_nan = bits.kind == Token::Kind::integer && bits.text.starts_with("0x") && !bits.overflow &&
                        bits.integer <= 0xffffffffu && (bits.integer & 0x7fffffffu) > 0x7f800000u;
    if (!is_nan) {
      fail(bits, "expected the bits of an f32 that is not a number, as in nan(0x7fc00000)");
      return none();
    }
    return expect(")") ? Value{Expr(std::bit_cast<float>(static_cast<uint32_t>(bits.integer))), 1} : none();
  }
  std::vector<Value> arguments;
  if (!accept(")")) {
    do {
      Value argument = infix(0);
      if (!argument.expr) return none();
      arguments.push_back(std::move(argument));
    } while (accept(","));
    if (!expect(")")) return none();
  }
  return make_call(name, arguments);
}

ExpressionParser::Value ExpressionParser::make_call(const Token &name, std::vector<Value> &arguments) {
  const auto count = [&](size_t wanted) {
    if (arguments.size() == wanted) return true;
    return fail(name, fmt::format("{} takes {} arguments, got {}", name.text, wanted, arguments.size()));
  };
  const auto misfit = [&] {
    std::string types;
    for (const Value &argument : arguments)
      types += fmt::format("{}{}", types.empty() ? "" : ", ", name_of(argument.expr.type()));
    fail(name, fmt::format("{} of {}", name.text, types));
    return none();
  };
  int depth = 1;
  for (const Value &argument : arguments) depth = std::max(depth, argument.depth + 1);

  if (const auto op = function_of(name.text)) {
    return count(1) ? make_unary(*op, std::move(arguments[0]), name) : none();
  }
  if (name.is("min") || name.is("max") || name.is("mul_high")) {
    if (!count(2)) return none();
    const BinaryOp op = name.is("min") ? BinaryOp::min : name.is("max") ? BinaryOp::max : BinaryOp::mul_high;
    return make_binary(op, arguments[0], arguments[1], name);
  }
  if (name.is("fma")) {
    if (!count(3)) return none();
    Expr &a = arguments[0].expr;
    Expr &b = arguments[1].expr;
    Expr &c = arguments[2].expr;
    meet(a, b);
    meet(b, c);
    meet(a, b);
    const Type type = a.type();
    if (type.base != Base::f32 || b.type() != type || c.type() != type) return misfit();
    return bounded(make_node(type, Fma{a, b, c}), depth, name);
  }
  if (name.is("select")) {
    if (!count(3)) return none();
    Expr &condition = arguments[0].expr;
    Expr &a = arguments[1].expr;
    Expr &b = arguments[2].expr;
    meet(a, b);
    const int lanes = std::max(condition.type().lanes, a.type().lanes);
    for (Expr *side : {&condition, &a, &b}) {
      const Base base = side->type().base;
      if (side->type().lanes == 1 && lanes > 1) *side = make_node(Type{base, lanes}, Broadcast{*side});
    }
    const Type type = a.type();
    if (condition.type() != Type{Base::boolean, lanes} || b.type() != type || type.lanes != lanes)
      return misfit();
    return bounded(make_node(type, Select{condition, a, b}), depth + 1, name);
  }
  if (const auto base = base_of(name.text)) {
    if (!count(1)) return none();
    const Type from = arguments[0].expr.type();
    if (!can_convert(from.base, *base)) return misfit();
    return bounded(make_node(Type{*base, from.lanes}, Convert{arguments[0].expr}), depth, name);
  }
  if (name.is("bitcast_f32") || name.is("bitcast_i32")) {
    if (!count(1)) return none();
    const Base to = name.is("bitcast_f32") ? Base::f32 : Base::i32;
    const Type from = arguments[0].expr.type();
    if (from.base != (to == Base::f32 ? Base::i32 : Base::f32)) return misfit();
    return bounded(make_node(Type{to, from.lanes}, Bitcast{arguments[0].expr}), depth, name);
  }
  if (const auto op = horizontal_of(name.text)) {
    if (!count(1)) return none();
    const Type from = arguments[0].expr.type();
    if (from.lanes < 2 || !result_type(BinaryOp::add, from, from)) return misfit();
    return bounded(make_node(Type{from.base, 1}, Horizontal{*op, arguments[0].expr}), depth, name);
  }
  fail(name, fmt::format("there is no function '{}'", name.text));
  return none();
}

}  // namespace sinter::kernel

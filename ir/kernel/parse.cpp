// The parser of the text form. It builds the nodes that the text says, without folding, and types them by the
// same rules as the builder; what the rules of verify.h forbid beyond types is left to verify.
#include <fmt/format.h>

#include <bit>
#include <limits>
#include <map>

#include "ir/kernel/lexer.h"
#include "ir/kernel/parse_expression.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

constexpr int max_errors = 20;
constexpr int max_block_depth = 100;

class KernelParser {
 public:
  KernelParser(std::string_view text, std::string_view file, Diagnostics &diagnostics)
      : lexer_(text, file), expressions_(lexer_, diagnostics, kernel_, scope_) {}

  std::optional<Kernel> kernel() {
    Token opening;
    if (!header(opening)) return std::nullopt;
    body(kernel_.body, 0, opening);
    if (expressions_.errors() == 0 && lexer_.peek().kind != Token::Kind::end) {
      fail(lexer_.peek(), "expected the end of the text");
    }
    if (expressions_.errors() > 0) return std::nullopt;
    return std::move(kernel_);
  }

 private:
  bool fail(const Token &at, std::string message, std::string hint = {}) {
    return expressions_.fail(at, std::move(message), std::move(hint));
  }
  bool expect(std::string_view symbol) { return expressions_.expect(symbol); }
  bool accept(std::string_view symbol) { return expressions_.accept(symbol); }

  std::optional<std::string> new_name() {
    const Token token = lexer_.take();
    const std::string name(token.text);
    if (token.kind != Token::Kind::name) {
      fail(token, "expected a name");
      return std::nullopt;
    }
    for (const char *word : {"true", "false", "inf", "nan"}) {
      if (name == word) {
        fail(token, fmt::format("'{}' is a literal, not a name", name));
        return std::nullopt;
      }
    }
    if (scope_.count(name) != 0) {
      fail(token, fmt::format("'{}' is defined already", name), "choose another name");
      return std::nullopt;
    }
    return name;
  }

  bool header(Token &opening) {
    if (!expect("kernel")) return false;
    const Token name = lexer_.take();
    if (name.kind != Token::Kind::name) return fail(name, "expected the kernel's name");
    kernel_.name = name.text;
    if (!expect("(")) return false;
    const auto n = new_name();
    if (!n) return false;
    kernel_.n = make_var(*n, Type{Base::index, 1});
    scope_[*n] = Symbol{Symbol::Kind::variable, 0, kernel_.n};
    if (!expect(")")) return false;
    opening = lexer_.peek();
    return expect("{");
  }

  bool count(int64_t &value) {
    const Token token = lexer_.take();
    const bool fits = token.kind == Token::Kind::integer && !token.overflow && token.suffix.empty() &&
                      token.integer <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (!fits) return fail(token, "expected a whole number");
    value = static_cast<int64_t>(token.integer);
    return true;
  }

  bool type(Type &type) {
    const Token token = lexer_.take();
    if (token.kind == Token::Kind::name && parse_type(token.text, type)) return true;
    return fail(token, "expected a type",
                "types are f32, i32, u8, index, boolean, and vectors of them: f32x8");
  }

  bool declare_buffer() {
    const auto name = new_name();
    if (!name) return false;
    Buffer buffer;
    buffer.name = *name;
    if (!expect(":")) return false;
    const Token at = lexer_.peek();
    Type element;
    if (!type(element)) return false;
    if (element.lanes != 1)
      return fail(at, fmt::format("a buffer of {}: buffers hold scalars", name_of(element)));
    buffer.base = element.base;
    if (!expect("[") || !count(buffer.elements) || !expect("]")) return false;
    const Token kind = lexer_.take();
    bool found = false;
    for (const BufferKind candidate : {BufferKind::input, BufferKind::output, BufferKind::arena,
                                       BufferKind::constant, BufferKind::state, BufferKind::local}) {
      if (!kind.is(name_of(candidate))) continue;
      buffer.kind = candidate;
      found = true;
    }
    if (!found) return fail(kind, "expected input, output, arena, constant, state or local");
    buffer.written = lexer_.peek().line == kind.line && accept("written");
    scope_[*name] = Symbol{Symbol::Kind::buffer, static_cast<int>(kernel_.buffers.size()), {}};
    kernel_.buffers.push_back(std::move(buffer));
    return true;
  }

  bool declare_registers() {
    const auto name = new_name();
    if (!name) return false;
    Registers registers;
    registers.name = *name;
    if (!expect(":") || !type(registers.type) || !expect("[") || !count(registers.count) || !expect("]"))
      return false;
    scope_[*name] = Symbol{Symbol::Kind::registers, static_cast<int>(kernel_.registers.size()), {}};
    kernel_.registers.push_back(std::move(registers));
    return true;
  }

  // Statements up to the closing brace, which it takes. After an error it goes on at the next line, if it
  // can.
  void body(Body &out, int depth, const Token &opening) {
    std::vector<std::string> defined;
    while (!lexer_.peek().is("}")) {
      if (lexer_.peek().kind == Token::Kind::end) {
        fail(lexer_.peek(), fmt::format("a block opened in line {} is not closed", opening.line),
             "add a '}'");
        break;
      }
      if (!statement(out, depth, defined)) {
        if (stopped_ || expressions_.errors() >= max_errors || !lexer_.skip_line()) {
          stopped_ = true;
          return;
        }
      }
    }
    accept("}");
    for (const std::string &name : defined) scope_.erase(name);
  }

  std::shared_ptr<Body> block(int depth) {
    auto inner = std::make_shared<Body>();
    const Token at = lexer_.peek();
    if (depth >= max_block_depth) {
      fail(at, fmt::format("more than {} blocks within each other", max_block_depth));
      return nullptr;
    }
    if (!expect("{")) return nullptr;
    body(*inner, depth + 1, at);
    return stopped_ ? nullptr : inner;
  }

  bool statement(Body &out, int depth, std::vector<std::string> &defined) {
    const Token first = lexer_.take();
    const bool assigns = lexer_.peek().is("[");
    if (first.kind != Token::Kind::name) return fail(first, "expected a statement");
    if (assigns) return assignment(first, out);
    if (first.is("buffer") || first.is("registers")) {
      if (depth > 0 || !out.empty()) return fail(first, "declarations stand before the first statement");
      return first.is("buffer") ? declare_buffer() : declare_registers();
    }
    if (first.is("let")) return let(out, defined);
    if (first.is("if")) return conditional(out, depth);
    if (first.is("barrier")) {
      out.push_back(Stmt{Barrier{}});
      return true;
    }
    if (first.is("prefetch")) return prefetch(out);
    for (const LoopKind kind : {LoopKind::serial, LoopKind::parallel, LoopKind::unrolled, LoopKind::gpu_block,
                                LoopKind::gpu_thread}) {
      if (first.is(name_of(kind))) return loop(kind, out, depth);
    }
    return fail(first, "expected a statement",
                "statements are let, if, prefetch, barrier, a loop (serial, parallel, unrolled, gpu_block, "
                "gpu_thread), and an assignment to an element: y[i] = …");
  }

  bool let(Body &out, std::vector<std::string> &defined) {
    const auto name = new_name();
    Type declared;
    if (!name || !expect(":") || !type(declared) || !expect("=")) return false;
    const Token at = lexer_.peek();
    Expr value = expressions_.expression();
    if (!value || !expressions_.fit(value, declared, at)) return false;
    Let node{make_var(*name, declared), value};
    scope_[*name] = Symbol{Symbol::Kind::variable, 0, node.var};
    defined.push_back(*name);
    out.push_back(Stmt{std::move(node)});
    return true;
  }

  bool conditional(Body &out, int depth) {
    If node;
    const Token at = lexer_.peek();
    node.condition = expressions_.expression();
    if (!node.condition || !expressions_.fit(node.condition, Type{Base::boolean, 1}, at)) return false;
    node.then_body = block(depth);
    if (node.then_body == nullptr) return false;
    if (accept("else") && (node.else_body = block(depth)) == nullptr) return false;
    out.push_back(Stmt{std::move(node)});
    return true;
  }

  bool loop(LoopKind kind, Body &out, int depth) {
    For node;
    node.kind = kind;
    const auto name = new_name();
    if (!name || !expect("in")) return false;
    for (Expr *bound : {&node.begin, &node.end}) {
      const Token at = lexer_.peek();
      *bound = expressions_.expression();
      if (!*bound || !expressions_.fit(*bound, Type{Base::index, 1}, at)) return false;
      if (bound == &node.begin && !expect("..")) return false;
    }
    if (accept("step") && !count(node.step)) return false;
    node.var = make_var(*name, Type{Base::index, 1});
    scope_[*name] = Symbol{Symbol::Kind::variable, 0, node.var};
    node.body = block(depth);
    scope_.erase(*name);
    if (node.body == nullptr) return false;
    out.push_back(Stmt{std::move(node)});
    return true;
  }

  bool prefetch(Body &out) {
    const Token at = lexer_.peek();
    const Expr element = expressions_.expression();
    if (!element) return false;
    const auto *load = std::get_if<Load>(&element->node);
    if (load == nullptr || element.type().lanes != 1 || load->valid != 0) {
      return fail(at, "prefetch takes an element of a buffer", "prefetch w[i]");
    }
    out.push_back(Stmt{Prefetch{load->buffer, load->index}});
    return true;
  }

  bool assignment(const Token &name, Body &out) {
    const Expr target = expressions_.element(name);
    if (!target || !expect("=")) return false;
    const Token at = lexer_.peek();
    Expr value = expressions_.expression();
    if (!value || !expressions_.fit(value, target.type(), at)) return false;
    if (const auto *load = std::get_if<Load>(&target->node)) {
      out.push_back(Stmt{Store{load->buffer, load->index, value, load->valid}});
    } else {
      const auto &read = std::get<ReadRegister>(target->node);
      out.push_back(Stmt{WriteRegister{read.registers, read.index, value}});
    }
    return true;
  }

  Kernel kernel_;
  Scope scope_;
  Lexer lexer_;
  ExpressionParser expressions_;
  bool stopped_ = false;  // after an error that leaves the block structure in doubt
};

}  // namespace

std::optional<Kernel> parse(std::string_view text, Diagnostics &diagnostics, std::string_view file) {
  return KernelParser(text, file, diagnostics).kernel();
}

}  // namespace sinter::kernel

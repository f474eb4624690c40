// Parses expressions of the text form: precedence climbing, each node typed as it is made.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ir/kernel/kernel.h"
#include "ir/kernel/lexer.h"
#include "support/diagnostic.h"

namespace sinter::kernel {

struct Symbol {
  enum class Kind { variable, buffer, registers };
  Kind kind = Kind::variable;
  int number = 0;  // of the buffer or the registers
  Var var;
};
using Scope = std::map<std::string, Symbol, std::less<>>;

bool parse_type(std::string_view text, Type &type);  // f32, i32x8

class ExpressionParser {
 public:
  // All must outlive the parser.
  ExpressionParser(Lexer &lexer, Diagnostics &diagnostics, const Kernel &kernel, const Scope &scope)
      : lexer_(lexer), diagnostics_(diagnostics), kernel_(kernel), scope_(scope) {}

  Expr expression();  // empty after an error, which is reported
  // What follows name, from '[' on, as a Load or ReadRegister. depth, if given, gets the depth of the index.
  Expr element(const Token &name, int *depth = nullptr);
  // Makes value of that type if literals and broadcasting can; else reports at `at`.
  bool fit(Expr &value, Type type, const Token &at);

  bool fail(const Token &at, std::string message, std::string hint = {});  // false
  bool expect(std::string_view symbol);
  bool accept(std::string_view symbol);
  int errors() const { return errors_; }

 private:
  // depth: nodes on the longest way down, bounded so that nothing that walks expressions runs out of stack.
  struct Value {
    Expr expr;
    int depth = 0;
  };

  Value infix(int binding);
  Value prefix();
  Value primary();
  Value call(const Token &name);
  Value literal(const Token &token, bool negative);
  Value make_unary(UnaryOp op, Value x, const Token &at);
  Value make_binary(BinaryOp op, Value a, Value b, const Token &at);
  Value make_call(const Token &name, std::vector<Value> &arguments);
  Value broadcast_call(const Token &name);
  Value bounded(Expr expr, int depth, const Token &at);
  Value none() const { return {}; }

  Lexer &lexer_;
  Diagnostics &diagnostics_;
  const Kernel &kernel_;
  const Scope &scope_;
  int errors_ = 0;
  int nesting_ = 0;
};

}  // namespace sinter::kernel

// Recursive descent over expressions, with a bound on nesting. Part of the parser (parser.h).
#pragma once

#include "frontend/script/ast.h"
#include "frontend/script/lexer.h"

namespace sinter::script {

// Thrown at a syntax error and caught by the statement parser, which reports it and goes on with the next
// line.
struct SyntaxFailure {
  Position at;
  std::string message, hint;
};

// Counts the recursion of the parser for as long as it lives.
class Nesting {
 public:
  Nesting(int &counter, Position at);
  ~Nesting() { --counter_; }
  Nesting(const Nesting &) = delete;
  Nesting &operator=(const Nesting &) = delete;

 private:
  int &counter_;
};

class ExpressionParser {
 public:
  ExpressionParser(const Source &source, std::vector<Token> tokens, Diagnostics &diagnostics)
      : source_(source), tokens_(std::move(tokens)), diagnostics_(diagnostics) {}

  // One expression, without commas: conditional, lambda, or operators.
  ExpressionPtr expression();
  // Expressions with commas make a tuple; starred items are allowed.
  ExpressionPtr expression_list();
  // The target of a `for`: names, tuples, attributes or subscripts, up to `in`.
  ExpressionPtr target_list();
  // Parameters up to `end` (")" of a def, ":" of a lambda), which is not consumed.
  ParameterList parameters(std::string_view end);

 protected:
  const Token &peek(std::size_t ahead = 0) const;
  Token take();
  bool is_op(std::string_view op, std::size_t ahead = 0) const;
  bool is_word(std::string_view word, std::size_t ahead = 0) const;
  bool accept_op(std::string_view op);
  bool accept_word(std::string_view word);
  void expect_op(std::string_view op);
  std::string expect_name(std::string_view what);
  [[noreturn]] void fail(std::string message, std::string hint = {}) const;
  [[noreturn]] void fail_at(Position at, std::string message, std::string hint = {}) const;
  template <class Node>
  ExpressionPtr make(Position at, Node node) const {
    auto expression = std::make_unique<Expression>();
    expression->at = at;
    expression->node = std::move(node);
    return expression;
  }
  // Sets the node's depth: that of its deepest child plus one. Chains such as 1+1+1+… count, since the
  // evaluator descends along them.
  static ExpressionPtr deepen(ExpressionPtr expression, std::initializer_list<int> children);

  const Source &source_;
  std::vector<Token> tokens_;
  Diagnostics &diagnostics_;
  std::size_t index_ = 0;
  int nesting_ = 0;

 private:
  struct Items {
    std::vector<ExpressionPtr> list;
    bool comma = false;
    int depth = 0;
  };
  // Items separated by commas, at least one.
  Items item_list();
  ExpressionPtr lambda();
  ExpressionPtr logical(bool is_and);
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr binary(int precedence);
  ExpressionPtr unary();
  ExpressionPtr power();
  ExpressionPtr postfix();
  ExpressionPtr atom();
  ExpressionPtr parenthesized();
  ExpressionPtr list_display();
  ExpressionPtr brace_display();
  ExpressionPtr string_literal();
  ExpressionPtr subscript_index();
  std::vector<Call::Argument> arguments();
  std::vector<Comprehension::Clause> clauses();
  std::vector<FormatString::Field> format_fields(std::string_view body, Position at, bool raw, int level);
  ExpressionPtr format_value(std::string_view text, Position at);
};

bool is_keyword(std::string_view word);

}  // namespace sinter::script

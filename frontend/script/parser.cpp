#include "frontend/script/parser.h"

#include <set>

#include "frontend/script/bound_names.h"
#include "frontend/script/expression_parser.h"
#include "frontend/script/limits.h"

namespace sinter::script {

namespace {

class StatementParser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Block program() {
    Block statements;
    while (peek().kind != Token::Kind::end) {
      if (peek().kind == Token::Kind::dedent || peek().kind == Token::Kind::newline)
        take();
      else if (peek().kind == Token::Kind::indent)
        unexpected_indent(statements);
      else
        statement(statements);
    }
    return statements;
  }

 private:
  void unexpected_indent(Block &into) {
    report({peek().at, "unexpected indentation", "align this line with the block it belongs to"});
    take();
    while (peek().kind != Token::Kind::dedent && peek().kind != Token::Kind::end) statement_or_skip(into);
    if (peek().kind == Token::Kind::dedent) take();
  }

  void statement_or_skip(Block &into) {
    if (peek().kind == Token::Kind::newline)
      take();
    else if (peek().kind == Token::Kind::indent)
      skip_block();
    else
      statement(into);
  }

  void report(const SyntaxFailure &failure) {
    // What is missing at the end of the text was said where its bracket or string begins.
    std::size_t next = 0;
    while (peek(next).kind == Token::Kind::newline || peek(next).kind == Token::Kind::dedent) ++next;
    if (peek(next).kind == Token::Kind::end && diagnostics_.has_errors()) return;
    diagnostics_.error(source_.at(failure.at), failure.message, failure.hint);
    if (++errors_ >= limits::errors) index_ = tokens_.size() - 1;  // the rest is not read
  }

  // One statement or several on a line. After a syntax error, goes on behind the line and its block.
  void statement(Block &into) {
    const std::size_t start = index_;
    try {
      if (!compound(into)) simple_line(into);
    } catch (const SyntaxFailure &failure) {
      report(failure);
      nesting_ = 0;
      while (peek().kind != Token::Kind::newline && peek().kind != Token::Kind::end) take();
      if (peek().kind == Token::Kind::newline) take();
      if (peek().kind == Token::Kind::indent) skip_block();
      if (index_ == start) take();
    }
  }

  void skip_block() {
    int depth = 0;
    do {
      const Token token = take();
      if (token.kind == Token::Kind::indent) ++depth;
      if (token.kind == Token::Kind::dedent) --depth;
      if (token.kind == Token::Kind::end) return;
    } while (depth > 0);
  }

  template <class Node>
  static void add(Block &into, Position at, Node node) {
    Statement statement;
    statement.at = at;
    statement.node = std::move(node);
    into.push_back(std::move(statement));
  }

  bool compound(Block &into) {
    const Position at = peek().at;
    if (is_word("if")) {
      add(into, at, if_statement());
    } else if (is_word("for")) {
      add(into, at, for_statement());
    } else if (is_word("def")) {
      add(into, at, function());
    } else if (is_word("while")) {
      unsupported_block(into, "'while' loops", "loop over a range: for i in range(n)");
    } else if (is_word("class")) {
      unsupported_block(into, "classes", "build the model from Keras's own layers and plain functions");
    } else if (is_word("try")) {
      unsupported_block(into, "'try' blocks", "keep the one branch that applies");
    } else if (is_word("with")) {
      unsupported_block(into, "'with' blocks",
                        "call the body directly; data is read by the compiled program");
    } else if (is_word("async")) {
      unsupported_block(into, "'async' code", "");
    } else if (is_op("@")) {
      while (is_op("@")) {
        while (peek().kind != Token::Kind::newline && peek().kind != Token::Kind::end) take();
        if (peek().kind == Token::Kind::newline) take();
      }
      Block definition;
      statement(definition);
      add(into, at,
          Unsupported{"decorators", "write the function without a decorator", bound_names(definition)});
    } else {
      return false;
    }
    return true;
  }

  // Parses and drops a compound statement with all its clauses; the names it binds are remembered.
  void unsupported_block(Block &into, std::string what, std::string hint) {
    const Position at = peek().at;
    Block body;
    std::vector<std::string> names;
    const std::string first_word = peek().text;
    while (true) {
      const std::string word = take().text;
      if (word == "class" && peek().kind == Token::Kind::name) names.push_back(peek().text);
      int depth = 0;
      while (peek().kind != Token::Kind::newline && peek().kind != Token::Kind::end) {
        if (depth == 0 && is_op(":")) break;
        if (is_op("(") || is_op("[") || is_op("{")) ++depth;
        if (is_op(")") || is_op("]") || is_op("}")) --depth;
        if (is_word("as") && peek(1).kind == Token::Kind::name) names.push_back(peek(1).text);
        take();
      }
      expect_op(":");
      Block clause = block();
      if (first_word != "class")
        for (std::string &name : bound_names(clause)) names.push_back(std::move(name));
      const bool more =
          (first_word == "try" && (is_word("except") || is_word("finally") || is_word("else"))) ||
          (first_word == "while" && is_word("else"));
      if (!more) break;
    }
    add(into, at, Unsupported{std::move(what), std::move(hint), std::move(names)});
  }

  Block block() {
    Block body;
    if (peek().kind != Token::Kind::newline) {
      simple_line(body);
      return body;
    }
    take();
    if (peek().kind != Token::Kind::indent) fail("expected an indented block");
    const Position at = take().at;
    if (++blocks_ > limits::block_depth) {
      --blocks_;
      skip_to_dedent();
      fail_at(at, "blocks are nested too deeply", "move the inner ones into functions");
    }
    while (peek().kind != Token::Kind::dedent && peek().kind != Token::Kind::end) statement_or_skip(body);
    if (peek().kind == Token::Kind::dedent) take();
    --blocks_;
    return body;
  }

  void skip_to_dedent() {
    for (int depth = 1; depth > 0 && peek().kind != Token::Kind::end;) {
      const Token token = take();
      if (token.kind == Token::Kind::indent) ++depth;
      if (token.kind == Token::Kind::dedent) --depth;
    }
  }

  If if_statement() {
    If node;
    do {
      take();  // if, elif
      ExpressionPtr condition = expression();
      expect_op(":");
      Block body = block();
      node.branches.emplace_back(std::move(condition), std::move(body));
    } while (is_word("elif"));
    if (accept_word("else")) {
      expect_op(":");
      node.otherwise = block();
    }
    return node;
  }

  For for_statement() {
    take();
    For node;
    node.target = target_list();
    if (!accept_word("in")) fail("expected 'in'");
    node.iterable = expression_list();
    expect_op(":");
    node.body = block();
    if (accept_word("else")) {
      expect_op(":");
      node.otherwise = block();
    }
    return node;
  }

  FunctionDefinition function() {
    take();
    FunctionDefinition node;
    node.name = expect_name("the function's name");
    expect_op("(");
    node.parameters = parameters(")");
    expect_op(")");
    if (accept_op("->")) expression();
    expect_op(":");
    node.body = block();
    return node;
  }

  void simple_line(Block &into) {
    do {
      if (peek().kind == Token::Kind::newline) break;
      simple(into);
    } while (accept_op(";"));
    if (peek().kind == Token::Kind::newline)
      take();
    else if (peek().kind != Token::Kind::end)
      fail("unexpected text at the end of this statement");
  }

  void simple(Block &into) {
    const Position at = peek().at;
    if (accept_word("pass")) return add(into, at, Pass{});
    if (accept_word("break")) return add(into, at, Break{});
    if (accept_word("continue")) return add(into, at, Continue{});
    if (accept_word("return")) {
      Return node;
      if (!at_statement_end()) node.value = expression_list();
      return add(into, at, std::move(node));
    }
    if (is_word("import") || is_word("from")) return add(into, at, import());
    if (accept_word("assert")) {
      Assert node;
      node.condition = expression();
      if (accept_op(",")) node.message = expression();
      return add(into, at, std::move(node));
    }
    if (accept_word("del")) {
      Delete node;
      do {
        node.targets.push_back(expression());
      } while (accept_op(","));
      return add(into, at, std::move(node));
    }
    if (is_word("global") || is_word("nonlocal")) {
      const bool nonlocal = take().text == "nonlocal";
      Global node;
      do {
        node.names.push_back(expect_name("a name"));
      } while (accept_op(","));
      if (nonlocal) return add(into, at, Unsupported{"'nonlocal'", "return the value instead", node.names});
      return add(into, at, std::move(node));
    }
    if (accept_word("raise")) {
      Raise node;
      if (!at_statement_end()) node.value = expression();
      if (accept_word("from")) expression();
      return add(into, at, std::move(node));
    }
    if (is_word("print") && (peek(1).kind == Token::Kind::string || peek(1).kind == Token::Kind::name)) {
      while (!at_statement_end()) take();
      return add(into, at, PrintStatement{});
    }
    expression_statement(into);
  }

  bool at_statement_end() const {
    return peek().kind == Token::Kind::newline || peek().kind == Token::Kind::end || is_op(";");
  }

  void expression_statement(Block &into) {
    const Position at = peek().at;
    ExpressionPtr first = expression_list();
    if (accept_op(":")) {  // annotation
      expression();
      Assignment node;
      check_target(*first);
      node.targets.push_back(std::move(first));
      if (accept_op("=")) node.value = expression_list();
      return add(into, at, std::move(node));
    }
    if (is_op("=")) {
      Assignment node;
      node.targets.push_back(std::move(first));
      while (accept_op("=")) {
        check_target(*node.targets.back());
        node.targets.push_back(expression_list());
      }
      node.value = std::move(node.targets.back());
      node.targets.pop_back();
      return add(into, at, std::move(node));
    }
    static const std::set<std::string> augmented = {
        "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=", "@="};
    if (peek().kind == Token::Kind::op && augmented.count(peek().text)) {
      if (std::holds_alternative<SequenceDisplay>(first->node))
        fail("a tuple cannot be the target of this assignment");
      check_target(*first);
      std::string op = take().text;
      op.pop_back();
      return add(into, at, AugmentedAssignment{std::move(first), std::move(op), expression_list()});
    }
    add(into, at, ExpressionStatement{std::move(first)});
  }

  void check_target(const Expression &target) const {
    if (const auto *sequence = std::get_if<SequenceDisplay>(&target.node)) {
      for (const ExpressionPtr &item : sequence->items) check_target(*item);
      return;
    }
    if (const auto *starred = std::get_if<Starred>(&target.node)) return check_target(*starred->value);
    if (!std::holds_alternative<Name>(target.node) && !std::holds_alternative<Attribute>(target.node) &&
        !std::holds_alternative<Subscript>(target.node))
      fail_at(target.at, "this cannot be assigned to",
              "the left side must be a name, an attribute or an index");
  }

  std::string dotted_name() {
    std::string name = expect_name("a module name");
    while (accept_op(".")) name += "." + expect_name("a module name");
    return name;
  }

  Import import() {
    Import node;
    if (accept_word("import")) {
      do {
        Import::Item item{.name = {}, .alias = {}, .at = peek().at};
        item.name = dotted_name();
        if (accept_word("as")) item.alias = expect_name("a name");
        node.items.push_back(std::move(item));
      } while (accept_op(","));
      return node;
    }
    take();  // from
    node.is_from = true;
    while (accept_op(".") || accept_op("...")) node.module += ".";
    if (!is_word("import")) node.module += dotted_name();
    if (!accept_word("import")) fail("expected 'import'");
    if (accept_op("*")) {
      node.is_star = true;
      return node;
    }
    const bool brackets = accept_op("(");
    do {
      if (brackets && is_op(")")) break;
      Import::Item item{.name = {}, .alias = {}, .at = peek().at};
      item.name = expect_name("a name to import");
      if (accept_word("as")) item.alias = expect_name("a name");
      node.items.push_back(std::move(item));
    } while (accept_op(","));
    if (brackets) expect_op(")");
    return node;
  }

  int blocks_ = 0;
  int errors_ = 0;
};

}  // namespace

Syntax parse(const Source &source, Diagnostics &diagnostics) {
  Tokens tokens = lex(source, source.text(), diagnostics);
  StatementParser parser(source, std::move(tokens.list), diagnostics);
  Block statements = parser.program();
  return {std::move(statements), std::move(tokens.magic_lines)};
}

}  // namespace sinter::script

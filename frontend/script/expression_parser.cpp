#include "frontend/script/expression_parser.h"

#include <algorithm>

#include "frontend/script/limits.h"

namespace sinter::script {

namespace {

constexpr std::string_view keywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

// Binary operators by precedence, loosest first.
constexpr int loosest = 0, tightest = 5;
bool has_precedence(std::string_view op, int precedence) {
  switch (precedence) {
    case 0:
      return op == "|";
    case 1:
      return op == "^";
    case 2:
      return op == "&";
    case 3:
      return op == "<<" || op == ">>";
    case 4:
      return op == "+" || op == "-";
    default:
      return op == "*" || op == "/" || op == "//" || op == "%" || op == "@";
  }
}

int depth_of(const ExpressionPtr &expression) {
  return expression ? expression->depth : 0;
}

}  // namespace

bool is_keyword(std::string_view word) {
  return std::ranges::find(keywords, word) != std::end(keywords);
}

const Token &ExpressionParser::peek(std::size_t ahead) const {
  return tokens_[std::min(index_ + ahead, tokens_.size() - 1)];
}

Token ExpressionParser::take() {
  Token token = peek();
  if (index_ + 1 < tokens_.size()) ++index_;
  return token;
}

bool ExpressionParser::is_op(std::string_view op, std::size_t ahead) const {
  return peek(ahead).kind == Token::Kind::op && peek(ahead).text == op;
}
bool ExpressionParser::is_word(std::string_view word, std::size_t ahead) const {
  return peek(ahead).kind == Token::Kind::name && peek(ahead).text == word;
}
bool ExpressionParser::accept_op(std::string_view op) {
  if (!is_op(op)) return false;
  take();
  return true;
}
bool ExpressionParser::accept_word(std::string_view word) {
  if (!is_word(word)) return false;
  take();
  return true;
}

void ExpressionParser::expect_op(std::string_view op) {
  if (!accept_op(op)) fail("expected '" + std::string(op) + "'");
}

std::string ExpressionParser::expect_name(std::string_view what) {
  if (peek().kind != Token::Kind::name || is_keyword(peek().text)) fail("expected " + std::string(what));
  return take().text;
}

void ExpressionParser::fail_at(Position at, std::string message, std::string hint) const {
  throw SyntaxFailure{at, std::move(message), std::move(hint)};
}

void ExpressionParser::fail(std::string message, std::string hint) const {
  const Token &token = peek();
  switch (token.kind) {
    case Token::Kind::name:
    case Token::Kind::op:
      message += ", found '" + token.text.substr(0, 40) + "'";
      break;
    case Token::Kind::newline:
    case Token::Kind::end:
      message += ", found the end of the line";
      break;
    case Token::Kind::indent:
      message += ", found an indented line";
      break;
    case Token::Kind::dedent:
      message += ", found the end of the block";
      break;
    default:
      break;
  }
  fail_at(token.at, std::move(message), std::move(hint));
}

ExpressionPtr ExpressionParser::deepen(ExpressionPtr expression, std::initializer_list<int> children) {
  expression->depth = 1 + std::max(children);
  if (expression->depth > limits::expression_depth)
    throw SyntaxFailure{expression->at, "this expression is nested too deeply",
                        "split it; Sinter reads expressions up to " +
                            std::to_string(limits::expression_depth) + " levels deep"};
  return expression;
}

ExpressionPtr ExpressionParser::expression() {
  const Nesting nesting(nesting_, peek().at);
  const Position at = peek().at;
  if (is_word("lambda")) return lambda();
  if (is_word("yield") || is_word("await"))
    fail_at(at, "'" + peek().text + "' is not supported", "Sinter reads plain functions that return");
  ExpressionPtr value = logical(false);
  if (is_op(":=")) fail("assignment expressions are not supported", "assign on a line of its own");
  if (!accept_word("if")) return value;
  ExpressionPtr condition = logical(false);
  if (!accept_word("else")) fail("expected 'else' of a conditional expression");
  ExpressionPtr other = expression();
  const int depths[] = {condition->depth, value->depth, other->depth};
  return deepen(make(at, Conditional{std::move(condition), std::move(value), std::move(other)}),
                {depths[0], depths[1], depths[2]});
}

ExpressionPtr ExpressionParser::lambda() {
  const Position at = take().at;
  Lambda node;
  node.parameters = parameters(":");
  expect_op(":");
  node.body = expression();
  const int depth = node.body->depth;
  return deepen(make(at, std::move(node)), {depth});
}

ParameterList ExpressionParser::parameters(std::string_view end) {
  ParameterList list;
  bool after_star = false;
  while (!is_op(end)) {
    if (accept_op("**")) {
      list.rest_keyword = expect_name("a parameter name");
    } else if (accept_op("*")) {
      after_star = true;
      if (!is_op(",")) list.rest_positional = expect_name("a parameter name");
    } else if (accept_op("/")) {
    } else {
      ParameterList::Parameter parameter;
      parameter.name = expect_name("a parameter name");
      if (end != ":" && accept_op(":")) expression();  // the annotation
      if (accept_op("=")) parameter.default_value = expression();
      (after_star ? list.keyword_only : list.positional).push_back(std::move(parameter));
    }
    if (!accept_op(",") && !is_op(end)) fail("expected ',' or '" + std::string(end) + "'");
  }
  return list;
}

ExpressionPtr ExpressionParser::logical(bool is_and) {
  const Position at = peek().at;
  const std::string_view word = is_and ? "and" : "or";
  const auto operand = [&] { return is_and ? negation() : logical(true); };
  ExpressionPtr first = operand();
  if (!is_word(word)) return first;
  Logical node{is_and, {}};
  int depth = first->depth;
  node.operands.push_back(std::move(first));
  while (accept_word(word)) {
    node.operands.push_back(operand());
    depth = std::max(depth, node.operands.back()->depth);
  }
  return deepen(make(at, std::move(node)), {depth});
}

ExpressionPtr ExpressionParser::negation() {
  if (!is_word("not")) return comparison();
  const Nesting nesting(nesting_, peek().at);
  const Position at = take().at;
  ExpressionPtr operand = negation();
  const int depth = operand->depth;
  return deepen(make(at, Unary{Unary::Operator::logical_not, std::move(operand)}), {depth});
}

ExpressionPtr ExpressionParser::comparison() {
  const Position at = peek().at;
  Comparison node;
  node.first = binary(loosest);
  int depth = node.first->depth;
  while (true) {
    std::string op;
    if (peek().kind == Token::Kind::op) {
      const std::string &text = peek().text;
      if (text == "<" || text == ">" || text == "<=" || text == ">=" || text == "==" || text == "!=")
        op = take().text;
    } else if (is_word("in")) {
      op = take().text;
    } else if (is_word("is")) {
      take();
      op = accept_word("not") ? "is not" : "is";
    } else if (is_word("not") && is_word("in", 1)) {
      take();
      take();
      op = "not in";
    }
    if (op.empty()) break;
    node.rest.emplace_back(op, binary(loosest));
    depth = std::max(depth, node.rest.back().second->depth);
  }
  if (node.rest.empty()) return std::move(node.first);
  return deepen(make(at, std::move(node)), {depth});
}

ExpressionPtr ExpressionParser::binary(int precedence) {
  if (precedence > tightest) return unary();
  ExpressionPtr left = binary(precedence + 1);
  while (peek().kind == Token::Kind::op && has_precedence(peek().text, precedence)) {
    const Token op = take();
    ExpressionPtr right = binary(precedence + 1);
    const int left_depth = left->depth, right_depth = right->depth;
    left = deepen(make(op.at, Binary{op.text, std::move(left), std::move(right)}), {left_depth, right_depth});
  }
  return left;
}

ExpressionPtr ExpressionParser::unary() {
  const Position at = peek().at;
  Unary::Operator op;
  if (is_op("-"))
    op = Unary::Operator::negate;
  else if (is_op("+"))
    op = Unary::Operator::plus;
  else if (is_op("~"))
    op = Unary::Operator::invert;
  else
    return power();
  const Nesting nesting(nesting_, at);
  take();
  ExpressionPtr operand = unary();
  const int depth = operand->depth;
  return deepen(make(at, Unary{op, std::move(operand)}), {depth});
}

ExpressionPtr ExpressionParser::power() {
  ExpressionPtr base = postfix();
  if (!is_op("**")) return base;
  const Nesting nesting(nesting_, peek().at);
  const Position at = take().at;
  ExpressionPtr exponent = unary();
  const int base_depth = base->depth, exponent_depth = exponent->depth;
  return deepen(make(at, Binary{"**", std::move(base), std::move(exponent)}), {base_depth, exponent_depth});
}

ExpressionPtr ExpressionParser::postfix() {
  ExpressionPtr value = atom();
  while (true) {
    const Position at = peek().at;
    const int depth = value->depth;
    if (accept_op(".")) {
      const Position name_at = peek().at;
      const std::string name = expect_name("an attribute name");
      value = deepen(make(name_at, Attribute{std::move(value), name}), {depth});
    } else if (is_op("(")) {
      const Position start = value->at;
      Call call;
      call.arguments = arguments();
      int deepest = depth;
      for (const Call::Argument &argument : call.arguments)
        deepest = std::max(deepest, argument.value->depth);
      call.callee = std::move(value);
      value = deepen(make(start, std::move(call)), {deepest});
    } else if (accept_op("[")) {
      ExpressionPtr index = subscript_index();
      expect_op("]");
      const int index_depth = index->depth;
      value = deepen(make(at, Subscript{std::move(value), std::move(index)}), {depth, index_depth});
    } else {
      return value;
    }
  }
}

std::vector<Call::Argument> ExpressionParser::arguments() {
  expect_op("(");
  std::vector<Call::Argument> list;
  while (!is_op(")")) {
    Call::Argument argument;
    if (accept_op("**")) {
      argument.stars = 2;
    } else if (accept_op("*")) {
      argument.stars = 1;
    } else if (peek().kind == Token::Kind::name && is_op("=", 1)) {
      argument.name = expect_name("an argument name");
      take();
    }
    argument.value = expression();
    if (is_word("for")) {
      const Position at = argument.value->at;
      Comprehension node{Comprehension::Kind::generator, nullptr, std::move(argument.value), {}};
      const int depth = node.value->depth;
      node.clauses = clauses();
      argument.value = deepen(make(at, std::move(node)), {depth});
    }
    list.push_back(std::move(argument));
    if (!accept_op(",") && !is_op(")")) fail("expected ',' or ')' in this call");
  }
  take();
  return list;
}

ExpressionPtr ExpressionParser::subscript_index() {
  const Position at = peek().at;
  std::vector<ExpressionPtr> items;
  bool comma = false;
  int depth = 0;
  while (!is_op("]")) {
    SliceDisplay slice;
    const Position item_at = peek().at;
    ExpressionPtr first;
    if (!is_op(":")) first = expression();
    if (accept_op(":")) {
      slice.start = std::move(first);
      if (!is_op(":") && !is_op("]") && !is_op(",")) slice.stop = expression();
      if (accept_op(":") && !is_op("]") && !is_op(",")) slice.step = expression();
      const int deepest = std::max({depth_of(slice.start), depth_of(slice.stop), depth_of(slice.step)});
      first = deepen(make(item_at, std::move(slice)), {deepest});
    }
    depth = std::max(depth, first->depth);
    items.push_back(std::move(first));
    if (!accept_op(",")) break;
    comma = true;
  }
  if (items.empty()) fail("expected an index");
  if (!comma) return std::move(items.front());
  return deepen(make(at, SequenceDisplay{SequenceDisplay::Kind::tuple, std::move(items)}), {depth});
}

ExpressionParser::Items ExpressionParser::item_list() {
  const auto at_end = [&] {
    if (peek().kind == Token::Kind::newline || peek().kind == Token::Kind::end) return true;
    return peek().kind == Token::Kind::op &&
           (peek().text == "=" || peek().text == ")" || peek().text == "]" || peek().text == "}" ||
            peek().text == ":" || peek().text == ";");
  };
  Items items;
  while (true) {
    if (is_op("*")) {
      const Position star = take().at;
      const Nesting nesting(nesting_, star);
      ExpressionPtr value = binary(loosest);
      const int inner = value->depth;
      items.list.push_back(deepen(make(star, Starred{std::move(value)}), {inner}));
    } else {
      items.list.push_back(expression());
    }
    items.depth = std::max(items.depth, items.list.back()->depth);
    if (!accept_op(",")) return items;
    items.comma = true;
    if (at_end()) return items;
  }
}

ExpressionPtr ExpressionParser::expression_list() {
  const Position at = peek().at;
  Items items = item_list();
  if (!items.comma) return std::move(items.list.front());
  return deepen(make(at, SequenceDisplay{SequenceDisplay::Kind::tuple, std::move(items.list)}),
                {items.depth});
}

ExpressionPtr ExpressionParser::target_list() {
  const Position at = peek().at;
  std::vector<ExpressionPtr> items;
  bool comma = false;
  int depth = 0;
  do {
    if (is_word("in")) break;
    if (is_op("*")) {
      const Position star = take().at;
      items.push_back(make(star, Starred{postfix()}));
    } else {
      items.push_back(postfix());
    }
    depth = std::max(depth, items.back()->depth);
    if (is_op(",")) comma = true;
  } while (accept_op(","));
  if (items.empty()) fail("expected the loop's variable");
  if (!comma) return std::move(items.front());
  return deepen(make(at, SequenceDisplay{SequenceDisplay::Kind::tuple, std::move(items)}), {depth});
}

std::vector<Comprehension::Clause> ExpressionParser::clauses() {
  std::vector<Comprehension::Clause> list;
  while (accept_word("for")) {
    Comprehension::Clause clause;
    clause.target = target_list();
    if (!accept_word("in")) fail("expected 'in'");
    clause.iterable = logical(false);
    while (accept_word("if")) clause.conditions.push_back(logical(false));
    list.push_back(std::move(clause));
  }
  return list;
}

ExpressionPtr ExpressionParser::atom() {
  const Token &token = peek();
  const Position at = token.at;
  switch (token.kind) {
    case Token::Kind::integer:
      return make(at, Literal{take().integer});
    case Token::Kind::floating:
      return make(at, Literal{take().floating});
    case Token::Kind::string:
    case Token::Kind::format_string:
      return string_literal();
    case Token::Kind::name: {
      if (accept_word("None")) return make(at, NoneLiteral{});
      if (accept_word("True")) return make(at, Literal{true});
      if (accept_word("False")) return make(at, Literal{false});
      if (is_keyword(token.text)) fail("expected a value");
      return make(at, Name{take().text});
    }
    case Token::Kind::op:
      if (is_op("(")) return parenthesized();
      if (is_op("[")) return list_display();
      if (is_op("{")) return brace_display();
      if (accept_op("...")) return make(at, Name{"Ellipsis"});
      break;
    default:
      break;
  }
  fail("expected a value");
}

ExpressionPtr ExpressionParser::parenthesized() {
  const Position at = take().at;
  if (accept_op(")")) return make(at, SequenceDisplay{SequenceDisplay::Kind::tuple, {}});
  ExpressionPtr value = expression_list();
  if (is_word("for")) {
    Comprehension node{Comprehension::Kind::generator, nullptr, std::move(value), {}};
    const int depth = node.value->depth;
    node.clauses = clauses();
    value = deepen(make(at, std::move(node)), {depth});
  }
  if (!accept_op(")")) fail("expected ')' for the '(' of line " + std::to_string(at.line));
  value->at = at;
  return value;
}

}  // namespace sinter::script

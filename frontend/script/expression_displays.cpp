// Displays and string literals: [..], {..}, "…" and f"…".
#include <algorithm>

#include "frontend/script/expression_parser.h"
#include "frontend/script/limits.h"

namespace sinter::script {

Nesting::Nesting(int &counter, Position at) : counter_(counter) {
  if (counter_ >= limits::expression_depth)
    throw SyntaxFailure{
        at, "this expression is nested too deeply",
        "split it; expressions may be " + std::to_string(limits::expression_depth) + " levels deep"};
  ++counter_;
}

ExpressionPtr ExpressionParser::list_display() {
  const Position at = take().at;
  SequenceDisplay list{SequenceDisplay::Kind::list, {}};
  if (accept_op("]")) return make(at, std::move(list));
  Items items = item_list();
  ExpressionPtr result;
  if (is_word("for") && !items.comma) {
    Comprehension node{Comprehension::Kind::list, nullptr, std::move(items.list.front()), {}};
    node.clauses = clauses();
    result = make(at, std::move(node));
  } else {
    list.items = std::move(items.list);
    result = make(at, std::move(list));
  }
  if (!accept_op("]")) fail("expected ']' for the '[' of line " + std::to_string(at.line));
  return deepen(std::move(result), {items.depth});
}

ExpressionPtr ExpressionParser::brace_display() {
  const Position at = take().at;
  DictDisplay dict;
  if (accept_op("}")) return make(at, std::move(dict));
  int depth = 0;
  SequenceDisplay set{SequenceDisplay::Kind::set, {}};
  while (!is_op("}")) {
    if (accept_op("**")) {
      const Nesting nesting(nesting_, at);
      dict.items.emplace_back(nullptr, binary(0));
      depth = std::max(depth, dict.items.back().second->depth);
    } else {
      ExpressionPtr key = expression();
      depth = std::max(depth, key->depth);
      if (accept_op(":")) {
        ExpressionPtr value = expression();
        depth = std::max(depth, value->depth);
        if (is_word("for")) {
          Comprehension node{Comprehension::Kind::dict, std::move(key), std::move(value), clauses()};
          expect_op("}");
          return deepen(make(at, std::move(node)), {depth});
        }
        dict.items.emplace_back(std::move(key), std::move(value));
      } else if (is_word("for")) {
        Comprehension node{Comprehension::Kind::set, nullptr, std::move(key), clauses()};
        expect_op("}");
        return deepen(make(at, std::move(node)), {depth});
      } else {
        set.items.push_back(std::move(key));
      }
    }
    if (!accept_op(",") && !is_op("}"))
      fail("expected ',' or '}' for the '{' of line " + std::to_string(at.line));
  }
  take();
  if (!set.items.empty() && !dict.items.empty()) fail_at(at, "a set and a dict are mixed in one display");
  if (!set.items.empty()) return deepen(make(at, std::move(set)), {depth});
  return deepen(make(at, std::move(dict)), {depth});
}

// Adjacent literals are one string.
ExpressionPtr ExpressionParser::string_literal() {
  const Position at = peek().at;
  std::string plain;
  FormatString format;
  while (peek().kind == Token::Kind::string || peek().kind == Token::Kind::format_string) {
    const Token token = take();
    if (token.kind == Token::Kind::string) {
      plain += token.text;
      continue;
    }
    for (FormatString::Field &field : format_fields(token.text, token.at, token.raw, 0)) {
      field.text = plain + field.text;
      plain.clear();
      if (field.value)
        format.fields.push_back(std::move(field));
      else
        plain = std::move(field.text);
    }
  }
  if (format.fields.empty()) return make(at, Literal{std::move(plain)});
  int depth = 0;
  for (const FormatString::Field &field : format.fields) depth = std::max(depth, field.value->depth);
  if (!plain.empty()) format.fields.push_back({std::move(plain), nullptr, 0, {}});
  return deepen(make(at, std::move(format)), {depth});
}

// Splits `text {value!r:spec} text`. The last field has no value. Positions inside are those of the string's
// start.
std::vector<FormatString::Field> ExpressionParser::format_fields(std::string_view body, Position at, bool raw,
                                                                 int level) {
  if (level > 2) fail_at(at, "format specifications are nested too deeply");
  const auto literal = [&](std::string_view text) { return raw ? std::string(text) : decode_escapes(text); };
  std::vector<FormatString::Field> fields;
  std::string pending;
  std::size_t i = 0;
  while (i < body.size()) {
    const char c = body[i];
    if ((c == '{' || c == '}') && i + 1 < body.size() && body[i + 1] == c && level == 0) {
      pending += c;
      i += 2;
    } else if (c == '{') {
      int depth = 0;
      char quote = 0;
      std::size_t end = i + 1, value_end = 0;
      char conversion = 0;
      std::size_t spec_begin = 0;
      for (; end < body.size(); ++end) {
        const char d = body[end];
        if (quote) {
          if (d == quote) quote = 0;
        } else if (!spec_begin && (d == '"' || d == '\'')) {
          quote = d;
        } else if (d == '(' || d == '[' || d == '{') {
          ++depth;
        } else if (d == '}' && depth == 0) {
          break;
        } else if (d == ')' || d == ']' || d == '}') {
          --depth;
        } else if (d == '!' && depth == 0 && !spec_begin && end + 2 < body.size() && body[end + 1] != '=' &&
                   (body[end + 2] == ':' || body[end + 2] == '}')) {
          value_end = end;
          conversion = body[end + 1];
        } else if (d == ':' && depth == 0 && !spec_begin) {
          if (!value_end) value_end = end;
          spec_begin = end + 1;
        }
      }
      if (end >= body.size()) fail_at(at, "'{' is not closed in this format string");
      if (!value_end) value_end = end;
      FormatString::Field field;
      field.text = std::move(pending);
      pending.clear();
      field.value = format_value(body.substr(i + 1, value_end - i - 1), at);
      field.conversion = conversion;
      if (spec_begin)
        field.spec = format_fields(body.substr(spec_begin, end - spec_begin), at, raw, level + 1);
      fields.push_back(std::move(field));
      i = end + 1;
    } else if (c == '}') {
      fail_at(at, "a single '}' in this format string", "write '}}' for a literal brace");
    } else {
      std::size_t end = i;
      while (end < body.size() && body[end] != '{' && body[end] != '}') ++end;
      pending += literal(body.substr(i, end - i));
      i = end;
    }
  }
  fields.push_back({std::move(pending), nullptr, 0, {}});
  return fields;
}

ExpressionPtr ExpressionParser::format_value(std::string_view text, Position at) {
  const Nesting nesting(nesting_, at);
  while (!text.empty() && (text.back() == ' ' || text.back() == '=')) text.remove_suffix(1);
  if (text.empty()) fail_at(at, "empty expression in this format string");
  Diagnostics inner;
  ExpressionParser parser(source_, lex(source_, text, inner, at, true).list, inner);
  if (inner.has_errors())
    fail_at(at, "malformed expression in this format string: " + inner.all().front().message);
  parser.nesting_ = nesting_;
  try {
    ExpressionPtr value = parser.expression_list();
    if (parser.peek().kind != Token::Kind::newline && parser.peek().kind != Token::Kind::end)
      parser.fail("unexpected text in this format string");
    return value;
  } catch (SyntaxFailure &failure) {
    failure.at = at;
    throw;
  }
}

}  // namespace sinter::script

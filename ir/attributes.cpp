#include "ir/attributes.h"

#include <fmt/format.h>

#include "ir/op.h"
#include "support/printable.h"
#include "support/text_cursor.h"

namespace sinter::ir {

namespace {

struct Printer {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const {
    // Shortest text that reads back as the same float; attributes are floats.
    std::string text = fmt::format("{}", static_cast<float>(v));
    if (text.find_first_of(".enai") == std::string::npos) text += ".0";
    return text;
  }
  std::string operator()(const std::string &v) const {
    std::string text = "\"";
    for (const char c : v) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    return printable(text) + "\"";
  }
  std::string operator()(const std::vector<int64_t> &v) const {
    return fmt::format("[{}]", fmt::join(v, ", "));
  }
};

}  // namespace

std::string print(const AttributeValue &value) {
  return std::visit(Printer{}, value);
}

std::string print_attributes(const OpInfo &op, const Attributes &attributes) {
  std::string text;
  const std::vector<AttributeValue> values = op.attribute_values(attributes);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == op.fields[i].default_value) continue;
    if (!text.empty()) text += ", ";
    text += std::string(op.fields[i].name) + "=" + print(values[i]);
  }
  return text;
}

bool equal_attributes(const OpInfo &op, const Attributes &a, const Attributes &b) {
  return op.attribute_values(a) == op.attribute_values(b);
}

std::optional<Attributes> parse_attributes(const OpInfo &op, std::string_view text, std::string *error) {
  Attributes attributes = op.default_attributes();
  TextCursor cursor(text);
  const auto fail = [&](std::string message) {
    if (error) *error = std::move(message);
    return std::nullopt;
  };
  cursor.skip_spaces();
  while (!cursor.at_end()) {
    const std::string key(cursor.identifier());
    if (key.empty())
      return fail(fmt::format("expected an attribute name at \"{}\"", cursor.rest().substr(0, 20)));
    size_t index = 0;
    while (index < op.fields.size() && op.fields[index].name != key) ++index;
    if (index == op.fields.size()) return fail(fmt::format("{} has no attribute \"{}\"", op.name, key));
    if (!cursor.accept('=')) return fail(fmt::format("expected = after {}", key));
    std::optional<AttributeValue> value;
    if (cursor.peek() == '[') {
      cursor.accept('[');
      std::vector<int64_t> list;
      while (!cursor.accept(']')) {
        const std::optional<int64_t> number = cursor.integer();
        if (!number || (!cursor.accept(',') && cursor.peek() != ']'))
          return fail(fmt::format("{}: expected a list of integers", key));
        list.push_back(*number);
      }
      value = std::move(list);
    } else if (cursor.peek() == '"') {
      if (std::optional<std::string> string = cursor.quoted_string()) value = *std::move(string);
    } else if (cursor.accept_word("true")) {
      value = true;
    } else if (cursor.accept_word("false")) {
      value = false;
    } else if (std::optional<std::variant<int64_t, double>> number = cursor.number()) {
      if (std::holds_alternative<int64_t>(*number))
        value = std::get<int64_t>(*number);
      else
        value = std::get<double>(*number);
    }
    if (!value) return fail(fmt::format("{}: expected a value", key));
    if (!op.with_attribute(attributes, index, *value))
      return fail(fmt::format("{}: expected {}, got {}", key, op.fields[index].type, print(*value)));
    if (!cursor.accept(',') && !cursor.at_end()) return fail(fmt::format("expected , after {}", key));
    cursor.skip_spaces();
  }
  return attributes;
}

}  // namespace sinter::ir

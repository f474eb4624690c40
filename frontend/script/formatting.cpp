// String formatting: % and str.format, as far as scripts use them for names and paths.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "frontend/script/builtins.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

constexpr int widest = 1000;

struct Specification {
  char fill = ' ', align = 0, sign = 0, type = 0;
  bool zero = false, comma = false, alternate = false;
  int width = 0, precision = -1;
};

// [[fill]align][sign][#][0][width][,][.precision][type]
std::optional<Specification> parse_specification(const std::string &text) {
  Specification out;
  std::size_t i = 0;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  const auto number = [&](int &value) {
    value = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      value = value * 10 + (text[i] - '0');
      if (value > widest) return false;
    }
    return true;
  };
  if (text.size() > 1 && is_align(text[1])) {
    out.fill = text[0];
    out.align = text[1];
    i = 2;
  } else if (!text.empty() && is_align(text[0])) {
    out.align = text[0];
    i = 1;
  }
  if (i < text.size() && (text[i] == '+' || text[i] == '-' || text[i] == ' ')) out.sign = text[i++];
  if (i < text.size() && text[i] == '#') out.alternate = true, ++i;
  if (i < text.size() && text[i] == '0') out.zero = true, ++i;
  if (!number(out.width)) return std::nullopt;
  if (i < text.size() && (text[i] == ',' || text[i] == '_')) out.comma = true, ++i;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!number(out.precision)) return std::nullopt;
  }
  if (i < text.size()) out.type = text[i++];
  if (i != text.size()) return std::nullopt;
  return out;
}

std::string with_commas(std::string digits) {
  const std::size_t end = std::min(digits.find('.'), digits.size());
  for (auto i = static_cast<std::ptrdiff_t>(end) - 3; i > (digits[0] == '-' ? 1 : 0); i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

std::optional<std::string> number_body(const Value &value, const Specification &spec) {
  const auto integer = integer_of(value);
  const auto number = number_of(value);
  if (!number) return std::nullopt;
  char buffer[512];
  switch (spec.type) {
    case 0:
      if (integer && spec.precision < 0) return std::to_string(*integer);
      if (spec.precision < 0) return float_text(*number);
      std::snprintf(buffer, sizeof buffer, "%.*g", std::clamp(spec.precision, 1, 100), *number);
      return buffer;
    case 'd':
    case 'n':
    case 'i':
    case 'u':
      if (integer) return std::to_string(*integer);
      return std::nullopt;
    case 'x':
    case 'X':
      if (!integer) return std::nullopt;
      std::snprintf(buffer, sizeof buffer, spec.type == 'x' ? "%llx" : "%llX",
                    static_cast<unsigned long long>(*integer));
      return buffer;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case '%': {
      const int precision = spec.precision < 0 ? 6 : std::min(spec.precision, 100);
      const double shown = spec.type == '%' ? *number * 100 : *number;
      if (spec.type == 'e' || spec.type == 'E')
        std::snprintf(buffer, sizeof buffer, "%.*e", precision, shown);
      else if (spec.type == 'g' || spec.type == 'G')
        std::snprintf(buffer, sizeof buffer, "%.*g", precision, shown);
      else
        std::snprintf(buffer, sizeof buffer, "%.*f", precision, shown);
      return buffer + std::string(spec.type == '%' ? "%" : "");
    }
    default:
      return std::nullopt;
  }
}

std::string padded(std::string body, const Specification &spec, bool numeric) {
  const auto width = static_cast<std::size_t>(spec.width);
  if (body.size() >= width) return body;
  const std::size_t missing = width - body.size();
  if (spec.zero && numeric && spec.align == 0) {
    const std::size_t sign = !body.empty() && (body[0] == '-' || body[0] == '+') ? 1 : 0;
    return body.insert(sign, missing, '0');
  }
  const char align = spec.align ? spec.align : numeric ? '>' : '<';
  if (align == '<') return body + std::string(missing, spec.fill);
  if (align == '^')
    return std::string(missing / 2, spec.fill) + body + std::string(missing - missing / 2, spec.fill);
  return std::string(missing, spec.fill) + body;
}

std::optional<std::string> apply(const Value &value, const Specification &spec) {
  const bool numeric = number_of(value).has_value() && spec.type != 's' && spec.type != 'r' &&
                       !(std::holds_alternative<bool>(value) && spec.type == 0);
  std::string body;
  if (numeric) {
    const auto number = number_body(value, spec);
    if (!number) return std::nullopt;
    body = spec.comma ? with_commas(*number) : *number;
    if ((spec.sign == '+' || spec.sign == ' ') && body[0] != '-') body.insert(0, 1, spec.sign);
  } else {
    if (spec.type != 0 && spec.type != 's' && spec.type != 'r') return std::nullopt;
    body = spec.type == 'r' ? repr(value) : str(value);
    if (spec.precision >= 0) body = body.substr(0, static_cast<std::size_t>(spec.precision));
  }
  return padded(std::move(body), spec, numeric);
}

}  // namespace

std::optional<std::string> format_value(const Value &value, const std::string &specification) {
  const auto spec = parse_specification(specification);
  return spec ? apply(value, *spec) : std::nullopt;
}

Value percent_format(Evaluator &evaluator, const std::string &format, const Value &value, Position at) {
  evaluator.charge_text(16 * format.size());
  std::vector<Value> values = {value};
  if (auto *const *tuple = std::get_if<Tuple *>(&value)) values = (*tuple)->items;
  for (const Value &each : values) {
    if (is_poison(each)) return each;
    if (const Opaque *unknown = opaque_of(each)) return unknown;
    if (std::get_if<DataValue *>(&each)) return evaluator.opaque(at, "data");
  }
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i < format.size() && format[i] == '%') {
      out += '%';
      continue;
    }
    Value item = None{};
    bool found = false;
    if (i < format.size() && format[i] == '(') {
      const std::size_t close = std::min(format.find(')', i), format.size());
      item = evaluator.subscript(value, evaluator.string(format.substr(i + 1, close - i - 1)), at);
      if (is_poison(item) || opaque_of(item)) return item;
      found = true;
      i = close + 1;
    }
    std::string specification;
    if (i < format.size() && format[i] == '-') specification = "<", ++i;
    while (i < format.size() && !std::isalpha(static_cast<unsigned char>(format[i])))
      specification += format[i++];
    if (i >= format.size()) return evaluator.error(at, "the format ends within a '%' specification");
    const char type = format[i];
    if (!found) {
      if (next >= values.size()) return evaluator.error(at, "this format has more '%' than values");
      item = values[next++];
    }
    if (const auto number = number_of(item);
        (type == 'd' || type == 'i') && number && std::fabs(*number) < 9e15)
      item = static_cast<std::int64_t>(*number);
    const auto text = format_value(item, specification + type);
    if (!text)
      return evaluator.error(at,
                             fmt::format("'%{}{}' does not fit {}", specification, type, type_name(item)));
    evaluator.allocate(text->size());
    out += *text;
  }
  return evaluator.string(std::move(out));
}

Value brace_format(Evaluator &evaluator, const std::string &format, const CallArguments &arguments) {
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  const Position at = arguments.at;
  evaluator.charge_text(16 * format.size());
  std::vector<Value> positional;
  for (const Argument &argument : arguments.items)
    if (argument.name.empty()) positional.push_back(argument.value);
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if ((c == '{' || c == '}') && i + 1 < format.size() && format[i + 1] == c) {
      out += c;
      ++i;
    } else if (c == '{') {
      const std::size_t close = format.find('}', i);
      if (close == std::string::npos) return evaluator.error(at, "'{' is not closed in this format");
      std::string field = format.substr(i + 1, close - i - 1);
      i = close;
      std::string specification;
      if (const std::size_t colon = field.find(':'); colon != std::string::npos) {
        specification = field.substr(colon + 1);
        field.resize(colon);
      }
      const bool as_repr = field.ends_with("!r");
      if (as_repr || field.ends_with("!s")) field.resize(field.size() - 2);
      const std::size_t end_of_name = std::min(field.find_first_of(".["), field.size());
      const std::string name = field.substr(0, end_of_name);
      const bool is_index =
          name.empty() || std::ranges::all_of(name, [](char d) { return d >= '0' && d <= '9'; });
      Value value = None{};
      if (is_index) {
        const std::size_t index = name.empty() ? next++ : name.size() > 4 ? SIZE_MAX : std::stoul(name);
        if (index >= positional.size()) return evaluator.error(at, "this format has more fields than values");
        value = positional[index];
      } else {
        const auto found = std::ranges::find(arguments.items, name, &Argument::name);
        if (found == arguments.items.end())
          return evaluator.error(at, fmt::format("this format needs a value '{}'", name));
        value = found->value;
      }
      if (end_of_name != field.size())
        return evaluator.error(at, fmt::format("the format field '{}' is not supported", field),
                               "format a plain value");
      if (as_repr) value = evaluator.string(repr(value));
      const auto text = format_value(value, specification);
      if (!text)
        return evaluator.error(
            at, fmt::format("the format '{}' does not fit {}", specification, type_name(value)));
      evaluator.allocate(text->size());
      out += *text;
    } else if (c == '}') {
      return evaluator.error(at, "a single '}' in this format", "write '}}' for a literal brace");
    } else {
      out += c;
    }
  }
  return evaluator.string(std::move(out));
}

}  // namespace sinter::script

#include "runtime/training/python_text.h"

#include <cmath>
#include <cstdlib>

#include "formats/text.h"
#include "runtime/options.h"

namespace sinter::runtime {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// [0][width][.precision][type], type one of d e f g or none.
bool is_known_spec(std::string_view spec) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < spec.size() && is_digit(spec[at])) ++at;
    return at - start;
  };
  if (digits() > 3) return false;
  if (at < spec.size() && spec[at] == '.') {
    ++at;
    const size_t count = digits();
    if (count == 0 || count > 2) return false;
  }
  if (at < spec.size() && std::string_view("defg").find(spec[at]) != std::string_view::npos) ++at;
  return at == spec.size();
}

}  // namespace

std::string python_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text;
  for (int digits = 1; digits <= 17; ++digits) {
    text = format("%.*e", digits - 1, value);
    if (std::strtod(text.c_str(), nullptr) == value) break;
  }
  const size_t e = text.find('e');
  const int exponent = std::atoi(text.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) return text;  // "1e-05", "1.5e+16"
  const int digits = static_cast<int>(e) - (text[0] == '-') - (text.find('.') != std::string::npos);
  text = format("%.*f", std::max(0, digits - 1 - exponent), value);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

Result<std::string> python_format(std::string_view text, int64_t epoch, int64_t batch, const Logs &logs,
                                  bool check_only) {
  const auto wrong = [&](const std::string &what) {
    std::string names = "epoch, batch";
    for (const LogEntry &entry : logs.entries()) names += ", " + entry.name;
    return usage_error("the path '" + printable(text) + "' of a callback: " + what, "names are " + names);
  };
  std::string result;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
      result += c;
      ++at;
      continue;
    }
    if (c == '}') return wrong("a single '}'");
    if (c != '{') {
      result += c;
      continue;
    }
    const size_t close = text.find('}', at);
    if (close == std::string_view::npos) return wrong("a '{' without '}'");
    const std::string_view field = text.substr(at + 1, close - at - 1);
    const size_t colon = field.find(':');
    const std::string_view name = field.substr(0, colon);
    const std::string spec(colon == std::string_view::npos ? "" : field.substr(colon + 1));
    if (!is_known_spec(spec)) return wrong("the format '" + printable(spec) + "' is not known");
    const bool is_whole = name == "epoch" || name == "batch";
    const LogEntry *entry = logs.find(name);
    if (!is_whole && !entry && !(check_only && logs.knows(name)))
      return wrong("'" + printable(name) + "' is not logged");
    const double value = name == "epoch"   ? static_cast<double>(epoch)
                         : name == "batch" ? static_cast<double>(batch)
                         : entry           ? entry->value
                                           : 0;
    const char type = spec.empty() || is_digit(spec.back()) ? '\0' : spec.back();
    if (type == 'd' && !is_whole)
      return wrong("'" + printable(name) + "' is no whole number, 'd' formats only those");
    if (is_whole && (type == '\0' || type == 'd')) {
      const std::string pattern = "%" + spec.substr(0, spec.size() - (type == 'd')) + "lld";
      char buffer[1024];
      const int length = snprintf(buffer, sizeof buffer, pattern.c_str(), static_cast<long long>(value));
      result.append(buffer, static_cast<size_t>(length));
    } else if (spec.empty()) {
      result += python_repr(value);
    } else {
      const std::string pattern = "%" + (type == '\0' ? spec + "g" : spec);
      char buffer[1024];
      const int length = snprintf(buffer, sizeof buffer, pattern.c_str(), value);
      result.append(buffer, static_cast<size_t>(length));
    }
    at = close;
  }
  return result;
}

}  // namespace sinter::runtime

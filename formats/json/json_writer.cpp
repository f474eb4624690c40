#include "formats/json/json_writer.h"

#include <cmath>
#include <cstdlib>

#include "formats/text.h"

namespace sinter {

JsonWriter &JsonWriter::raw(std::string_view text) {
  if (needs_comma_) text_ += ", ";
  text_ += text;
  needs_comma_ = true;
  return *this;
}

JsonWriter &JsonWriter::open(char bracket) {
  raw(std::string_view(&bracket, 1));
  needs_comma_ = false;
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  if (needs_comma_) text_ += ", ";
  text_ += '"';
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const unsigned char first = static_cast<unsigned char>(text[0]);
    if (length == 0)
      text_ += "\\ufffd";
    else if (first < 0x20 || first == 0x7F)
      text_ += format("\\u%04x", first);
    else if (first == '"' || first == '\\')
      text_ += {'\\', text[0]};
    else
      text_ += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  text_ += '"';
  needs_comma_ = true;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  quoted(name);
  text_ += ": ";
  needs_comma_ = false;
  return *this;
}

JsonWriter &JsonWriter::value(std::string_view text) {
  quoted(text);
  return *this;
}

JsonWriter &JsonWriter::value(double number) {
  if (!std::isfinite(number)) return raw("null");
  std::string text = format("%.15g", number);
  if (std::strtod(text.c_str(), nullptr) != number) text = format("%.17g", number);
  return raw(text);
}

JsonWriter &JsonWriter::value(float number) {
  if (!std::isfinite(number)) return raw("null");
  std::string text = format("%.7g", static_cast<double>(number));
  if (std::strtof(text.c_str(), nullptr) != number) text = format("%.9g", static_cast<double>(number));
  return raw(text);
}

JsonWriter &JsonWriter::value(int64_t number) {
  return raw(format("%lld", static_cast<long long>(number)));
}
JsonWriter &JsonWriter::value(uint64_t number) {
  return raw(format("%llu", static_cast<unsigned long long>(number)));
}

}  // namespace sinter

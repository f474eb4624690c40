// JSON to a string, in the order of the calls. Numbers keep their value when read back; NaN and infinities,
// which JSON lacks, become null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

class JsonWriter {
 public:
  JsonWriter &begin_object() { return open('{'); }
  JsonWriter &end_object() { return close('}'); }
  JsonWriter &begin_array() { return open('['); }
  JsonWriter &end_array() { return close(']'); }
  JsonWriter &key(std::string_view name);

  JsonWriter &value(std::string_view text);
  JsonWriter &value(const char *text) { return value(std::string_view(text)); }
  JsonWriter &value(double number);
  JsonWriter &value(float number);
  JsonWriter &value(int64_t number);
  JsonWriter &value(uint64_t number);
  JsonWriter &value(uint32_t number) { return value(uint64_t{number}); }
  JsonWriter &value(int number) { return value(int64_t{number}); }

  const std::string &text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);
  JsonWriter &raw(std::string_view text);
  void quoted(std::string_view text);

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace sinter

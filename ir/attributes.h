// Attributes of ops. An op declares a plain struct and one `fields` tuple; printing, parsing, equality,
// hashing and the documentation table follow from it. Field types: bool, int64_t, float, std::string,
// std::array<int64_t, N>, std::vector<int64_t>.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace sinter::ir {

template <class Attrs, class T>
struct Field {
  std::string_view name;
  T Attrs::*member;
  std::string_view doc;
};

template <class Attrs, class T>
constexpr Field<Attrs, T> field(std::string_view name, T Attrs::*member, std::string_view doc) {
  return {name, member, doc};
}

struct NoAttrs {
  static constexpr auto fields = std::tuple{};
};

// A field's value in the one representation that text and tables use.
using AttributeValue = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>>;
std::string print(
    const AttributeValue &value);  // true, 3, 0.25 (always with '.' or exponent), "text", [1, 2]

struct AttributeField {
  std::string_view name, doc;
  std::string_view type;  // "bool", "int", "float", "string", "ints", "ints[4]"
  AttributeValue default_value;
};

namespace detail {

inline AttributeValue to_value(bool v) {
  return v;
}
inline AttributeValue to_value(int64_t v) {
  return v;
}
inline AttributeValue to_value(float v) {
  return static_cast<double>(v);
}
inline AttributeValue to_value(double v) {
  return v;
}
inline AttributeValue to_value(const std::string &v) {
  return v;
}
inline AttributeValue to_value(const std::vector<int64_t> &v) {
  return v;
}
template <size_t N>
AttributeValue to_value(const std::array<int64_t, N> &v) {
  return std::vector<int64_t>(v.begin(), v.end());
}

// False if the value is of another kind or length.
inline bool from_value(const AttributeValue &v, bool &out) {
  const bool *p = std::get_if<bool>(&v);
  if (p) out = *p;
  return p != nullptr;
}
inline bool from_value(const AttributeValue &v, int64_t &out) {
  const int64_t *p = std::get_if<int64_t>(&v);
  if (p) out = *p;
  return p != nullptr;
}
inline bool from_value(const AttributeValue &v, float &out) {
  if (const double *p = std::get_if<double>(&v)) return out = static_cast<float>(*p), true;
  if (const int64_t *p = std::get_if<int64_t>(&v)) return out = static_cast<float>(*p), true;
  return false;
}
inline bool from_value(const AttributeValue &v, std::string &out) {
  const std::string *p = std::get_if<std::string>(&v);
  if (p) out = *p;
  return p != nullptr;
}
inline bool from_value(const AttributeValue &v, std::vector<int64_t> &out) {
  const auto *p = std::get_if<std::vector<int64_t>>(&v);
  if (p) out = *p;
  return p != nullptr;
}
template <size_t N>
bool from_value(const AttributeValue &v, std::array<int64_t, N> &out) {
  const auto *p = std::get_if<std::vector<int64_t>>(&v);
  if (!p || p->size() != N) return false;
  for (size_t i = 0; i < N; ++i) out[i] = (*p)[i];
  return true;
}

inline std::string_view type_name(bool) {
  return "bool";
}
inline std::string_view type_name(int64_t) {
  return "int";
}
inline std::string_view type_name(float) {
  return "float";
}
inline std::string_view type_name(const std::string &) {
  return "string";
}
inline std::string_view type_name(const std::vector<int64_t> &) {
  return "ints";
}
inline std::string_view type_name(const std::array<int64_t, 2> &) {
  return "ints[2]";
}
inline std::string_view type_name(const std::array<int64_t, 4> &) {
  return "ints[4]";
}

}  // namespace detail

// The attributes of one node: an immutable, shared struct of the op's Attrs type.
class Attributes {
 public:
  Attributes() = default;
  template <class Attrs>
  explicit Attributes(Attrs attrs) : data_(std::make_shared<const Attrs>(std::move(attrs))) {}
  template <class Attrs>
  const Attrs &as() const {
    return *static_cast<const Attrs *>(data_.get());
  }

 private:
  std::shared_ptr<const void> data_;
};

}  // namespace sinter::ir

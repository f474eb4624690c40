// Between enums of two layers that stand for each other, such as one of a schema and one of ours.
#pragma once

#include <string_view>

namespace sinter {

namespace detail {

// "weight" of a::Kind::weight; empty for a number that has no name. Compilers print "(a::Kind)7" for that.
template <auto value>
constexpr std::string_view enumerator_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("value = ") + std::string_view("value = ").size());
  text = text.substr(0, text.find_first_of(";]"));
  return text.find('(') == std::string_view::npos ? text.substr(text.rfind(':') + 1) : std::string_view();
}

// Whether the names of A and B agree from `number` on, as far as both have some.
template <class A, class B, int number = 0>
constexpr bool same_names() {
  constexpr std::string_view a = enumerator_name<static_cast<A>(number)>();
  constexpr std::string_view b = enumerator_name<static_cast<B>(number)>();
  if constexpr (a.empty() || b.empty())
    return number > 0;
  else
    return a == b && same_names<A, B, number + 1>();
}

}  // namespace detail

// The enumerator of To with the name of `value`; compiles only if both enums have the same names at the same
// numbers. One may have further ones at its end, which are not for conversion.
template <class To, class From>
constexpr To enum_cast(From value) {
  static_assert(detail::same_names<To, From>(), "the enums are not in the same order");
  return static_cast<To>(value);
}

}  // namespace sinter

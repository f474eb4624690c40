#include "ir/kernel/linear_form.h"

#include <algorithm>
#include <optional>

#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

constexpr size_t max_bounds = 4;  // of one quotient
constexpr int max_steps = 4000;   // replacements in one proof; those of real kernels take a few dozen

void multiply_add(int64_t &sum, int64_t a, int64_t b, bool &overflow) {
  int64_t product = 0;
  overflow = overflow || __builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(sum, product, &sum);
}

bool is_multiple(const LinearForm &form, int64_t divisor) {
  return std::all_of(form.terms.begin(), form.terms.end(),
                     [&](const auto &term) { return term.second % divisor == 0; });
}

std::optional<int64_t> best_number(const std::vector<LinearForm> &bounds, bool upper) {
  std::optional<int64_t> best;
  for (const LinearForm &form : bounds)
    if (form.is_constant() && (!best || (form.constant < *best) == upper)) best = form.constant;
  return best;
}

LinearForm without(const LinearForm &form, size_t term) {
  LinearForm rest = form;
  rest.terms.erase(rest.terms.begin() + static_cast<int64_t>(term));
  return rest;
}

}  // namespace

LinearForm linear_constant(int64_t value) {
  return {{}, value};
}

LinearForm add(const LinearForm &a, const LinearForm &b, int64_t scale_of_b) {
  LinearForm sum;
  sum.constant = a.constant;
  sum.overflow = a.overflow || b.overflow;
  multiply_add(sum.constant, b.constant, scale_of_b, sum.overflow);
  sum.terms.reserve(a.terms.size() + b.terms.size());
  auto left = a.terms.begin();
  auto right = b.terms.begin();
  while (left != a.terms.end() || right != b.terms.end()) {
    std::pair<int, int64_t> term{0, 0};
    const bool from_left = right == b.terms.end() || (left != a.terms.end() && left->first <= right->first);
    term.first = from_left ? left->first : right->first;
    if (from_left) term.second = (left++)->second;
    if (right != b.terms.end() && right->first == term.first)
      multiply_add(term.second, (right++)->second, scale_of_b, sum.overflow);
    if (term.second != 0) sum.terms.push_back(term);
  }
  return sum;
}

LinearForm scale(const LinearForm &a, int64_t factor) {
  return add({}, a, factor);
}

LinearForm LinearSpace::add_atom(Atom atom) {
  atoms_.push_back(std::move(atom));
  return {{{static_cast<int>(atoms_.size()) - 1, 1}}, 0};
}

LinearForm LinearSpace::unknown() {
  return add_atom({});
}

LinearForm LinearSpace::variable(const LinearForm &lowest, const LinearForm &highest) {
  Atom atom;
  atom.lower.push_back({1, lowest});
  atom.upper.push_back({1, highest});
  return add_atom(std::move(atom));
}

LinearForm LinearSpace::quotient(const LinearForm &numerator, int64_t divisor) {
  if (divisor == 1) return numerator;
  if (is_multiple(numerator, divisor)) {  // (a * divisor + c) / divisor = a + c / divisor
    LinearForm result = numerator;
    for (auto &term : result.terms) term.second /= divisor;
    result.constant = floor_div(numerator.constant, divisor);
    return result;
  }
  Atom atom;
  atom.kind = Kind::quotient;
  atom.a = numerator;
  atom.divisor = divisor;
  atom.lower.push_back({divisor, add(numerator, linear_constant(1 - divisor))});
  atom.upper.push_back({divisor, numerator});
  return add_atom(std::move(atom));
}

LinearForm LinearSpace::remainder(const LinearForm &numerator, int64_t divisor) {
  if (is_multiple(numerator, divisor)) return linear_constant(floor_mod(numerator.constant, divisor));
  return variable({}, linear_constant(divisor - 1));
}

LinearForm LinearSpace::smaller(const LinearForm &a, const LinearForm &b) {
  const LinearForm difference = add(a, b, -1);
  if (difference.is_constant()) return difference.constant <= 0 ? a : b;
  return add_choice(Kind::smaller, a, b);
}

LinearForm LinearSpace::larger(const LinearForm &a, const LinearForm &b) {
  const LinearForm difference = add(a, b, -1);
  if (difference.is_constant()) return difference.constant >= 0 ? a : b;
  return add_choice(Kind::larger, a, b);
}

LinearForm LinearSpace::either(const LinearForm &a, const LinearForm &b) {
  return a == b ? a : add_choice(Kind::either, a, b);
}

LinearForm LinearSpace::add_choice(Kind kind, const LinearForm &a, const LinearForm &b) {
  Atom atom;
  atom.kind = kind;
  atom.a = a;
  atom.b = b;
  return add_atom(std::move(atom));
}

size_t LinearSpace::assume(const LinearForm &form) {
  const size_t mark = assumptions_.size();
  if (form.is_constant() || form.overflow) return mark;
  const auto [atom, coefficient] = form.terms.back();
  const LinearForm rest = without(form, form.terms.size() - 1);
  Atom &latest = atoms_[static_cast<size_t>(atom)];
  if (coefficient > 0)
    latest.lower.push_back({coefficient, scale(rest, -1)});
  else
    latest.upper.push_back({-coefficient, rest});
  assumptions_.push_back({atom, coefficient > 0});
  return mark;
}

void LinearSpace::forget(size_t mark) {
  for (; assumptions_.size() > mark; assumptions_.pop_back()) {
    Atom &atom = atoms_[static_cast<size_t>(assumptions_.back().atom)];
    (assumptions_.back().is_lower ? atom.lower : atom.upper).pop_back();
  }
}

bool LinearSpace::is_never_negative(const LinearForm &form) {
  steps_ = max_steps;
  return prove(form);
}

bool LinearSpace::prove(const LinearForm &form) {
  if (form.overflow || --steps_ < 0) return false;
  if (form.is_constant()) return form.constant >= 0;
  // Where either operand may be the value, both must do; before variables that were bounded with it in mind
  // are gone.
  for (size_t t = form.terms.size(); t-- > 0;) {
    const auto &[index, coefficient] = form.terms[t];
    const Kind kind = atoms_[static_cast<size_t>(index)].kind;
    if (kind != Kind::either && kind != (coefficient > 0 ? Kind::smaller : Kind::larger)) continue;
    const LinearForm rest = without(form, t);
    const LinearForm a = atoms_[static_cast<size_t>(index)].a, b = atoms_[static_cast<size_t>(index)].b;
    return prove(add(rest, a, coefficient)) && prove(add(rest, b, coefficient));
  }
  return prove_without(form, form.terms.size() - 1);
}

bool LinearSpace::prove_without(const LinearForm &form, size_t term) {
  const auto [index, coefficient] = form.terms[term];
  const LinearForm rest = without(form, term);
  const Atom atom = atoms_[static_cast<size_t>(index)];
  for (const AtomBound &bound : coefficient > 0 ? atom.lower : atom.upper)
    if (coefficient % bound.factor == 0 && prove(add(rest, bound.form, coefficient / bound.factor)))
      return true;
  if (atom.kind == Kind::smaller || atom.kind == Kind::larger)
    return prove(add(rest, atom.a, coefficient)) || prove(add(rest, atom.b, coefficient));
  if (atom.kind != Kind::quotient) return false;
  for (const LinearForm &bound : quotient_bounds(atom.a, atom.divisor, coefficient < 0))
    if (prove(add(rest, bound, coefficient))) return true;
  return false;
}

std::vector<LinearForm> LinearSpace::quotient_bounds(const LinearForm &numerator, int64_t divisor,
                                                     bool upper) {
  if (numerator.overflow || --steps_ < 0) return {};
  if (is_multiple(numerator, divisor)) {
    LinearForm form = numerator;
    for (auto &term : form.terms) term.second /= divisor;
    form.constant = floor_div(form.constant, divisor);
    return {form};
  }
  const auto [index, coefficient] = numerator.terms.back();
  const LinearForm rest = without(numerator, numerator.terms.size() - 1);
  const bool wants_upper = (coefficient > 0) == upper;
  const Atom atom = atoms_[static_cast<size_t>(index)];
  std::vector<LinearForm> found;
  const auto append = [&](const std::vector<LinearForm> &more) {
    for (const LinearForm &form : more)
      if (found.size() < max_bounds) found.push_back(form);
  };
  for (const AtomBound &bound : wants_upper ? atom.upper : atom.lower)
    if (coefficient % bound.factor == 0)
      append(quotient_bounds(add(rest, bound.form, coefficient / bound.factor), divisor, upper));
  if (atom.kind == Kind::variable) return found;
  if (atom.kind == Kind::quotient) {
    for (const LinearForm &bound : quotient_bounds(atom.a, atom.divisor, wants_upper))
      append(quotient_bounds(add(rest, bound, coefficient), divisor, upper));
    return found;
  }
  const std::vector<LinearForm> a = quotient_bounds(add(rest, atom.a, coefficient), divisor, upper);
  const std::vector<LinearForm> b = quotient_bounds(add(rest, atom.b, coefficient), divisor, upper);
  if (atom.kind == (wants_upper ? Kind::smaller : Kind::larger)) {
    append(a);
    append(b);
    return found;
  }
  // Either operand may be the value: the worse of two numbers, each the best that is known of its operand.
  const std::optional<int64_t> of_a = best_number(a, upper), of_b = best_number(b, upper);
  if (of_a && of_b) found.push_back(linear_constant(upper ? std::max(*of_a, *of_b) : std::min(*of_a, *of_b)));
  return found;
}

}  // namespace sinter::kernel

#include "codegen/cpu/emit_index.h"

#include <algorithm>

namespace sinter::codegen {
namespace {

int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t wrapping_mul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

}  // namespace

bool IndexSum::non_negative() const {
  return constant >= 0 && std::all_of(terms.begin(), terms.end(), [](const IndexTerm &term) {
           return term.non_negative && term.coefficient >= 0;
         });
}

int IndexSum::depth() const {
  return terms.empty() ? 0 : terms.back().depth;
}

int64_t IndexSum::multiple() const {
  // The lowest bit set in any summand divides all of them.
  uint64_t bits = static_cast<uint64_t>(constant) | uint64_t{1} << 30;
  for (const IndexTerm &term : terms)
    bits |= static_cast<uint64_t>(wrapping_mul(term.coefficient, term.multiple));
  return static_cast<int64_t>(bits & (~bits + 1));
}

IndexSum add(IndexSum a, const IndexSum &b) {
  a.constant = wrapping_add(a.constant, b.constant);
  for (const IndexTerm &term : b.terms) {
    const auto same = std::find_if(a.terms.begin(), a.terms.end(),
                                   [&](const IndexTerm &t) { return t.value == term.value; });
    if (same != a.terms.end()) {
      same->coefficient = wrapping_add(same->coefficient, term.coefficient);
      if (same->coefficient == 0) a.terms.erase(same);
    } else {
      const auto after = std::find_if(a.terms.begin(), a.terms.end(),
                                      [&](const IndexTerm &t) { return t.depth > term.depth; });
      a.terms.insert(after, term);
    }
  }
  return a;
}

IndexSum scale(IndexSum a, int64_t factor) {
  if (factor == 0) return {};
  a.constant = wrapping_mul(a.constant, factor);
  for (IndexTerm &term : a.terms) term.coefficient = wrapping_mul(term.coefficient, factor);
  return a;
}

IndexSum divide(const IndexSum &a, int64_t divisor, IndexSum *quotient) {
  *quotient = {};
  IndexSum rest;
  int64_t remainder = a.constant % divisor;
  if (remainder < 0) remainder += divisor;
  rest.constant = remainder;
  quotient->constant = (a.constant - remainder) / divisor;
  for (const IndexTerm &term : a.terms) {
    IndexTerm part = term;
    if (term.coefficient % divisor == 0) {
      part.coefficient /= divisor;
      quotient->terms.push_back(part);
    } else {
      rest.terms.push_back(part);
    }
  }
  return rest;
}

}  // namespace sinter::codegen

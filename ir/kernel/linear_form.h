// Integer expressions as linear forms over atoms, and proofs that such a form is never negative. The atoms
// are variables of known bounds, and what is not linear in them: quotients, remainders, minima and maxima,
// each with the inequalities that define it. A proof replaces the atoms, the latest first, by bounds that
// speak of earlier ones, until a constant is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sinter::kernel {

// The sum of coefficient * atom, plus a constant. Numbers that do not fit 64 bits set `overflow`: nothing is
// proven of it.
struct LinearForm {
  std::vector<std::pair<int, int64_t>> terms;  // by ascending atom; no coefficient is 0
  int64_t constant = 0;
  bool overflow = false;

  bool is_constant() const { return terms.empty(); }
  bool operator==(const LinearForm &) const = default;
};

LinearForm linear_constant(int64_t value);
LinearForm add(const LinearForm &a, const LinearForm &b, int64_t scale_of_b = 1);
LinearForm scale(const LinearForm &a, int64_t factor);

// factor * atom >= form (a lower bound) or <= form (an upper one); factor > 0; form speaks of earlier atoms.
struct AtomBound {
  int64_t factor = 1;
  LinearForm form;
};

class LinearSpace {
 public:
  // A variable between bounds, inclusive; without bounds nothing is known of it.
  LinearForm variable(const LinearForm &lowest, const LinearForm &highest);
  LinearForm unknown();
  LinearForm quotient(const LinearForm &numerator,
                      int64_t divisor);  // rounded toward minus infinity; divisor > 0
  LinearForm remainder(const LinearForm &numerator, int64_t divisor);  // 0 <= remainder < divisor
  LinearForm smaller(const LinearForm &a, const LinearForm &b);
  LinearForm larger(const LinearForm &a, const LinearForm &b);
  LinearForm either(const LinearForm &a, const LinearForm &b);  // one of the two, unknown which

  // form >= 0 holds until forget(): what an if that was taken says. Returns the mark to forget.
  size_t assume(const LinearForm &form);
  void forget(size_t mark);

  // Whether form >= 0 follows. False: it could not be proven.
  bool is_never_negative(const LinearForm &form);

 private:
  enum class Kind : uint8_t { variable, quotient, smaller, larger, either };
  struct Atom {
    Kind kind = Kind::variable;
    LinearForm a, b;  // operands; of a quotient: a / divisor
    int64_t divisor = 1;
    std::vector<AtomBound> lower, upper;
  };
  struct Assumption {
    int atom = 0;
    bool is_lower = false;
  };

  LinearForm add_atom(Atom atom);
  LinearForm add_choice(Kind kind, const LinearForm &a, const LinearForm &b);
  bool prove(const LinearForm &form);
  bool prove_without(const LinearForm &form, size_t term);
  // Bounds of numerator / divisor, rounded, from bounds of the numerator: any of them holds.
  std::vector<LinearForm> quotient_bounds(const LinearForm &numerator, int64_t divisor, bool upper);

  std::vector<Atom> atoms_;
  std::vector<Assumption> assumptions_;
  int steps_ = 0;  // left of the present proof
};

}  // namespace sinter::kernel

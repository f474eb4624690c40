// Index expressions as sums: constant + coefficient * term + …. Addresses become base + outer terms + inner
// terms + constant, so that what does not change in a loop can leave it and unrolled iterations differ by a
// displacement only.
#pragma once

#include <cstdint>
#include <vector>

namespace llvm {
class Value;
}

namespace sinter::codegen {

// The largest power of two that divides the value.
constexpr int64_t lowest_bit(int64_t value) {
  return value & -value;
}

// A value that is not taken apart: a loop variable, the batch size, a quotient.
struct IndexTerm {
  llvm::Value *value = nullptr;
  int64_t coefficient = 1;
  int depth = 0;         // of the innermost loop in which the value changes; 0: none
  int64_t multiple = 1;  // a power of two that divides the value
  bool non_negative = false;
};

struct IndexSum {
  int64_t constant = 0;
  std::vector<IndexTerm> terms;  // no value twice, no zero coefficients, by ascending depth

  bool is_constant() const { return terms.empty(); }
  bool non_negative() const;  // known to be >= 0
  int depth() const;
  int64_t multiple() const;  // the largest known power of two that divides the sum; at most 2^30
};

// Arithmetic wraps as the emitted code does.
IndexSum add(IndexSum a, const IndexSum &b);
IndexSum scale(IndexSum a, int64_t factor);
// Splits `a` for a division by `divisor` > 0: *quotient + floor(rest / divisor) = floor(a / divisor). Returns
// the rest, to which the remainder is equal modulo divisor.
IndexSum divide(const IndexSum &a, int64_t divisor, IndexSum *quotient);

}  // namespace sinter::codegen

// Python's operators on known numbers, strings and sequences.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

Value unary_number(Evaluator &evaluator, Unary::Operator op, const Value &operand, Position at);
// Neither operand is opaque, poisoned or a data value.
Value binary_known(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                   Position at);
Value compare_known(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                    Position at);
// `item in container` (or not in, if !positive).
Value contains(Evaluator &evaluator, const Value &container, const Value &item, bool positive, Position at);

// Python's bounds of [start:stop:step] on a sequence of `size`; false after an error.
struct SliceBounds {
  std::int64_t start = 0, stop = 0, step = 1, count = 0;
};
std::optional<SliceBounds> slice_bounds(Evaluator &evaluator, const Slice &slice, std::int64_t size,
                                        Position at);

}  // namespace sinter::script

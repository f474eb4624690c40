#include "ir/ops/shared/shape_rules.h"

#include <fmt/format.h>

#include <cmath>

namespace sinter::ir::rules {

namespace {

bool well_formed(const TensorType &type, std::string_view what, Checker &check) {
  int64_t elements = 1;
  for (size_t i = 0; i < type.dims.size(); ++i) {
    const Dim dim = type.dims[i];
    if (dim.is_batch() && i > 0) {
      check.fail(fmt::format("{} {} has the batch in dimension {}; it must be the first", what,
                             print_shape(type.dims), i));
      return false;
    }
    if (!dim.is_constant()) continue;
    if (dim.value() < 1) {
      check.fail(fmt::format("{} {} is empty", what, print_shape(type.dims)));
      return false;
    }
    if (dim.value() >= max_elements / elements) {
      check.fail(fmt::format("{} {} has 2^40 elements or more", what, print_shape(type.dims)));
      return false;
    }
    elements *= dim.value();
  }
  return true;
}

bool tensor(const TensorType &type, Checker &check) {
  if (type.dtype != DType::f32) {
    check.fail(fmt::format("expected an f32 input, got {}", print(type)));
    return false;
  }
  return well_formed(type, "input", check);
}

}  // namespace

bool tensors(Types in, size_t count, Checker &check) {
  return check.inputs(in, count) && tensors_at_least(in, count, check);
}

bool tensors_at_least(Types in, size_t count, Checker &check) {
  if (in.size() < count) {
    check.fail(fmt::format("expected at least {} input{}, got {}", count, count == 1 ? "" : "s", in.size()));
    return false;
  }
  for (const TensorType &type : in)
    if (!tensor(type, check)) return false;
  return true;
}

bool weight(const TensorType &type, int rank, std::string_view what, Checker &check) {
  bool constant = type.rank() == rank;
  for (const Dim dim : type.dims) constant = constant && dim.is_constant();
  if (!constant)
    check.fail(fmt::format("expected a {} of {} constant dimension{}, got {}", what, rank,
                           rank == 1 ? "" : "s", print_shape(type.dims)));
  return constant;
}

bool attribute(std::string_view name, int64_t value, int64_t min, Checker &check) {
  if (value >= min && value <= max_attribute) return true;
  check.fail(fmt::format("{} must be between {} and {}, got {}", name, min, max_attribute, value));
  return false;
}

bool finite(std::string_view name, float value, Checker &check) {
  if (std::isfinite(value)) return true;
  check.fail(fmt::format("{} must be finite, got {}", name, print(AttributeValue(double{value}))));
  return false;
}

std::optional<TensorType> result(TensorType type, Checker &check) {
  if (!well_formed(type, "the result", check)) return std::nullopt;
  return type;
}

std::optional<int> axis_index(const TensorType &type, int64_t axis, Checker &check) {
  const int64_t rank = type.rank();
  const int64_t index = axis < 0 ? axis + rank : axis;
  if (axis < -rank || axis >= rank) {
    check.fail(fmt::format("axis {} is outside {}", axis, print_shape(type.dims)));
    return std::nullopt;
  }
  if (type.dims[static_cast<size_t>(index)].is_batch()) {
    check.fail(fmt::format("axis {} of {} is the batch", axis, print_shape(type.dims)));
    return std::nullopt;
  }
  return static_cast<int>(index);
}

std::optional<Dim> same_dim(Dim a, Dim b) {
  if (a.is_unknown()) return b;
  if (b.is_unknown() || a == b) return a;
  return std::nullopt;
}

std::string print_size(Dim height, Dim width) {
  const auto text = [](Dim dim) {
    return dim.is_constant() ? std::to_string(dim.value()) : std::string("?");
  };
  return text(height) + "x" + text(width);
}

}  // namespace sinter::ir::rules

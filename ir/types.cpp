#include "ir/types.h"

#include "support/check.h"

namespace sinter::ir {

std::string_view name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::i32:
      return "i32";
    case DType::u8:
      return "u8";
  }
  return "?";
}

std::optional<DType> dtype_from_name(std::string_view text) {
  for (const DType dtype : {DType::f32, DType::i32, DType::u8})
    if (name(dtype) == text) return dtype;
  return std::nullopt;
}

int64_t size_of(DType dtype) {
  return dtype == DType::u8 ? 1 : 4;
}

int64_t Dim::value() const {
  SINTER_CHECK(is_constant());
  return value_;
}

bool TensorType::is_fully_known() const {
  for (const Dim dim : dims)
    if (dim.is_unknown()) return false;
  return true;
}

int64_t TensorType::elements(int64_t n) const {
  int64_t product = 1;
  for (const Dim dim : dims) product *= dim.at(n);
  return product;
}

std::string print_shape(const std::vector<Dim> &dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += dims[i].is_batch() ? "N" : dims[i].is_unknown() ? "?" : std::to_string(dims[i].value());
  }
  return text + "]";
}

std::string print(const TensorType &type) {
  return std::string(name(type.dtype)) + print_shape(type.dims);
}

}  // namespace sinter::ir

// Tensor types: dtype and shape. The leading dimension of activations is the batch N, a run-time count;
// height and width may be unknown until --input-shape says them; all others are constants.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::ir {

enum class DType : uint8_t { f32, i32, u8 };
std::string_view name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
int64_t size_of(DType dtype);  // bytes

class Dim {
 public:
  constexpr Dim(int64_t value)
      : value_(value) {}  // NOLINT(google-explicit-constructor): a size is a dimension
  static constexpr Dim batch() { return Dim(-1); }
  static constexpr Dim unknown() { return Dim(-2); }
  constexpr bool is_batch() const { return value_ == -1; }
  constexpr bool is_unknown() const { return value_ == -2; }
  constexpr bool is_constant() const { return value_ >= 0; }
  int64_t value() const;  // CHECKs that it is constant
  int64_t at(int64_t n) const { return is_batch() ? n : value(); }
  constexpr bool operator==(const Dim &) const = default;

 private:
  int64_t value_;
};

struct TensorType {
  DType dtype = DType::f32;
  std::vector<Dim> dims;

  TensorType() = default;
  TensorType(std::initializer_list<Dim> shape) : dims(shape) {}
  explicit TensorType(std::vector<Dim> shape, DType type = DType::f32)
      : dtype(type), dims(std::move(shape)) {}

  int rank() const { return static_cast<int>(dims.size()); }
  bool is_fully_known() const;  // no unknown dimension (the batch counts as known)
  bool has_batch() const { return !dims.empty() && dims[0].is_batch(); }
  int64_t elements(int64_t n) const;  // with the batch at n
  int64_t elements_per_sample() const { return elements(1); }
  bool operator==(const TensorType &) const = default;
};

// "f32[N, 28, 28, 1]"; unknown dimensions print as "?". parse accepts exactly what print makes.
std::string print(const TensorType &type);
std::string print_shape(const std::vector<Dim> &dims);  // "[N, 28, 28, 1]"

using Types = std::span<const TensorType>;

}  // namespace sinter::ir

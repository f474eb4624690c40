// An array of samples with the steps of a script's pipeline, applied when samples are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/data/input.h"
#include "runtime/data/raw_array.h"

namespace sinter::schema {
struct DataArray;
}

namespace sinter::runtime {

class DataColumn {
 public:
  // The array as it is.
  explicit DataColumn(std::shared_ptr<const RawArray> array);

  // Appends steps; without `slices`, all but those that leave out samples. Rejected: shapes that do not fit,
  // labels that a one_hot step cannot encode, unknown names.
  Status apply(const schema::DataArray &steps, bool slices = true);
  // x = scale * x + offset, in float.
  void scale(PixelScale scale);
  // Class numbers to vectors.
  Status one_hot(int64_t classes);
  // Only the samples begin <= i < end.
  void cut(int64_t begin, int64_t end);

  int64_t count() const { return count_; }
  const std::vector<int64_t> &sample_dims() const { return dims_; }  // after the steps
  int64_t sample_elements() const { return elements_; }
  const RawArray &array() const { return *array_; }
  bool is_one_hot() const { return classes_ > 0; }

  // [samples.size(), sample_dims]. Allocates nothing, but for pictures. Not to be called from two threads at
  // once.
  Status gather(std::span<const uint32_t> samples, float *to) const;
  // Element of a sample before one_hot: a class number.
  double label(int64_t sample) const;
  // Whole numbers 0 <= label < classes for every sample; the first other one is rejected by its place.
  Status check_labels(int64_t classes) const;
  // Where sample (after the steps) lies in the file.
  std::string place(int64_t sample) const { return array_->place(source_sample(sample), 0); }

 private:
  // value = value op constant, rounded as the element type of that step does.
  struct Arithmetic {
    enum class Operator : uint8_t {
      none,
      add,
      subtract,
      subtract_from,
      multiply,
      divide,
      divide_from,
      affine
    } op;
    enum class Rounding : uint8_t { none, to_float, to_integer } rounding;
    double constant = 0, offset = 0;
    bool integer_result = false;
  };
  struct Stage {
    enum class Kind : uint8_t { arithmetic, reverse, channel_affine } kind;
    Arithmetic arithmetic;
    double scale[3],
        offset[3];  // channel_affine: after the reversal, y[c] = x[c] * scale[c] + offset[c], in float
  };

  int64_t source_sample(int64_t sample) const { return first_ + sample * stride_; }
  void add_arithmetic(Arithmetic arithmetic);
  Status add_preprocess(const std::string &application);
  Status reshape(std::vector<int64_t> dims);
  Error misfit(const std::string &message) const;
  // Rejects numbers outside of low..high after the stages so far, and `next`, if given.
  Status check_range(double low, double high, const Arithmetic *next, const std::string &message) const;
  static double computed(const Arithmetic &arithmetic, double value);
  double through(double value) const;  // all stages; only if they are all arithmetic
  void finish_stages();
  void fill(int64_t source, float *to) const;
  Status fill_picture(int64_t source, float *to) const;
  void transform(float *values) const;  // stages that look beyond one element

  std::shared_ptr<const RawArray> array_;
  int64_t first_ = 0, stride_ = 1, count_;
  std::vector<int64_t> dims_;
  int64_t elements_;
  int64_t classes_ = 0;
  enum class Type : uint8_t { integer, f32, f64 } type_;
  bool cast_ = false;  // the array's own type no longer holds
  std::vector<Stage> stages_;
  bool elementwise_ = true;
  std::vector<float> table_;  // of bytes: the value after all stages
};

}  // namespace sinter::runtime

// An array of samples with the steps of a script's pipeline, applied when samples are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/data/raw_array.h"
#include "runtime/data/value_steps.h"

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
  // What the program does to pixels, where the array holds some: bytes or pictures.
  Status apply_pixel_steps(const schema::Program &program);
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
  int64_t source_sample(int64_t sample) const { return first_ + sample * stride_; }
  int64_t channels() const { return dims_.empty() ? 1 : dims_.back(); }
  Status apply_to_values(const schema::DataStep &step);
  void apply_slice(const schema::DataStep &step);
  Status reshape(std::vector<int64_t> dims);
  Error misfit(const std::string &message) const;
  Status check_range(const ValueSteps::Range &range) const;
  Status fill(int64_t source, float *to) const;

  std::shared_ptr<const RawArray> array_;
  int64_t first_ = 0, stride_ = 1, count_;
  std::vector<int64_t> dims_;
  int64_t elements_;
  int64_t classes_ = 0;
  ValueSteps steps_;
};

}  // namespace sinter::runtime

#include "runtime/data/data_column.h"

#include <algorithm>
#include <cmath>

#include "formats/text.h"
#include "runtime/data/input.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

int64_t product(const std::vector<int64_t> &dims) {
  int64_t elements = 1;
  for (const int64_t extent : dims) elements *= extent;
  return elements;
}

// A bound of a Python slice: negative ones count from the end.
int64_t bound_of(int64_t bound, int64_t count) {
  return std::clamp<int64_t>(bound < 0 ? bound + count : bound, 0, count);
}

// Bytes, or pictures, which are made of them.
bool holds_pixels(const RawArray &array) {
  return array.is_bytes || !array.pictures.empty();
}

}  // namespace

DataColumn::DataColumn(std::shared_ptr<const RawArray> array)
    : array_(std::move(array)),
      count_(array_->count),
      dims_(array_->sample_dims),
      elements_(array_->sample_elements),
      steps_(array_->is_bytes ? ValueSteps::Source::bytes : ValueSteps::Source::floats) {}

Error DataColumn::misfit(const std::string &message) const {
  return rejected(array_->file, message);
}

void DataColumn::cut(int64_t begin, int64_t end) {
  first_ = source_sample(begin);
  count_ = std::max<int64_t>(0, end - begin);
}

Status DataColumn::reshape(std::vector<int64_t> dims) {
  int64_t open = -1, given = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0)
      open = static_cast<int64_t>(i);
    else
      given *= dims[i];
  }
  if (open >= 0 && given > 0 && elements_ % given == 0) dims[static_cast<size_t>(open)] = elements_ / given;
  if (product(dims) != elements_)
    return misfit("samples of shape " + shape_text(dims_) + " cannot be reshaped to " + shape_text(dims));
  dims_ = std::move(dims);
  return {};
}

Status DataColumn::one_hot(int64_t classes) {
  if (elements_ != 1)
    return misfit("labels of shape " + shape_text(dims_, true) + ", expected one class number a sample");
  if (classes == 0) {  // numpy: the largest label plus one
    for (int64_t i = 0; i < count_; ++i) classes = std::max(classes, static_cast<int64_t>(label(i)) + 1);
  }
  if (Status status = check_labels(classes); !status) return status;
  classes_ = classes;
  dims_ = {classes};
  elements_ = classes;
  return {};
}

Status DataColumn::check_range(const ValueSteps::Range &range) const {
  if (!array_->pictures.empty()) return {};
  std::vector<float> values(static_cast<size_t>(array_->sample_elements));
  for (int64_t sample = 0; sample < count_; ++sample) {
    const int64_t source = source_sample(sample);
    if (!steps_.is_elementwise())
      if (Status status = fill(source, values.data()); !status) return status;
    for (int64_t i = 0; i < array_->sample_elements; ++i) {
      const double value = steps_.is_elementwise() ? steps_.through(array_->at(source, i))
                                                   : double{values[static_cast<size_t>(i)]};
      if (std::trunc(value) < range.low || std::trunc(value) > range.high)
        return rejected(array_->file,
                        array_->place(source, i) + format(": the number %g ", value) + range.message,
                        "convert the array to float32 first");
    }
  }
  return {};
}

Status DataColumn::apply_to_values(const schema::DataStep &step) {
  if (step.kind() == schema::StepKind::reverse_channels && dims_.empty())
    return misfit("single numbers have no channels to reverse");
  const std::optional<ValueSteps::Range> range = steps_.range_after(step);
  if (Status status = steps_.add(step, channels(), array_->file); !status) return status;
  return range ? check_range(*range) : Status();
}

void DataColumn::apply_slice(const schema::DataStep &step) {
  const int64_t begin = bound_of(step.begin(), count_);
  const int64_t end = std::max(begin, step.has_end() ? bound_of(step.end(), count_) : count_);
  const int64_t stride = std::max<int64_t>(1, step.step());
  first_ = source_sample(begin);
  stride_ *= stride;
  count_ = (end - begin + stride - 1) / stride;
}

Status DataColumn::apply(const schema::DataArray &array, bool slices) {
  if (!array.steps()) return {};
  for (const schema::DataStep *step : *array.steps()) {
    Status status;
    switch (step->kind()) {
      case schema::StepKind::samples:
        if (slices) apply_slice(*step);
        break;
      case schema::StepKind::reshape:
        status = reshape(step->shape() ? std::vector<int64_t>(step->shape()->begin(), step->shape()->end())
                                       : std::vector<int64_t>());
        break;
      case schema::StepKind::one_hot:
        status = one_hot(step->classes());
        break;
      default:
        status = apply_to_values(*step);
        break;
    }
    if (!status) return status;
  }
  return {};
}

Status DataColumn::apply_pixel_steps(const schema::Program &program) {
  return holds_pixels(*array_) ? steps_.add_pixel_steps(program, channels(), array_->file) : Status();
}

double DataColumn::label(int64_t sample) const {
  const double value = array_->at(source_sample(sample), 0);
  return steps_.is_elementwise() ? steps_.through(value) : value;
}

Status DataColumn::check_labels(int64_t classes) const {
  for (int64_t i = 0; i < count_; ++i) {
    const double value = label(i);
    if (value >= 0 && value < static_cast<double>(classes) && value == std::floor(value)) continue;
    return misfit(place(i) + format(": label %g of sample %lld, expected a whole number from 0 to %lld",
                                    value, static_cast<long long>(i), static_cast<long long>(classes - 1)));
  }
  return {};
}

Status DataColumn::fill(int64_t source, float *to) const {
  const auto elements = static_cast<size_t>(array_->sample_elements);
  if (!array_->pictures.empty()) {
    Result<Image> image = read_image(array_->pictures[static_cast<size_t>(source)]);
    if (!image) return image.error();
    fill_from_image(*image, array_->sample_dims, steps_, to);
    return {};
  }
  const size_t start = static_cast<size_t>(source) * elements;
  if (array_->is_bytes)
    steps_.convert({array_->bytes() + start, elements}, to);
  else
    steps_.convert({array_->floats() + start, elements}, to);
  return {};
}

Status DataColumn::gather(std::span<const uint32_t> samples, float *to) const {
  for (const uint32_t sample : samples) {
    if (classes_ > 0) {
      std::fill(to, to + elements_, 0.0f);
      to[static_cast<int64_t>(label(sample))] = 1.0f;
    } else if (Status status = fill(source_sample(sample), to); !status) {
      return status;
    }
    to += elements_;
  }
  return {};
}

}  // namespace sinter::runtime

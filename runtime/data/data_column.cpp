#include "runtime/data/data_column.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/text.h"
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

// keras.applications.imagenet_utils.preprocess_input by application.
enum class PreprocessMode { unknown, caffe, tf, torch };
PreprocessMode preprocess_mode(const std::string &application) {
  for (const char *name : {"vgg16", "vgg19", "resnet50", "resnet", "imagenet_utils"})
    if (application == name) return PreprocessMode::caffe;
  for (const char *name : {"mobilenet", "mobilenet_v2", "inception_v3", "inception_resnet_v2", "xception",
                           "resnet_v2", "nasnet"})
    if (application == name) return PreprocessMode::tf;
  return application == "densenet" ? PreprocessMode::torch : PreprocessMode::unknown;
}

}  // namespace

DataColumn::DataColumn(std::shared_ptr<const RawArray> array)
    : array_(std::move(array)),
      count_(array_->count),
      dims_(array_->sample_dims),
      elements_(array_->sample_elements),
      type_(array_->is_bytes ? Type::integer : Type::f32) {
  finish_stages();
}

Error DataColumn::misfit(const std::string &message) const {
  return rejected(array_->file, message);
}

double DataColumn::computed(const Arithmetic &arithmetic, double value) {
  using Operator = Arithmetic::Operator;
  const double c = arithmetic.constant;
  switch (arithmetic.op) {
    case Operator::none:
      break;
    case Operator::add:
      value += c;
      break;
    case Operator::subtract:
      value -= c;
      break;
    case Operator::subtract_from:
      value = c - value;
      break;
    case Operator::multiply:
      value *= c;
      break;
    case Operator::divide:
      value /= c;
      break;
    case Operator::divide_from:
      value = c / value;
      break;
    case Operator::affine:
      value =
          double{static_cast<float>(c) * static_cast<float>(value) + static_cast<float>(arithmetic.offset)};
      break;
  }
  switch (arithmetic.rounding) {
    case Arithmetic::Rounding::none:
      return value;
    case Arithmetic::Rounding::to_float:
      return double{static_cast<float>(value)};
    case Arithmetic::Rounding::to_integer:
      return std::trunc(value);
  }
  return value;
}

double DataColumn::through(double value) const {
  for (const Stage &stage : stages_) value = computed(stage.arithmetic, value);
  return value;
}

void DataColumn::finish_stages() {
  elementwise_ =
      std::ranges::all_of(stages_, [](const Stage &s) { return s.kind == Stage::Kind::arithmetic; });
  table_.clear();
  if (!array_->is_bytes || !elementwise_) return;
  for (int byte = 0; byte < 256; ++byte) table_.push_back(static_cast<float>(through(byte)));
}

void DataColumn::add_arithmetic(Arithmetic arithmetic) {
  stages_.push_back({Stage::Kind::arithmetic, arithmetic, {}, {}});
}

void DataColumn::scale(PixelScale scale) {
  add_arithmetic({Arithmetic::Operator::affine, Arithmetic::Rounding::to_float, double{scale.scale},
                  double{scale.offset}});
  type_ = Type::f32;
  finish_stages();
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
  type_ = Type::f32;
  return {};
}

Status DataColumn::add_preprocess(const std::string &application) {
  const PreprocessMode mode = preprocess_mode(application);
  if (mode == PreprocessMode::tf) {
    add_arithmetic({Arithmetic::Operator::divide, Arithmetic::Rounding::to_float, 127.5});
    add_arithmetic({Arithmetic::Operator::subtract, Arithmetic::Rounding::to_float, 1.0});
    type_ = Type::f32;
    return {};
  }
  if (mode == PreprocessMode::unknown)
    return misfit("preprocess_input of '" + printable(application) + "' is not known here");
  if (dims_.empty() || dims_.back() != 3)
    return misfit("preprocess_input needs samples of 3 channels, these are " + shape_text(dims_));
  if (mode == PreprocessMode::caffe) {
    stages_.push_back({Stage::Kind::reverse, {}, {}, {}});
    stages_.push_back({Stage::Kind::channel_affine, {}, {1, 1, 1}, {-103.939, -116.779, -123.68}});
  } else {
    constexpr double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
    Stage stage{Stage::Kind::channel_affine, {}, {}, {}};
    for (int c = 0; c < 3; ++c)
      stage.scale[c] = 1 / (255 * deviation[c]), stage.offset[c] = -mean[c] / deviation[c];
    stages_.push_back(stage);
  }
  type_ = Type::f32;
  return {};
}

Status DataColumn::check_range(double low, double high, const Arithmetic *next,
                               const std::string &message) const {
  for (int64_t sample = 0; sample < count_ && array_->pictures.empty(); ++sample)
    for (int64_t i = 0; i < array_->sample_elements; ++i) {
      double value = through(array_->at(source_sample(sample), i));
      if (next) value = computed(*next, value);
      if (std::trunc(value) < low || std::trunc(value) > high)
        return rejected(array_->file,
                        array_->place(source_sample(sample), i) + format(": the number %g ", value) + message,
                        "convert the array to float32 first");
    }
  return {};
}

Status DataColumn::apply(const schema::DataArray &array, bool slices) {
  using Operator = Arithmetic::Operator;
  using Rounding = Arithmetic::Rounding;
  if (!array.steps()) return {};
  for (const schema::DataStep *step : *array.steps()) {
    Status status;
    switch (step->kind()) {
      case schema::StepKind::cast: {
        const std::string type = step->text() ? step->text()->str() : "";
        const bool floats = type == "float32" || type == "float16";
        type_ = floats ? Type::f32 : type == "float64" ? Type::f64 : Type::integer;
        cast_ = true;
        const int bits = ends_with(type, "int8") ? 8 : ends_with(type, "int16") ? 16 : 0;
        if (type_ == Type::integer && bits > 0) {
          const double low = type[0] == 'u' ? 0 : -std::ldexp(1.0, bits - 1);
          status = check_range(low, low + std::ldexp(1.0, bits) - 1, nullptr, "wraps around in " + type);
          if (!status) return status;
        }
        add_arithmetic({Operator::none, type_ == Type::f32   ? Rounding::to_float
                                        : type_ == Type::f64 ? Rounding::none
                                                             : Rounding::to_integer});
        break;
      }
      case schema::StepKind::add:
      case schema::StepKind::subtract:
      case schema::StepKind::multiply:
      case schema::StepKind::divide: {
        const bool reversed = step->reversed();
        const Operator op = step->kind() == schema::StepKind::add        ? Operator::add
                            : step->kind() == schema::StepKind::multiply ? Operator::multiply
                            : step->kind() == schema::StepKind::subtract
                                ? (reversed ? Operator::subtract_from : Operator::subtract)
                                : (reversed ? Operator::divide_from : Operator::divide);
        const Arithmetic arithmetic{op, type_ == Type::f32 ? Rounding::to_float : Rounding::none,
                                    step->constant()};
        // Bytes whose type the script did not say; where it does, the compiler has looked.
        if (array_->is_bytes && !cast_ && step->integer() && step->kind() != schema::StepKind::divide) {
          status = check_range(0, 255, &arithmetic, "wraps around in uint8, the array's type");
          if (!status) return status;
        } else if (type_ == Type::integer) {
          cast_ = true;
        }
        if (type_ == Type::integer) type_ = Type::f64;  // exact for what integers give
        add_arithmetic(arithmetic);
        break;
      }
      case schema::StepKind::samples: {
        if (!slices) break;
        const int64_t begin = bound_of(step->begin(), count_);
        const int64_t end = std::max(begin, step->has_end() ? bound_of(step->end(), count_) : count_);
        const int64_t stride = std::max<int64_t>(1, step->step());
        first_ = source_sample(begin);
        stride_ *= stride;
        count_ = (end - begin + stride - 1) / stride;
        break;
      }
      case schema::StepKind::reshape:
        status = reshape(step->shape() ? std::vector<int64_t>(step->shape()->begin(), step->shape()->end())
                                       : std::vector<int64_t>());
        break;
      case schema::StepKind::one_hot:
        finish_stages();
        status = one_hot(step->classes());
        break;
      case schema::StepKind::reverse_channels:
        if (dims_.empty()) return misfit("single numbers have no channels to reverse");
        stages_.push_back({Stage::Kind::reverse, {}, {}, {}});
        break;
      case schema::StepKind::preprocess:
        status = add_preprocess(step->text() ? step->text()->str() : "");
        break;
    }
    if (!status) return status;
  }
  finish_stages();
  return {};
}

double DataColumn::label(int64_t sample) const {
  const double value = array_->at(source_sample(sample), 0);
  return elementwise_ ? through(value) : value;
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

// Each stage passes over the sample in float, as arrays of float32 do.
void DataColumn::transform(float *values) const {
  const int64_t channels = dims_.empty() ? 1 : dims_.back();
  for (const Stage &stage : stages_) switch (stage.kind) {
      case Stage::Kind::arithmetic:
        for (int64_t i = 0; i < elements_; ++i)
          values[i] = static_cast<float>(computed(stage.arithmetic, double{values[i]}));
        break;
      case Stage::Kind::reverse:
        for (int64_t i = 0; i < elements_; i += channels) std::reverse(values + i, values + i + channels);
        break;
      case Stage::Kind::channel_affine:
        for (int64_t i = 0; i < elements_; ++i)
          values[i] = static_cast<float>(double{values[i]} * stage.scale[i % 3] + stage.offset[i % 3]);
        break;
    }
}

void DataColumn::fill(int64_t source, float *to) const {
  const int64_t start = source * array_->sample_elements;
  if (!table_.empty()) {
    const uint8_t *from = array_->bytes() + start;
    for (int64_t i = 0; i < elements_; ++i) to[i] = table_[from[i]];
    return;
  }
  if (elementwise_ && stages_.empty()) {
    std::memcpy(to, array_->floats() + start, static_cast<size_t>(elements_) * sizeof(float));
    return;
  }
  if (elementwise_) {
    for (int64_t i = 0; i < elements_; ++i)
      to[i] = static_cast<float>(through(double{array_->floats()[start + i]}));
    return;
  }
  for (int64_t i = 0; i < elements_; ++i) to[i] = static_cast<float>(array_->at(source, i));
  transform(to);
}

Status DataColumn::fill_picture(int64_t source, float *to) const {
  Result<Image> image = read_image(array_->pictures[static_cast<size_t>(source)]);
  if (!image) return image.error();
  TensorInfo tensor;
  tensor.dims = array_->sample_dims;
  fill_from_image(*image, tensor, {1.0f, 0.0f}, to);
  transform(to);
  return {};
}

Status DataColumn::gather(std::span<const uint32_t> samples, float *to) const {
  for (const uint32_t sample : samples) {
    if (classes_ > 0) {
      std::fill(to, to + elements_, 0.0f);
      to[static_cast<int64_t>(label(sample))] = 1.0f;
    } else if (!array_->pictures.empty()) {
      if (Status status = fill_picture(source_sample(sample), to); !status) return status;
    } else {
      fill(source_sample(sample), to);
    }
    to += elements_;
  }
  return {};
}

}  // namespace sinter::runtime

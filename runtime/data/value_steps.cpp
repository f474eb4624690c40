#include "runtime/data/value_steps.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

std::string text_of(const schema::DataStep &step) {
  return step.text() ? step.text()->str() : std::string();
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

bool is_arithmetic(const schema::DataStep &step) {
  return step.kind() == schema::StepKind::add || step.kind() == schema::StepKind::subtract ||
         step.kind() == schema::StepKind::multiply || step.kind() == schema::StepKind::divide;
}

}  // namespace

double ValueSteps::computed(const Stage &stage, double value) {
  using Kind = Stage::Kind;
  const double c = stage.constant;
  switch (stage.kind) {
    case Kind::none:
    case Kind::reverse:
    case Kind::channel_affine:
      break;
    case Kind::add:
      value += c;
      break;
    case Kind::subtract:
      value -= c;
      break;
    case Kind::subtract_from:
      value = c - value;
      break;
    case Kind::multiply:
      value *= c;
      break;
    case Kind::divide:
      value /= c;
      break;
    case Kind::divide_from:
      value = c / value;
      break;
    case Kind::affine:
      value = double{static_cast<float>(c) * static_cast<float>(value) + static_cast<float>(stage.offset)};
      break;
  }
  switch (stage.rounding) {
    case Stage::Rounding::none:
      return value;
    case Stage::Rounding::to_float:
      return double{static_cast<float>(value)};
    case Stage::Rounding::to_integer:
      return std::trunc(value);
  }
  return value;
}

double ValueSteps::through(double value) const {
  for (const Stage &stage : stages_) value = computed(stage, value);
  return value;
}

void ValueSteps::finish() {
  elementwise_ = std::ranges::all_of(stages_, &Stage::is_elementwise);
  table_.clear();
  if (source_ != Source::bytes || !elementwise_) return;
  for (int byte = 0; byte < 256; ++byte) table_.push_back(static_cast<float>(through(byte)));
}

std::optional<ValueSteps::Range> ValueSteps::range_after(const schema::DataStep &step) const {
  if (step.kind() == schema::StepKind::cast) {
    const std::string type = text_of(step);
    const int bits = ends_with(type, "int8") ? 8 : ends_with(type, "int16") ? 16 : 0;
    if (bits == 0) return std::nullopt;
    const double low = type[0] == 'u' ? 0 : -std::ldexp(1.0, bits - 1);
    return Range{low, low + std::ldexp(1.0, bits) - 1, "wraps around in " + type};
  }
  // Bytes whose type the script did not say; where it does, the compiler has looked.
  const bool stays_integer = is_arithmetic(step) && step.integer() && step.kind() != schema::StepKind::divide;
  if (source_ != Source::bytes || cast_ || !stays_integer) return std::nullopt;
  return Range{0, 255, "wraps around in uint8, the array's type"};
}

void ValueSteps::add_arithmetic(const schema::DataStep &step) {
  using Kind = Stage::Kind;
  const bool reversed = step.reversed();
  const Kind kind = step.kind() == schema::StepKind::add        ? Kind::add
                    : step.kind() == schema::StepKind::multiply ? Kind::multiply
                    : step.kind() == schema::StepKind::subtract
                        ? (reversed ? Kind::subtract_from : Kind::subtract)
                        : (reversed ? Kind::divide_from : Kind::divide);
  stages_.push_back({.kind = kind,
                     .rounding = type_ == Type::f32 ? Stage::Rounding::to_float : Stage::Rounding::none,
                     .constant = step.constant()});
  if (type_ != Type::integer) return;
  if (!range_after(step)) cast_ = true;
  type_ = Type::f64;  // exact for what integers give
}

Status ValueSteps::add_preprocess(const std::string &application, int64_t channels, const std::string &file) {
  using Kind = Stage::Kind;
  const PreprocessMode mode = preprocess_mode(application);
  type_ = Type::f32;
  if (mode == PreprocessMode::tf) {
    stages_.push_back({.kind = Kind::divide, .rounding = Stage::Rounding::to_float, .constant = 127.5});
    stages_.push_back({.kind = Kind::subtract, .rounding = Stage::Rounding::to_float, .constant = 1.0});
    return {};
  }
  if (mode == PreprocessMode::unknown)
    return rejected(file, "preprocess_input of '" + printable(application) + "' is not known here");
  if (channels != 3)
    return rejected(file, format("preprocess_input needs samples of 3 channels, these have %lld",
                                 static_cast<long long>(channels)));
  Stage stage{.kind = Kind::channel_affine, .channels = 3};
  if (mode == PreprocessMode::caffe) {
    stages_.push_back({.kind = Kind::reverse, .channels = 3});
    constexpr double means[] = {103.939, 116.779, 123.68};
    for (int c = 0; c < 3; ++c) stage.shift[c] = -means[c];
  } else {
    constexpr double means[] = {0.485, 0.456, 0.406}, deviations[] = {0.229, 0.224, 0.225};
    for (int c = 0; c < 3; ++c) {
      stage.scale[c] = 1 / (255 * deviations[c]);
      stage.shift[c] = -means[c] / deviations[c];
    }
  }
  stages_.push_back(stage);
  return {};
}

Status ValueSteps::add(const schema::DataStep &step, int64_t channels, const std::string &file) {
  Status status;
  switch (step.kind()) {
    case schema::StepKind::cast: {
      const std::string type = text_of(step);
      type_ = type == "float32" || type == "float16" ? Type::f32
              : type == "float64"                    ? Type::f64
                                                     : Type::integer;
      cast_ = true;
      stages_.push_back({.kind = Stage::Kind::none,
                         .rounding = type_ == Type::f32   ? Stage::Rounding::to_float
                                     : type_ == Type::f64 ? Stage::Rounding::none
                                                          : Stage::Rounding::to_integer});
      break;
    }
    case schema::StepKind::add:
    case schema::StepKind::subtract:
    case schema::StepKind::multiply:
    case schema::StepKind::divide:
      add_arithmetic(step);
      break;
    case schema::StepKind::reverse_channels:
      stages_.push_back({.kind = Stage::Kind::reverse, .channels = channels});
      break;
    case schema::StepKind::preprocess:
      status = add_preprocess(text_of(step), channels, file);
      break;
    case schema::StepKind::samples:
    case schema::StepKind::reshape:
    case schema::StepKind::one_hot:
      return {};
  }
  finish();
  return status;
}

Status ValueSteps::add_pixel_steps(const schema::Program &program, int64_t channels,
                                   const std::string &file) {
  if (program.pixel_steps() && program.pixel_steps()->size() > 0) {
    for (const schema::DataStep *step : *program.pixel_steps())
      if (Status status = add(*step, channels, file); !status) return status;
    return {};
  }
  stages_.push_back({.kind = Stage::Kind::affine,
                     .rounding = Stage::Rounding::to_float,
                     .constant = double{program.input_scale()},
                     .offset = double{program.input_offset()}});
  type_ = Type::f32;
  finish();
  return {};
}

void ValueSteps::convert(std::span<const uint8_t> from, float *to) const {
  if (!table_.empty()) {
    for (const uint8_t byte : from) *to++ = table_[byte];
    return;
  }
  for (size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  transform({to, from.size()});
}

void ValueSteps::convert(std::span<const float> from, float *to) const {
  if (elementwise_ && !stages_.empty()) {
    for (const float value : from) *to++ = static_cast<float>(through(double{value}));
    return;
  }
  std::memcpy(to, from.data(), from.size_bytes());
  transform({to, from.size()});
}

void ValueSteps::transform(std::span<float> values) const {
  for (const Stage &stage : stages_) switch (stage.kind) {
      case Stage::Kind::reverse:
        for (auto i = values.begin(); i != values.end(); i += stage.channels)
          std::reverse(i, i + stage.channels);
        break;
      case Stage::Kind::channel_affine:
        for (size_t i = 0; i < values.size(); ++i)
          values[i] = static_cast<float>(double{values[i]} * stage.scale[i % 3] + stage.shift[i % 3]);
        break;
      default:
        for (float &value : values) value = static_cast<float>(computed(stage, double{value}));
        break;
    }
}

}  // namespace sinter::runtime

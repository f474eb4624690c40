// What a script's pipeline does to the values of samples: arithmetic in the array's type as numpy does it,
// channels reversed, preprocess_input of keras.applications. Arrays, folders of pictures and what
// `predict` is given go through it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/error.h"

namespace sinter::schema {
struct DataStep;
struct Program;
}  // namespace sinter::schema

namespace sinter::runtime {

class ValueSteps {
 public:
  enum class Source : uint8_t { bytes, floats };  // pictures are bytes
  explicit ValueSteps(Source source)
      : source_(source), type_(source == Source::bytes ? Type::integer : Type::f32) {
    finish();
  }

  // The whole numbers that the values after a step must stay among: numpy's arithmetic wraps around
  // elsewhere.
  struct Range {
    double low, high;
    std::string message;  // "wraps around in …"
  };
  // Of a step that is about to be added.
  std::optional<Range> range_after(const schema::DataStep &step) const;

  // Appends a step; those that leave values alone (samples, reshape, one_hot) have no effect. `channels`:
  // the last extent of the samples, 1 of single numbers. What cannot be done is rejected in the name of
  // `file`.
  Status add(const schema::DataStep &step, int64_t channels, const std::string &file);
  // What a program does to pixels where no script says otherwise: the steps of its input, or scale * x +
  // offset in float.
  Status add_pixel_steps(const schema::Program &program, int64_t channels, const std::string &file);

  // No step looks beyond one element.
  bool is_elementwise() const { return elementwise_; }
  // One element after all steps, in double; only if they are elementwise.
  double through(double value) const;

  // A sample, or several of them. Allocates nothing.
  void convert(std::span<const uint8_t> from, float *to) const;
  void convert(std::span<const float> from, float *to) const;
  // In place, each step in float: pictures that were resized.
  void transform(std::span<float> values) const;

 private:
  enum class Type : uint8_t { integer, f32, f64 };
  struct Stage {
    enum class Kind : uint8_t {
      none,
      add,
      subtract,
      subtract_from,
      multiply,
      divide,
      divide_from,
      affine,          // x * constant + offset in float
      reverse,         // the channels
      channel_affine,  // x[c] * scale[c] + shift[c] in float, of three channels
    } kind;
    enum class Rounding : uint8_t { none, to_float, to_integer } rounding = Rounding::none;
    double constant = 0, offset = 0;
    int64_t channels = 1;
    double scale[3] = {1, 1, 1}, shift[3] = {};
    bool is_elementwise() const { return kind < Kind::reverse; }
  };
  static double computed(const Stage &stage, double value);
  void add_arithmetic(const schema::DataStep &step);
  Status add_preprocess(const std::string &application, int64_t channels, const std::string &file);
  void finish();

  Source source_;
  Type type_;
  bool cast_ = false;  // the array's own type no longer holds
  bool elementwise_ = true;
  std::vector<Stage> stages_;
  std::vector<float> table_;  // of bytes: the value after all stages, if they are elementwise
};

}  // namespace sinter::runtime

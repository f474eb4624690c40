// What Keras prints while a model trains: the bars and lines of Keras 2.0 and Keras 3, to the letter.
//
// Where standard output is no terminal (or NO_COLOR is set), colours are left out; where it is no terminal,
// so are the bars of an epoch under way: only the last one, which Keras leaves standing, is printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/training/logs.h"
#include "runtime/training/trainer.h"

namespace sinter::runtime {

struct ProgressStyle {
  Semantics semantics = Semantics::keras2;
  int verbose = 1;           // 0: nothing, 1: a bar, 2: a line an epoch
  bool is_terminal = false;  // bars of an epoch under way
  bool colors = false;
};

class ProgressBar {
 public:
  // `names`: all that may be displayed, in order. target: samples or steps of an epoch.
  ProgressBar(ProgressStyle style, std::vector<std::string> names, uint64_t target);

  void start(double now);   // seconds; a new epoch
  void resume(double now);  // an epoch that restore() has set
  // After a batch: `current` of the target are done, and their values. Returns what is to be printed: valid
  // until the next call.
  std::string_view update(uint64_t current, std::span<const double> values, double now);
  // The epoch's end. Keras 2 adds the last batch and the epoch's means; Keras 3 shows the means.
  std::string_view finish(uint64_t current, std::span<const double> last_batch, const Logs &logs, double now);

  // What is added up, for checkpoints: a resumed epoch goes on with it.
  void save(std::vector<double> &numbers) const;
  void restore(std::span<const double> numbers, uint64_t current);

 private:
  struct Value {
    std::string name;
    double sum = 0, weight = 0;
    bool seen = false;
  };
  void clear();
  void add(Value &value, double number, uint64_t current);
  void append(const char *pattern, ...) __attribute__((format(printf, 2, 3)));
  void append_spaces(size_t count);
  void append_values();
  void draw_keras2(uint64_t current, double now);
  void draw_keras3(uint64_t current, bool final, double now);
  void append_time_per_step(double seconds);
  double step_seconds(uint64_t current, double now);

  ProgressStyle style_;
  std::vector<Value> values_;  // in the order of first appearance that Keras has
  uint64_t target_;
  uint64_t seen_ = 0;
  double start_ = 0, last_update_ = 0, after_first_step_ = -1;
  size_t width_ = 0;  // of what stands on the line
  char text_[4096];
  size_t length_ = 0;
};

}  // namespace sinter::runtime

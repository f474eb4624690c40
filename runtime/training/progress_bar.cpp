#include "runtime/training/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace sinter::runtime {
namespace {

constexpr int keras2_width = 30, keras3_width = 20;
constexpr double interval = 0.05;  // seconds between two bars

int digits_of(uint64_t number) {
  int digits = 1;
  while (number >= 10) number /= 10, ++digits;
  return digits;
}

unsigned long long wide(uint64_t number) {
  return number;
}

}  // namespace

ProgressBar::ProgressBar(ProgressStyle style, std::vector<std::string> names, uint64_t target)
    : style_(style), target_(target) {
  for (std::string &name : names) values_.push_back({std::move(name)});
}

void ProgressBar::clear() {
  for (Value &value : values_) value.sum = value.weight = 0, value.seen = false;
  seen_ = 0;
}

void ProgressBar::start(double now) {
  clear();
  resume(now);
}

void ProgressBar::resume(double now) {
  start_ = now;
  last_update_ = 0;
  after_first_step_ = -1;
  width_ = 0;
}

void ProgressBar::append(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  const int written = std::vsnprintf(text_ + length_, sizeof text_ - length_, pattern, arguments);
  va_end(arguments);
  length_ = std::min(sizeof text_ - 1, length_ + static_cast<size_t>(std::max(written, 0)));
}

void ProgressBar::append_spaces(size_t count) {
  for (; count > 0; --count) append(" ");
}

void ProgressBar::add(Value &value, double number, uint64_t current) {
  const auto weight = static_cast<double>(current - seen_);
  value.sum += number * weight;
  value.weight += weight;
  value.seen = true;
}

void ProgressBar::append_values() {
  for (const Value &value : values_) {
    if (!value.seen) continue;
    // Python prints NaN without its sign.
    const double mean = std::isnan(value.sum) ? std::nan("") : value.sum / std::max(1.0, value.weight);
    append(" - %s:", value.name.c_str());
    append((style_.verbose == 2 ? mean : std::abs(mean)) > 1e-3 ? " %.4f" : " %.4e", mean);
  }
}

// keras 2.0.2, utils/generic_utils.py: Progbar.update.
void ProgressBar::draw_keras2(uint64_t current, double now) {
  const size_t before = width_;
  if (style_.is_terminal) {
    for (size_t i = 0; i < before; ++i) append("\b");
    append("\r");
  }
  const size_t bar_start = length_;
  const int digits = digits_of(target_);
  append("%*llu/%*llu [", digits, wide(current), digits, wide(target_));
  const int filled =
      static_cast<int>(keras2_width * (static_cast<double>(current) / static_cast<double>(target_)));
  for (int i = 0; i + 1 < filled; ++i) append("=");
  if (filled > 0) append(current < target_ ? ">" : "=");
  for (int i = filled; i < keras2_width; ++i) append(".");
  append("]");
  const double per_unit = current > 0 ? (now - start_) / static_cast<double>(current) : 0;
  if (current < target_)
    append(" - ETA: %ds", static_cast<int>(per_unit * static_cast<double>(target_ - current)));
  else
    append(" - %ds", static_cast<int>(now - start_));
  append_values();
  width_ = length_ - bar_start;
  if (style_.is_terminal && before > width_) append_spaces(before - width_);
  if (current >= target_) append("\n");
}

double ProgressBar::step_seconds(uint64_t current, double now) {
  if (current == 0) return 0;
  const double seconds = after_first_step_ >= 0 && current > 1
                             ? (now - after_first_step_) / static_cast<double>(current - 1)
                             : (now - start_) / static_cast<double>(current);
  if (current == 1) after_first_step_ = now;
  return seconds;
}

void ProgressBar::append_time_per_step(double seconds) {
  if (seconds >= 1 || seconds == 0)
    append(" %.0fs/step", seconds);
  else if (seconds >= 1e-3)
    append(" %.0fms/step", seconds * 1e3);
  else
    append(" %.0fus/step", seconds * 1e6);
}

// keras 3, utils/progbar.py: Progbar.update. Escapes and the bytes of "━" beyond one column do not count as
// width.
void ProgressBar::draw_keras3(uint64_t current, bool final, double now) {
  const double per_step = step_seconds(current, now);
  if (style_.verbose == 2) {
    append("%*llu/%llu - %.0fs -", digits_of(target_), wide(current), wide(target_), now - start_);
    append_time_per_step(per_step);
    append_values();
    append("\n");
    return;
  }
  const size_t before = width_;
  size_t invisible = 0;
  const auto escape = [&](const char *code) {
    if (!style_.colors) return;
    const size_t start = length_;
    append("%s", code);
    invisible += length_ - start;
  };
  const auto dashes = [&](int count) {
    for (int i = 0; i < count; ++i) append("━");
    if (count > 0) invisible += static_cast<size_t>(count) * 2;
  };
  if (style_.is_terminal) {
    for (size_t i = 0; i < before; ++i) append("\b");
    append("\r");
  }
  const size_t bar_start = length_;
  escape("\x1b[1m");
  append("%*llu/%llu", digits_of(target_), wide(current), wide(target_));
  escape("\x1b[0m");
  append(" ");
  const int filled =
      static_cast<int>(keras3_width * (static_cast<double>(current) / static_cast<double>(target_)));
  if (filled > 0) escape("\x1b[32m");
  dashes(filled);
  if (filled > 0) escape("\x1b[0m");
  escape("\x1b[37m");
  dashes(keras3_width - filled);
  escape("\x1b[0m");
  append(" ");
  escape("\x1b[1m");
  if (!final) {
    const auto eta = static_cast<long long>(per_step * static_cast<double>(target_ - current));
    if (eta > 3600)
      append("%lld:%02lld:%02lld", eta / 3600, eta % 3600 / 60, eta % 60);
    else if (eta > 60)
      append("%lld:%02lld", eta / 60, eta % 60);
    else
      append("%llds", eta);
  } else {
    append("%.0fs", now - start_);
  }
  escape("\x1b[0m");
  append_time_per_step(per_step);
  append_values();
  width_ = length_ - bar_start - invisible;
  if (style_.is_terminal && before > width_) append_spaces(before - width_);
  if (final) append("\n");
}

std::string_view ProgressBar::update(uint64_t current, std::span<const double> values, double now) {
  length_ = 0;
  const bool keras2 = style_.semantics == Semantics::keras2;
  if (style_.verbose == 0 || (keras2 && current >= target_) || (!keras2 && style_.verbose != 1)) return {};
  for (size_t i = 0; i < values.size(); ++i) add(values_[i], values[i], current);
  seen_ = current;
  const bool draw = style_.verbose == 1 && style_.is_terminal && now - last_update_ >= interval;
  if (!keras2 && !draw) step_seconds(current, now);
  if (!draw) return {};
  if (keras2)
    draw_keras2(current, now);
  else
    draw_keras3(current, false, now);
  last_update_ = now;
  return {text_, length_};
}

std::string_view ProgressBar::finish(uint64_t current, std::span<const double> last_batch, const Logs &logs,
                                     double now) {
  length_ = 0;
  if (style_.verbose == 0) return {};
  const bool keras2 = style_.semantics == Semantics::keras2;
  for (size_t i = 0; i < values_.size(); ++i) {
    Value &value = values_[i];
    if (keras2 && i < last_batch.size() && current > seen_) add(value, last_batch[i], current);
    const LogEntry *entry = logs.find(value.name);
    if (!entry) continue;
    if (keras2)
      add(value, entry->value, current);
    else
      value.sum = entry->value, value.weight = 1, value.seen = true;
  }
  seen_ = current;
  if (!keras2) {
    draw_keras3(target_, true, now);
  } else if (style_.verbose == 1) {
    draw_keras2(current, now);
  } else if (current >= target_) {
    append("%ds", static_cast<int>(now - start_));
    append_values();
    append("\n");
  }
  return {text_, length_};
}

void ProgressBar::save(std::vector<double> &numbers) const {
  numbers.clear();
  for (const Value &value : values_) {
    numbers.push_back(value.sum);
    numbers.push_back(value.weight);
  }
}

void ProgressBar::restore(std::span<const double> numbers, uint64_t current) {
  for (size_t i = 0; i < values_.size() && 2 * i + 1 < numbers.size(); ++i) {
    values_[i].sum = numbers[2 * i];
    values_[i].weight = numbers[2 * i + 1];
    values_[i].seen = values_[i].weight > 0;
  }
  seen_ = current;
}

}  // namespace sinter::runtime

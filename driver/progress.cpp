#include "driver/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <system_error>

namespace sinter::driver {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double patience_seconds = 2;
constexpr auto tick_interval = std::chrono::milliseconds(250);

}  // namespace

void StageLine::enter(std::string stage, double seconds) {
  stage_ = std::move(stage);
  tick(seconds);
}

void StageLine::tick(double seconds) {
  if (seconds < patience_seconds || stage_.empty()) return;
  const std::string text = fmt::format("sinter: {}, {} s", stage_, static_cast<int>(seconds));
  if (text == shown_) return;
  clear();
  write_(text);
  shown_ = text;
}

void StageLine::clear() {
  if (shown_.empty()) return;
  write_("\r" + std::string(shown_.size(), ' ') + "\r");
  shown_.clear();
}

Progress::Progress(bool is_wanted)
    : line_([](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
      }) {
  if (!is_wanted || isatty(STDERR_FILENO) == 0) return;
  try {
    ticker_ = std::thread([this, begin = Clock::now()] {
      std::unique_lock lock(mutex_);
      while (!ended_.wait_for(lock, tick_interval, [this] { return is_over_; }))
        line_.tick(std::chrono::duration<double>(Clock::now() - begin).count());
    });
  } catch (const std::system_error &) {
    // Without a thread there is no line.
  }
}

Progress::~Progress() {
  clear();
  if (!ticker_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  ended_.notify_one();
  ticker_.join();
}

void Progress::enter(const char *stage) {
  const std::scoped_lock lock(mutex_);
  line_.enter(stage, 0);  // the next tick shows it
}

void Progress::clear() {
  const std::scoped_lock lock(mutex_);
  line_.enter("", 0);
  line_.clear();
}

}  // namespace sinter::driver

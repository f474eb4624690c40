// What the compiler is doing, said on a terminal where it takes long.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace sinter::driver {

// One line that is overwritten: the stage under way and the seconds since the beginning. It appears after two
// seconds. `seconds` is the time since the beginning.
class StageLine {
 public:
  explicit StageLine(std::function<void(std::string_view)> write) : write_(std::move(write)) {}
  void enter(std::string stage, double seconds);
  // To be called from time to time.
  void tick(double seconds);
  // Erases the line.
  void clear();

 private:
  std::function<void(std::string_view)> write_;
  std::string stage_, shown_;
};

// A StageLine on standard error, which a thread keeps up to date until the end of this object. Nothing,
// unless it is wanted and standard error is a terminal.
class Progress {
 public:
  explicit Progress(bool is_wanted);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void enter(const char *stage);
  // Before anything else is printed: there is no line until the next stage.
  void clear();

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  StageLine line_;
  std::thread ticker_;  // the last member: it uses the others
};

}  // namespace sinter::driver

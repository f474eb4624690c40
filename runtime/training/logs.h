// The numbers of an epoch under their names, in Keras's order.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::runtime {

struct LogEntry {
  std::string name;  // "loss", "val_acc", "lr"
  double value = 0;
  bool present = false;  // in this epoch
};

class Logs {
 public:
  // Adds a name once, before training: later calls allocate nothing.
  size_t add(std::string name) {
    for (size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].name == name) return i;
    entries_.push_back({std::move(name)});
    return entries_.size() - 1;
  }
  void set(size_t entry, double value) { entries_[entry].value = value, entries_[entry].present = true; }
  void clear() {
    for (LogEntry &entry : entries_) entry.present = false;
  }
  const LogEntry *find(std::string_view name) const {
    for (const LogEntry &entry : entries_)
      if (entry.name == name && entry.present) return &entry;
    return nullptr;
  }
  bool knows(std::string_view name) const {
    for (const LogEntry &entry : entries_)
      if (entry.name == name) return true;
    return false;
  }
  std::span<const LogEntry> entries() const { return entries_; }

 private:
  std::vector<LogEntry> entries_;
};

}  // namespace sinter::runtime

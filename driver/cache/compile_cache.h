// Compiled programs that `sinter predict` and `sinter train` keep, one a folder. The key of a program holds
// the contents of everything that was read for it, so it is never out of date.
//
//   FOLDER/REQUEST.inputs     the paths that compiling the request read, one a line
//   FOLDER/PROGRAM/NAME       the executable; PROGRAM: hash of the request and of the contents of its inputs
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sinter::driver {

class CompileCache {
 public:
  // In XDG_CACHE_HOME or HOME; nullopt without either, or if the folder is not safe to run programs from: a
  // link, someone else's, or writable by others. `problem` says which of these.
  static std::optional<CompileCache> open(std::string &problem);

  // request: hash of what was asked for. The path of the executable, which becomes the one used last.
  std::optional<std::string> find(const std::string &request, const std::string &name) const;

  // A fresh folder to compile in.
  std::optional<std::string> make_workplace() const;
  // Moves a workplace with its executable into the cache; returns the executable's path. Programs that were
  // not used for the longest time make room for it.
  std::string keep(const std::string &workplace, const std::string &request, const std::string &name,
                   const std::vector<std::string> &inputs) const;

 private:
  explicit CompileCache(std::string folder) : folder_(std::move(folder)) {}
  void evict(const std::string &kept) const;
  std::string folder_;
};

}  // namespace sinter::driver

// Fake trainers in processes of their own, to be signalled and killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "fixtures.h"

namespace sinter::runtime {

class TrainerProcess {
 public:
  // `folder`: where it runs, and where its output goes (files "out" and "err").
  TrainerProcess(const std::string &program, const std::vector<std::string> &arguments,
                 const std::string &folder);
  ~TrainerProcess();  // kills it if it still runs

  void signal(int number) const;
  bool is_running();
  Answer wait();

 private:
  std::string folder_;
  pid_t child_ = -1;
  int status_ = 0;
};

inline Answer run_trainer_process(const std::string &program, const std::vector<std::string> &arguments,
                                  const std::string &folder) {
  return TrainerProcess(program, arguments, folder).wait();
}

}  // namespace sinter::runtime

#include "trainer_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace sinter::runtime {

TrainerProcess::TrainerProcess(const std::string &program, const std::vector<std::string> &arguments,
                               const std::string &folder)
    : folder_(folder) {
  const std::string out = folder + "/out", err = folder + "/err";
  std::vector<std::string> all{"test_runtime", "--trainer", program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char *> pointers;
  for (std::string &argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  child_ = fork();
  if (child_ != 0) return;
  if (chdir(folder.c_str()) != 0) _exit(126);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  execv("/proc/self/exe", pointers.data());
  _exit(127);
}

TrainerProcess::~TrainerProcess() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

void TrainerProcess::signal(int number) const {
  if (child_ > 0) kill(child_, number);
}

bool TrainerProcess::is_running() {
  if (child_ > 0 && waitpid(child_, &status_, WNOHANG) == child_) child_ = 0;
  return child_ > 0;
}

Answer TrainerProcess::wait() {
  if (child_ > 0) waitpid(child_, &status_, 0);
  child_ = 0;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), read_file(folder_ + "/out"),
          read_file(folder_ + "/err")};
}

}  // namespace sinter::runtime

#include "fixtures.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sinter::runtime {

Answer run_predictor_process(const std::string &program, const std::vector<std::string> &arguments,
                             const std::string &standard_input, const std::string &standard_output) {
  char folder[] = "/tmp/sinter-run-XXXXXX";
  if (!mkdtemp(folder)) std::abort();
  const std::string in = std::string(folder) + "/in", err = std::string(folder) + "/err";
  const std::string out = standard_output.empty() ? std::string(folder) + "/out" : standard_output;
  std::ofstream(in, std::ios::binary) << standard_input;
  const pid_t child = fork();
  if (child == 0) {
    dup2(open(in.c_str(), O_RDONLY), 0);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
    std::vector<std::string> all{"test_runtime", "--predictor", program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char *> pointers;
    for (std::string &argument : all) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    execv("/proc/self/exe", pointers.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Answer run{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
             standard_output.empty() ? read_file(out) : std::string(), read_file(err)};
  std::filesystem::remove_all(folder);
  return run;
}

}  // namespace sinter::runtime

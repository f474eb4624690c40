#include "tests/campaign/campaign.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "support/check.h"

namespace sinter::campaign {

namespace {

constexpr unsigned seconds_a_case = 120;
constexpr std::string_view end_mark =
    "\x01"
    "done ";  // then the verdict and the coverage

// A process that checks one case.
struct Worker {
  pid_t process = -1;
  int pipe = -1;
  uint64_t number = 0;
  std::string text;  // that it printed

  void start(const std::function<Case()> &make, const CheckCase &check_case) {
    int ends[2];
    SINTER_CHECK(::pipe(ends) == 0);
    std::fflush(nullptr);
    process = fork();
    SINTER_CHECK(process >= 0);
    if (process > 0) {
      close(ends[1]);
      pipe = ends[0];
      return;
    }
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    alarm(seconds_a_case);
    const auto failures = [] {
      return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    };
    const int failures_before = failures();  // of the process that forked
    Coverage coverage;
    const Case c = make();
    const Verdict verdict = check_case(c, coverage);
    if (verdict.is_valid) coverage.count_case(c);
    std::string difference = verdict.difference;
    if (difference.empty() && failures() > failures_before) difference = "a kernel is wrong";
    std::printf("%s%d\n%s\n\x01%s", end_mark.data(), verdict.is_valid ? 1 : 0, difference.c_str(),
                coverage.serialized().c_str());
    std::fflush(stdout);
    _exit(0);
  }

  // False at the end of what it printed.
  bool read_some() {
    char buffer[1 << 16];
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }

  struct Result {
    bool is_valid = true;
    std::string difference;
    Coverage coverage;
  };
  Result finish() {
    close(pipe);
    int status = 0;
    waitpid(process, &status, 0);
    const size_t mark = text.find(end_mark);
    Result result;
    if (mark == std::string::npos) {
      const std::string how = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                                  : fmt::format("exit code {}", WEXITSTATUS(status));
      result.difference = how + ": " + text;
      return result;
    }
    result.is_valid = text[mark + end_mark.size()] == '1';
    const size_t start = text.find('\n', mark) + 1, end = text.find("\n\x01", start);
    result.difference = text.substr(start, end - start);
    if (!result.difference.empty()) result.difference += text.substr(0, mark);
    result.coverage.add_serialized(std::string_view(text).substr(end + 2));
    return result;
  }
};

}  // namespace

Campaign run_campaign(const MakeCase &make, uint64_t first, int64_t count, int workers,
                      const CheckCase &check_case) {
  Campaign campaign;
  std::vector<std::unique_ptr<Worker>> running;
  uint64_t next = first;
  // If most cases were refused, the count would not be reached.
  const uint64_t limit = first + static_cast<uint64_t>(count) * 4;
  while (true) {
    while (static_cast<int>(running.size()) < workers &&
           campaign.valid + static_cast<int64_t>(running.size()) < count && next < limit) {
      running.push_back(std::make_unique<Worker>());
      const uint64_t number = running.back()->number = next++;
      running.back()->start([&] { return make(number); }, check_case);
    }
    if (running.empty()) return campaign;
    std::vector<pollfd> polled;
    for (const auto &worker : running) polled.push_back({worker->pipe, POLLIN, 0});
    poll(polled.data(), polled.size(), -1);
    for (size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents == 0 || running[i]->read_some()) continue;
      const Worker::Result result = running[i]->finish();
      if (!result.difference.empty()) campaign.failures.push_back({running[i]->number, result.difference});
      if (result.is_valid) {
        ++campaign.valid;
        campaign.coverage.add(result.coverage);
      } else {
        ++campaign.refused;
      }
      running.erase(running.begin() + static_cast<int64_t>(i));
    }
  }
}

std::string failure_of(const Case &c) {
  Worker worker;
  worker.start([&] { return c; }, check);
  while (worker.read_some()) {
  }
  return worker.finish().difference;
}

}  // namespace sinter::campaign

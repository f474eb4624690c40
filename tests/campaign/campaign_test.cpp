// The differential campaign: random models and fits through the whole compiler, against the reference
// interpreter.
//   SINTER_CAMPAIGN_CASES=N   the long run, with that many predictions and that many fits
//   SINTER_CAMPAIGN_SEED=S    from case S on
//   SINTER_CAMPAIGN_REDUCE=N  reduces so many failures instead of 4
//   SINTER_CAMPAIGN_FOLDER=F  runs the .graph files of that folder instead of past failures
//   SINTER_CAMPAIGN_TORCH=N   writes that many fits, which PyTorch checks
// A failure is reduced, printed and written to build/…/campaign/; kept under tests/campaign/cases it is run
// again by Campaign.PastFailures.
#include "tests/campaign/campaign.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/campaign/random_fit.h"
#include "tests/campaign/random_model.h"
#include "tests/campaign/reduce.h"
#include "tests/campaign/torch_export.h"
#include "tests/paths.h"

namespace sinter::campaign {
namespace {

namespace fs = std::filesystem;

int64_t setting(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

// A quick run shares the machine with other tests.
int all_processors() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void report(const Failure &failure, const MakeCase &make, const char *kind, bool reduced) {
  Case c = make(failure.number);
  std::string difference = failure.difference;
  if (reduced) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(45);
    c = reduce(std::move(c), [&](const Case &candidate) {
      return std::chrono::steady_clock::now() < end && !failure_of(candidate).empty();
    });
    difference = failure_of(c);
  }
  const fs::path folder = fs::path(test::binary_dir()) / "campaign";
  fs::create_directories(folder);
  const fs::path file = folder / (std::string(kind) + "_" + std::to_string(failure.number) + ".graph");
  std::ofstream(file) << print(c);
  ADD_FAILURE() << kind << " " << failure.number << ": " << failure.difference.substr(0, 400) << "\nreduced ("
                << file.string() << "): " << difference.substr(0, 1000) << "\n"
                << print(c);
}

Coverage run(const MakeCase &make, const char *kind, int64_t count, int workers) {
  const auto most_reduced = static_cast<size_t>(setting("SINTER_CAMPAIGN_REDUCE", 4));
  const auto start = std::chrono::steady_clock::now();
  const Campaign campaign =
      run_campaign(make, static_cast<uint64_t>(setting("SINTER_CAMPAIGN_SEED", 1)), count, workers);
  EXPECT_EQ(campaign.valid, count);
  for (size_t i = 0; i < campaign.failures.size(); ++i)
    report(campaign.failures[i], make, kind, i < most_reduced);
  std::printf("%s: %lld cases, %zu failures, %lld refused, %.1f s\n", kind,
              static_cast<long long>(campaign.valid), campaign.failures.size(),
              static_cast<long long>(campaign.refused),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return campaign.coverage;
}

// What was left out of comparisons stays little.
void expect_compared(const Coverage &coverage) {
  const auto expect_share = [&](const char *part, const char *all, double most) {
    EXPECT_LE(static_cast<double>(coverage.of("comparison", part)),
              2 + most * static_cast<double>(coverage.of("comparison", all)))
        << part;
  };
  expect_share("predictions at a kink", "predictions", 0.05);
  expect_share("steps at a kink", "steps", 0.05);
  expect_share("evaluations at a kink", "fits", 0.05);
  expect_share("fits that left the range", "fits", 0.05);
  expect_share("outputs with a wider bound", "outputs", 0.12);
  expect_share("elements with a bound ten times as wide", "elements", 0.35);
}

TEST(Campaign, Predictions) {
  const Coverage coverage = run(random_prediction, "prediction", 100, 1);
  expect_compared(coverage);
  std::printf("%s\n", coverage.table().c_str());
}

TEST(Campaign, Fits) {
  const Coverage coverage = run(random_fit, "fit", 40, 1);
  expect_compared(coverage);
  std::printf("%s\n", coverage.table().c_str());
}

TEST(Campaign, Long) {
  const int64_t count = setting("SINTER_CAMPAIGN_CASES", 0);
  if (count == 0) GTEST_SKIP() << "SINTER_CAMPAIGN_CASES is not set";
  Coverage coverage = run(random_prediction, "prediction", count, all_processors());
  coverage.add(run(random_fit, "fit", count, all_processors()));
  expect_compared(coverage);
  std::printf("%s\n", coverage.table().c_str());
  if (count >= 2000) {
    EXPECT_EQ(coverage.unused(), std::vector<std::string>());
  }
}

bool has_torch() {
  return std::system("/usr/bin/python3 -c 'import torch' >/dev/null 2>&1") == 0;
}

TEST(Campaign, AgreesWithPyTorch) {
  const int64_t count = setting("SINTER_CAMPAIGN_TORCH", 0);
  if (count == 0) GTEST_SKIP() << "SINTER_CAMPAIGN_TORCH is not set";
  if (!has_torch() && geteuid() == 0) {
    EXPECT_EQ(std::system("apt-get install -y --no-install-recommends python3-torch >/dev/null 2>&1"), 0);
  }
  if (!has_torch()) GTEST_SKIP() << "Debian's python3-torch is not installed, and could not be";
  const fs::path folder = fs::path(test::binary_dir()) / "campaign/torch";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const auto check_and_write = [&](const Case &c, Coverage &coverage) {
    TorchExport torch(folder.string(), c);
    return check_fit(c, coverage, &torch);
  };
  const Campaign campaign =
      run_campaign(random_fit, static_cast<uint64_t>(setting("SINTER_CAMPAIGN_SEED", 1)), count,
                   all_processors(), check_and_write);
  EXPECT_TRUE(campaign.failures.empty())
      << campaign.failures[0].number << ": " << campaign.failures[0].difference;
  const std::string command =
      "/usr/bin/python3 " + test::source_dir() + "/tests/campaign/check_with_torch.py " + folder.string();
  std::fflush(stdout);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  int64_t written = 0;
  for (const auto &entry : fs::directory_iterator(folder))
    written += entry.path().extension() == ".json" ? 1 : 0;
  EXPECT_GE(written, count * 95 / 100);
}

// Every failure of the past, reduced.
TEST(Campaign, PastFailures) {
  std::set<fs::path> files;
  const char *folder = std::getenv("SINTER_CAMPAIGN_FOLDER");
  for (const auto &entry :
       fs::directory_iterator(folder ? folder : test::source_dir() + "/tests/campaign/cases"))
    files.insert(entry.path());
  ASSERT_FALSE(files.empty());
  for (const fs::path &file : files) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    const std::optional<Case> c = parse_case(text.str());
    ASSERT_TRUE(c) << file;
    EXPECT_EQ(failure_of(*c), "") << file;
  }
}

}  // namespace
}  // namespace sinter::campaign

// The differential campaign: random models and fits through the whole compiler, against the reference interpreter.
//   SINTER_CAMPAIGN_CASES=N   that many predictions and that many fits instead of the quick run's
//   SINTER_CAMPAIGN_SEED=S    from case S on
// A failure is reduced, printed and written to build/…/campaign/; kept under tests/campaign/cases it is run again by
// Campaign.PastFailures.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/campaign/campaign.h"
#include "tests/campaign/random_fit.h"
#include "tests/campaign/random_model.h"
#include "tests/campaign/reduce.h"

namespace sinter::campaign {
namespace {

namespace fs = std::filesystem;

int64_t setting(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

bool is_long() { return std::getenv("SINTER_CAMPAIGN_CASES") != nullptr; }
// A quick run shares the machine with other tests.
int workers() { return is_long() ? static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) : 1; }

void report(const Failure &failure, const MakeCase &make, const char *kind, bool reduced) {
  Case c = make(failure.number);
  std::string difference = failure.difference;
  if (reduced) {
    c = reduce(std::move(c), [](const Case &candidate) { return !failure_of(candidate).empty(); });
    difference = failure_of(c);
  }
  const fs::path folder = fs::path(SINTER_BINARY_DIR) / "campaign";
  fs::create_directories(folder);
  const fs::path file = folder / (std::string(kind) + "_" + std::to_string(failure.number) + ".graph");
  std::ofstream(file) << print(c);
  ADD_FAILURE() << kind << " " << failure.number << ": " << failure.difference.substr(0, 400) << "\nreduced (" << file.string()
                << "): " << difference.substr(0, 1000) << "\n" << print(c);
}

Coverage run(const MakeCase &make, const char *kind, int64_t quick_count) {
  constexpr size_t most_reduced = 5;
  const auto start = std::chrono::steady_clock::now();
  const int64_t count = setting("SINTER_CAMPAIGN_CASES", quick_count);
  const Campaign campaign = run_campaign(make, static_cast<uint64_t>(setting("SINTER_CAMPAIGN_SEED", 1)), count, workers());
  EXPECT_EQ(campaign.valid, count);
  for (size_t i = 0; i < campaign.failures.size(); ++i) report(campaign.failures[i], make, kind, i < most_reduced);
  std::printf("%s: %lld cases, %zu failures, %.1f s\n%s\n", kind, static_cast<long long>(campaign.valid), campaign.failures.size(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), campaign.coverage.table().c_str());
  return campaign.coverage;
}

TEST(Campaign, Predictions) {
  const Coverage coverage = run(random_prediction, "prediction", 150);
  EXPECT_LE(coverage.of("comparison", "predictions at a kink"), coverage.of("comparison", "predictions") / 20);
}

TEST(Campaign, Fits) {
  const Coverage coverage = run(random_fit, "fit", 60);
  EXPECT_LE(coverage.of("comparison", "steps at a kink"), coverage.of("comparison", "steps") / 20);
}

// Every failure of the past, reduced.
TEST(Campaign, PastFailures) {
  std::set<fs::path> files;
  for (const auto &entry : fs::directory_iterator(fs::path(SINTER_SOURCE_DIR) / "tests/campaign/cases")) files.insert(entry.path());
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

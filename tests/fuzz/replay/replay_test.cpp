// Every seed and every input that once broke a reader goes through the reader again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/targets/targets.h"
#include "tests/paths.h"

namespace sinter::fuzz {
namespace {

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, SeedsAndTheirBeginnings) {
  const std::vector<std::string> inputs = seeds(GetParam().name);
  ASSERT_FALSE(inputs.empty());
  for (const std::string &input : inputs) {
    GetParam().run(input);
    const size_t step = 1 + input.size() / 60;
    for (size_t length = 0; length < input.size(); length += step) GetParam().run(input.substr(0, length));
  }
}

TEST_P(Replay, PastFindings) {
  const std::filesystem::path folder = test::source_dir() + "/tests/fuzz/past/" + GetParam().name;
  if (!std::filesystem::exists(folder)) return;  // nothing was found in it yet
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    GetParam().run(bytes.str());
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(all_targets().begin(), all_targets().end()),
                         [](const auto &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sinter::fuzz

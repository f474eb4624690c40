// Losses and metrics of a file's training_config: for which output each is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/training/settings.h"

namespace sinter::driver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  std::vector<std::string> losses, metrics;  // "output: name"
  std::string problems;
};

Read read(const std::string &losses, const std::string &metrics) {
  Diagnostics diagnostics;
  const std::string text = R"({"optimizer_config": {"class_name": "SGD", "config": {}}, "loss": )" + losses +
                           ", \"metrics\": " + metrics + "}";
  const auto call = compile_call_of_json(text, {"a", "b"}, {"model.h5"}, diagnostics);
  Read result;
  result.problems = diagnostics.render_all();
  if (!call) return result;
  for (const auto &[output, loss] : call->losses) result.losses.push_back(output + ": " + loss.class_name);
  for (const auto &[output, metric] : call->metrics)
    result.metrics.push_back(output + ": " + metric.class_name);
  return result;
}

TEST(TrainingConfig, AListOfLossesHasOneAnOutput) {
  const Read lists = read(R"(["mse", {"class_name": "MeanAbsoluteError", "config": {}}])", R"(["acc"])");
  EXPECT_THAT(lists.losses, ElementsAre("a: mse", "b: MeanAbsoluteError"));
  EXPECT_THAT(lists.metrics, ElementsAre(": acc"));
  EXPECT_THAT(read(R"("mse")", R"([["acc"], ["mae", "mse"]])").metrics,
              ElementsAre("a: acc", "b: mae", "b: mse"));
  EXPECT_THAT(read(R"({"b": "mae", "a": "mse"})", "[]").losses, ElementsAre("a: mse", "b: mae"));
  EXPECT_THAT(read(R"(["mse", null])", "[]").losses, ElementsAre("a: mse"));
  EXPECT_THAT(read(R"(["mse"])", "[]").losses, ElementsAre(": mse"));
}

TEST(TrainingConfig, AListOfAnotherLengthIsRefused) {
  EXPECT_THAT(read(R"(["mse", "mae", "mse"])", "[]").problems, HasSubstr("3 losses for 2 outputs"));
  EXPECT_THAT(read(R"("mse")", R"([["acc"]])").problems, HasSubstr("1 lists of metrics for 2 outputs"));
}

}  // namespace
}  // namespace sinter::driver

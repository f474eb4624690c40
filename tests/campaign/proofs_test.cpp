// Random models and fits of larger batches, planned and lowered for several machines: every layout, plan and access of theirs must
// be proven. What cannot be would end a compile. No code is made, so that many cases take little time.
//   SINTER_CAMPAIGN_CASES=N   that many of each; SINTER_CAMPAIGN_SEED=S from case S on
#include <gtest/gtest.h>

#include <cstdlib>

#include "codegen/build_program.h"
#include "codegen/build_trainer.h"
#include "codegen/lower/fit_schedule.h"
#include "codegen/supported.h"
#include "tests/campaign/compare.h"
#include "tests/campaign/random_fit.h"

namespace sinter::campaign {
namespace {

constexpr int64_t batches[] = {1, 2, 5, 16, 31, 48, 64, 100, 128, 256};
constexpr const char *targets[] = {"x86_64-linux-gnu:znver4", "x86_64-linux-gnu:haswell", "x86_64-linux-gnu:x86-64", "aarch64-linux-gnu"};

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Batch and machine of a case.
std::pair<int64_t, codegen::Target> choice(uint64_t number) {
  Diagnostics diagnostics;
  const auto target = codegen::parse_target(targets[number % std::size(targets)], diagnostics);
  EXPECT_TRUE(target) << diagnostics.render_all();
  return {batches[number / std::size(targets) % std::size(batches)], *target};
}


TEST(Proofs, OfRandomPredictions) {
  const uint64_t first = setting("SINTER_CAMPAIGN_SEED", 1), count = setting("SINTER_CAMPAIGN_CASES", 400);
  uint64_t planned = 0;
  for (uint64_t number = first; number < first + count; ++number) {
    const Case c = random_prediction(number);
    const auto [batch, target] = choice(number);
    Diagnostics diagnostics;
    if (!codegen::check_supported(c.graph, {}, diagnostics)) continue;
    passes::PipelineOptions options;
    options.max_batch = batch;
    options.fits = codegen::fits_locally(target, batch);
    EXPECT_FALSE(codegen::build_program(passes::plan_predict(c.graph, weights_of(c, false), options), target, batch).kernels.empty()) << number;
    ++planned;
  }
  EXPECT_GE(planned, count / 2);
}

TEST(Proofs, OfRandomFits) {
  const uint64_t first = setting("SINTER_CAMPAIGN_SEED", 1), count = setting("SINTER_CAMPAIGN_CASES", 200);
  uint64_t planned = 0;
  for (uint64_t number = first; number < first + count; ++number) {
    const Case c = random_fit(number);
    const auto [batch, target] = choice(number);
    Diagnostics diagnostics;
    passes::PipelineOptions options;
    options.max_batch = batch;
    const passes::TrainingRequest request = request_of(c);
    const auto training = passes::plan_train(request, weights_of(c, true), codegen::storage_choice(target, batch), options, diagnostics);
    if (!training || !codegen::check_trainable(training->training.graph, {}, diagnostics)) continue;
    const auto weights = std::make_shared<passes::Weights>(weights_of(c, true));
    EXPECT_FALSE(codegen::build_trainer(*training, request.graph, weights, target, batch).trainer->step.kernels.empty()) << number;
    ++planned;
  }
  EXPECT_GE(planned, count / 2);
}

}  // namespace
}  // namespace sinter::campaign

// Random models and fits of larger batches, planned and lowered for several machines: every layout, plan and
// access of theirs must be proven. What cannot be would end a compile. No code is made, so that many cases
// take little time.
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
constexpr const char *targets[] = {"x86_64-linux-gnu:znver4", "x86_64-linux-gnu:haswell",
                                   "x86_64-linux-gnu:x86-64", "aarch64-linux-gnu"};

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

// Plans and lowers so many cases; `lower` is false for those that the compiler refuses.
template <class Lower>
void lower_cases(uint64_t usual_count, const Lower &lower) {
  const uint64_t first = setting("SINTER_CAMPAIGN_SEED", 1),
                 count = setting("SINTER_CAMPAIGN_CASES", usual_count);
  uint64_t lowered = 0;
  for (uint64_t number = first; number < first + count; ++number) {
    const auto [batch, target] = choice(number);
    passes::PipelineOptions options;
    options.max_batch = batch;
    options.fits = codegen::fits_locally(target, batch);
    lowered += lower(number, target, options) ? 1 : 0;
  }
  EXPECT_GE(lowered, count / 2);
}

TEST(Proofs, OfRandomPredictions) {
  lower_cases(
      400, [](uint64_t number, const codegen::Target &target, const passes::PipelineOptions &options) {
        const Case c = random_prediction(number);
        Diagnostics diagnostics;
        if (!codegen::check_supported(c.graph, {}, diagnostics)) return false;
        const passes::PlannedGraph planned = passes::plan_predict(c.graph, weights_of(c, false), options);
        return !codegen::build_program(planned, target, options.max_batch).kernels.empty();
      });
}

TEST(Proofs, OfRandomFits) {
  lower_cases(
      200, [](uint64_t number, const codegen::Target &target, const passes::PipelineOptions &options) {
        const Case c = random_fit(number);
        Diagnostics diagnostics;
        const passes::TrainingRequest request = request_of(c);
        const passes::StorageChoice storage = codegen::storage_choice(target, options.max_batch);
        const auto planned = passes::plan_train(request, weights_of(c, true), storage, options, diagnostics);
        if (!planned || !codegen::check_trainable(planned->training.graph, {}, diagnostics)) return false;
        const auto weights = std::make_shared<passes::Weights>(weights_of(c, true));
        return !codegen::build_trainer(*planned, request.graph, weights, target, options.max_batch)
                    .trainer->step.kernels.empty();
      });
}

}  // namespace
}  // namespace sinter::campaign

// Epochs that are no pass over the data: which batches they take, what they report, and what they print.
#include <gmock/gmock.h>

#include "fit_testing.h"
#include "runtime/training/epoch_steps.h"

namespace sinter::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Steps = std::vector<std::pair<uint64_t, uint64_t>>;  // of an epoch: pass, batch

// keras 3.15, src/trainers/epoch_iterator.py: the loop of _enumerate_iterator() for arrays.
std::vector<Steps> keras3_epochs(uint64_t batches, uint64_t steps_per_epoch, int epochs) {
  std::vector<Steps> result;
  uint64_t pass = 0, seen = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    Steps steps;
    for (uint64_t step = 0; step < steps_per_epoch && seen < batches; ++step)
      steps.emplace_back(pass, seen++);
    if (seen >= batches) ++pass, seen = 0;
    result.push_back(std::move(steps));
  }
  return result;
}

std::vector<Steps> epochs_of(const EpochSteps &steps, int epochs) {
  std::vector<Steps> result(static_cast<size_t>(epochs));
  for (size_t epoch = 0; epoch < result.size(); ++epoch)
    for (uint64_t step = 0; step < steps.steps(epoch); ++step) {
      const EpochSteps::Place place = steps.place(epoch, step);
      result[epoch].emplace_back(place.pass, place.batch);
    }
  return result;
}

TEST(EpochSteps, AreThoseOfKeras3) {
  for (uint64_t batches = 1; batches <= 7; ++batches)
    for (uint64_t steps = 1; steps <= 9; ++steps)
      EXPECT_EQ(epochs_of({batches, steps}, 12), keras3_epochs(batches, steps, 12))
          << steps << " steps of " << batches;
}

TEST(EpochSteps, GeneratorsOfKeras2GoOn) {
  EXPECT_THAT(epochs_of({3, 2, 0, false}, 3),
              ElementsAre(Steps{{0, 0}, {0, 1}}, Steps{{0, 2}, {1, 0}}, Steps{{1, 1}, {1, 2}}));
  EXPECT_THAT(epochs_of({2, 3, 0, false}, 2),
              ElementsAre(Steps{{0, 0}, {0, 1}, {1, 0}}, Steps{{1, 1}, {2, 0}, {2, 1}}));
}

TEST(EpochSteps, BeginAPassWithTheFirstEpoch) {
  const EpochSteps steps{5, 2, 3};
  EXPECT_EQ(steps.place(3, 0).batch, 0u);
  EXPECT_EQ(steps.place(5, 0).batch, 4u);
  EXPECT_EQ(steps.steps(5), 1u);
  EXPECT_EQ(steps.place(6, 0).pass, steps.place(3, 0).pass + 1);
}

// 20 points in batches of 8, 8 and 4; the weights stay as they are, so that the loss of a sample is what it
// is.
class StepsTest : public FitTesting {
 protected:
  StepsTest() {
    write_points(20);
    spec.semantics = Semantics::keras3;
    spec.learning_rate = 0;
    spec.dropout = 0;
    spec.shuffle = false;
    spec.epochs = 2;
  }
  std::vector<double> losses(const Run &result) {
    EXPECT_EQ(result.error, "");
    for (const auto &[name, values] : result.fit->history().series)
      if (name == "loss") return {values.begin(), values.end()};
    return {};
  }
  // The mean over the first batches of a pass.
  double mean_of_first(uint64_t steps) {
    FakeTrainerSpec whole = spec;
    whole.epochs = 1;
    whole.steps_per_epoch = steps;
    return losses(run(whole, {}))[0];
  }
  FakeTrainerSpec spec;
};

TEST_F(StepsTest, EpochLossIsTheMeanOfWhatWasTrained) {
  const double of_two = mean_of_first(2), of_all = mean_of_first(3);
  spec.steps_per_epoch = 2;
  spec.verbose = 2;
  const Run result = run(spec, {});
  const std::vector<double> epochs = losses(result);
  EXPECT_EQ(result.fit->progress().step, 3u) << "two steps and the rest of the pass";
  EXPECT_FLOAT_EQ(epochs[0], of_two);
  EXPECT_NEAR(epochs[1], (20 * of_all - 16 * of_two) / 4, 1e-5);
  EXPECT_THAT(out_, StartsWith("Epoch 1/2\n2/2 - 0s - "));
  EXPECT_THAT(out_, HasSubstr("\nEpoch 2/2\n2/2 - 0s - "))
      << "Keras draws the whole bar at the end of an epoch";
}

TEST_F(StepsTest, MoreStepsThanTheDataHave) {
  const double of_all = mean_of_first(3);
  spec.steps_per_epoch = 7;
  spec.verbose = 1;
  testing::internal::CaptureStderr();
  const Run result = run(spec, {});
  console_.reset();
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_EQ(result.fit->progress().step, 6u);
  EXPECT_EQ(losses(result), (std::vector<double>{of_all, of_all}));
  EXPECT_THAT(out_, HasSubstr("Epoch 1/2\n7/7 ━━━━━━━━━━━━━━━━━━━━ "));
  EXPECT_EQ(warning,
            "trainer: warning: Your input ran out of data; interrupting training. Make sure that your "
            "dataset or generator can "
            "generate at least `steps_per_epoch * epochs` batches.\n");
}

TEST_F(StepsTest, ShortEpochsResumeBitIdentically) {
  spec.learning_rate = 0.5f;
  spec.dropout = 0.25f;
  spec.shuffle = true;
  spec.steps_per_epoch = 2;
  spec.epochs = 6;
  const Run whole = run(spec, {});
  for (uint32_t epochs = 1; epochs < 6; ++epochs) {
    FitOptions first;
    first.checkpoint = path("c.sinter");
    first.epochs = epochs;
    run(spec, first);
    FitOptions rest = first;
    rest.epochs = 6;
    rest.resume = true;
    EXPECT_EQ(run(spec, rest).state, whole.state) << epochs;
  }
}

}  // namespace
}  // namespace sinter::runtime

// What tests of the training loop share: data for fake trainers, and runs in this process.
#pragma once

#include <cmath>
#include <memory>

#include "fake_trainers.h"
#include "fixtures.h"
#include "runtime/training/fit.h"
#include "support/philox.h"

namespace sinter::runtime {

class FitTesting : public FolderTest {
 protected:
  // `count` points of 4 numbers in 3 separable classes as data/set.npz; x_test, y_test are the same.
  void write_points(int count, uint64_t seed = 5) {
    std::vector<float> x, y;
    for (int i = 0; i < count; ++i) {
      const int label = i % 3;
      for (int e = 0; e < 4; ++e)
        x.push_back(random_uniform(random_bits(seed, RandomDomain::augmentation, 0, 0,
                                               static_cast<uint64_t>(4 * i + e))) +
                    (e == label ? 1.0f : 0.0f));
      y.push_back(static_cast<float>(label));
    }
    const std::string xs = npy_floats({count, 4}, x), ys = npy_floats({count}, y);
    write("data/set.npz",
          zip({{"x_train.npy", xs}, {"y_train.npy", ys}, {"x_test.npy", xs}, {"y_test.npy", ys}}));
  }

  // A run of a fresh trainer. What it prints is kept in out_; errors in error_.
  struct Run {
    std::unique_ptr<Fit> fit;
    std::string state;  // bytes of the training state at the end
    std::string error;
  };
  Run run(const FakeTrainerSpec &spec, const FitOptions &options, double validation = 0) {
    Run result;
    trainer_ = std::make_unique<Trainer>(fake_trainer(spec));
    console_ = std::make_unique<Console>("trainer");
    DataLoader loader(*trainer_, path("data"));
    Result<std::optional<SampleSet>> train = SampleSet::load(*trainer_, loader, "train");
    EXPECT_TRUE(train) << train.error().message;
    std::optional<SampleSet> rest;
    if (validation > 0)
      rest =
          (*train)->split_at(static_cast<int64_t>(static_cast<double>((*train)->count()) * (1 - validation)));
    testing::internal::CaptureStdout();
    Result<std::unique_ptr<Fit>> fit =
        Fit::create(*trainer_, std::move(**train), std::move(rest), options, *console_);
    if (fit) {
      if (Status status = (*fit)->run(); !status) result.error = status.error().message;
      result.state.assign(static_cast<const char *>((*fit)->state().data()), trainer_->state_bytes());
      result.fit = std::move(*fit);
    } else {
      result.error = fit.error().message;
    }
    console_->flush();
    out_ = testing::internal::GetCapturedStdout();
    return result;
  }

  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Console> console_;
  std::string out_;
};

}  // namespace sinter::runtime

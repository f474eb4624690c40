// The training loop in this process: it learns, repeats itself, resumes at any step, allocates nothing.
#include <gmock/gmock.h>

#include "fit_testing.h"
#include "runtime/training/plot.h"
#include "runtime/training/weight_files.h"
#include "tests/formats/allocations.h"

namespace sinter::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using FitTest = FitTesting;

double last_of(const Fit &fit, const std::string &name) {
  for (const auto &[series, values] : fit.history().series)
    if (series == name) return values.back();
  return NAN;
}

TEST_F(FitTest, LearnsAndRemembers) {
  write_points(90);
  FakeTrainerSpec spec;
  spec.epochs = 30;
  const Run result = run(spec, {}, 0.2);
  ASSERT_EQ(result.error, "");
  EXPECT_EQ(result.fit->history().epochs.size(), 30u);
  EXPECT_GT(last_of(*result.fit, "val_acc"), 0.9);
  EXPECT_LT(last_of(*result.fit, "loss"), 0.6);
  EXPECT_EQ(result.fit->progress().step, 30u * 9) << "72 samples in batches of 8";
}

TEST_F(FitTest, SameSeedSameBytes) {
  write_points(50);
  const FakeTrainerSpec spec;
  FitOptions options;
  const std::string first = run(spec, options).state;
  EXPECT_EQ(run(spec, options).state, first);
  options.prefetch = false;
  EXPECT_EQ(run(spec, options).state, first) << "with and without prefetch";
  options.nan_check = true;
  EXPECT_EQ(run(spec, options).state, first) << "kernel by kernel";
  options.seed = 1;
  EXPECT_NE(run(spec, options).state, first);
}

// Whatever the step, stopping there and going on gives the bytes, the history and the lines of a run that
// never stopped.
TEST_F(FitTest, ResumesBitIdenticallyAtEveryStep) {
  write_points(44);  // 35 for training: batches of 8, 8, 8, 8, 3
  for (const Semantics semantics : {Semantics::keras2, Semantics::keras3}) {
    FakeTrainerSpec spec;
    spec.semantics = semantics;
    spec.verbose = 2;
    spec.callbacks = {
        {"EarlyStopping", {{"monitor", "val_loss"}, {"patience", 2.0}, {"restore_best_weights", 1.0}}},
        {"ReduceLROnPlateau", {{"patience", 1.0}, {"factor", 0.5}}},
        {"ModelCheckpoint", {{"filepath", path("best.npz")}, {"save_best_only", 1.0}}}};
    FitOptions options;
    options.epochs = 4;
    const Run whole = run(spec, options, 0.2);
    ASSERT_EQ(whole.error, "");
    const std::string whole_out = out_;
    const uint64_t steps = whole.fit->progress().step;
    ASSERT_EQ(steps, 20u);
    for (uint64_t every = 1; every < steps; ++every) {
      // The last checkpoint before the "crash" is of step `every`, or of an epoch's end after it: train up to
      // there.
      FitOptions first = options;
      first.checkpoint = path("c.sinter");
      first.checkpoint_every = every;
      first.epochs = static_cast<uint32_t>(every / 5 + 1);
      FakeTrainerSpec crashing = spec;
      crashing.nan_at_step = static_cast<int64_t>(every);  // --nan-check ends the run in the step after
      first.nan_check = true;
      const Run begun = run(crashing, first, 0.2);
      EXPECT_THAT(begun.error, HasSubstr("nan in tensor 'probabilities' of layer 'dense_1' at element 1"));
      FitOptions rest = options;
      rest.checkpoint = path("c.sinter");
      rest.resume = true;
      const Run resumed = run(spec, rest, 0.2);
      ASSERT_EQ(resumed.error, "") << every;
      ASSERT_EQ(resumed.state, whole.state) << "resumed after step " << every;
      ASSERT_EQ(resumed.fit->history().series, whole.fit->history().series) << every;
      if (semantics == Semantics::keras3) continue;  // its lines say how long a step took
      const size_t tail = out_.rfind("Epoch 4/4"), whole_tail = whole_out.rfind("Epoch 4/4");
      ASSERT_EQ(out_.substr(tail), whole_out.substr(whole_tail)) << every;
    }
  }
}

TEST_F(FitTest, OtherSettingsAreRefusedUnlessOverridden) {
  write_points(40);
  const FakeTrainerSpec spec;
  FitOptions options;
  options.checkpoint = path("c.sinter");
  options.seed = 3;
  ASSERT_EQ(run(spec, options).error, "");
  FitOptions resume;
  resume.checkpoint = options.checkpoint;
  resume.resume = true;
  resume.epochs = 4;
  EXPECT_EQ(run(spec, resume).error, "") << "what is not given is taken from the checkpoint";
  FakeTrainerSpec smaller = spec;
  smaller.max_batch = 4;
  EXPECT_EQ(run(smaller, resume).error, "training began with batches of 8, this program takes up to 4");
  const auto error_with = [&](auto change) {
    FitOptions changed = resume;
    change(changed);
    return run(spec, changed).error;
  };
  EXPECT_EQ(error_with([](FitOptions &o) { o.seed = 4; }), "training began with --seed 3, not 4");
  EXPECT_EQ(error_with([](FitOptions &o) { o.batch = 4; }), "training began with --batch 8, not 4");
  EXPECT_EQ(error_with([](FitOptions &o) { o.learning_rate = 0.25f; }),
            "training began with --lr 0.5, not 0.25");
  EXPECT_EQ(error_with([](FitOptions &o) { o.batch = 4, o.override_checkpoint = true, o.epochs = 5; }), "");
  FakeTrainerSpec other = spec;
  other.fingerprint = 78;
  EXPECT_THAT(run(other, resume).error, HasSubstr("of another model"));
  write_points(41);
  EXPECT_THAT(run(spec, resume).error, HasSubstr("40 samples, the data set has 41"));
  write_points(40, 6);
  EXPECT_THAT(run(spec, resume).error, HasSubstr("the training data have changed"));
  FitOptions lonely;
  lonely.resume = true;
  EXPECT_THAT(run(spec, lonely).error, HasSubstr("--resume needs --checkpoint"));
}

// As many allocations for 3 epochs as for 40: between start-up and end there are none.
TEST_F(FitTest, AllocatesNothingInTheLoop) {
  if (!can_count_allocations()) GTEST_SKIP() << "a sanitizer owns the allocator";
  write_points(200);
  for (const Semantics semantics : {Semantics::keras2, Semantics::keras3}) {
    FakeTrainerSpec spec;
    spec.semantics = semantics;
    uint64_t counts[2];
    for (const bool longer : {false, true}) {
      FitOptions options;
      options.epochs = 40;
      trainer_ = std::make_unique<Trainer>(fake_trainer(spec));
      Console console("trainer");
      DataLoader loader(*trainer_, path("data"));
      auto train = SampleSet::load(*trainer_, loader, "train");
      SampleSet rest = (*train)->split_at(150);
      testing::internal::CaptureStdout();
      auto fit = Fit::create(*trainer_, std::move(**train), std::move(rest), options, console);
      ASSERT_TRUE(fit);
      // Two runs of the same Fit would not be the same; so the first one ends early by its plan.
      (*fit)->set_epochs(longer ? 40 : 3);
      const uint64_t before = allocations();
      EXPECT_TRUE((*fit)->run());
      counts[longer] = allocations() - before;
      testing::internal::GetCapturedStdout();
    }
    EXPECT_EQ(counts[0], counts[1]);
  }
}

TEST_F(FitTest, StepsPerEpochGoOnThroughTheData) {
  write_points(20);
  FakeTrainerSpec spec;
  spec.steps_per_epoch = 2;  // of 3 batches a pass
  spec.counts_steps = true;
  spec.verbose = 1;
  const Run result = run(spec, {});
  ASSERT_EQ(result.error, "");
  EXPECT_EQ(result.fit->progress().step, 6u);
  EXPECT_THAT(out_, HasSubstr("Epoch 1/3\n2/2 [==============================] - 0s - loss: "));
}

TEST_F(FitTest, NanCheckNamesStepLayerAndTensor) {
  write_points(40);
  FakeTrainerSpec spec;
  spec.nan_at_step = 7;
  FitOptions options;
  options.nan_check = true;
  EXPECT_EQ(run(spec, options).error,
            "step 7 (epoch 1, batch 2): nan in tensor 'probabilities' of layer 'dense_1' at element 1");
  options.nan_check = false;
  EXPECT_EQ(run(spec, options).error, "") << "Keras trains on";
  spec.callbacks = {{"TerminateOnNaN"}};
  const Run stopped = run(spec, options);
  EXPECT_EQ(stopped.error, "");
  EXPECT_THAT(out_, HasSubstr("Batch 2: Invalid loss, terminating training\n"));
  EXPECT_EQ(stopped.fit->progress().step, 8u);
}

TEST_F(FitTest, SavesWeightsInEachFormat) {
  write_points(40);
  const FakeTrainerSpec spec;
  for (const char *name : {"w.npz", "w.h5", "w.keras", "w.sinter"}) {
    FitOptions options;
    options.save_weights = path(name);
    const Run result = run(spec, options);
    ASSERT_EQ(result.error, "") << name;
    ASSERT_EQ(path_kind(path(name)), PathKind::file) << name;
    if (std::string(name) == "w.h5" || std::string(name) == "w.keras") continue;  // h5_test reads such files
    TrainingState state = std::move(*TrainingState::create(*trainer_));
    state.initialize(9);
    const Status status = load_weights(*trainer_, state, path(name));
    ASSERT_TRUE(status) << status.error().message;
    const VariableInfo &kernel = *trainer_->find_variable("dense_1/kernel");
    std::vector<float> loaded(12), trained(12);
    state.read(kernel, loaded.data());
    result.fit->state().read(kernel, trained.data());
    EXPECT_EQ(loaded, trained) << name;
  }
}

TEST_F(FitTest, BlockedLayoutsAndCanonicalOnes) {
  write_points(40);
  const Run result = run(FakeTrainerSpec{}, {});
  const VariableInfo &kernel = *trainer_->find_variable("dense_1/kernel");
  std::vector<float> values(12), marked(12);
  TrainingState &state = result.fit->state();
  for (size_t i = 0; i < 12; ++i) marked[i] = static_cast<float>(i);
  state.write(kernel, marked.data());
  state.read(kernel, values.data());
  EXPECT_EQ(values, marked);
  const auto *storage = static_cast<const float *>(state.data());
  EXPECT_THAT(std::vector<float>(storage, storage + 8), ElementsAre(0, 1, 2, 0, 3, 4, 5, 0))
      << "[1][4][4], padded";
  EXPECT_EQ(state.first_non_finite(kernel), -1);
  marked[5] = INFINITY;
  state.write(kernel, marked.data());
  EXPECT_EQ(state.first_non_finite(kernel), 5);
}

TEST_F(FitTest, BestWeightsAreSavedWhereTheScriptKeepsThem) {
  write_points(40);
  FakeTrainerSpec spec;
  spec.learning_rate = 30;  // it gets worse after a while
  spec.epochs = 6;
  spec.callbacks = {{"ModelCheckpoint", {{"filepath", path("best.npz")}, {"save_best_only", 1.0}}}};
  FitOptions options;
  options.save_weights = path("w.npz");
  const Run result = run(spec, options, 0.3);
  ASSERT_EQ(result.error, "");
  EXPECT_EQ(read_file(path("w.npz")), read_file(path("best.npz")));
}

TEST_F(FitTest, WritesLogsAndCurves) {
  write_points(40);
  FitOptions options;
  options.log = path("log.csv");
  options.plot = path("curves.svg");
  options.tensorboard = path("tb");
  ASSERT_EQ(run(FakeTrainerSpec{}, options, 0.25).error, "");
  EXPECT_THAT(read_file(path("log.csv")), testing::StartsWith("epoch,acc,loss,val_acc,val_loss\r\n0,"));
  EXPECT_THAT(read_file(path("curves.svg")), HasSubstr(">val_loss</text>"));
  EXPECT_THAT(entries(), ElementsAre("curves.svg", "data", "log.csv", "tb"));
}

// The numbers behind each `attribute="` of an SVG.
std::vector<double> numbers_of(const std::string &svg, const std::string &attribute) {
  std::vector<double> numbers;
  const std::string key = " " + attribute + "=\"";
  for (size_t at = svg.find(key); at != std::string::npos; at = svg.find(key, at + 1))
    numbers.push_back(std::strtod(svg.c_str() + at + key.size(), nullptr));
  return numbers;
}

TEST_F(FitTest, TheLegendOfCurvesLiesOffTheLines) {
  History history;
  for (const char *name : {"loss", "val_loss", "a_loss", "val_a_loss", "acc", "val_acc"})
    history.series.emplace_back(name, std::vector<double>{0, 1, 0.5});
  history.epochs = {0, 1, 2};
  ASSERT_TRUE(write_plot(path("curves.svg"), history));
  const std::string svg = read_file(path("curves.svg"));
  // No curve leaves the panel, which ends at y = 350; every name stands below it and its epochs, within the
  // picture, and no two on one line of a panel.
  double lowest = 0;
  for (size_t at = svg.find("points=\""); at != std::string::npos; at = svg.find("points=\"", at + 1)) {
    const char *text = svg.c_str() + at + 8;
    double x = 0, y = 0;
    for (int used = 0; std::sscanf(text, "%lf,%lf %n", &x, &y, &used) == 2; text += used) {
      EXPECT_GE(y, 50);
      lowest = std::max(lowest, y);
    }
  }
  EXPECT_EQ(lowest, 350);
  const double height = numbers_of(svg, "height")[0];
  std::set<std::pair<double, double>> places;
  for (const auto &[name, values] : history.series) {
    const size_t at = svg.rfind("<text", svg.find(">" + name + "</text>"));
    ASSERT_NE(at, std::string::npos) << name;
    const std::string label = svg.substr(at, svg.find('>', at) - at);
    const double x = numbers_of(label, "x")[0], y = numbers_of(label, "y")[0], letters = 12;
    EXPECT_GT(y - letters, lowest + 16) << name;
    EXPECT_LT(y, height) << name;
    EXPECT_TRUE(places.emplace(x, y).second) << name;
  }
}

}  // namespace
}  // namespace sinter::runtime

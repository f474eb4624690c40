// Callbacks of Keras 2 and 3, fed with the numbers of epochs.
#include <gmock/gmock.h>

#include <cmath>

#include "fake_trainers.h"
#include "fixtures.h"
#include "runtime/training/callbacks.h"

namespace sinter::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CallbacksTest : public FolderTest {
 protected:
  // Runs the callback over epochs with these values of val_loss; returns how many there were until it stopped
  // training.
  int64_t run(Semantics semantics, const FakeCallback &callback, const std::vector<double> &values,
              const char *name = "val_loss") {
    spec_.semantics = semantics;
    spec_.callbacks = {callback};
    trainer_ = fake_trainer(spec_);
    Console console("trainer");
    context_ = CallbackContext{};
    context_.console = &console;
    context_.trainer = &trainer_;
    state_ = std::move(*TrainingState::create(trainer_));
    state_->initialize(0);
    context_.state = &*state_;
    context_.learning_rate = 0.5f;
    saved_.clear();
    context_.save = [&](const std::string &path, bool) { return saved_.push_back(path), Status(); };
    const size_t entry = context_.logs.add(name);
    Result<std::vector<std::unique_ptr<Callback>>> callbacks = make_callbacks(trainer_, console);
    EXPECT_TRUE(callbacks) << callbacks.error().message;
    if (!callbacks) return -1;
    Callback &one = *(*callbacks)[0];
    if (const auto role = one.kept_weights())
      context_.kept(*role).copies = std::move(*VariableCopies::create(
          trainer_, [](const VariableInfo &variable) { return variable.is_parameter(); }));
    if (one.logs_learning_rate()) context_.learning_rate_entry = context_.logs.add("lr");
    testing::internal::CaptureStdout();
    EXPECT_TRUE(one.begin_training(context_, false));
    rates_.clear();
    int64_t epoch = 0;
    for (; epoch < static_cast<int64_t>(values.size()) && !context_.stop; ++epoch) {
      context_.logs.clear();
      EXPECT_TRUE(one.begin_epoch(context_, epoch));
      context_.logs.set(entry, values[static_cast<size_t>(epoch)]);
      EXPECT_TRUE(one.end_epoch(context_, epoch));
      rates_.push_back(context_.learning_rate);
    }
    EXPECT_TRUE(one.end_training(context_));
    console.flush();
    out_ = testing::internal::GetCapturedStdout();
    return epoch;
  }

  FakeTrainerSpec spec_;
  Trainer trainer_;
  std::optional<TrainingState> state_;
  CallbackContext context_;
  std::vector<std::string> saved_;
  std::vector<float> rates_;
  std::string out_;
};

constexpr auto k2 = Semantics::keras2, k3 = Semantics::keras3;

TEST_F(CallbacksTest, EarlyStoppingCountsPatienceAsEachKerasDoes) {
  const std::vector<double> values(20, 1.0);  // the best one is at epoch 0
  const double patiences[] = {0, 1, 2, 3, 5, 10};
  const int64_t keras2[] = {1, 2, 3, 4, 6, 11}, keras3[] = {1, 1, 2, 3, 5, 10};
  for (size_t i = 0; i < 6; ++i) {
    const FakeCallback callback{"EarlyStopping", {{"patience", patiences[i]}, {"verbose", 1.0}}};
    EXPECT_EQ(run(k2, callback, values) - 1, keras2[i]) << "the epoch that stops";
    EXPECT_EQ(out_, "Epoch " + std::string(keras2[i] < 10 ? "0000" : "000") + std::to_string(keras2[i]) +
                        ": early stopping\n");
    EXPECT_EQ(run(k3, callback, values) - 1, keras3[i]);
    EXPECT_EQ(out_, "Epoch " + std::to_string(keras3[i] + 1) + ": early stopping\n");
  }
}

TEST_F(CallbacksTest, EarlyStoppingDirectionsAndDeltas) {
  const std::vector<double> rising{0.1, 0.2, 0.3, 0.4, 0.5};
  EXPECT_EQ(run(k2, {"EarlyStopping", {{"monitor", "val_acc"}}}, rising, "val_acc"), 5)
      << "'acc' should rise";
  EXPECT_EQ(run(k2, {"EarlyStopping", {}}, rising), 2) << "a loss should fall";
  EXPECT_EQ(run(k2, {"EarlyStopping", {{"mode", "max"}}}, rising), 5);
  EXPECT_EQ(run(k2, {"EarlyStopping", {{"mode", "max"}, {"min_delta", 0.15}}}, rising), 2);
  // Keras 3 goes on counting while the baseline is not reached, even where the best value improves.
  EXPECT_EQ(run(k3, {"EarlyStopping", {{"patience", 2.0}}}, {0.4, 0.5, 0.5, 0.5}), 3);
  EXPECT_EQ(run(k3, {"EarlyStopping", {{"baseline", 0.05}, {"patience", 2.0}}}, {0.4, 0.5, 0.5, 0.5}), 2);
}

TEST_F(CallbacksTest, EarlyStoppingRestoresWeights) {
  const FakeCallback callback{"EarlyStopping",
                              {{"patience", 1.0}, {"restore_best_weights", 1.0}, {"verbose", 1.0}}};
  run(k3, callback, {1.0, 2.0, 3.0});
  EXPECT_EQ(out_, "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n");
  EXPECT_TRUE(context_.restored.filled);
  EXPECT_TRUE(context_.has_restored);
  // Keras 3 restores them without a stop, too, Keras 2 where it stops.
  run(k3, callback, {1.0, 0.5});
  EXPECT_EQ(out_, "Restoring model weights from the end of the best epoch: 2.\n");
  EXPECT_TRUE(context_.has_restored);
  run(k2, callback, {1.0, 2.0, 3.0});
  EXPECT_EQ(out_, "Restoring model weights from the end of the best epoch\nEpoch 00002: early stopping\n");
  EXPECT_TRUE(context_.has_restored);
  run(k2, callback, {1.0, 2.0});
  EXPECT_EQ(out_, "");
  EXPECT_FALSE(context_.has_restored);
}

// Keras 2.2: the value to beat. Nothing is better than 0.05, so the first epoch counts as one without
// progress.
TEST_F(CallbacksTest, EarlyStoppingBaselineOfKeras2) {
  const FakeCallback callback{"EarlyStopping", {{"baseline", 0.05}, {"patience", 1.0}}};
  EXPECT_EQ(run(k2, callback, {0.4, 0.3, 0.2, 0.1}), 2);
  EXPECT_EQ(run(k2, callback, {0.04, 0.03, 0.02, 0.01}), 4);
}

TEST_F(CallbacksTest, ModelCheckpointKeras2) {
  const FakeCallback callback{
      "ModelCheckpoint",
      {{"filepath", "model.weights.best.hdf5"}, {"verbose", 1.0}, {"save_best_only", 1.0}}};
  run(k2, callback, {1.3582, 1.4, 1.2});
  EXPECT_EQ(
      out_,
      "Epoch 00000: val_loss improved from inf to 1.35820, saving model to model.weights.best.hdf5\n"
      "Epoch 00001: val_loss did not improve\n"
      "Epoch 00002: val_loss improved from 1.35820 to 1.20000, saving model to model.weights.best.hdf5\n");
  EXPECT_EQ(saved_.size(), 2u);
  run(k2,
      {"ModelCheckpoint", {{"filepath", "{epoch:02d}-{val_loss:.2f}.h5"}, {"period", 2.0}, {"verbose", 1.0}}},
      {3, 2, 1, 0.5});
  EXPECT_THAT(saved_, ElementsAre("01-2.00.h5", "03-0.50.h5"));
  EXPECT_THAT(out_, HasSubstr("Epoch 00003: saving model to 03-0.50.h5\n"));
}

TEST_F(CallbacksTest, ModelCheckpointKeras3) {
  run(k3, {"ModelCheckpoint", {{"filepath", "m.keras"}, {"verbose", 1.0}, {"save_best_only", 1.0}}},
      {1.5, 2.0});
  EXPECT_EQ(out_,
            "\nEpoch 1: val_loss improved from inf to 1.50000, saving model to m.keras\n"
            "\nEpoch 1: finished saving model to m.keras\n"
            "\nEpoch 2: val_loss did not improve from 1.50000\n");
  run(k3, {"ModelCheckpoint", {{"filepath", "{epoch:02d}.keras"}}}, {3, 2});
  EXPECT_THAT(saved_, ElementsAre("01.keras", "02.keras"));
  EXPECT_EQ(out_, "");
}

TEST_F(CallbacksTest, ModelCheckpointRefusesPathsBeforeTraining) {
  spec_.callbacks = {{"ModelCheckpoint", {{"filepath", "{val_acc:.2f}.h5"}}}};
  trainer_ = fake_trainer(spec_);
  Console console("trainer");
  context_.logs.add("val_loss");
  auto callbacks = make_callbacks(trainer_, console);
  const Status status = (*callbacks)[0]->begin_training(context_, false);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("'val_acc' is not logged"));
}

// save_freq counts batches over epochs, and looks at the batch's numbers; period counts epochs.
TEST_F(CallbacksTest, ModelCheckpointByBatches) {
  run(k3,
      {"ModelCheckpoint",
       {{"filepath", "{epoch}-{batch}-{loss:.2f}.keras"},
        {"save_freq", 3.0},
        {"save_best_only", 1.0},
        {"monitor", "loss"}}},
      {1}, "loss");
  auto callbacks = make_callbacks(trainer_, *context_.console);
  saved_.clear();
  const double losses[] = {0.9, 0.8, 0.7, 0.9, 0.5, 0.6};
  for (int64_t step = 0; step < 12; ++step) {
    context_.logs.set(0, losses[step % 6]);
    EXPECT_TRUE((*callbacks)[0]->end_batch(context_, step / 4, step % 4, losses[step % 6]));
  }
  EXPECT_THAT(saved_, ElementsAre("1-3-0.70.keras", "2-2-0.60.keras"))
      << "0.7 and 0.6 of the next pass are no better";
  run(k3, {"ModelCheckpoint", {{"filepath", "{epoch}.keras"}, {"period", 2.0}}}, {3, 2, 1});
  EXPECT_THAT(saved_, ElementsAre("2.keras"));
  spec_.callbacks = {{"ModelCheckpoint", {{"filepath", "{val_loss:.2f}.keras"}, {"save_freq", 3.0}}}};
  trainer_ = fake_trainer(spec_);
  callbacks = make_callbacks(trainer_, *context_.console);
  EXPECT_FALSE((*callbacks)[0]->begin_training(context_, false));
}

TEST_F(CallbacksTest, ReduceLearningRateOnPlateau) {
  const FakeCallback callback{"ReduceLROnPlateau",
                              {{"patience", 2.0}, {"factor", 0.5}, {"verbose", 1.0}, {"min_lr", 0.1}}};
  run(k2, callback, {1, 1, 1, 1, 1, 1, 1, 1, 1});
  EXPECT_THAT(rates_, ElementsAre(0.5f, 0.5f, 0.5f, 0.25f, 0.25f, 0.125f, 0.125f, 0.1f, 0.1f));
  EXPECT_THAT(out_, HasSubstr("\nEpoch 00003: reducing learning rate to 0.25.\n"));
  run(k3, callback, {1, 1, 1, 1, 1, 1, 1, 1, 1});
  EXPECT_THAT(rates_, ElementsAre(0.5f, 0.5f, 0.25f, 0.25f, 0.125f, 0.125f, 0.1f, 0.1f, 0.1f));
  EXPECT_THAT(out_, HasSubstr("\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.25.\n"));
  EXPECT_EQ(context_.logs.find("lr")->value, double{0.1f});
}

TEST_F(CallbacksTest, LearningRateTable) {
  const FakeCallback callback{"LearningRateScheduler",
                              {{"learning_rates", std::vector<double>{0.1, 0.01}}, {"verbose", 1.0}}};
  run(k3, callback, {1, 1});
  EXPECT_THAT(rates_, ElementsAre(0.1f, 0.01f));
  EXPECT_EQ(out_,
            "\nEpoch 1: LearningRateScheduler setting learning rate to 0.1.\n"
            "\nEpoch 2: LearningRateScheduler setting learning rate to 0.01.\n");
}

TEST_F(CallbacksTest, LearningRateTableIsNeverLeft) {
  run(k3, {"LearningRateScheduler", {{"learning_rates", std::vector<double>{0.1, 0.01}}}}, {1});
  auto callbacks = make_callbacks(trainer_, *context_.console);
  context_.epochs = 2;
  EXPECT_TRUE((*callbacks)[0]->begin_training(context_, false));
  context_.epochs = 3;
  const Status beyond = (*callbacks)[0]->begin_training(context_, false);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().message, "3 epochs: the script's LearningRateScheduler was compiled for 2");
  context_.epochs = 2;
  context_.learning_rate_given = true;
  EXPECT_FALSE((*callbacks)[0]->begin_training(context_, false));
}

TEST_F(CallbacksTest, CsvLogger) {
  const std::string file = path("log.csv");
  run(k2, {"CSVLogger", {{"filename", file}}}, {0.5, 0.25});
  EXPECT_EQ(read_file(file), "epoch,val_loss\r\n0,0.5\r\n1,0.25\r\n");
  run(k2, {"CSVLogger", {{"filename", file}, {"append", 1.0}, {"separator", ";"}}}, {0.125});
  EXPECT_EQ(read_file(file), "epoch,val_loss\r\n0,0.5\r\n1,0.25\r\n0;0.125\r\n");
}

TEST_F(CallbacksTest, TensorBoardEvents) {
  run(k2, {"TensorBoard", {{"log_dir", path("logs/run")}}}, {0.5});
  ASSERT_THAT(entries(), ElementsAre("logs"));
  const std::string command = "cat " + path("logs/run") + "/events.out.tfevents.* > " + path("events");
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string events = read_file(path("events"));
  // length 24, masked CRC-32C of those 8 bytes as TensorFlow writes it for every such file
  EXPECT_EQ(events.substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
  EXPECT_THAT(events, HasSubstr("brain.Event:2"));
  EXPECT_THAT(events, HasSubstr(std::string("\x0a\x08val_loss\x15\0\0\0\x3f", 15)));
}

TEST_F(CallbacksTest, TerminateOnNanStopsAtTheBatch) {
  run(k2, {"TerminateOnNaN", {}}, {1.0});
  auto callback = make_terminate_on_nan();
  Console console("trainer");
  context_.console = &console;
  testing::internal::CaptureStdout();
  EXPECT_TRUE(callback->end_batch(context_, 0, 4, 1.5));
  EXPECT_FALSE(context_.stop);
  EXPECT_TRUE(callback->end_batch(context_, 0, 5, NAN));
  console.flush();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "Batch 5: Invalid loss, terminating training\n");
  EXPECT_TRUE(context_.stop);
}

TEST_F(CallbacksTest, Keras3CannotGuessDirections) {
  spec_.semantics = k3;
  spec_.callbacks = {{"EarlyStopping", {{"monitor", "val_strange"}}}};
  trainer_ = fake_trainer(spec_);
  Console console("trainer");
  auto callbacks = make_callbacks(trainer_, console);
  ASSERT_FALSE(callbacks);
  EXPECT_THAT(callbacks.error().hint, HasSubstr("mode='min'"));
}

}  // namespace
}  // namespace sinter::runtime

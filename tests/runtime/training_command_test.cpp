// The command line of a trainer, run as a process: log lines, signals, kills, data from the system.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "fit_testing.h"
#include "trainer_process.h"

namespace sinter::runtime {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;

class TrainerTest : public FitTesting {
 protected:
  Answer run(const std::vector<std::string> &arguments, const std::string &program = "points") {
    return run_trainer_process(program, arguments, path("."));
  }
};

TEST_F(TrainerTest, TrainIsTheDefault) {
  write_points(40);
  const Answer answer = run({"--data", "data"});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(answer.err, "");
  EXPECT_THAT(
      answer.out,
      MatchesRegex("Epoch 1/3\n40/40 \\[={30}\\] - 0s - loss: [0-9]\\.[0-9]{4} - acc: 0\\.[0-9]{4}\nEpoch "
                   "2/3\n40/40 .*\nEpoch 3/3\n40/40 .*\n"));
  EXPECT_EQ(run({"train", "--data", "data"}).out, answer.out) << "the same seed, the same numbers";
  EXPECT_EQ(run({"train", "--data", "data", "--verbose", "0"}).out, "");
  EXPECT_THAT(run({"--data", "data", "--verbose=2", "--epochs=1"}).out,
              MatchesRegex("Epoch 1/1\n0s - loss: [0-9.]+ - acc: [0-9.]+\n"));
}

TEST_F(TrainerTest, Keras3Lines) {
  write_points(40);
  const Answer answer = run({"--data", "data", "--epochs", "2"}, "keras3");
  EXPECT_THAT(answer.out, HasSubstr("Epoch 1/2\n5/5 ━━━━━━━━━━━━━━━━━━━━ 0s "));
  EXPECT_THAT(answer.out, HasSubstr("/step - accuracy: 0."));
  EXPECT_THAT(run({"--data", "data", "--epochs", "1"}, "keras3").out, testing::StartsWith("5/5 "))
      << "Keras 3 announces only several epochs";
}

TEST_F(TrainerTest, TrainsOnTheDataSetOfTheSystem) {
  if (path_kind("/usr/share/datasets/fashion-mnist") == PathKind::missing)
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  const Answer answer = run({"train", "--epochs", "1", "--save-weights", "last.h5"}, "lesson");
  ASSERT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_THAT(answer.out, testing::StartsWith("Train on 48000 samples, validate on 12000 samples\nEpoch 1/1\n"
                                              "Epoch 00000: val_loss improved from inf to 0."));
  EXPECT_THAT(answer.out,
              HasSubstr(", saving model to best.hdf5\n48000/48000 [==============================] - "));
  EXPECT_THAT(entries(), testing::IsSupersetOf({"best.hdf5", "last.h5"}));
}

TEST_F(TrainerTest, EvaluatePredictBenchInfo) {
  write_points(60);
  ASSERT_EQ(run({"--data", "data", "--epochs", "30", "--lr", "0.1", "--checkpoint", "c.sinter"}).exit_code,
            0);
  const Answer evaluated = run({"evaluate", "--data", "data", "--checkpoint", "c.sinter", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const json scores = json::parse(evaluated.out);
  EXPECT_EQ(scores["samples"], 60);
  EXPECT_GT(scores["acc"], 0.9);
  EXPECT_THAT(run({"evaluate", "--data", "data", "--weights", "c.sinter"}).out,
              MatchesRegex("loss: [0-9.]+  acc: [0-9.]+  samples: 60\n"));
  write("x.npy", npy_floats({4}, {0.2f, 1.5f, 0.3f, 0.4f}));
  EXPECT_THAT(run({"predict", "x.npy", "--weights", "c.sinter", "--top", "1"}).out,
              testing::StartsWith("x.npy\n  1  0."));
  EXPECT_THAT(run({"predict", "x.npy"}).err, HasSubstr("--checkpoint FILE or --weights FILE is needed"));
  const Answer bench = run({"bench", "--json", "--repeat", "5", "--per-kernel"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err;
  const json times = json::parse(bench.out);
  EXPECT_GT(times["images_per_s"], 0);
  EXPECT_EQ(times["kernels"][0]["name"], "forward");
  EXPECT_EQ(json::parse(run({"info", "--json"}).out)["trainer"]["optimizer"], "SGD");
  EXPECT_THAT(run({"info"}).out, HasSubstr("optimizer       SGD, learning rate 0.5\n"));
}

TEST_F(TrainerTest, Usage) {
  write_points(20);
  EXPECT_THAT(run({"--help"}).out, HasSubstr("[train] --data DIR [options]"));
  EXPECT_THAT(run({"train", "--help"}).out, HasSubstr("--checkpoint-every STEPS"));
  EXPECT_EQ(run({"--version"}).out, "compiled by sinter 0.1.0\n");
  const auto error_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"train", "--data", "data"});
    const Answer answer = run(arguments);
    EXPECT_EQ(answer.exit_code, 2) << answer.err;
    EXPECT_EQ(answer.out, "");
    return answer.err;
  };
  EXPECT_THAT(error_of({"--batch", "17"}), HasSubstr("compiled for batches of up to 16"));
  EXPECT_THAT(error_of({"--lr", "-1"}), HasSubstr("--lr -1: expected a number above 0"));
  EXPECT_THAT(error_of({"--lr", "nan"}), HasSubstr("--lr nan"));
  EXPECT_THAT(error_of({"--seed", "x"}), HasSubstr("--seed x: expected a whole number"));
  EXPECT_THAT(error_of({"--verbose", "3"}), HasSubstr("--verbose 3: expected a whole number from 0 to 2"));
  EXPECT_THAT(error_of({"--device", "cuda"}), HasSubstr("compiled for the CPU"));
  EXPECT_THAT(error_of({"--resume"}), HasSubstr("--resume needs --checkpoint"));
  EXPECT_THAT(error_of({"--checkpoint-every", "5"}), HasSubstr("--checkpoint-every needs --checkpoint"));
  EXPECT_THAT(error_of({"extra"}), HasSubstr("takes no argument 'extra'"));
  EXPECT_EQ(run({"dance"}).exit_code, 2);
  EXPECT_EQ(run({"train"}).exit_code, 3) << "no data set anywhere";
  EXPECT_EQ(run({"--data", "missing"}).exit_code, 3);
  EXPECT_EQ(run({"--data", "data", "--checkpoint", "none.sinter", "--resume"}).exit_code, 3);
}

TEST_F(TrainerTest, SignalsFinishTheStepAndWriteTheCheckpoint) {
  write_points(40);
  for (const auto &[signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    unlink(path("c.sinter").c_str());
    TrainerProcess process("slow", {"--data", "data", "--checkpoint", "c.sinter"}, path("."));
    while (path_kind(path("c.sinter")) == PathKind::missing && process.is_running()) usleep(1000);
    process.signal(signal);
    const Answer answer = process.wait();
    EXPECT_EQ(answer.exit_code, code) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("--resume goes on from c.sinter"));
    Result<CheckpointFile> file = CheckpointFile::read(path("c.sinter"));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_GE(file->content().progress.step, 5u);
  }
}

TEST_F(TrainerTest, SignalsWithoutACheckpointWriteOneUnderAFreeName) {
  write_points(40);
  write("slow.interrupted.sinter", "precious");
  const auto interrupt = [&](int signal) {
    unlink(path("out").c_str());
    TrainerProcess process("slow", {"--data", "data", "--epochs", "1000"}, path("."));
    while (read_file(path("out")).find("Epoch 3/") == std::string::npos && process.is_running()) usleep(1000);
    process.signal(signal);
    return process.wait();
  };
  const Answer answer = interrupt(SIGINT);
  EXPECT_EQ(answer.exit_code, 130) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("--checkpoint slow.interrupted-2.sinter --resume goes on from there"));
  EXPECT_EQ(read_file(path("slow.interrupted.sinter")), "precious");
  Result<CheckpointFile> file = CheckpointFile::read(path("slow.interrupted-2.sinter"));
  ASSERT_TRUE(file) << file.error().message;
  const uint64_t step = file->content().progress.step;
  EXPECT_GE(step, 10u);
  EXPECT_THAT(answer.err, HasSubstr("stopped after step " + std::to_string(step) + ";"));
  const Answer resumed = run({"--data", "data", "--epochs", std::to_string(step / 5 + 2), "--verbose", "2",
                              "--checkpoint", "slow.interrupted-2.sinter", "--resume"},
                             "slow");
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  // A dangling link is a name that is taken, too.
  unlink(path("slow.interrupted.sinter").c_str());
  ASSERT_EQ(symlink("elsewhere", path("slow.interrupted.sinter").c_str()), 0);
  const Answer terminated = interrupt(SIGTERM);
  EXPECT_EQ(terminated.exit_code, 143) << terminated.err;
  EXPECT_THAT(terminated.err, HasSubstr("slow.interrupted-3.sinter"));
  EXPECT_EQ(path_kind(path("elsewhere")), PathKind::missing);
}

TEST_F(TrainerTest, SignalsWhereNothingCanBeWrittenSaySo) {
  write_points(40);
  ASSERT_EQ(mkdir(path("gone").c_str(), 0700), 0);
  TrainerProcess process("points", {"--data", "../data", "--epochs", "1000000"}, path("gone"));
  while (read_file(path("gone/out")).find("Epoch 2/") == std::string::npos && process.is_running())
    usleep(1000);
  ASSERT_EQ(link(path("gone/err").c_str(), path("said").c_str()), 0);
  for (const char *name : {"gone/out", "gone/err"}) ASSERT_EQ(unlink(path(name).c_str()), 0);
  ASSERT_EQ(rmdir(path("gone").c_str()), 0);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
  EXPECT_THAT(read_file(path("said")), HasSubstr("nothing was saved: points.interrupted.sinter: "));
}

TEST_F(TrainerTest, MistypedNamesGetASuggestion) {
  const Answer option = run({"train", "--epoch", "3"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_EQ(option.err,
            "points: error: unknown option --epoch\n  hint: did you mean '--epochs'? see points train "
            "--help\n");
  EXPECT_THAT(run({"train", "--photosynthesis"}).err, HasSubstr("the options here are --data, --epochs"));
}

// Each checkpoint that is written is another file under the same name. 0: there is none.
ino_t file_number(const std::string &path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// Kills while steps are done and checkpoints written, each time resumed; in the end the same weights as a run
// that was left alone.
TEST_F(TrainerTest, KillCampaign) {
  write_points(40);
  // SINTER_LONG_TESTS=1 for the whole campaign.
  const int kills = std::getenv("SINTER_LONG_TESTS") ? 300 : 12;
  const auto arguments = [&](const char *checkpoint, bool resume) {
    std::vector<std::string> list{
        "--data",       "data",     "--verbose",          "0", "--epochs",       "60",
        "--checkpoint", checkpoint, "--checkpoint-every", "1", "--save-weights", "w.npz"};
    if (resume) list.push_back("--resume");
    return list;
  };
  ASSERT_EQ(run(arguments("whole.sinter", false), "slow").exit_code, 0);
  const std::string whole = read_file(path("w.npz"));
  unlink(path("w.npz").c_str());
  std::mt19937 random(1);
  int killed = 0, within_an_epoch = 0;
  for (uint64_t before = 0; killed < kills;) {
    const ino_t old = file_number(path("c.sinter"));
    TrainerProcess process("slow", arguments("c.sinter", old != 0), path("."));
    while (file_number(path("c.sinter")) == old && process.is_running()) usleep(200);
    usleep(static_cast<useconds_t>(random() % 60'000));
    process.signal(SIGKILL);
    const Answer answer = process.wait();
    ASSERT_TRUE(answer.exit_code == 128 + SIGKILL || answer.exit_code == 0) << answer.err;
    Result<CheckpointFile> file = CheckpointFile::read(path("c.sinter"));
    ASSERT_TRUE(file) << "kill " << killed << ": " << file.error().message;
    const Progress progress = file->content().progress;
    ASSERT_GE(progress.step, before) << "a newer checkpoint was lost";
    before = progress.step;
    if (answer.exit_code == 0) {  // it came to its end: begin again
      EXPECT_EQ(before, 300u) << "60 epochs of 5 batches";
      EXPECT_EQ(read_file(path("w.npz")), whole);
      unlink(path("c.sinter").c_str());
      before = 0;
      continue;
    }
    ++killed;
    within_an_epoch += progress.batch_in_epoch > 0;
  }
  EXPECT_GE(within_an_epoch, kills / 2) << "4 of 5 checkpoints are of a step within an epoch";
  const Answer answer = run(arguments("c.sinter", file_number(path("c.sinter")) != 0), "slow");
  ASSERT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(read_file(path("w.npz")), whole);
}

}  // namespace
}  // namespace sinter::runtime

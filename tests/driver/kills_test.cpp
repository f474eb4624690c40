// SIGKILL while a trainer works, then --resume, until it is done: the same bytes as without.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "formats/checkpoint/checkpoint.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

// A binary that runs in a folder, silently.
class Process {
 public:
  Process(const std::filesystem::path &folder, std::vector<std::string> arguments) {
    std::vector<char *> pointers;
    for (std::string &argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    child_ = fork();
    if (child_ != 0) return;
    if (chdir(folder.c_str()) != 0) _exit(126);
    for (const int descriptor : {0, 1, 2}) dup2(open("/dev/null", O_RDWR), descriptor);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  ~Process() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  bool is_running() {
    if (child_ > 0 && waitpid(child_, &status_, WNOHANG) == child_) child_ = 0;
    return child_ > 0;
  }
  // The exit code; 128 + SIGKILL if the process was still there to be killed.
  int end() {
    if (child_ > 0) kill(child_, SIGKILL);
    if (child_ > 0) waitpid(child_, &status_, 0);
    child_ = 0;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  }

 private:
  pid_t child_ = -1;
  int status_ = 0;
};

// Each checkpoint that is written is another file under the same name. 0: there is none.
ino_t file_number(const std::string &path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// SINTER_KILLS says how often.
TEST(Training, SurvivesKills) {
  const char *given = std::getenv("SINTER_KILLS");
  const int kills = given ? std::atoi(given) : 12;
  const Scratch scratch;
  std::mt19937 random(1);
  std::vector<float> x(640 * 64), y(640);
  for (float &value : x) value = static_cast<float>(random()) * 0x1p-32f;
  for (float &value : y) value = static_cast<float>(random() % 10);
  write_npy(scratch / "x.npy", {640, 64}, x);
  write_npy(scratch / "y.npy", {640}, y);
  write_text(scratch / "model.py", R"(import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential
model = Sequential()
model.add(Dense(300, activation='relu', input_shape=(64,)))
model.add(Dropout(0.25))
model.add(Dense(10, activation='softmax'))
model.compile(loss='sparse_categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(np.load('x.npy'), np.load('y.npy'), batch_size=32, epochs=6, validation_split=0.2)
)");
  constexpr uint64_t steps = 16 * 6;  // 512 samples in batches of 32
  const std::string trainer = scratch / "trainer", checkpoint = scratch / "c.sinter";
  ASSERT_EQ(run("sinter compile --train " + (scratch / "model.py") + " -o " + trainer).exit_code, 0);
  ASSERT_EQ(run("cd " + scratch.path().string() + " && ./trainer --checkpoint whole.sinter").exit_code, 0);
  const std::string whole = read_text(scratch / "whole.sinter");
  const auto arguments = [&](bool resumes) {
    std::vector<std::string> list{trainer, "--checkpoint", checkpoint, "--checkpoint-every", "1"};
    if (resumes) list.push_back("--resume");
    return list;
  };

  int killed = 0, within_an_epoch = 0, completed = 0;
  uint64_t before = 0;  // steps in the checkpoint
  while (killed < kills) {
    const ino_t old = file_number(checkpoint);
    Process process(scratch.path(), arguments(old != 0));
    // It works once it has written a checkpoint of its own.
    while (file_number(checkpoint) == old && process.is_running()) usleep(200);
    usleep(static_cast<useconds_t>(random() % 40'000));
    const int code = process.end();
    ASSERT_TRUE(code == 0 || code == 128 + SIGKILL) << code;
    ASSERT_NE(file_number(checkpoint), 0u) << "a checkpoint that was there is gone";
    auto file = CheckpointFile::read(checkpoint);
    ASSERT_TRUE(file) << file.error().message;
    const Progress &progress = file->content().progress;
    ASSERT_GE(progress.step, before) << "a newer checkpoint was lost";
    ASSERT_LE(progress.step, steps);
    before = progress.step;
    if (code == 0) {  // it came to its end before the kill: begin again
      EXPECT_EQ(before, steps);
      EXPECT_TRUE(read_text(checkpoint) == whole) << "after " << killed << " kills";
      ++completed;
      std::filesystem::remove(checkpoint);
      before = 0;
      continue;
    }
    ++killed;
    within_an_epoch += progress.batch_in_epoch > 0;
  }
  const bool resumes = file_number(checkpoint) != 0;
  Process last(scratch.path(), arguments(resumes));
  while (last.is_running()) usleep(1000);
  EXPECT_EQ(last.end(), 0);
  EXPECT_TRUE(read_text(checkpoint) == whole) << "after all kills";
  std::printf("%d kills, all with a checkpoint, %d of them within an epoch; %d trainings completed\n", killed,
              within_an_epoch, completed + 1);
  // 15 of 16 checkpoints are of a step within an epoch.
  EXPECT_GE(within_an_epoch, kills / 2);
}

}  // namespace
}  // namespace sinter::test

// Faults while a checkpoint is written: at every instant the path holds the old or the new checkpoint, whole.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/formats/checkpoint_samples.h"
#include "tests/formats/file_faults.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::ElementsAre;

class CheckpointFaultsTest : public FolderTest {
 protected:
  CheckpointFaultsTest() : old_(1.5f, 5), new_(2.5f, rows) {
    EXPECT_TRUE(write_checkpoint(path("c"), old_.content));
  }
  // "old", "new", or what is wrong.
  std::string found() const {
    Result<CheckpointFile> file = CheckpointFile::read(path("c"));
    if (!file) return file.error().message;
    return difference(file->content(), old_.content).empty()   ? "old"
           : difference(file->content(), new_.content).empty() ? "new"
                                                               : "another one";
  }
  // Enough for several writes of the buffered file.
  static constexpr size_t rows = 100'000;
  SampleCheckpoint old_, new_;
};

TEST_F(CheckpointFaultsTest, FailedCallsKeepTheOldFile) {
  arm_file_fault(FileFault::no_space, 1'000'000);
  ASSERT_TRUE(write_checkpoint(path("c"), new_.content));
  const int calls = disarm_file_fault();
  ASSERT_GE(calls, 5) << "writes, fsync, rename, fsync of the directory";
  for (const FileFault fault : {FileFault::no_space, FileFault::io_error, FileFault::short_write})
    for (int call = 0; call < calls; ++call) {
      ASSERT_TRUE(write_checkpoint(path("c"), old_.content));
      arm_file_fault(fault, call);
      const Status status = write_checkpoint(path("c"), new_.content);
      disarm_file_fault();
      if (call + 1 == calls) {  // the directory could not be synced: the file itself is whole
        EXPECT_EQ(found(), "new");
        continue;
      }
      ASSERT_FALSE(status) << "call " << call;
      EXPECT_EQ(status.error().code, ExitCode::system);
      EXPECT_EQ(found(), "old") << "call " << call;
      EXPECT_THAT(entries(), ElementsAre("c")) << "no temporary file is left";
    }
}

TEST_F(CheckpointFaultsTest, KilledAtEveryCall) {
  bool was_new = false;
  for (int call = 0;; ++call) {
    ASSERT_TRUE(write_checkpoint(path("c"), old_.content));
    const pid_t child = fork();
    if (child == 0) {
      arm_file_fault(FileFault::kill, call);
      const Status status = write_checkpoint(path("c"), new_.content);
      _exit(status ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const std::string content = found();
    ASSERT_TRUE(content == "old" || content == "new") << "killed at call " << call << ": " << content;
    was_new = was_new || content == "new";
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      EXPECT_GE(call, 5);
      break;
    }
  }
  EXPECT_TRUE(was_new);
  EXPECT_EQ(found(), "new");
}

}  // namespace
}  // namespace sinter

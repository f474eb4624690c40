// The cache of `sinter predict` and `sinter train`.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/driver/command.h"
#include "tests/paths.h"

namespace sinter::test {
namespace {

const char *const script = R"(from keras.layers import Dense
from keras.models import Sequential
model = Sequential([Dense(2, input_shape=(2,), use_bias=False, name='d')])
model.load_weights('w.npz')
)";

class Cache : public testing::Test {
 protected:
  Cache() {
    write_text(scratch_ / "model.py", script);
    write_weights(1);
    write_npy(scratch_ / "x.npy", {1, 2}, std::vector<float>{1, 2});
  }
  // Weights that multiply by a number. The file has the same size and time whatever it is.
  void write_weights(float factor) {
    write_npy(scratch_ / "d.kernel.npy", {2, 2}, std::vector<float>{factor, 0, 0, factor});
    ASSERT_EQ(run(in() + "touch -d 2020-01-01 d.kernel.npy && python3 -m zipfile -c w.npz d.kernel.npy && "
                         "touch -d 2020-01-01 w.npz model.py")
                  .exit_code,
              0);
  }
  std::string in() const {
    return "cd " + scratch_.path().string() + " && export XDG_CACHE_HOME=" + (scratch_ / "cache") + " && ";
  }
  CommandResult predict(const std::string &options = "", const std::string &before = "") const {
    return run(in() + before + " sinter predict model.py " + options + " x.npy --top 2");
  }
  // Compiled programs, and folders under construction.
  size_t programs() const {
    size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(scratch_ / "cache/sinter"))
      count += entry.is_directory() ? 1 : 0;
    return count;
  }
  Scratch scratch_;
};

TEST_F(Cache, KeysOnTheContentsOfWhatWasRead) {
  const CommandResult first = predict();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("2"), std::string::npos) << first.out;
  EXPECT_EQ(programs(), 1u);
  EXPECT_EQ(predict().out, first.out);
  EXPECT_EQ(programs(), 1u) << "the second run finds it";
  write_weights(3);  // weights that the script loads
  const CommandResult second = predict();
  EXPECT_NE(second.out.find("1  6"), std::string::npos) << second.out;
  EXPECT_EQ(programs(), 2u);
  write_weights(1);
  EXPECT_EQ(predict().out, first.out);
  EXPECT_EQ(programs(), 2u);

  write_text(scratch_ / "labels.txt", "cat\ndog\n");
  ASSERT_EQ(run(in() + "touch -d 2020-01-01 labels.txt").exit_code, 0);
  EXPECT_NE(predict("--labels labels.txt").out.find("cat"), std::string::npos);
  write_text(scratch_ / "labels.txt", "cow\ndog\n");
  ASSERT_EQ(run(in() + "touch -d 2020-01-01 labels.txt").exit_code, 0);
  EXPECT_NE(predict("--labels labels.txt").out.find("cow"), std::string::npos);
}

TEST_F(Cache, KeysOnTheCompilersBuild) {
  const std::string copy = scratch_ / "install";
  ASSERT_EQ(run("mkdir -p " + copy + "/bin && cp \"$(command -v sinter)\" " + copy + "/bin/ && ln -s '" +
                test::binary_dir() + "/lib' " + copy + "/lib")
                .exit_code,
            0);
  const std::string other = "PATH=" + copy + "/bin:$PATH";
  ASSERT_EQ(predict("", other).exit_code, 0);
  ASSERT_EQ(predict("", other).exit_code, 0);
  EXPECT_EQ(programs(), 1u);
  ASSERT_EQ(run("printf x >> " + copy + "/bin/sinter").exit_code, 0);
  ASSERT_EQ(predict("", other).exit_code, 0);
  EXPECT_EQ(programs(), 2u);
}

TEST_F(Cache, BelongsToTheUserAlone) {
  ASSERT_EQ(predict().exit_code, 0);
  struct stat status{};
  ASSERT_EQ(stat((scratch_ / "cache/sinter").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);

  const auto is_refused = [&](const std::string &why) {
    const CommandResult result = predict();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("programs are not kept"), std::string::npos) << why << result.err;
    EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
  };
  chmod((scratch_ / "cache/sinter").c_str(), 0777);
  is_refused("others may write there");
  EXPECT_EQ(programs(), 1u);
  std::filesystem::rename(scratch_ / "cache/sinter", scratch_ / "elsewhere");
  std::filesystem::create_directory_symlink(scratch_ / "elsewhere", scratch_ / "cache/sinter");
  is_refused("a link");
  std::filesystem::remove(scratch_ / "cache/sinter");
  std::filesystem::create_directory(scratch_ / "cache/sinter");
  if (geteuid() == 0) {
    ASSERT_EQ(chown((scratch_ / "cache/sinter").c_str(), 1, 1), 0);
    is_refused("it belongs to someone else");
  }
}

TEST_F(Cache, NoneWithoutAHome) {
  std::filesystem::create_directory(scratch_ / "tmp");
  const CommandResult result = predict("", "env -u HOME -u XDG_CACHE_HOME TMPDIR=" + (scratch_ / "tmp"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("1  2"), std::string::npos) << result.out;
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "cache"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch_ / "tmp"));
}

TEST_F(Cache, DropsWhatWasNotUsedForLong) {
  const auto with_scale = [&](int scale, const std::string &before = "") {
    return predict("--input-scale " + std::to_string(scale), before).exit_code;
  };
  ASSERT_EQ(with_scale(1), 0);
  const auto bytes = std::filesystem::file_size(
      std::filesystem::path(run("ls -d " + (scratch_ / "cache/sinter") + "/*/model | tr -d '\\n'").out));
  const std::string limited = "SINTER_CACHE_BYTES=" + std::to_string(2 * bytes + bytes / 2);
  for (const int scale : {2, 1, 3}) {
    ASSERT_EQ(run("sleep 0.02").exit_code, 0);
    ASSERT_EQ(with_scale(scale, limited), 0);
  }
  EXPECT_EQ(programs(), 2u) << "the program of --input-scale 2 was not used for the longest time";
  ASSERT_EQ(with_scale(1, "SINTER_CACHE_BYTES=1"), 0);
  EXPECT_EQ(programs(), 2u) << "a program that is found evicts nothing";
  // Killed compilations leave nothing for ever.
  std::filesystem::create_directory(scratch_ / "cache/sinter/tmp-abcdef");
  ASSERT_EQ(run("touch -d '2 days ago' " + (scratch_ / "cache/sinter/tmp-abcdef")).exit_code, 0);
  ASSERT_EQ(with_scale(4), 0);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "cache/sinter/tmp-abcdef"));
}

}  // namespace
}  // namespace sinter::test

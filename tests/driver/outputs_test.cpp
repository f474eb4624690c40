// Where outputs go: links, devices and standard output, inputs that they would replace, temporary files, full
// disks.
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

const char *const net = R"(graph "net" {
  input %x: f32[N, 4]
  weight %w: f32[4, 3] init=glorot_uniform
  %1 = matmul(%x, %w)
  %y = softmax(%1)
  output %y
})";

class Outputs : public testing::Test {
 protected:
  Outputs() {
    write_text(scratch_ / "net.graph", net);
    write_npy(scratch_ / "x.npy", {2, 4}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  }
  CommandResult in(const std::string &command) const {
    return run("cd " + scratch_.path().string() + " && " + command);
  }
  // A trainer `t` and its data d.npz.
  void make_trainer(const std::string &script_callbacks = "") {
    write_npy(scratch_ / "y.npy", {2, 3}, std::vector<float>{1, 0, 0, 0, 0, 1});
    write_text(scratch_ / "model.py", R"(import numpy as np
from keras.callbacks import *
from keras.layers import Dense
from keras.models import Sequential
data = np.load('d.npz')
model = Sequential([Dense(3, activation='softmax', input_shape=(4,))])
model.compile(optimizer='sgd', loss='categorical_crossentropy')
model.fit(data['x'], data['y'], epochs=2, verbose=2, callbacks=[)" +
                                          script_callbacks + "])\n");
    ASSERT_EQ(in("python3 -m zipfile -c d.npz x.npy y.npy && sinter compile model.py --train -o t").exit_code,
              0);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto &entry : std::filesystem::directory_iterator(scratch_.path()))
      result.push_back(entry.path().filename());
    std::sort(result.begin(), result.end());
    return result;
  }
  Scratch scratch_;
};

TEST_F(Outputs, LinksAndDevicesStay) {
  for (const char *emit : {"exe", "object", "shared-lib", "static-lib", "plan"}) {
    const std::string compile = "sinter compile net.graph --random-weights --emit " + std::string(emit);
    SCOPED_TRACE(emit);
    const bool has_no_name = std::string(emit) != "shared-lib";  // which holds the name of its file
    ASSERT_EQ(in(compile + " --name net -o plain").exit_code, 0);
    const std::string plain = read_text(scratch_ / "plain");
    // A link to a file, one to nothing yet, and one in another folder.
    ASSERT_EQ(
        in("mkdir -p sub && rm -f sub/new && echo old > file && ln -sf file link && ln -sf sub/new dangling")
            .exit_code,
        0);
    for (const char *name : {"link", "dangling"}) {
      ASSERT_EQ(in(compile + " --name net -o " + name).exit_code, 0);
      EXPECT_TRUE(std::filesystem::is_symlink(scratch_ / name)) << name;
      if (has_no_name) {
        EXPECT_EQ(read_text(scratch_ / name), plain) << name;
      }
    }
    EXPECT_TRUE(std::filesystem::exists(scratch_ / "sub/new"));
    // Standard output: a file that goes on, one without a name, a pipe.
    for (const char *out : {"-", "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"}) {
      const CommandResult result = in("printf before > out && " + compile + " --name net -o " + out +
                                      " >> out && printf after >> out");
      ASSERT_EQ(result.exit_code, 0) << result.err;
      const std::string text = read_text(scratch_ / "out");
      EXPECT_TRUE(text.starts_with("before") && text.ends_with("after")) << out << text.size();
      if (has_no_name) {
        EXPECT_EQ(text, "before" + plain + "after") << out;
      }
    }
    ASSERT_EQ(in(compile + " -o /dev/stdout | cat > piped && test -s piped").exit_code, 0);
    ASSERT_EQ(in("exec 3> gone && rm gone && " + compile + " -o /dev/fd/3").exit_code, 0);
    ASSERT_EQ(
        in("rm -f pipe && mkfifo pipe && (cat pipe > piped &) && " + compile + " -o pipe && test -p pipe")
            .exit_code,
        0);
    ASSERT_EQ(in(compile + " -o /dev/null").exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    EXPECT_TRUE(std::filesystem::is_symlink("/dev/stdout"));
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "-"));
  EXPECT_EQ(in("ls /dev/*.object* /dev/*.tmp* 2>/dev/null").out, "");
}

TEST_F(Outputs, PermissionsStay) {
  const std::string script =
      "umask 022 && touch o.o exe && chmod 600 o.o exe && sinter compile net.graph "
      "--random-weights -o exe && sinter compile net.graph --random-weights --emit object -o o.o && "
      "stat -c %a exe o.o";
  const CommandResult result = in(script);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "711\n600\n");
}

TEST_F(Outputs, OneDeviceTakesOneOutput) {
  for (const char *out : {"-", "/dev/stdout", "/dev/null"}) {
    const CommandResult result =
        in("sinter compile net.graph --random-weights --emit object,header -o " + std::string(out));
    EXPECT_EQ(result.exit_code, 2) << out;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("several outputs"), std::string::npos) << result.err;
  }
}

TEST_F(Outputs, InputsAreNotReplaced) {
  make_trainer();
  ASSERT_EQ(in("./t --save-weights w.npz && ln -s w.npz soft.npz && ln w.npz hard.npz && printf "
               "'a\\nb\\nc\\n' > labels")
                .exit_code,
            0);
  const auto refuses = [&](const std::string &command, const std::string &file) {
    const std::string before = read_text(scratch_ / file);
    const CommandResult result = in(command);
    EXPECT_EQ(result.exit_code, 2) << command << result.err;
    EXPECT_NE(result.err.find("input"), std::string::npos) << result.err;
    EXPECT_EQ(read_text(scratch_ / file), before) << command;
  };
  refuses("sinter compile net.graph --random-weights -o net.graph", "net.graph");
  refuses("sinter compile net.graph --random-weights -o ./../$(basename $PWD)/net.graph", "net.graph");
  refuses("sinter compile net.graph --random-weights --labels labels -o labels", "labels");
  for (const char *name : {"w.npz", "soft.npz", "hard.npz"}) {
    refuses("sinter compile model.py --weights w.npz -o " + std::string(name), "w.npz");
    refuses("sinter convert w.npz " + std::string(name), "w.npz");
  }
  refuses("./t --data d.npz --save-weights d.npz", "d.npz");
  refuses("./t --data d.npz --checkpoint d.npz --overwrite", "d.npz");
  ASSERT_EQ(in("sinter compile net.graph --random-weights -o p").exit_code, 0);
  refuses("./p predict x.npy --out x.npy", "x.npy");
}

TEST_F(Outputs, PredictWritesArraysToStandardOutput) {
  ASSERT_EQ(
      in("sinter compile net.graph --random-weights -o p && ./p predict x.npy --out y.npy > text").exit_code,
      0);
  for (const char *out : {"-", "/dev/stdout"}) {
    ASSERT_EQ(in("./p predict x.npy --out " + std::string(out) + " > z.npy").exit_code, 0);
    EXPECT_EQ(read_text(scratch_ / "z.npy"), read_text(scratch_ / "y.npy")) << out;
  }
  ASSERT_EQ(in("ln -s later.npy link.npy && ./p predict x.npy --out link.npy > text && test -L link.npy && "
               "cmp later.npy y.npy")
                .exit_code,
            0);
}

TEST_F(Outputs, OfTrainersAreCheckedBeforeTheFirstEpoch) {
  make_trainer();
  std::filesystem::create_directory(scratch_ / "folder.h5");
  for (const char *option : {"--checkpoint", "--save-weights", "--plot", "--log"})
    for (const char *path : {"missing/file.npz", "folder.h5"}) {
      const CommandResult result = in("./t " + std::string(option) + " " + path);
      EXPECT_EQ(result.exit_code, 3) << option << path << result.err;
      EXPECT_EQ(result.out, "") << option << path;
      EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
    }
  const CommandResult board = in("./t --tensorboard x.npy/logs");
  EXPECT_EQ(board.exit_code, 3) << board.err;
  EXPECT_EQ(board.out, "");
  for (const char *option : {"--checkpoint", "--save-weights", "--plot", "--log"}) {
    const CommandResult result = in("./t " + std::string(option) + " -");
    EXPECT_EQ(result.exit_code, 2) << option << result.err;
  }
  EXPECT_EQ(in("ln -s /dev/null null.npz && ./t --save-weights null.npz --plot /dev/null --checkpoint "
               "/dev/null && test -L null.npz")
                .exit_code,
            0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  for (const char *callback :
       {"ModelCheckpoint('missing/w.{epoch}.h5')", "ModelCheckpoint('folder.h5')",
        "CSVLogger('missing/log.csv')", "CSVLogger('folder.h5')", "TensorBoard('x.npy/logs')"}) {
    make_trainer(callback);
    const CommandResult result = in("./t");
    EXPECT_EQ(result.exit_code, 3) << callback << result.err;
    EXPECT_EQ(result.out, "") << callback;
  }
}

TEST_F(Outputs, CheckpointsAreNotReplacedUnasked) {
  make_trainer();
  ASSERT_EQ(in("./t --checkpoint c.sinter --epochs 1").exit_code, 0);
  const std::string before = read_text(scratch_ / "c.sinter");
  const CommandResult again = in("./t --checkpoint c.sinter --epochs 1 --seed 9");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("c.sinter: the file exists"), std::string::npos) << again.err;
  EXPECT_NE(again.err.find("--resume, or begin anew with --overwrite"), std::string::npos) << again.err;
  EXPECT_EQ(read_text(scratch_ / "c.sinter"), before);
  EXPECT_EQ(in("./t --checkpoint c.sinter --resume --overwrite").exit_code, 2);
  EXPECT_EQ(in("./t --checkpoint c.sinter --epochs 1 --resume").exit_code, 0);
  EXPECT_EQ(in("./t --checkpoint c.sinter --epochs 1 --seed 9 --overwrite").exit_code, 0);
  EXPECT_NE(read_text(scratch_ / "c.sinter"), before);
}

// A container's first process always has the same number: what a killed one left must not lock out the next.
TEST_F(Outputs, TemporariesOfKilledRunsGo) {
  make_trainer();
  ASSERT_EQ(in("dead=$(sh -c 'echo $$'); for i in $(seq 0 149); do : > c.sinter.tmp-$dead-$i; done; : > "
               "c.sinter.tmp-mine; : > c.sinter.tmp-1-x")
                .exit_code,
            0);
  // The same process number: unshare may not be allowed, so the names are made by the shell that becomes the
  // trainer.
  const CommandResult result =
      in("sh -c 'for i in $(seq 0 149); do : > c.sinter.tmp-$$-$i; done; exec ./t --checkpoint c.sinter'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> left = names();
  EXPECT_EQ(std::count_if(left.begin(), left.end(),
                          [](const std::string &name) { return name.find(".tmp-") != std::string::npos; }),
            2)
      << "only names that are not ours";
}

TEST_F(Outputs, InterruptedCompilationsLeaveNothing) {
  // Weights of 64 MiB make the object and the link take a while.
  std::string large = net;
  for (const auto &[from, to] :
       {std::pair{"f32[N, 4]", "f32[N, 4096]"}, std::pair{"f32[4, 3]", "f32[4096, 4096]"}})
    large.replace(large.find(from), std::string(from).size(), to);
  write_text(scratch_ / "net.graph", large);
  const std::vector<std::string> before = names();
  int interrupted = 0;
  for (const int signal : {SIGINT, SIGTERM})
    for (const char *seconds : {"0.3", "0.6", "0.9", "1.2", "1.5"}) {
      const CommandResult result = in("timeout -s " + std::to_string(signal) + " " + seconds +
                                      " sinter compile net.graph --random-weights -o big");
      interrupted += result.exit_code == 124 ? 1 : 0;
      in("rm -f big");
      EXPECT_EQ(names(), before) << signal << " after " << seconds;
    }
  EXPECT_GT(interrupted, 0);
}

TEST_F(Outputs, FullDisksAreSystemErrors) {
  make_trainer();
  ASSERT_EQ(in("sinter compile net.graph --random-weights --loss mse -o p").exit_code, 0);
  ASSERT_EQ(in("./t --checkpoint c.sinter && cp x.npy x_test.npy && cp y.npy y_test.npy && python3 -m "
               "zipfile -c e.npz x_test.npy y_test.npy")
                .exit_code,
            0);
  for (const char *command : {"sinter ops",
                              "sinter ops --markdown",
                              "sinter summary model.py",
                              "sinter summary --style json model.py",
                              "sinter --help",
                              "sinter compile --help",
                              "sinter --version",
                              "sinter compile net.graph --emit graph",
                              "sinter compile net.graph --emit llvm-ir",
                              "sinter compile net.graph --emit graph -o -",
                              "sinter compile net.graph --random-weights -o -",
                              "./p info",
                              "./p predict x.npy",
                              "./p predict x.npy --out -",
                              "./p evaluate --data e.npz",
                              "./p --help",
                              "./t info",
                              "./t --epochs 1",
                              "./t evaluate --data d.npz --split train --checkpoint c.sinter",
                              "./t --help"}) {
    const CommandResult result = in(std::string(command) + " > /dev/full");
    EXPECT_EQ(result.exit_code, 3) << command << "\n" << result.err;
    EXPECT_NE(result.err.find("cannot write"), std::string::npos) << command << "\n" << result.err;
  }
}

}  // namespace
}  // namespace sinter::test

// What the command line says of itself: what was written, mistyped names, which arguments are whose.
#include <gmock/gmock.h>

#include "driver/progress.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const char *const script = R"(import numpy as np
from keras.layers import Dense
from keras.models import Sequential
data = np.load('d.npz')
model = Sequential([Dense(3, activation='softmax', input_shape=(4,))])
model.compile(optimizer='sgd', loss='categorical_crossentropy')
model.fit(data['x'], data['y'], epochs=2, batch_size=2, verbose=2)
)";

class Manners : public testing::Test {
 protected:
  Manners() {
    write_text(scratch_ / "net.py", script);
    write_npy(scratch_ / "x.npy", {2, 4}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    write_npy(scratch_ / "y.npy", {2, 3}, std::vector<float>{1, 0, 0, 0, 0, 1});
    EXPECT_EQ(in("python3 -m zipfile -c d.npz x.npy y.npy").exit_code, 0);
  }
  CommandResult in(const std::string &command) const {
    return run("cd " + scratch_.path().string() + " && export XDG_CACHE_HOME=$PWD/cache && " + command);
  }
  // A convolution of pictures, of enough work for threads.
  void write_pictures_net() const {
    write_text(scratch_ / "net.graph", R"(graph "net" {
  input %x: f32[N, 64, 64, 3]
  weight %w: f32[3, 3, 3, 32] init=glorot_uniform
  %y = conv2d(%x, %w)
  %m = reduce_mean(%y) {axes=[1, 2]}
  output %m
})");
  }
  size_t programs() const {
    size_t count = 0;
    std::error_code none;
    for (const auto &entry : std::filesystem::directory_iterator(scratch_ / "cache/sinter", none))
      count += entry.is_directory() ? 1 : 0;
    return count;
  }
  Scratch scratch_;
};

TEST_F(Manners, CompileSaysWhatItWrote) {
  const std::string numbers = "[0-9.]+ (bytes|KiB|MiB)";
  const std::string program = numbers + ", 15 parameters, arena " + numbers + ", [0-9]+\\.[0-9] s\n";
  const CommandResult one = in("sinter compile net.py --random-weights");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(one.out, "");
  EXPECT_THAT(one.err, MatchesRegex("(.|\n)*sinter: wrote net: " + program));
  const CommandResult several =
      in("sinter compile net.py --random-weights --emit object,header,plan -o several");
  EXPECT_THAT(
      several.err,
      MatchesRegex("(.|\n)*sinter: wrote several.o: " + program + "sinter: wrote several.h: " + numbers +
                   ", [0-9.]+ s\nsinter: wrote several.plan: " + numbers + ", [0-9.]+ s\n"));
  EXPECT_THAT(in("sinter compile net.py --train").err,
              MatchesRegex("(.|\n)*sinter: wrote net: " + numbers + ", 15 parameters, state " + numbers +
                           ", arena " + numbers + ", [0-9.]+ s\n"));
  EXPECT_THAT(in("sinter compile net.py --random-weights -o - | cat > piped").err,
              HasSubstr("sinter: wrote standard output: 15 parameters, arena "));
}

TEST_F(Manners, NothingIsSaidOfWhatWasNotWrittenToAFile) {
  const std::string before = read_text(scratch_ / "net.py");
  for (const char *command :
       {"sinter compile net.py --random-weights --quiet", "sinter compile net.py --emit plan",
        "sinter compile net.py --emit graph -o -", "sinter compile net.py -o none",
        "sinter predict net.py --random-weights x.npy", "sinter train net.py --data d.npz"})
    EXPECT_THAT(in(command).err, Not(HasSubstr("wrote"))) << command;
  // What is said is no part of the program.
  ASSERT_EQ(in("sinter compile net.py --random-weights -o loud").exit_code, 0);
  ASSERT_EQ(in("sinter compile net.py --random-weights -o silent --quiet").exit_code, 0);
  EXPECT_EQ(read_text(scratch_ / "loud"), read_text(scratch_ / "silent"));
}

TEST_F(Manners, MistypedNamesGetASuggestion) {
  struct Entry {
    const char *command, *message, *hint;
  };
  for (const Entry &entry : {
           Entry{"sinter compile net.py --bach 3", "unknown option --bach",
                 "did you mean '--batch'? see sinter compile --help"},
           Entry{"sinter compile net.py --emitt=plan", "unknown option --emitt", "did you mean '--emit'?"},
           Entry{"sinter summary net.py --cost", "unknown option --cost", "did you mean '--costs'?"},
           Entry{"sinter compile net.py --exact-conv", "unknown option --exact-conv",
                 "see sinter compile --help"},
           Entry{"sinter compile net.py --precision fp32", "unknown option --precision",
                 "sinter compile --help"},
           Entry{"sinter compile net.py --weight-format f32", "unknown option --weight-format",
                 "sinter compile --help"},
           Entry{"sinter compil net.py", "unknown command compil",
                 "did you mean 'compile'? see sinter --help"},
           Entry{"sinter summary net.py more", "no use for the argument more", "see sinter summary --help"},
       }) {
    const CommandResult result = in(entry.command);
    EXPECT_EQ(result.exit_code, 2) << entry.command;
    EXPECT_EQ(result.out, "") << entry.command;
    EXPECT_THAT(result.err, HasSubstr(entry.message)) << entry.command;
    EXPECT_THAT(result.err, HasSubstr(entry.hint)) << entry.command;
  }
  const std::string help = in("sinter compile --help").out;
  for (const char *option : {"--exact-conv", "--precision", "--weight-format"})
    EXPECT_THAT(help, Not(HasSubstr(option)));
}

TEST_F(Manners, OptionsOfCompilerAndTrainerMayStandInAnyOrder) {
  for (const char *arguments : {"net.py --data d.npz --semantics keras2 --epochs 1 --name fit",
                                "--epochs=1 --semantics keras2 net.py --data=d.npz",
                                "--semantics keras2 net.py -- --data d.npz --epochs 1",
                                "-O1 net.py --batch 2 --data d.npz --epochs 1 --semantics keras2",
                                "net.py --semantics keras2 -- --batch 1 --data d.npz --epochs 1"}) {
    const CommandResult result = in("sinter train " + std::string(arguments));
    EXPECT_EQ(result.exit_code, 0) << arguments << result.err;
    EXPECT_THAT(result.out, HasSubstr("Epoch 1/1\n")) << arguments;
  }
  // Both know --batch: without -- it is the compiler's, behind it the trainer's, which was compiled for 2.
  const CommandResult behind = in("sinter train net.py -- --batch 5 --data d.npz");
  EXPECT_EQ(behind.exit_code, 2);
  EXPECT_THAT(behind.err, HasSubstr("compiled for batches of up to 2"));
  EXPECT_EQ(in("sinter train net.py --batch 5 --data d.npz").exit_code, 0);
  const CommandResult predicted =
      in("sinter predict net.py x.npy --top 1 --random-weights --batch 2 --threads 2");
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_THAT(predicted.out, testing::StartsWith("x.npy"));
  const CommandResult help = in("sinter train --help");
  EXPECT_THAT(help.out, HasSubstr("to the compiler if both do"));
  EXPECT_THAT(help.out, HasSubstr("--checkpoint-every STEPS"));
}

TEST_F(Manners, ArgumentsOfNobodyAreRefusedBeforeAnythingIsCompiled) {
  struct Entry {
    const char *command, *message;
  };
  for (const Entry &entry :
       {Entry{"sinter train net.py --epoch 3", "did you mean '--epochs'?"},
        Entry{"sinter train net.py -- --epoch 3", "did you mean '--epochs'?"},
        Entry{"sinter train net.py --emit plan", "unknown option --emit"},
        Entry{"sinter train net.py --data d.npz -- --optimizer sgd", "put it behind the --"},
        Entry{"sinter train net.py -- --optimizer sgd", "put it before the --"},
        Entry{"sinter train net.py more.py", "no use for 'more.py'"},
        Entry{"sinter train net.py --epochs", "--epochs needs a value"},
        Entry{"sinter train --epochs 3", "MODEL is required"},
        Entry{"sinter predict net.py x.npy --tops 3", "did you mean '--top'?"}}) {
    const CommandResult result = in(entry.command);
    EXPECT_EQ(result.exit_code, 2) << entry.command << result.err;
    EXPECT_THAT(result.err, HasSubstr(entry.message)) << entry.command;
    EXPECT_EQ(result.out, "") << entry.command;
  }
  EXPECT_EQ(programs(), 0u);
}

TEST_F(Manners, HeadersNameScaleOffsetAndLabels) {
  write_pictures_net();
  std::string labels;
  for (int i = 0; i < 32; ++i)
    labels += i == 3 ? "a \"cat\"?"
                       "?/\n"
                     : "class " + std::to_string(i) + "\n";
  write_text(scratch_ / "labels", labels);
  write_text(scratch_ / "main.c", R"(#include <stdio.h>
#include <string.h>
#include "net.h"
static const char *const labels[net_LABELS_COUNT] = net_LABELS;
int main(void) {
  return net_INPUT_SCALE == 0.1f && net_INPUT_OFFSET == -3.0f && net_LABELS_COUNT == 32 &&
         !strcmp(labels[3], "a \"cat\"?" "?/") && !strcmp(labels[31], "class 31") ? 0 : 1;
}
)");
  const CommandResult result =
      in("sinter compile net.graph --emit header --labels labels --input-scale 0.1 --input-offset -3 && cc "
         "-std=c99 "
         "-Wall -Wextra -pedantic -Werror main.c -o main && ./main && c++ -x c++ -std=c++11 -Wall -pedantic "
         "-Werror "
         "-fsyntax-only net.h");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  // Not where the model has none.
  ASSERT_EQ(in("sinter compile net.py --emit header -o dense.h").exit_code, 0);
  const std::string dense = read_text(scratch_ / "dense.h");
  EXPECT_THAT(dense, Not(HasSubstr("_SCALE")));
  EXPECT_THAT(dense, Not(HasSubstr("_LABELS")));
}

TEST_F(Manners, CodecsAreThoseAskedFor) {
  write_pictures_net();
  ASSERT_EQ(in("python3 -c \"import struct, zlib; c = lambda t, d: struct.pack('>I', len(d)) + t + d + "
               "struct.pack('>I', zlib.crc32(t + d)); open('a.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + "
               "c(b'IHDR', "
               "struct.pack('>IIBBBBB', 2, 2, 8, 2, 0, 0, 0)) + c(b'IDAT', zlib.compress(bytes(14))) + "
               "c(b'IEND', b''))\"")
                .exit_code,
            0);
  std::map<std::string, uintmax_t> sizes;
  for (const char *codecs : {"all", "none", "png", "jpeg"}) {
    const std::string out = std::string("net-") + codecs;
    const CommandResult compiled =
        in("sinter compile net.graph --random-weights --codecs " + std::string(codecs) + " -o " + out);
    ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
    sizes[codecs] = std::filesystem::file_size(scratch_ / out);
    const CommandResult predicted = in("./" + out + " predict a.png");
    const bool reads_png = std::string(codecs) == "all" || std::string(codecs) == "png";
    EXPECT_EQ(predicted.exit_code, reads_png ? 0 : 1) << codecs << predicted.err;
    if (!reads_png) {
      EXPECT_THAT(predicted.err, HasSubstr("no reader of PNG pictures"));
      EXPECT_THAT(predicted.err, HasSubstr("--codecs png"));
    }
  }
  EXPECT_LT(sizes["none"], sizes["png"]);
  EXPECT_LT(sizes["png"], sizes["all"]);
  EXPECT_LT(sizes["jpeg"], sizes["all"]);
  EXPECT_EQ(in("sinter compile net.py --random-weights --codecs all -o dense && ./dense predict a.png")
                .err.find("no reader"),
            std::string::npos);
  EXPECT_EQ(in("sinter compile net.graph --codecs gif").exit_code, 2);
  EXPECT_THAT(in("sinter compile net.graph --codecs png --emit plan").err,
              HasSubstr("no executable is made"));
}

TEST_F(Manners, OneThreadMakesSerialCode) {
  write_pictures_net();
  const std::string compile = "sinter compile net.graph --random-weights --name net --batch 8 ";
  ASSERT_EQ(in(compile + "--emit object,header,static-lib -o many").exit_code, 0);
  ASSERT_EQ(in(compile + "--emit object,header,static-lib --threads 1 -o one").exit_code, 0);
  EXPECT_THAT(in("nm many.o").out, HasSubstr("U sinter_parallel_for"));
  EXPECT_THAT(in("nm one.o one.a").out, Not(HasSubstr("sinter_parallel_for")));
  EXPECT_THAT(read_text(scratch_ / "many.h"), HasSubstr("void sinter_parallel_for("));
  EXPECT_THAT(read_text(scratch_ / "one.h"), Not(HasSubstr("sinter_parallel_for")));
  // The same numbers; the binary says that it has one thread.
  ASSERT_EQ(in(compile + "-o many").exit_code, 0);
  ASSERT_EQ(in(compile + "--threads 1 -o one").exit_code, 0);
  write_npy(scratch_ / "p.npy", {2, 64, 64, 3}, std::string(2 * 64 * 64 * 3, '\x51'));
  ASSERT_EQ(in("./many predict p.npy --threads 2 --out a.npy && ./one predict p.npy --out b.npy").exit_code,
            0);
  EXPECT_EQ(read_text(scratch_ / "a.npy"), read_text(scratch_ / "b.npy"));
  EXPECT_THAT(in("./one bench --repeat 1 --json").out, HasSubstr("\"threads\": 1"));
  EXPECT_EQ(in("./one predict p.npy --threads 1").exit_code, 0);
  const CommandResult two = in("./one predict p.npy --threads 2");
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_THAT(two.err, HasSubstr("compiled with --threads 1"));
  const CommandResult other = in(compile + "--threads 4");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("the number of threads is the binary's: OUT … --threads N"));
}

TEST(StageLine, AppearsAfterTwoSecondsAndIsErased) {
  std::string screen;
  driver::StageLine line([&](std::string_view text) { screen += text; });
  line.enter("loading the model", 0);
  line.tick(1.9);
  EXPECT_EQ(screen, "");
  line.tick(2.1);
  EXPECT_EQ(screen, "sinter: loading the model, 2 s");
  line.tick(2.9);
  EXPECT_EQ(screen, "sinter: loading the model, 2 s") << "nothing new";
  screen.clear();
  line.enter("planning", 3.5);
  EXPECT_EQ(screen, "\r" + std::string(30, ' ') + "\rsinter: planning, 3 s");
  screen.clear();
  line.clear();
  EXPECT_EQ(screen, "\r" + std::string(21, ' ') + "\r");
  line.clear();
  EXPECT_EQ(screen.size(), 23u) << "once";
}

TEST_F(Manners, ProgressIsForTerminalsAlone) {
  if (run("command -v script").exit_code != 0) GTEST_SKIP() << "script is not installed";
  // 768 MiB of initial weights take their time.
  write_text(scratch_ / "large.graph", R"(graph "large" {
  input %x: f32[N, 16384]
  weight %w: f32[16384, 8192] init=glorot_uniform
  weight %v: f32[8192, 8192] init=glorot_uniform
  %1 = matmul(%x, %w)
  %y = matmul(%1, %v)
  output %y
})");
  const std::string compile = "sinter compile large.graph --random-weights --emit object -o large.o";
  const CommandResult shown = in("script -qec '" + compile + "' /dev/null");
  ASSERT_EQ(shown.exit_code, 0) << shown.out;
  EXPECT_THAT(shown.out,
              MatchesRegex("(.|\n|\r)*sinter: (loading the model|planning|generating code|writing), "
                           "[0-9]+ s\r +\rsinter: wrote large.o(.|\n|\r)*"));
  EXPECT_THAT(in("script -qec '" + compile + " --quiet' /dev/null").out, Not(HasSubstr("sinter: ")));
  EXPECT_THAT(in(compile).err, Not(HasSubstr("\r")));
}

}  // namespace
}  // namespace sinter::test

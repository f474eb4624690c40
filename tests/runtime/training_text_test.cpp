// What training prints: numbers as Python prints them, paths of callbacks, the bars and lines of Keras 2
// and 3.
#include <gmock/gmock.h>

#include <limits>

#include "runtime/training/progress_bar.h"
#include "runtime/training/python_text.h"

namespace sinter::runtime {
namespace {

using testing::HasSubstr;

TEST(PythonText, Repr) {
  EXPECT_EQ(python_repr(0.1), "0.1");
  EXPECT_EQ(python_repr(1), "1.0");
  EXPECT_EQ(python_repr(-2.5), "-2.5");
  EXPECT_EQ(python_repr(0), "0.0");
  EXPECT_EQ(python_repr(123456789), "123456789.0");
  EXPECT_EQ(python_repr(1e16), "1e+16");
  EXPECT_EQ(python_repr(1e15), "1000000000000000.0");
  EXPECT_EQ(python_repr(1e-5), "1e-05");
  EXPECT_EQ(python_repr(0.0001), "0.0001");
  EXPECT_EQ(python_repr(double{0.001f}), "0.0010000000474974513");
  EXPECT_EQ(python_repr(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(python_repr(std::numeric_limits<double>::infinity()), "inf");
}

Logs sample_logs() {
  Logs logs;
  logs.set(logs.add("val_loss"), 1.23456);
  logs.set(logs.add("acc"), 0.5);
  return logs;
}

TEST(PythonText, Paths) {
  const Logs logs = sample_logs();
  const auto formatted = [&](const char *text) {
    Result<std::string> result = python_format(text, 3, 12, logs);
    return result ? *result : "error: " + result.error().message;
  };
  EXPECT_EQ(formatted("weights.{epoch:02d}-{val_loss:.2f}.hdf5"), "weights.03-1.23.hdf5");
  EXPECT_EQ(formatted("{epoch}.{batch:4d}.{acc}"), "3.  12.0.5");
  EXPECT_EQ(formatted("plain.h5"), "plain.h5");
  EXPECT_EQ(formatted("{{x}}"), "{x}");
  EXPECT_EQ(formatted("{acc:08.3f}"), "0000.500");
  EXPECT_THAT(formatted("{val_acc}"), HasSubstr("'val_acc' is not logged"));
  EXPECT_THAT(formatted("{acc:s}"), HasSubstr("the format 's' is not known"));
  EXPECT_THAT(formatted("{acc:99999d}"), HasSubstr("the format '99999d' is not known"));
  EXPECT_THAT(formatted("{acc:%n}"), HasSubstr("the format '%n' is not known"));
  EXPECT_THAT(formatted("{acc"), HasSubstr("without '}'"));
  EXPECT_THAT(formatted("a}"), HasSubstr("single '}'"));
  Logs empty = logs;
  empty.clear();
  EXPECT_TRUE(python_format("{acc}", 0, 0, empty, true)) << "before training, names are known without values";
  EXPECT_FALSE(python_format("{lr}", 0, 0, empty, true));
}

// An epoch of 48000 samples as in the lesson: the time stands at 10 ms a batch of 128 until `now` says
// otherwise.
TEST(ProgressBar, Keras2OnATerminal) {
  ProgressBar bar({Semantics::keras2, 1, true, true}, {"loss", "acc", "val_loss", "val_acc"}, 48000);
  bar.start(100);
  const double first[] = {2.5, 0.125};
  EXPECT_EQ(bar.update(128, first, 100.1),
            "\r  128/48000 [..............................] - ETA: 37s - loss: 2.5000 - acc: "
            "0.1250");
  EXPECT_EQ(bar.update(256, first, 100.12), "") << "within 0.05 s";
  const double second[] = {0.0001, 0.75};
  const std::string_view text = bar.update(24000, second, 103);
  EXPECT_THAT(std::string(text),
              HasSubstr("\r24000/48000 [==============>...............] - ETA: 3s - loss: 0.0268 - acc: "
                        "0.7433"));
  EXPECT_EQ(text.substr(0, 3), "\b\b\b");
  EXPECT_EQ(bar.update(48000, second, 104), "") << "the last batch is left to the epoch's end";
  Logs logs;
  logs.set(logs.add("loss"), 0.275);
  logs.set(logs.add("acc"), 0.9153);
  logs.set(logs.add("val_loss"), 0.0009);
  logs.set(logs.add("val_acc"), 0.9704);
  EXPECT_THAT(std::string(bar.finish(48000, second, logs, 105.9)),
              HasSubstr("\r48000/48000 [==============================] - 5s - loss: "));
}

TEST(ProgressBar, Keras2LineOfAnEpoch) {
  for (const int verbose : {1, 2}) {
    ProgressBar bar({Semantics::keras2, verbose, false, false}, {"loss", "acc", "val_loss", "val_acc"}, 200);
    bar.start(0);
    const double one[] = {2.0, 0.25}, two[] = {1.0, 0.75};
    EXPECT_EQ(bar.update(100, one, 20), "");
    EXPECT_EQ(bar.update(200, two, 50), "");
    Logs logs;
    logs.set(logs.add("loss"), 1.5);
    logs.set(logs.add("acc"), 0.5);
    logs.set(logs.add("val_loss"), 0.0009);
    logs.set(logs.add("val_acc"), 0.5644);
    const std::string line = std::string(bar.finish(200, two, logs, 52.9));
    // Keras adds the last batch and the epoch's mean: (2 + 1 + 1.5) / 3 = 1.5.
    EXPECT_EQ(line, verbose == 2
                        ? "52s - loss: 1.5000 - acc: 0.5000 - val_loss: 9.0000e-04 - val_acc: 0.5644\n"
                        : "200/200 [==============================] - 52s - loss: 1.5000 - acc: 0.5000 - "
                          "val_loss: 9.0000e-04 - val_acc: 0.5644\n");
  }
}

TEST(ProgressBar, Keras3) {
  Logs logs;
  logs.set(logs.add("accuracy"), 0.9);
  logs.set(logs.add("loss"), 0.25);
  const double values[] = {0.5, 1.0};
  ProgressBar plain({Semantics::keras3, 1, false, false}, {"accuracy", "loss"}, 375);
  plain.start(0);
  EXPECT_EQ(plain.update(1, values, 1), "");
  EXPECT_EQ(plain.finish(375, values, logs, 1.748),
            "375/375 ━━━━━━━━━━━━━━━━━━━━ 2s 2ms/step - accuracy: 0.9000 - loss: "
            "0.2500\n");
  ProgressBar line({Semantics::keras3, 2, false, false}, {"accuracy", "loss"}, 375);
  line.start(0);
  EXPECT_EQ(line.finish(375, values, logs, 3), "375/375 - 3s - 8ms/step - accuracy: 0.9000 - loss: 0.2500\n");
  ProgressBar terminal({Semantics::keras3, 1, true, true}, {"accuracy", "loss"}, 40);
  terminal.start(0);
  EXPECT_EQ(terminal.update(10, values, 5),
            "\r\x1b[1m10/40\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m \x1b[1m15s\x1b[0m "
            "500ms/step - accuracy: "
            "0.5000 - loss: 1.0000");
  EXPECT_EQ(std::string(terminal.update(20, values, 10)).find('\r'), 75u)
      << "as many backspaces as columns stand on the line: 5 + 1 + 20 + 1 + 3 + 11 + 18 + 15 + 1";
}

TEST(ProgressBar, GoesOnWhereItWas) {
  const double values[] = {1.0};
  Logs logs;
  logs.set(logs.add("loss"), 2.0);
  ProgressBar whole({Semantics::keras2, 2, false, false}, {"loss"}, 30), rest = whole;
  whole.start(0);
  whole.update(10, values, 1);
  std::vector<double> numbers;
  whole.save(numbers);
  rest.restore(numbers, 10);
  rest.resume(0);
  const double next[] = {4.0};
  whole.update(20, next, 2);
  rest.update(20, next, 2);
  EXPECT_EQ(whole.finish(30, next, logs, 3), rest.finish(30, next, logs, 3));
}

}  // namespace
}  // namespace sinter::runtime

// Where callbacks of a script may write.
#include <gmock/gmock.h>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OutputPaths : public testing::Test {
 protected:
  CommandResult compile(const std::string &callbacks, const std::string &options = "") {
    write_text(scratch_ / "model.py", R"(import os
from os import path
from keras.callbacks import CSVLogger, ModelCheckpoint, TensorBoard
from keras.datasets import fashion_mnist
from keras.layers import Dense, Flatten
from keras.models import Sequential
from keras.utils import to_categorical
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
y_train = to_categorical(y_train, 10)
name = 'best.h5'
model = Sequential()
model.add(Flatten(input_shape=(28, 28)))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='sgd')
model.fit(x_train, y_train, callbacks=[)" +
                                          callbacks + "])\n");
    return run("sinter compile --train " + options + " " + (scratch_ / "model.py") + " -o " +
               (scratch_ / "out"));
  }
  std::string info(const std::string &options = "") {
    return run((scratch_ / "out") + " info " + options).out;
  }

  Scratch scratch_;
};

TEST_F(OutputPaths, OutsideOfTheFolderAreRefusedWithTheirList) {
  const CommandResult result = compile(
      "ModelCheckpoint('/tmp/w.h5'), CSVLogger('../log.csv'), TensorBoard(log_dir='logs/../../x'), "
      "ModelCheckpoint('w..h5')");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("model.py:15:"), HasSubstr("ModelCheckpoint writes to /tmp/w.h5"),
                                HasSubstr("CSVLogger writes to ../log.csv"),
                                HasSubstr("TensorBoard writes to logs/../../x"), HasSubstr("--allow-paths"),
                                Not(HasSubstr("writes to w..h5"))));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "out"));
}

TEST_F(OutputPaths, AreAllowedAndListed) {
  const CommandResult result =
      compile("ModelCheckpoint('/tmp/w.h5'), CSVLogger('../log.csv'), TensorBoard()", "--allow-paths");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(info(),
              HasSubstr("writes          /tmp/w.h5\nwrites          ../log.csv\nwrites          logs\n"));
  EXPECT_THAT(info("--json"), HasSubstr(R"("writes": ["/tmp/w.h5", "../log.csv", "logs"])"));
}

TEST_F(OutputPaths, TheRunsFolderIsRelative) {
  const CommandResult result = compile(
      "ModelCheckpoint(os.path.join(os.getcwd(), 'saved', name)), CSVLogger(os.getcwd() + '/log.csv'), "
      "TensorBoard(f'{os.getcwd()}/{path.join(os.curdir, \"logs\")}')");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(
      info(),
      HasSubstr("writes          ./saved/best.h5\nwrites          ./log.csv\nwrites          ././logs\n"));
  // A part that is absolute starts anew, as in Python.
  EXPECT_THAT(compile("CSVLogger(os.path.join(os.getcwd(), '/tmp/l.csv'))").err,
              HasSubstr("CSVLogger writes to /tmp/l.csv"));
  // What only the run knows cannot name an output.
  EXPECT_EQ(compile("CSVLogger(os.path.join(os.environ['HOME'], 'l.csv'))").exit_code, 1);
}

}  // namespace
}  // namespace sinter::test

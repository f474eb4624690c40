// What fit(), compile() and evaluate() are told: it is obeyed as Keras does, or refused at its line.
#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

using testing::HasSubstr;

class FitArguments : public testing::Test {
 protected:
  FitArguments() {
    std::vector<float> xa, xb, rows, numbers, labels, weights;
    for (int i = 0; i < 20; ++i) {
      for (int e = 0; e < 3; ++e) xa.push_back(static_cast<float>((7 * i + 5 * e) % 11) / 11);
      for (int e = 0; e < 2; ++e) xb.push_back(static_cast<float>((3 * i + 4 * e) % 7) / 7);
      for (int e = 0; e < 2; ++e) rows.push_back(i % 3 % 2 == e ? 1.0f : 0.0f);
      labels.push_back(static_cast<float>(i % 3 % 2));
      weights.push_back(i % 3 % 2 == 1 ? 3.0f : 0.5f);
      numbers.push_back(static_cast<float>(i % 5));
    }
    write_npy(scratch_ / "xa.npy", {20, 3}, xa);
    write_npy(scratch_ / "xb.npy", {20, 2}, xb);
    write_npy(scratch_ / "rows.npy", {20, 2}, rows);
    write_npy(scratch_ / "labels.npy", {20}, labels);
    write_npy(scratch_ / "numbers.npy", {20, 1}, numbers);
    write_npy(scratch_ / "weights.npy", {20}, weights);
  }

  // Inputs a and b, outputs p (two classes) and q (a number). The fit is line 14.
  static std::string two_outputs(const std::string &fit,
                                 const std::string &compile = "loss=['categorical_crossentropy', 'mse']",
                                 const std::string &module = "keras") {
    return "import numpy as np\nfrom " + module + ".models import Model\nfrom " + module +
           ".layers import Input, Dense, concatenate\n" +
           R"(xa, xb = np.load('xa.npy'), np.load('xb.npy')
yp, yq = np.load('rows.npy'), np.load('numbers.npy')
w = np.load('weights.npy')
a = Input(shape=(3,), name='a')
b = Input(shape=(2,), name='b')
h = Dense(4, activation='tanh')(concatenate([a, b]))
p = Dense(2, activation='softmax', name='p')(h)
q = Dense(1, name='q')(h)
model = Model(inputs=[a, b], outputs=[p, q])
model.compile(optimizer='sgd', )" +
           compile + ")\n" + fit + "\n";
  }

  // One input, one output with two classes. The fit is line 10.
  static std::string one_output(
      const std::string &fit, const std::string &module = "keras",
      const std::string &compile = "optimizer='sgd', loss='categorical_crossentropy'") {
    return "import numpy as np\nfrom " + module + ".models import Sequential\nfrom " + module +
           ".layers import Dense\nfrom " + module +
           ".callbacks import *\nx, rows = np.load('xa.npy'), np.load('rows.npy')\nlabels, w = "
           "np.load('labels.npy'), np.load('weights.npy')\n"
           "model = Sequential()\nmodel.add(Dense(2, activation='softmax', "
           "input_shape=(3,)))\nmodel.compile(" +
           compile + ")\n" + fit + "\n";
  }

  // Compiles to a trainer that runs in the scratch folder.
  void compile(const std::string &script, const std::string &options = "") {
    write_text(scratch_ / "m.py", script);
    const CommandResult result =
        run("cd " + scratch_.path().string() + " && sinter compile m.py --train -o trainer " + options);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  CommandResult train(const std::string &options = "") {
    return run("cd " + scratch_.path().string() + " && ./trainer " + options);
  }
  // The weights after training.
  std::string trained(const std::string &script) {
    compile(script);
    const CommandResult result = train("--verbose 0 --save-weights w.npz");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return read_text(scratch_ / "w.npz");
  }

  // Refused by the compiler: "10: message" of line 10.
  void refused(const std::string &script, int line, const std::string &message) {
    std::filesystem::remove(scratch_ / "trainer");
    write_text(scratch_ / "m.py", script);
    const CommandResult result =
        run("cd " + scratch_.path().string() + " && sinter compile m.py --train -o trainer");
    EXPECT_EQ(result.exit_code, 1) << script << result.err;
    EXPECT_THAT(result.err, testing::ContainsRegex("m.py:" + std::to_string(line) + ":[0-9]+: error: "));
    EXPECT_THAT(result.err, HasSubstr(": error: " + message + "\n"));
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "trainer"));
  }

  Scratch scratch_;
};

TEST_F(FitArguments, OneArrayForEachInputAndTarget) {
  const auto fit = [](const std::string &x, const std::string &y, const std::string &rest = "") {
    return two_outputs("model.fit(" + x + ", " + y + rest + ")");
  };
  const std::string x = "[xa, xb]", y = "[yp, yq]";
  refused(fit("xa", y), 14, "fit() gives no array for the model's input 'b'");
  refused(fit("[xa, xb, w]", y), 14,
          "fit() gives the array 'weights.npy', but the model has no input for it");
  refused(fit(x, "[yp]"), 14, "fit() gives no array for the model's target 'q'");
  refused(fit(x, "[yp, yq, w]"), 14,
          "fit() gives the array 'weights.npy', but the model has no target for it");
  refused(fit("{'a': xa}", y), 14, "fit() gives no array for the model's input 'b'");
  refused(fit("{'a': xa, 'c': xb}", y), 14, "fit() gives the array 'c', but the model has no input for it");
  refused(fit(x, "{'p': yp, 'r': yq}"), 14, "fit() gives the array 'r', but the model has no target for it");
  refused(two_outputs("model.fit([xa, xb])"), 14, "fit() gives no array for the model's target 'p'");
  refused(fit(x, y, ", validation_data=(xa, [yp, yq])"), 14,
          "validation_data gives no array for the model's input 'b'");
  refused(fit(x, y, ", validation_data=([xa, xb], [yp])"), 14,
          "validation_data gives no array for the model's target 'q'");
  refused(fit(x, y) + "model.evaluate([xa], [yp, yq])\n", 15,
          "evaluate() gives no array for the model's input 'b'");
  refused(fit(x, y) + "model.evaluate([xa, xb], [yp, yq, w])\n", 15,
          "evaluate() gives the array 'weights.npy', but the model has no target for it");
}

TEST_F(FitArguments, ArraysByNameAreTheSameInAnyOrder) {
  const std::string in_order = trained(two_outputs("model.fit([xa, xb], [yp, yq], batch_size=4, epochs=2)"));
  EXPECT_EQ(trained(two_outputs("model.fit({'b': xb, 'a': xa}, {'q': yq, 'p': yp}, batch_size=4, epochs=2)")),
            in_order);
}

// Keras 3 takes a target for each output, or for each that has a loss.
TEST_F(FitArguments, TargetsBelongToTheOutputsWithLosses) {
  const std::string only_q = "loss=[None, 'mse']";
  const std::string of_loss =
      trained(two_outputs("model.fit([xa, xb], [yq], batch_size=4)", only_q, "tensorflow.keras"));
  EXPECT_EQ(trained(two_outputs("model.fit([xa, xb], [yp, yq], batch_size=4)", only_q, "tensorflow.keras")),
            of_loss);
  refused(two_outputs("model.fit([xa, xb], [yp, yq], batch_size=4)", only_q), 14,
          "fit() gives the array 'numbers.npy', but the model has no target for it");
}

TEST_F(FitArguments, NumbersBeyondWhatATrainerCountsWith) {
  const std::pair<const char *, const char *> cases[] = {
      {"batch_size=2**32+1", "batch_size is 4294967297, but must be from 1 to 16777216"},
      {"batch_size=2**32", "batch_size is 4294967296, but must be from 1 to 16777216"},
      {"batch_size=-8", "batch_size is -8, but must be at least 1"},
      {"batch_size=32.5", "batch_size is 32.5, but must be a whole number"},
      {"epochs=2**32", "epochs is 4294967296, but must be from 0 to 1000000"},
      {"epochs=1.5", "epochs is 1.5, but must be a whole number"},
      {"epochs=-1", "epochs is -1, but must be at least 0"},
      {"initial_epoch=2**32", "initial_epoch is 4294967296, but must be from 0 to 1000000"},
      {"batch_size=4, steps_per_epoch=2**62",
       "steps_per_epoch is 4611686018427387904, but must be from 1 to 1099511627776"},
      {"batch_size=4, steps_per_epoch=2.5", "steps_per_epoch is 2.5, but must be a whole number"},
      {"batch_size=4, steps_per_epoch=2, validation_steps=0",
       "validation_steps is 0, but must be at least 1"},
      {"batch_size=4, validation_steps=2**62",
       "validation_steps is 4611686018427387904, but must be from 1 to 1099511627776"},
      {"verbose=3", "verbose is 3, but must be from 0 to 2"},
      {"verbose=-1", "verbose is -1, but must be from 0 to 2"},
  };
  for (const auto &[fit, message] : cases)
    refused(one_output("model.fit(x, rows, " + std::string(fit) + ")", "tensorflow.keras"), 10, message);
}

TEST_F(FitArguments, NumbersOfOptionsAreLimitedToo) {
  compile(one_output("model.fit(x, rows, batch_size=8, epochs=2)"));
  for (const char *options :
       {"--epochs 1000001", "--epochs -1", "--epochs 4294967298", "--epochs 2.5",
        "--epochs 99999999999999999999", "--batch 9", "--batch 0", "--batch 4294967297",
        "--checkpoint c --checkpoint-every 0", "--verbose 3", "--lr nan", "--lr 0", "--lr -1", "--lr 1e39",
        "--seed -1", "--seed 18446744073709551616", "--threads 0", "--threads 4294967297"}) {
    const CommandResult result = train(options);
    EXPECT_EQ(result.exit_code, 2) << options << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr("expected a")) << options;
  }
  for (const char *batch : {"0", "-1", "2.5", "4294967297", "99999999999999999999"})
    EXPECT_EQ(
        run("cd " + scratch_.path().string() + " && sinter compile m.py --train -o trainer --batch " + batch)
            .exit_code,
        2)
        << batch;
}

TEST_F(FitArguments, ASmallerMaximumThanTheScriptsBatchIsSaid) {
  write_text(scratch_ / "m.py", one_output("model.fit(x, rows, batch_size=8, epochs=2)"));
  const CommandResult result =
      run("cd " + scratch_.path().string() + " && sinter compile m.py --train --batch 4 -o trainer");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("warning: --batch: the script's batch_size is 8: the trainer takes batches of 4\n"));
}

TEST_F(FitArguments, ClassWeightOfRowsFromAFile) {
  const std::string fit = "model.fit(x, rows, batch_size=8, epochs=2";
  for (const char *module : {"keras", "tensorflow.keras"}) {
    const std::string weighed = trained(one_output(fit + ", class_weight={0: 0.5, 1: 3})", module));
    EXPECT_EQ(trained(one_output(fit + ", sample_weight=w)", module)), weighed);
    EXPECT_NE(trained(one_output(fit + ")", module)), weighed);
    EXPECT_EQ(trained(one_output(
                  "from " + std::string(module) +
                      ".utils import to_categorical\nmodel.fit(x, to_categorical(labels), batch_size=8, "
                      "epochs=2, class_weight={0: 0.5, 1: 3})",
                  module)),
              weighed);
  }
}

TEST_F(FitArguments, ClassesWithoutAWeight) {
  const std::string fit = "model.fit(x, rows, batch_size=8, epochs=2, class_weight={0: 0.5})";
  compile(one_output(fit));
  const CommandResult keras2 = train();
  EXPECT_EQ(keras2.exit_code, 1);
  EXPECT_THAT(keras2.err,
              HasSubstr("error: rows.npy: class_weight has no weight for the class of sample 1\n"));
  const std::string weighed = trained(one_output(fit, "tensorflow.keras"));
  EXPECT_EQ(trained(one_output("model.fit(x, rows, batch_size=8, epochs=2, class_weight={0: 0.5, 1: 1.0})",
                               "tensorflow.keras")),
            weighed);
}

TEST_F(FitArguments, ClassWeightThatKerasRefuses) {
  const std::string weight = ", class_weight={0: 1, 1: 2}";
  refused(two_outputs("model.fit([xa, xb], [yp, yq]" + weight + ")"), 14,
          "class_weight is only supported for models of one output");
  refused(one_output("model.fit(x, rows, sample_weight=w" + weight + ")"), 10,
          "class_weight and sample_weight cannot be given together");
  refused(one_output("model.fit(x, rows, class_weight={0: 1e400, 1: 1})"), 10,
          "the weight of class 0 is inf, but must be finite");
  refused(
      "import numpy as np\nfrom keras.models import Sequential\nfrom keras.layers import Conv2D\nmodel = "
      "Sequential()\n"
      "model.add(Conv2D(2, 1, activation='softmax', input_shape=(4, 4, 1)))\nmodel.compile('sgd', "
      "'categorical_crossentropy')\n"
      "model.fit(np.load('xa.npy'), np.load('rows.npy')" +
          weight + ")\n",
      7, "class_weight needs one class a sample, but the output 'conv2d_1' has 4 axes");
}

TEST_F(FitArguments, SampleWeightsOfSeveralOutputs) {
  const std::string fit = "model.fit([xa, xb], [yp, yq], batch_size=4, sample_weight=";
  refused(two_outputs(fit + "w)"), 14, "sample_weight is one array, but the model has several outputs");
  refused(two_outputs(fit + "[w, w])"), 14,
          "sample_weight must be one array: weights for each output are not supported");
  // Keras 3 weighs all outputs.
  EXPECT_NE(
      trained(two_outputs(fit + "w)", "loss=['categorical_crossentropy', 'mse']", "tensorflow.keras")),
      trained(two_outputs(fit + "None)", "loss=['categorical_crossentropy', 'mse']", "tensorflow.keras")));
}

TEST_F(FitArguments, StepsOfArrays) {
  refused(one_output("model.fit(x, rows, steps_per_epoch=2)"), 10,
          "steps_per_epoch with arrays: Keras 2 counts steps of generators only");
  refused(one_output("model.fit(x, rows, validation_split=0.5, validation_steps=2)"), 10,
          "validation_steps with arrays: Keras 2 counts steps of generators only");
  refused(
      one_output("model.fit(x, rows, steps_per_epoch=2)", "tensorflow.keras"), 10,
      "steps_per_epoch without batch_size: Keras 3 divides the data by the steps to get the size of a batch");
  // 5 batches a pass, 2 an epoch: the third epoch has the last one.
  compile(one_output("model.fit(x, rows, batch_size=4, steps_per_epoch=2, epochs=3, verbose=0)",
                     "tensorflow.keras"));
  const CommandResult result = train("--checkpoint c.sinter");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("Your input ran out of data; interrupting training."));
  const std::string passed =
      trained(one_output("model.fit(x, rows, batch_size=4, epochs=1, verbose=0)", "tensorflow.keras"));
  EXPECT_EQ(trained(one_output("model.fit(x, rows, batch_size=4, steps_per_epoch=2, epochs=3, verbose=0)",
                               "tensorflow.keras")),
            passed);
  EXPECT_EQ(trained(one_output("model.fit(x, rows, batch_size=4, steps_per_epoch=9, epochs=1, verbose=0)",
                               "tensorflow.keras")),
            passed);
}

TEST_F(FitArguments, SchedulesReachAsFarAsTheTraining) {
  const std::string schedule = "def rate(epoch): return 0.5 / (1 + epoch)\n";
  // Sequential.fit() of Keras 2 runs ten epochs unless told.
  compile(one_output(schedule +
                     "model.fit(x, rows, verbose=0, callbacks=[LearningRateScheduler(rate, verbose=1)])"));
  const CommandResult result = train();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::string lines;
  for (const char *line : {"01: LearningRateScheduler reducing learning rate to 0.5",
                           "02: LearningRateScheduler reducing learning rate to 0.25",
                           "03: LearningRateScheduler reducing learning rate to 0.16666666666666666",
                           "04: LearningRateScheduler reducing learning rate to 0.125",
                           "05: LearningRateScheduler reducing learning rate to 0.1",
                           "06: LearningRateScheduler reducing learning rate to 0.08333333333333333",
                           "07: LearningRateScheduler reducing learning rate to 0.07142857142857142",
                           "08: LearningRateScheduler reducing learning rate to 0.0625",
                           "09: LearningRateScheduler reducing learning rate to 0.05555555555555555",
                           "10: LearningRateScheduler reducing learning rate to 0.05"})
    lines += "\nEpoch 000" + std::string(line) + ".\n";
  EXPECT_EQ(result.out, lines);
  const CommandResult beyond = train("--epochs 11");
  EXPECT_EQ(beyond.exit_code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("11 epochs: the script's LearningRateScheduler was compiled for 10\n"));
  EXPECT_THAT(beyond.err, HasSubstr("hint: write epochs=11 in the script's fit() and compile it again"));
  EXPECT_EQ(train("--epochs 3").exit_code, 0);
  const CommandResult rate = train("--lr 0.1");
  EXPECT_EQ(rate.exit_code, 2);
  EXPECT_THAT(rate.err,
              HasSubstr("--lr: the script's LearningRateScheduler sets the learning rate of each epoch\n"));
}

TEST_F(FitArguments, SchedulesOfTheCurrentRate) {
  const std::string schedule = "def rate(epoch, lr): return lr * 0.5\n";
  const auto fit = [&](const std::string &rest) {
    return one_output(schedule + "model.fit(x, rows, verbose=0, epochs=4, " + rest + ")", "tensorflow.keras",
                      "optimizer='sgd', loss='categorical_crossentropy'");
  };
  // As Keras asks for it: of a float32, from the first epoch that is trained.
  compile(fit("initial_epoch=2, callbacks=[LearningRateScheduler(rate, verbose=1)]"));
  EXPECT_EQ(train().out,
            "\nEpoch 3: LearningRateScheduler setting learning rate to 0.004999999888241291.\n"
            "\nEpoch 4: LearningRateScheduler setting learning rate to 0.0024999999441206455.\n");
  refused(
      fit("callbacks=[ReduceLROnPlateau(monitor='loss'), LearningRateScheduler(rate)]"), 11,
      "LearningRateScheduler: the schedule depends on the current rate, which another callback changes, too");
}

TEST_F(FitArguments, CallbacksThatKerasRefuses) {
  const auto fit = [](const std::string &callback, const char *module = "keras") {
    return one_output("model.fit(x, rows, callbacks=[" + callback + "])", module);
  };
  refused(fit("ReduceLROnPlateau(factor=1.5)"), 10, "ReduceLROnPlateau: the factor must be below 1, not 1.5");
  refused(fit("CSVLogger('log.csv', separator=', ')"), 10, "CSVLogger: the separator must be one character");
  refused(fit("ModelCheckpoint('w.h5', save_freq=10)"), 10,
          "ModelCheckpoint: Keras 2 saves every `period` epochs, it knows no save_freq");
  refused(fit("ModelCheckpoint('w.h5', period=0.5)"), 10,
          "ModelCheckpoint: period must be a whole number above 0");
  refused(fit("ModelCheckpoint('w.h5', save_freq='batch')", "tensorflow.keras"), 10,
          "ModelCheckpoint: save_freq must be a whole number above 0");
}

// `period` counts epochs and `save_freq` batches.
TEST_F(FitArguments, PeriodOfCheckpoints) {
  const auto files = [&](const std::string &argument) {
    trained(one_output(
        "model.fit(x, rows, batch_size=4, epochs=4, callbacks=[ModelCheckpoint('saved{epoch}.h5', " +
            argument + ")])",
        "tensorflow.keras"));
    std::string names;
    for (const char *name : {"saved1.h5", "saved2.h5", "saved3.h5", "saved4.h5"})
      if (std::filesystem::remove(scratch_ / name)) names += std::string(name) + " ";
    return names;
  };
  EXPECT_EQ(files("period=3"), "saved3.h5 ");
  EXPECT_EQ(files("save_freq=8"), "saved2.h5 saved4.h5 ") << "steps 8 and 16 of 5 an epoch";
  EXPECT_EQ(files("save_freq='epoch'"), "saved1.h5 saved2.h5 saved3.h5 saved4.h5 ");
}

TEST_F(FitArguments, MetricsOfSeveralOutputs) {
  const auto lines = [&](const std::string &metrics, const std::string &module) {
    compile(two_outputs("model.fit([xa, xb], [yp, yq], batch_size=20, epochs=1, shuffle=False, "
                        "callbacks=[CSVLogger('log.csv')])",
                        "loss=['categorical_crossentropy', 'mse'], metrics=" + metrics, module)
                .replace(0, 0, "from " + module + ".callbacks import CSVLogger\n"));
    EXPECT_EQ(train("--verbose 0").exit_code, 0);
    const std::string log = read_text(scratch_ / "log.csv");
    return log.substr(0, log.find("\r\n"));
  };
  EXPECT_EQ(lines("['accuracy', 'mae']", "keras"), "epoch,loss,p_acc,p_loss,p_mae,q_acc,q_loss,q_mae");
  EXPECT_EQ(lines("['accuracy', 'mae']", "tensorflow.keras"), "epoch,loss,p_accuracy,p_loss,q_loss,q_mae");
  EXPECT_EQ(lines("[['accuracy'], ['mae', 'mape']]", "tensorflow.keras"),
            "epoch,loss,p_accuracy,p_loss,q_loss,q_mae,q_mape");
  refused(two_outputs("", "loss=['categorical_crossentropy', 'mse'], metrics=['mae']", "tensorflow.keras"),
          13, "1 metrics are given for 2 outputs");
}

TEST_F(FitArguments, SettingsOfLossesAndMetricsAreObeyedOrRefused) {
  const std::string metric =
      "from keras.metrics import CategoricalCrossentropy\nmodel.compile('sgd', "
      "'categorical_crossentropy', metrics=[CategoricalCrossentropy(";
  refused(one_output(metric + "axis=0)])\nmodel.fit(x, rows)"), 11,
          "categorical_crossentropy: the argument 'axis' is only supported at its default");
  const auto logged = [&](const std::string &arguments) {
    compile(one_output(metric + arguments +
                       ")])\nmodel.fit(x, rows, epochs=1, callbacks=[CSVLogger('log.csv')])"));
    EXPECT_EQ(train("--verbose 0").exit_code, 0);
    const std::string log = read_text(scratch_ / "log.csv");
    EXPECT_THAT(log, testing::StartsWith("epoch,categorical_crossentropy,loss\r\n0,"));
    std::istringstream numbers(log.substr(log.find("\n0,") + 3));
    std::pair<double, double> metric_and_loss;
    char comma = 0;
    numbers >> metric_and_loss.first >> comma >> metric_and_loss.second;
    return metric_and_loss;
  };
  const auto plain = logged(""), of_logits = logged("from_logits=True");
  EXPECT_DOUBLE_EQ(plain.first, plain.second);
  EXPECT_EQ(of_logits.second, plain.second);
  EXPECT_GT(std::abs(of_logits.first - plain.first), 1e-3) << "probabilities taken for logits";
}

// Two inputs from a .npz that no script describes: what is missing or too much is named.
TEST_F(FitArguments, ArchivesHoldTheArraysOfTheModel) {
  write_text(scratch_ / "net.graph", R"(graph "net" {
  input %a: f32[N, 3]
  input %b: f32[N, 2]
  weight %v: f32[3, 2] init=glorot_uniform
  weight %w: f32[2, 2] init=glorot_uniform
  %1 = matmul(%a, %v)
  %2 = matmul(%b, %w)
  %3 = add(%1, %2)
  %y = softmax(%3)
  output %y
})");
  const std::string folder = "cd " + scratch_.path().string() + " && ";
  ASSERT_EQ(
      run(folder + "sinter compile net.graph --train -o net --loss categorical_crossentropy --optimizer SGD")
          .exit_code,
      0);
  const auto train_on = [&](const std::vector<std::pair<std::string, std::string>> &members,
                            const std::string &command = "") {
    std::string pack = folder + "rm -rf data && mkdir data && cd data";
    for (const auto &[member, file] : members) pack += " && cp ../" + file + ".npy " + member + ".npy";
    EXPECT_EQ(run(pack + " && python3 -m zipfile -c ../data.npz *.npy").exit_code, 0);
    return run(folder + "./net " + command + " --data data.npz");
  };
  using Members = std::vector<std::pair<std::string, std::string>>;
  const Members whole{{"x_train.a", "xa"}, {"x_train.b", "xb"}, {"y_train", "rows"}};
  const auto with = [&](const Members &more) {
    Members all = whole;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(train_on(whole).exit_code, 0) << "no samples for validation are needed";
  const CommandResult fewer = train_on({{"x_train.a", "xa"}, {"y_train", "rows"}});
  EXPECT_EQ(fewer.exit_code, 1);
  EXPECT_THAT(fewer.err, HasSubstr("no array 'x_train.b' in the archive"));
  const CommandResult more = train_on(with({{"x_train.c", "xa"}}));
  EXPECT_EQ(more.exit_code, 1);
  EXPECT_THAT(
      more.err,
      HasSubstr(
          "error: data.npz: the data set has an array 'x_train.c', but the model has no input for it\n"));
  EXPECT_THAT(more.err, HasSubstr("hint: expected are x_train.a, x_train.b, y_train"));
  const CommandResult target = train_on(with({{"y_train.q", "numbers"}}));
  EXPECT_EQ(target.exit_code, 1);
  EXPECT_THAT(target.err,
              HasSubstr("the data set has an array 'y_train.q', but the model has no target for it"));
  const CommandResult half = train_on(with({{"x_valid.a", "xa"}, {"x_valid.b", "xb"}}));
  EXPECT_EQ(half.exit_code, 1);
  EXPECT_THAT(half.err, HasSubstr("the data set has no array 'y_valid' beside its others"));
  EXPECT_THAT(
      train_on(with({{"x_valid.a", "xa"}, {"x_valid.b", "xb"}, {"y_valid", "rows"}}), "--checkpoint c.sinter")
          .out,
      HasSubstr("val_loss: "));
  const CommandResult evaluated =
      train_on(with({{"x_test.a", "xa"}, {"x_test.b", "xb"}, {"y_test", "rows"}, {"x_test.c", "xa"}}),
               "evaluate --checkpoint c.sinter");
  EXPECT_EQ(evaluated.exit_code, 1);
  EXPECT_THAT(evaluated.err,
              HasSubstr("the data set has an array 'x_test.c', but the model has no input for it"));
}

// Without evaluate() in the script, its training arrays are no test data, and slices of them are no slices of
// those.
TEST_F(FitArguments, EvaluatesTheSplitThatIsNamed) {
  compile(one_output("model.fit(x, rows, batch_size=4, validation_split=0.25, verbose=0)"));
  ASSERT_EQ(train("--checkpoint c.sinter").exit_code, 0);
  const CommandResult test = train("evaluate --checkpoint c.sinter");
  EXPECT_EQ(test.exit_code, 3);
  EXPECT_THAT(test.err, HasSubstr("error: the script says nothing of data for the split 'test'\n"));
  EXPECT_THAT(train("evaluate --split train --json --checkpoint c.sinter").out,
              HasSubstr("\"samples\": 15}"));
  EXPECT_THAT(train("evaluate --split valid --json --checkpoint c.sinter").out, HasSubstr("\"samples\": 5}"));
  compile(one_output("model.fit(x, rows, batch_size=4, validation_split=0.98, verbose=0)"));
  const CommandResult none = train();
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("validation_split 0.98 of 20 samples leaves none for training"));
}

}  // namespace
}  // namespace sinter::test

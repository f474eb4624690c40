// A trainer written by hand, as the compiler would generate it: softmax regression with momentum and dropout
// of inputs, whose kernel lies in a blocked layout. It learns, and each step depends on seed, step number and
// state.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/training/trainer.h"

namespace sinter::runtime {

struct FakeStep {
  std::string kind;  // as schema::StepKind has them: "cast", "divide", "samples", …
  std::string text = {};
  double constant = 0;
  int64_t begin = 0, end = 0;
  bool has_end = false;
  int64_t classes = 0;
  std::vector<int64_t> shape = {};
  bool reversed = false;
  int64_t step = 1;
  bool integer = false;
};

struct FakeArray {
  std::string name, member;  // builtin data set
  std::vector<FakeStep> steps = {};
};

struct FakeCallback {
  std::string class_name;
  std::vector<std::pair<std::string, std::variant<double, std::string, std::vector<double>>>> arguments = {};
};

struct FakeTrainerSpec {
  std::vector<int64_t> input_dims{4};
  int64_t classes = 3;
  bool sparse_target = false, sample_weights = false;
  Semantics semantics = Semantics::keras2;
  uint32_t max_batch = 16, batch = 8, epochs = 3, verbose = 1;
  bool shuffle = true;
  double validation_split = 0;
  uint64_t steps_per_epoch = 0;
  bool counts_steps = false;
  float learning_rate = 0.5f, dropout = 0.25f;
  uint64_t fingerprint = 77;
  std::vector<std::pair<int64_t, double>> class_weights = {};
  std::vector<FakeCallback> callbacks = {};
  // Absent: no script. One input array and one target array.
  std::vector<FakeArray> train = {}, validation = {}, test = {};
  int64_t nan_at_step = -1;  // a step whose logits are NaN
  bool has_config = true;
  int delay_us = 0;  // of a step
};

// Keeps the metadata alive until the process ends. The last one made is the one whose code runs.
Trainer fake_trainer(const FakeTrainerSpec &spec);

// By name, for trainers in processes of their own: "points" (no script), "keras3", "lesson" (MNIST with the
// lesson's steps and ModelCheckpoint), "slow" (steps of a millisecond).
FakeTrainerSpec fake_trainer_spec(const std::string &name);

}  // namespace sinter::runtime

// From files to batches: steps of the pipeline, the order of epochs, batches gathered ahead.
#include <gmock/gmock.h>

#include <numeric>

#include "fake_trainers.h"
#include "fixtures.h"
#include "runtime/data/batch_stream.h"
#include "runtime/data/find_data.h"
#include "runtime/data/sample_set.h"
#include "runtime/training/permutation.h"

namespace sinter::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TrainingDataTest : public FolderTest {
 protected:
  // Loads, and gives the error or the values of the samples: inputs, then targets.
  struct Loaded {
    std::string error;
    int64_t count = 0;
    std::vector<float> inputs, targets, weights;
    std::optional<SampleSet> set;
  };
  Loaded load(const FakeTrainerSpec &spec, const std::string &split = "train") {
    Loaded loaded;
    trainer_ = fake_trainer(spec);
    DataLoader loader(trainer_, path("data"));
    Result<std::optional<SampleSet>> set = SampleSet::load(trainer_, loader, split);
    if (!set) {
      loaded.error = set.error().file + ": " + set.error().message;
      return loaded;
    }
    if (!*set) {
      loaded.error = "none";
      return loaded;
    }
    loaded.count = (*set)->count();
    gather(**set, loaded);
    loaded.set = std::move(*set);
    return loaded;
  }
  void gather(const SampleSet &set, Loaded &loaded) {
    const auto n = static_cast<size_t>(set.count());
    loaded.inputs.resize(n * static_cast<size_t>(trainer_.program.inputs[0].elements));
    loaded.targets.resize(n * static_cast<size_t>(trainer_.targets[0].tensor.elements));
    loaded.weights.resize(n);
    std::vector<uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0u);
    float *inputs[] = {loaded.inputs.data()}, *targets[] = {loaded.targets.data(), loaded.weights.data()};
    const Status status = set.gather(all, inputs, targets);
    EXPECT_TRUE(status) << status.error().message;
  }
  // MNIST-style files of 2 x 2 pictures: sample i has pixels 4 i … 4 i + 3 and label i % 3.
  void write_idx(int count, int last_label = -1) {
    std::string pixels, labels;
    for (int i = 0; i < 4 * count; ++i) pixels += static_cast<char>(i);
    for (int i = 0; i < count; ++i) labels += static_cast<char>(i % 3);
    if (last_label >= 0) labels.back() = static_cast<char>(last_label);
    for (const char *split : {"train", "t10k"}) {
      write(std::string("data/") + split + "-images-idx3-ubyte.gz",
            gzip(idx({static_cast<uint32_t>(count), 2, 2}, pixels)));
      write(std::string("data/") + split + "-labels-idx1-ubyte", idx({static_cast<uint32_t>(count)}, labels));
    }
  }
  void write_npz(const std::string &x, const std::string &y) {
    write("data/set.npz",
          zip({{"x_train.npy", x, true}, {"y_train.npy", y, false}, {"w.npy", npy_floats({3}, {1, 2, 3})}}));
  }
  static FakeTrainerSpec scripted(std::vector<FakeStep> input, std::vector<FakeStep> target) {
    FakeTrainerSpec spec;
    spec.train = {{"mnist", "x_train", std::move(input)}, {"mnist", "y_train", std::move(target)}};
    return spec;
  }

  Trainer trainer_;
};

const std::vector<FakeStep> to_vector{{.kind = "one_hot", .classes = 3}};

TEST_F(TrainingDataTest, TheLessonsSteps) {
  write_idx(5);
  const Loaded data = load(scripted({{.kind = "cast", .text = "float32"},
                                     {.kind = "divide", .constant = 255},
                                     {.kind = "reshape", .shape = {2, 2, 1}}},
                                    to_vector));
  ASSERT_EQ(data.error, "");
  EXPECT_EQ(data.count, 5);
  for (size_t i = 0; i < data.inputs.size(); ++i)
    EXPECT_EQ(data.inputs[i], static_cast<float>(i) / 255.0f) << "float32 division, bit by bit";
  EXPECT_THAT(data.targets, ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0));
}

TEST_F(TrainingDataTest, SlicesAreSamples) {
  write_idx(6);
  const auto first_of = [&](FakeStep slice) {
    const Loaded data = load(scripted({slice}, {slice, to_vector[0]}));
    EXPECT_EQ(data.error, "");
    std::vector<float> firsts;
    for (size_t i = 0; i < data.inputs.size(); i += 4) firsts.push_back(data.inputs[i] / 4);
    return firsts;
  };
  EXPECT_THAT(first_of({.kind = "samples", .begin = 4}), ElementsAre(4, 5));
  EXPECT_THAT(first_of({.kind = "samples", .end = 2, .has_end = true}), ElementsAre(0, 1));
  EXPECT_THAT(first_of({.kind = "samples", .begin = -2}), ElementsAre(4, 5));
  EXPECT_THAT(first_of({.kind = "samples", .begin = 1, .end = -1, .has_end = true, .step = 2}),
              ElementsAre(1, 3));
}

TEST_F(TrainingDataTest, ArithmeticInTheArraysType) {
  write_idx(3);
  const auto element = [&](std::vector<FakeStep> steps) {
    const Loaded data = load(scripted(std::move(steps), to_vector));
    EXPECT_EQ(data.error, "");
    return data.inputs.at(7);  // the byte 7
  };
  EXPECT_EQ(element({{.kind = "subtract", .constant = 127.5}, {.kind = "divide", .constant = 127.5}}),
            static_cast<float>((7 - 127.5) / 127.5))
      << "bytes and floats of Python make float64";
  EXPECT_EQ(element({{.kind = "subtract", .constant = 1, .reversed = true}}), -6.0f);
  EXPECT_EQ(element({{.kind = "multiply", .constant = 0.1}, {.kind = "cast", .text = "int32"}}), 0.0f);
  EXPECT_EQ(element({{.kind = "cast", .text = "float32"}, {.kind = "multiply", .constant = 0.1}}),
            7.0f * 0.1f);
  EXPECT_EQ(element({{.kind = "divide", .constant = 1, .reversed = true}, {.kind = "add", .constant = 2}}),
            static_cast<float>(1.0 / 7 + 2));
}

TEST_F(TrainingDataTest, IntegersThatWrapAroundAreRejected) {
  write_idx(3);  // the bytes 0 to 11
  const auto error = [&](std::vector<FakeStep> steps) {
    return load(scripted(std::move(steps), to_vector)).error;
  };
  EXPECT_EQ(error({{.kind = "add", .constant = 244, .integer = true}}), "");
  EXPECT_THAT(error({{.kind = "add", .constant = 245, .integer = true}}),
              HasSubstr("offset 27: the number 256 wraps around in uint8, the array's type"));
  EXPECT_EQ(error({{.kind = "add", .constant = 245}}), "") << "a float makes float64";
  EXPECT_EQ(error({{.kind = "cast", .text = "float32"}, {.kind = "add", .constant = 245, .integer = true}}),
            "");
  EXPECT_THAT(error({{.kind = "subtract", .constant = 1, .integer = true}}),
              HasSubstr("the number -1 wraps around"));
  EXPECT_EQ(error({{.kind = "divide", .constant = 255, .integer = true},
                   {.kind = "subtract", .constant = 1, .integer = true}}),
            "");
  EXPECT_THAT(error({{.kind = "multiply", .constant = 20.0}, {.kind = "cast", .text = "int8"}}),
              HasSubstr("the number 140 wraps around in int8"));
  EXPECT_EQ(error({{.kind = "multiply", .constant = 20.0}, {.kind = "cast", .text = "uint8"}}), "");
}

TEST_F(TrainingDataTest, WithoutAScriptBytesAreScaledAndLabelsEncoded) {
  write_idx(3);
  const Loaded data = load(FakeTrainerSpec{});
  ASSERT_EQ(data.error, "");
  EXPECT_FLOAT_EQ(data.inputs[5], 5 / 255.0f);
  EXPECT_THAT(data.targets, ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1));
  EXPECT_EQ(load(FakeTrainerSpec{}, "test").count, 3);
  EXPECT_EQ(load(FakeTrainerSpec{}, "valid").error, "none");
}

TEST_F(TrainingDataTest, SparseTargetsAreClassNumbers) {
  write_idx(4);
  FakeTrainerSpec spec = scripted({}, {});
  spec.sparse_target = true;
  EXPECT_THAT(load(spec).targets, ElementsAre(0, 1, 2, 0));
  write_idx(4, 3);
  EXPECT_THAT(load(spec).error,
              HasSubstr("train-labels-idx1-ubyte: offset 11: label 3 of sample 3, expected a whole "
                        "number from 0 to 2"));
}

TEST_F(TrainingDataTest, ChannelsAndPreprocessing) {
  std::vector<float> x{1, 2, 3, 4, 5, 6};
  write_npz(npy_floats({1, 1, 2, 3}, x), npy_floats({1}, {2}));
  FakeTrainerSpec spec = scripted({{.kind = "reverse_channels"}}, to_vector);
  spec.input_dims = {1, 2, 3};
  EXPECT_THAT(load(spec).inputs, ElementsAre(3, 2, 1, 6, 5, 4));
  spec.train[0].steps = {{.kind = "preprocess", .text = "vgg16"}};
  EXPECT_THAT(load(spec).inputs,
              ElementsAre(3 - 103.939f, 2 - 116.779f, 1 - 123.68f, 6 - 103.939f, 5 - 116.779f, 4 - 123.68f));
  spec.train[0].steps = {{.kind = "preprocess", .text = "mobilenet"}};
  EXPECT_EQ(load(spec).inputs[1], 2 / 127.5f - 1);
  spec.train[0].steps = {{.kind = "preprocess", .text = "unheard_of"}};
  EXPECT_THAT(load(spec).error, HasSubstr("'unheard_of' is not known"));
}

// The channels are those that the array has at that step.
TEST_F(TrainingDataTest, ReversedChannelsMayBeFlattened) {
  write_npz(npy_floats({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}), npy_floats({1}, {2}));
  FakeTrainerSpec spec =
      scripted({{.kind = "reverse_channels"}, {.kind = "reshape", .shape = {6}}}, to_vector);
  spec.input_dims = {6};
  EXPECT_THAT(load(spec).inputs, ElementsAre(3, 2, 1, 6, 5, 4));
}

// x = scale * pixel + offset of pictures without a script, after resizing.
TEST_F(TrainingDataTest, PicturesAreResizedThenScaled) {
  write("data/train/a/1.png", png(2, 1, 1, {0, 100}));
  write("data/train/b/1.png", png(1, 1, 1, {51}));
  FakeTrainerSpec spec;
  spec.input_dims = {1, 4, 1};
  spec.classes = 2;
  const Loaded data = load(spec);
  ASSERT_EQ(data.error, "");
  constexpr float resized[] = {0, 25, 75, 100};
  for (size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(data.inputs[i], resized[i] / 255.0f);
  EXPECT_FLOAT_EQ(data.inputs[4], 0.2f);
}

TEST_F(TrainingDataTest, NumbersThatAreNoneAreFoundByTheirPlace) {
  std::vector<float> x(12, 1.0f);
  x[9] = NAN;
  write_npz(npy_floats({3, 4}, x), npy_floats({3}, {0, 1, 2}));
  EXPECT_THAT(load(FakeTrainerSpec{}).error,
              HasSubstr("set.npz(x_train.npy): offset 164: the value nan in sample 2"));  // 128 + 9 * 4
}

TEST_F(TrainingDataTest, WhatDoesNotFitIsRejected) {
  write_idx(3);
  FakeTrainerSpec larger;
  larger.input_dims = {3, 3, 1};
  EXPECT_THAT(load(larger).error,
              HasSubstr("samples of shape [2, 2], but the model's input 'x' is [N, 3, 3, 1]"));
  EXPECT_THAT(load(scripted({}, {})).error,
              HasSubstr("targets of shape [N], but output 'dense_1' is [N, 3]"));
  EXPECT_THAT(load(scripted({{.kind = "reshape", .shape = {5}}}, to_vector)).error,
              HasSubstr("cannot be reshaped to [5]"));
  EXPECT_THAT(load(scripted({{.kind = "samples", .begin = 1}}, to_vector)).error,
              HasSubstr("3 samples, but "));
  EXPECT_THAT(
      load(scripted({{.kind = "samples", .begin = 3}}, {{.kind = "samples", .begin = 3}, to_vector[0]}))
          .error,
      HasSubstr("no samples"));
  write("data/train-images-idx3-ubyte.gz", gzip(idx({3, 2, 2}, "too short")));
  EXPECT_THAT(load(FakeTrainerSpec{}).error, HasSubstr("the data ends after"));
}

TEST_F(TrainingDataTest, SplitsAndMissingClasses) {
  write_idx(6);
  Loaded data = load(FakeTrainerSpec{});
  ASSERT_TRUE(data.set);
  SampleSet rest = data.set->split_at(4);
  EXPECT_EQ(data.set->count(), 4);
  EXPECT_EQ(rest.count(), 2);
  Loaded tail;
  gather(rest, tail);
  EXPECT_FLOAT_EQ(tail.inputs[0], 16 / 255.0f);
  EXPECT_THAT(rest.missing_classes(*data.set), ElementsAre(0)) << "the tail has labels 1 and 2";
  EXPECT_THAT(data.set->missing_classes(rest), IsEmpty());
}

TEST_F(TrainingDataTest, WeightsOfSamplesAndClasses) {
  write_npz(npy_floats({3, 4}, std::vector<float>(12, 1.0f)), npy_floats({3}, {0, 1, 2}));
  FakeTrainerSpec spec = scripted({}, to_vector);
  spec.sample_weights = true;
  spec.train.push_back({"mnist", "w"});
  Loaded data = load(spec);
  ASSERT_EQ(data.error, "");
  EXPECT_THAT(data.weights, ElementsAre(1, 2, 3));
  ASSERT_TRUE(data.set->set_class_weights({{0, 1}, {1, 0.5}, {2, 10}}));
  gather(*data.set, data);
  EXPECT_THAT(data.weights, ElementsAre(1, 1, 30));
  // Of Keras 2: a loss is divided by the number of weights other than 0.
  ASSERT_TRUE(data.set->set_class_weights({{0, 1}, {1, 0}, {2, 1}}));
  gather(*data.set, data);
  EXPECT_THAT(data.weights, ElementsAre(1.5f, 0, 4.5f));
}

// Rows of a file: the class is the largest element. Keras 2 wants a weight for each class that there is.
TEST_F(TrainingDataTest, ClassWeightsOfRows) {
  write_npz(npy_floats({3, 4}, std::vector<float>(12, 1.0f)),
            npy_floats({3, 3}, {0, 0, 1, 0.5f, 0.5f, 0, 0, 1, 0}));
  FakeTrainerSpec spec = scripted({}, {});
  spec.sample_weights = true;
  for (const Semantics semantics : {Semantics::keras2, Semantics::keras3}) {
    spec.semantics = semantics;
    Loaded data = load(spec);
    ASSERT_EQ(data.error, "");
    ASSERT_TRUE(data.set->set_class_weights({{0, 2}, {1, 3}, {2, 5}}));
    gather(*data.set, data);
    EXPECT_THAT(data.weights, ElementsAre(5, 2, 3));
    const Status status = data.set->set_class_weights({{2, 5}, {1, 3}});
    EXPECT_EQ(bool(status), semantics == Semantics::keras3);
    if (!status) {
      EXPECT_EQ(status.error().message, "class_weight has no weight for the class of sample 1");
      continue;
    }
    gather(*data.set, data);
    EXPECT_THAT(data.weights, ElementsAre(5, 1, 3));
  }
}

// Slices of the training arrays are none of the test arrays; arrays of other names are of no other split.
TEST_F(TrainingDataTest, OtherSplitsOfAScript) {
  write_idx(6);
  FakeTrainerSpec spec =
      scripted({{.kind = "samples", .begin = 4}}, {{.kind = "samples", .begin = 4}, to_vector[0]});
  EXPECT_EQ(load(spec).count, 2);
  EXPECT_EQ(load(spec, "test").count, 6);
  EXPECT_EQ(load(spec, "valid").error, "none");
  spec.train[0] = {"set.npz", "pictures"};
  EXPECT_EQ(load(spec, "test").error, ": the script says nothing of data for the split 'test'");
}

TEST_F(TrainingDataTest, MissingDataNamesThePlaces) {
  unsetenv("SINTER_DATA");
  Result<std::string> place = find_data("no_such_set", std::nullopt);
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, ExitCode::system);
  EXPECT_THAT(place.error().hint, HasSubstr("/usr/share/datasets/no-such-set"));
  make_folder("root/some_set");
  setenv("SINTER_DATA", path("root").c_str(), 1);
  EXPECT_EQ(*find_data("some_set", std::nullopt), path("root/some_set"));
  EXPECT_EQ(*find_data("some_set", path("root")), path("root"));
  unsetenv("SINTER_DATA");
  setenv("KERAS_HOME", path("keras").c_str(), 1);
  EXPECT_THAT(find_data("cifar100", std::nullopt).error().hint, HasSubstr("keras/datasets/cifar-100-binary"));
  make_folder("keras/datasets/cifar-100-python");
  EXPECT_EQ(*find_data("cifar100", std::nullopt), path("keras/datasets/cifar-100-python"));
  unsetenv("KERAS_HOME");
}

TEST(Permutation, IsAFunctionOfSeedAndEpoch) {
  std::vector<uint32_t> a(1000), b(1000), sorted(1000);
  shuffled_order(7, 3, a);
  shuffled_order(7, 3, b);
  EXPECT_EQ(a, b);
  sorted = a;
  std::sort(sorted.begin(), sorted.end());
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  shuffled_order(7, 4, b);
  EXPECT_NE(a, b);
  shuffled_order(8, 3, b);
  EXPECT_NE(a, b);
}

// Each of the 24 orders of 4 samples comes up about equally often.
TEST(Permutation, IsUniform) {
  std::map<std::vector<uint32_t>, int> counts;
  std::vector<uint32_t> order(4);
  constexpr int draws = 24000;
  for (uint64_t epoch = 0; epoch < draws; ++epoch) {
    shuffled_order(1, epoch, order);
    ++counts[order];
  }
  EXPECT_EQ(counts.size(), 24u);
  double chi_square = 0;
  for (const auto &[_, count] : counts)
    chi_square += (count - draws / 24.0) * (count - draws / 24.0) / (draws / 24.0);
  EXPECT_LT(chi_square, 50) << "23 degrees of freedom: above 49.7 once in 1000";
}

TEST_F(TrainingDataTest, BatchesAreTheSameWithAndWithoutPrefetch) {
  write_idx(50);
  Loaded data = load(FakeTrainerSpec{});
  ASSERT_TRUE(data.set);
  std::vector<uint32_t> order(50);
  shuffled_order(1, 0, order);
  std::vector<float> seen[2];
  for (const bool threaded : {false, true}) {
    auto stream = BatchStream::create(trainer_, *data.set, 8, threaded);
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->batches(50), 7u);
    for (const uint64_t first : {uint64_t{0}, uint64_t{5}, uint64_t{3}}) {
      (*stream)->start(order, first);
      for (uint64_t b = first; b < 6; ++b) {  // the last one is left: start() and the end must cope
        const Batch &batch = (*stream)->next();
        EXPECT_EQ(batch.n, 8u);
        seen[threaded].insert(seen[threaded].end(), batch.inputs[0], batch.inputs[0] + batch.n * 4);
        seen[threaded].insert(seen[threaded].end(), batch.targets[0], batch.targets[0] + batch.n * 3);
      }
    }
    (*stream)->start(order, 6);
    EXPECT_EQ((*stream)->next().n, 2u) << "the last, smaller batch";
  }
  EXPECT_EQ(seen[0], seen[1]);
}

TEST_F(TrainingDataTest, FoldersOfPictures) {
  for (const char *name : {"data/train/cat/1.png", "data/train/dog/1.png", "data/train/dog/2.png"})
    write(name, png(2, 2, 1, {51, 102, 153, 255}));
  FakeTrainerSpec spec;
  spec.input_dims = {2, 2, 1};
  const Loaded data = load(spec);
  ASSERT_EQ(data.error, "");
  EXPECT_EQ(data.count, 3);
  EXPECT_FLOAT_EQ(data.inputs[1], 0.4f);
  EXPECT_THAT(data.targets, ElementsAre(1, 0, 0, 0, 1, 0, 0, 1, 0));
  write("data/train/dog/2.png", "not a picture");
  Loaded broken;
  trainer_ = fake_trainer(spec);
  DataLoader loader(trainer_, path("data"));
  Result<std::optional<SampleSet>> set = SampleSet::load(trainer_, loader, "train");
  ASSERT_TRUE(set);
  auto stream = BatchStream::create(trainer_, **set, 2, true);
  const std::vector<uint32_t> order{0, 1, 2};
  (*stream)->start(order, 0);
  EXPECT_FALSE((*stream)->next().error);
  const Batch &batch = (*stream)->next();
  ASSERT_TRUE(batch.error);
  EXPECT_THAT(batch.error->file, HasSubstr("dog/2.png"));
}

TEST_F(TrainingDataTest, CifarRecords) {
  std::string record(1, '\x02');
  for (int i = 0; i < 3072; ++i) record += static_cast<char>(i / 1024 * 50);
  for (int i = 1; i <= 5; ++i) write("data/data_batch_" + std::to_string(i) + ".bin", record + record);
  FakeTrainerSpec spec;
  spec.input_dims = {32, 32, 3};
  const Loaded data = load(spec);
  ASSERT_EQ(data.error, "");
  EXPECT_EQ(data.count, 10);
  EXPECT_FLOAT_EQ(data.inputs[1], 50 / 255.0f);
  EXPECT_FLOAT_EQ(data.inputs[2], 100 / 255.0f);
  EXPECT_EQ(data.targets[2], 1.0f);
  write("data/data_batch_3.bin", record + record.substr(1));
  EXPECT_THAT(load(spec).error,
              HasSubstr("data_batch_3.bin: offset 3073: expected CIFAR records of 3073 bytes"));
}

}  // namespace
}  // namespace sinter::runtime

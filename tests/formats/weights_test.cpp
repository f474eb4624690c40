// Weights out of files of every kind, and their places in a model.
#include <gmock/gmock.h>

#include <bit>

#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/keras_files.h"
#include "formats/weights/match_weights.h"
#include "formats/weights/read_weights.h"
#include "formats/weights/write_arrays.h"
#include "formats/zip/zip_archive.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<float> kernel{1, 2, 3, 4, 5, 6}, bias{7, 8};
const std::vector<int64_t> kernel_dims{3, 2}, bias_dims{2};

// A Dense layer "d", which has a kernel [3, 2] and a bias [2].
KerasModel dense_model() {
  KerasModel model;
  model.keras_version = "3.0.0";
  model.archive_config = "{}";
  model.layers.push_back(
      {"d", "Dense", {{"kernel", kernel_dims, kernel.data()}, {"bias", bias_dims, bias.data()}}, {}});
  return model;
}

const std::vector<WeightGroup> dense_groups{{"d", "Dense", {0, 1}, {"kernel", "bias"}, {}}};
const std::vector<WantedWeight> dense_wanted{{0, "d.kernel", kernel_dims}, {1, "d.bias", bias_dims}};

// "0: 1 2 3 4 5 6; 1: 7 8", or what is wrong.
std::string matched(const std::optional<StoredWeights> &weights,
                    const std::vector<std::vector<WeightGroup>> &groupings,
                    const std::vector<WantedWeight> &wanted, std::vector<Error> problems = {}) {
  const auto matches = weights ? match_weights(*weights, groupings, wanted, problems) : std::nullopt;
  std::string text;
  for (const Error &problem : problems) text += problem.message + "\n";
  if (!matches) return text;
  for (const WeightMatch &match : *matches) {
    text += (text.empty() ? "" : "; ") + std::to_string(match.variable) + ":";
    for (const float value : match.weight->data.values) text += format(" %g", static_cast<double>(value));
  }
  return text;
}

class WeightsTest : public FolderTest {
 protected:
  std::string read(const std::string &name) const {
    std::vector<Error> problems;
    const auto weights = read_weights(path(name), problems);
    return matched(weights, {dense_groups}, dense_wanted, problems);
  }
};

TEST_F(WeightsTest, FilesOfEveryKind) {
  const std::vector<NamedArray> arrays{{"d.kernel", kernel_dims, kernel.data()},
                                       {"d.bias", bias_dims, bias.data()}};
  Checkpoint checkpoint;
  for (const NamedArray &array : arrays)
    checkpoint.blobs.push_back({array.name,
                                BlobRole::state,
                                BlobType::f32,
                                {array.dims.begin(), array.dims.end()},
                                reinterpret_cast<const std::byte *>(array.data)});
  ASSERT_TRUE(write_arrays(path("w.npz"), arrays));
  ASSERT_TRUE(write_arrays(path("w.safetensors"), arrays));
  ASSERT_TRUE(write_checkpoint(path("w.sinter"), checkpoint));
  ASSERT_TRUE(write_keras_weights(path("w.h5"), dense_model()));
  ASSERT_TRUE(write_keras3_weights(path("w.weights.h5"), dense_model()));
  ASSERT_TRUE(write_keras_archive(path("w.keras"), dense_model()));
  for (const char *name : {"w.npz", "w.safetensors", "w.sinter", "w.h5", "w.weights.h5", "w.keras"})
    EXPECT_EQ(read(name), "0: 1 2 3 4 5 6; 1: 7 8") << name;
  EXPECT_TRUE(is_keras_model(path("w.keras")));
  for (const char *name : {"w.npz", "w.safetensors", "w.sinter", "w.h5", "absent"})
    EXPECT_FALSE(is_keras_model(path(name))) << name;
  EXPECT_THAT(read(write("text", "some text").substr(path("").size())), HasSubstr("no weights of a kind"));
  EXPECT_THAT(read("absent"), HasSubstr("cannot open"));
}

TEST_F(WeightsTest, PackedArchives) {
  ASSERT_TRUE(write_keras3_weights(path("w.weights.h5"), dense_model()));
  const std::string bytes = read_file(path("w.weights.h5"));
  write("packed.keras", zip({{"config.json", "{}", true}, {"model.weights.h5", bytes, true}}));
  EXPECT_EQ(read("packed.keras"), "0: 1 2 3 4 5 6; 1: 7 8");
  write("packed.npz", zip({{"d.kernel.npy", npy_floats(kernel_dims, kernel), true},
                           {"d.bias.npy", npy_floats(bias_dims, bias), true}}));
  EXPECT_EQ(read("packed.npz"), "0: 1 2 3 4 5 6; 1: 7 8");
  // The file within the archive is named.
  write("torn.keras", zip({{"config.json", "{}"}, {"model.weights.h5", bytes.substr(0, bytes.size() / 2)}}));
  std::vector<Error> problems;
  EXPECT_FALSE(read_weights(path("torn.keras"), problems));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].file, path("torn.keras(model.weights.h5)"));
}

TEST_F(WeightsTest, SafetensorsOfOtherPrecision) {
  const auto file = [&](const std::string &type, const std::string &data) {
    const std::string header = R"({"d.bias":{"dtype":")" + type + R"(","shape":[3],"data_offsets":[0,)" +
                               std::to_string(data.size()) + "]}}";
    std::string bytes;
    for (size_t i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> 8 * i);
    write("t.safetensors", bytes + header + data);
    std::vector<Error> problems;
    const auto weights = read_weights(path("t.safetensors"), problems);
    return weights ? weights->layers.at(0).weights.at(0).data.values : std::vector<float>();
  };
  EXPECT_THAT(file("F16", bytes_of(std::vector<uint16_t>{0x3C00, 0xC100, 0x0001})),
              ElementsAre(1, -2.5f, std::ldexp(1.0f, -24)));
  EXPECT_THAT(file("BF16", bytes_of(std::vector<uint16_t>{0x3F80, 0xC020, 0x7F80})),
              ElementsAre(1, -2.5f, INFINITY));
  EXPECT_THAT(file("F64", bytes_of(std::vector<double>{1, -2.5, 1e300})), ElementsAre(1, -2.5f, INFINITY));
  EXPECT_TRUE(file("I64", bytes_of(std::vector<int64_t>{1, 2, 3})).empty());
}

// Two Dense layers within a model within the model, and one after it.
const std::vector<WeightGroup> nested{
    {"inner",
     "Functional",
     {0, 1},
     {"a/kernel", "b/kernel"},
     {{"a", "Dense", {0}, {"kernel"}, {}}, {"b", "Dense", {1}, {"kernel"}, {}}}},
    {"c", "Dense", {2}, {"kernel"}, {}}};
const std::vector<WeightGroup> flat{nested[0].members[0], nested[0].members[1], nested[1]};
const std::vector<WantedWeight> three{{0, "a.kernel", {1}}, {1, "b.kernel", {1}}, {2, "c.kernel", {1}}};

StoredWeights stored(Naming naming, std::vector<StoredLayer> layers) {
  return {"f", naming, std::move(layers), {}};
}
StoredWeight one(const std::string &name, float value) {
  return {name, {{1}, {value}}};
}

TEST(MatchWeights, LayersByNameOrOrderOrClass) {
  EXPECT_EQ(
      matched(
          stored(Naming::by_layer,
                 {{"c", {one("k", 3)}}, {"more", {one("k", 9)}}, {"a", {one("k", 1)}}, {"b", {one("k", 2)}}}),
          {flat}, three),
      "0: 1; 1: 2; 2: 3");
  EXPECT_EQ(
      matched(stored(Naming::by_layer, {{"x", {one("k", 1)}}, {"y", {one("k", 2)}}, {"z", {one("k", 3)}}}),
              {flat}, three),
      "0: 1; 1: 2; 2: 3");
  EXPECT_EQ(
      matched(stored(Naming::by_class,
                     {{"dense_2", {one("0", 3)}}, {"dense", {one("0", 1)}}, {"dense_1", {one("0", 2)}}}),
              {flat}, three),
      "0: 1; 1: 2; 2: 3");
  EXPECT_THAT(matched(stored(Naming::by_layer, {{"a", {one("k", 1)}}}), {flat}, three),
              HasSubstr("the model has 3 layers with weights, the file 1, and the file lacks b, c"));
}

TEST(MatchWeights, InnerModelsAsOneLayerOrAsTheModelsOwn) {
  const StoredWeights whole =
      stored(Naming::by_layer,
             {{"inner", {one("b/kernel:0", 2), one("a/kernel:0", 1)}}, {"c", {one("c/kernel:0", 3)}}});
  const StoredWeights apart =
      stored(Naming::by_layer, {{"a", {one("k", 1)}}, {"b", {one("k", 2)}}, {"c", {one("k", 3)}}});
  const StoredWeights classes = stored(
      Naming::by_class,
      {{"functional/dense", {one("0", 1)}}, {"functional/dense_1", {one("0", 2)}}, {"dense", {one("0", 3)}}});
  for (const StoredWeights &weights : {whole, apart, classes}) {
    EXPECT_EQ(matched(weights, {nested, flat}, three), "0: 1; 1: 2; 2: 3");
    EXPECT_EQ(matched(weights, {flat, nested}, three), "0: 1; 1: 2; 2: 3");
  }
}

TEST(MatchWeights, ByVariableWhateverTheOrder) {
  StoredWeights weights = stored(Naming::by_variable, {});
  weights.add("c.kernel", {{1}, {3}});
  weights.add("b.kernel", {{1}, {2}});
  weights.add("a.kernel", {{1}, {1}});
  weights.add("a.kernel.velocity", {{1}, {9}});
  EXPECT_EQ(matched(weights, {flat}, three), "0: 1; 1: 2; 2: 3");
  EXPECT_EQ(matched(weights, {{}}, three), "0: 1; 1: 2; 2: 3");
}

TEST(MatchWeights, AllMismatchesAreListed) {
  StoredWeights weights = stored(Naming::by_variable, {});
  weights.add("b.kernel", {{1, 1}, {2}});
  EXPECT_EQ(matched(weights, {flat}, three),
            "no weight 'a.kernel', which the model has\n'b.kernel' is [1, 1], the model's [1]\n"
            "no weight 'c.kernel', which the model has\n");
  const StoredWeights layers =
      stored(Naming::by_layer,
             {{"a", {one("k", 1), one("l", 1)}}, {"b", {{"k", {{1, 1}, {2}}}}}, {"c", {one("k", 3)}}});
  EXPECT_EQ(matched(layers, {flat}, three),
            "layer 'a' (Dense) has 1 weights, but the file's 'a' has 2\n"
            "layer 'b' (Dense): b.kernel has the shape [1], but the file's 'k' has [1, 1]\n");
  EXPECT_THAT(matched(stored(Naming::by_class, {{"dense", {one("0", 1)}}}), {{}}, three),
              HasSubstr("by class and number only"));
}

}  // namespace
}  // namespace sinter

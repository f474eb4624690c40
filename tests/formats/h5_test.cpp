// HDF5 files of our own writer, read back by libhdf5 and, where it is installed, by h5py.
#include <gmock/gmock.h>
#include <hdf5.h>

#include <cstdlib>

#include "formats/hdf5/keras_files.h"
#include "formats/zip/zip_archive.h"
#include "formats/zip/zip_writer.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One open file; every call of libhdf5 must succeed.
class H5File {
 public:
  explicit H5File(const std::string &path) : file_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {
    EXPECT_GE(file_, 0) << path;
  }
  ~H5File() { H5Fclose(file_); }

  std::vector<float> floats(const std::string &path, std::vector<int64_t> *dims = nullptr) const {
    const hid_t set = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    EXPECT_GE(set, 0) << path;
    const hid_t space = H5Dget_space(set);
    std::vector<hsize_t> extents(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    std::vector<float> values(static_cast<size_t>(H5Sget_simple_extent_npoints(space)));
    EXPECT_GE(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << path;
    if (dims) dims->assign(extents.begin(), extents.end());
    H5Sclose(space), H5Dclose(set);
    return values;
  }

  std::vector<std::string> texts(const std::string &object, const std::string &name) const {
    const hid_t attribute = H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(attribute, 0) << object << " " << name;
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const size_t count = static_cast<size_t>(H5Sget_simple_extent_npoints(space));
    std::vector<std::string> result;
    if (H5Tis_variable_str(type) > 0) {
      char *text = nullptr;
      EXPECT_EQ(count, 1u);
      EXPECT_GE(H5Aread(attribute, type, &text), 0);
      result.push_back(text ? text : "");
      H5free_memory(text);
    } else {
      const size_t size = H5Tget_size(type);
      std::string all(size * count, '\0');
      EXPECT_GE(H5Aread(attribute, type, all.data()), 0);
      for (size_t i = 0; i < count; ++i) result.emplace_back(all.substr(i * size, size).c_str());
    }
    H5Tclose(type), H5Sclose(space), H5Aclose(attribute);
    return result;
  }
  std::string text(const std::string &object, const std::string &name) const {
    return texts(object, name).at(0);
  }
  bool has_attribute(const std::string &object, const std::string &name) const {
    return H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
  }
  std::vector<std::string> members(const std::string &path) const {
    const hid_t group = H5Gopen2(file_, path.c_str(), H5P_DEFAULT);
    EXPECT_GE(group, 0) << path;
    std::vector<std::string> names;
    const auto visit = [](hid_t, const char *name, const H5L_info_t *, void *to) -> herr_t {
      static_cast<std::vector<std::string> *>(to)->push_back(name);
      return 0;
    };
    EXPECT_GE(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names), 0) << path;
    H5Gclose(group);
    return names;
  }

 private:
  hid_t file_;
};

struct SampleModel {
  std::vector<float> kernel{1, 2, 3, 4, 5, 6}, bias{-1, 0.5f}, slot{9, 8};
  KerasModel model;
  SampleModel() {
    model.layers = {{"flatten_1", "Flatten", {}},
                    {"dense_1",
                     "Dense",
                     {{"dense_1/kernel:0", {3, 2}, kernel.data()}, {"dense_1/bias:0", {2}, bias.data()}}}};
    model.keras_version = "2.0.2";
    model.model_config = "{\"class_name\": \"Sequential\", \"config\": []}";
    model.training_config = "{\"loss\": \"mse\"}";
    model.archive_config = "{\"class_name\": \"Sequential\", \"config\": {}}";
    model.optimizer_weights = {{"Variable:0", {2}, slot.data()}};
    model.iterations = 7;
    model.learning_rate = 0.5f;
  }
};

class H5Test : public FolderTest {
 protected:
  std::string write_tree(const H5Group &root) {
    std::string bytes;
    EXPECT_TRUE(write_h5(root, [&](std::string_view piece) { return bytes += piece, Status(); }));
    return write("tree.h5", bytes);
  }
};

TEST_F(H5Test, Keras2Weights) {
  const SampleModel sample;
  ASSERT_TRUE(write_keras_weights(path("w.h5"), sample.model));
  const H5File file(path("w.h5"));
  EXPECT_THAT(file.texts("/", "layer_names"), ElementsAre("flatten_1", "dense_1"));
  EXPECT_EQ(file.text("/", "keras_version"), "2.0.2");
  EXPECT_EQ(file.text("/", "backend"), "tensorflow");
  EXPECT_THAT(file.texts("dense_1", "weight_names"), ElementsAre("dense_1/kernel:0", "dense_1/bias:0"));
  EXPECT_THAT(file.texts("flatten_1", "weight_names"), ElementsAre());
  std::vector<int64_t> dims;
  EXPECT_EQ(file.floats("dense_1/dense_1/kernel:0", &dims), sample.kernel);
  EXPECT_THAT(dims, ElementsAre(3, 2));
  EXPECT_EQ(file.floats("dense_1/dense_1/bias:0", &dims), sample.bias);
  EXPECT_THAT(dims, ElementsAre(2));
  EXPECT_FALSE(file.has_attribute("/", "model_config"));
}

TEST_F(H5Test, Keras2WholeModel) {
  SampleModel sample;
  ASSERT_TRUE(write_keras_model(path("m.h5"), sample.model));
  const H5File file(path("m.h5"));
  EXPECT_EQ(file.text("/", "model_config"), sample.model.model_config);
  EXPECT_EQ(file.text("/", "training_config"), sample.model.training_config);
  EXPECT_THAT(file.texts("model_weights", "layer_names"), ElementsAre("flatten_1", "dense_1"));
  EXPECT_EQ(file.floats("model_weights/dense_1/dense_1/kernel:0"), sample.kernel);
  EXPECT_THAT(file.texts("optimizer_weights", "weight_names"),
              ElementsAre("iteration", "learning_rate", "Variable:0"));
  EXPECT_EQ(file.floats("optimizer_weights/Variable:0"), sample.slot);
  EXPECT_THAT(file.floats("optimizer_weights/iteration"), ElementsAre(7));
  sample.model.model_config.clear();
  EXPECT_FALSE(write_keras_model(path("n.h5"), sample.model));
}

TEST_F(H5Test, NamesWithSlashesAndWeightsOfNoLayer) {
  const SampleModel sample;
  KerasModel model;
  model.keras_version = "2.0.2";
  add_weight(model, "conv1/bn.gamma", ":0", {2}, sample.bias.data());
  add_weight(model, "w", ":0", {3, 2}, sample.kernel.data());
  add_weight(model, "conv1/bn.beta", ":0", {2}, sample.slot.data());
  ASSERT_TRUE(write_keras_weights(path("w.h5"), model));
  const H5File file(path("w.h5"));
  EXPECT_THAT(file.texts("/", "layer_names"), ElementsAre("conv1/bn"));
  EXPECT_THAT(file.texts("conv1/bn", "weight_names"), ElementsAre("conv1/bn/gamma:0", "conv1/bn/beta:0"));
  EXPECT_EQ(file.floats("conv1/bn/conv1/bn/beta:0"), sample.slot);
  EXPECT_THAT(file.texts("top_level_model_weights", "weight_names"), ElementsAre("w:0"));
  EXPECT_EQ(file.floats("top_level_model_weights/w:0"), sample.kernel);
}

TEST_F(H5Test, Keras3Weights) {
  const SampleModel sample;
  ASSERT_TRUE(write_keras3_weights(path("w.weights.h5"), sample.model));
  const H5File file(path("w.weights.h5"));
  EXPECT_EQ(file.floats("layers/dense/vars/0"), sample.kernel);
  EXPECT_EQ(file.floats("layers/dense/vars/1"), sample.bias);
  EXPECT_THAT(file.members("layers"), ElementsAre("dense", "flatten"));
  EXPECT_THAT(file.floats("optimizer/vars/0"), ElementsAre(7));
  EXPECT_THAT(file.floats("optimizer/vars/1"), ElementsAre(0.5f));
  EXPECT_EQ(file.floats("optimizer/vars/2"), sample.slot);
  EXPECT_EQ(snake_case("MaxPooling2D"), "max_pooling2d");
  EXPECT_EQ(snake_case("GlobalAveragePooling2D"), "global_average_pooling2d");
  EXPECT_EQ(snake_case("Conv2D"), "conv2d");
  EXPECT_EQ(snake_case("LeakyReLU"), "leaky_re_lu");
  EXPECT_EQ(snake_case("BatchNormalization"), "batch_normalization");
}

TEST_F(H5Test, KerasArchive) {
  const SampleModel sample;
  ASSERT_TRUE(write_keras_archive(path("m.keras"), sample.model));
  Result<ZipArchive> zip = ZipArchive::open(path("m.keras"));
  ASSERT_TRUE(zip) << zip.error().message;
  const auto content = [&](const char *name) {
    const ZipEntry *entry = zip->find(name);
    if (!entry) return std::string("no member ") + name;
    auto stream = zip->read(*entry);
    return *read_all(**stream, 1 << 20);
  };
  EXPECT_EQ(content("config.json"), sample.model.archive_config);
  EXPECT_THAT(content("metadata.json"), HasSubstr("\"keras_version\": \"3.0.0\""));
  const H5File file(write("inner.h5", content("model.weights.h5")));
  EXPECT_EQ(file.floats("layers/dense/vars/0"), sample.kernel);
}

TEST_F(H5Test, GroupsOfAnySize) {
  for (const int count : {0, 1, 31, 32, 33, 1024, 1025, 2500}) {
    H5Group root;
    std::vector<float> values(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      values[static_cast<size_t>(i)] = static_cast<float>(i);
      root.datasets.push_back(
          {"layer_" + std::to_string(i * 7919 % 10007), H5Type::f32, {1}, &values[static_cast<size_t>(i)]});
    }
    const H5File file(write_tree(root));
    EXPECT_EQ(file.members("/").size(), static_cast<size_t>(count));
    for (int i = 0; i < count; i += 97)
      EXPECT_EQ(file.floats(root.datasets[static_cast<size_t>(i)].name).at(0), static_cast<float>(i));
  }
}

TEST_F(H5Test, LongTextsAndLists) {
  H5Group root;
  const std::string config(200'000, 'c');
  root.attributes.push_back({"model_config", config});
  root.attributes.push_back({"empty", std::string()});
  root.attributes.push_back({"utf8", std::string("Größe")});
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("layer_with_a_rather_long_name_" + std::to_string(i));
  add_text_list(root, "layer_names", names);
  const H5File file(write_tree(root));
  EXPECT_EQ(file.text("/", "model_config"), config);
  EXPECT_EQ(file.text("/", "empty"), "");
  EXPECT_EQ(file.text("/", "utf8"), "Größe");
  EXPECT_FALSE(file.has_attribute("/", "layer_names"));
  std::vector<std::string> joined;
  for (int i = 0; file.has_attribute("/", "layer_names" + std::to_string(i)); ++i) {
    const std::vector<std::string> part = file.texts("/", "layer_names" + std::to_string(i));
    EXPECT_LE(part.size() * 34, h5_attribute_limit);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  EXPECT_EQ(joined, names);
}

TEST_F(H5Test, ScalarsAndEmptyArrays) {
  const int64_t iterations = 1234567890123;
  const float scalar = 2.5f;
  H5Group root;
  root.datasets = {{"iterations", H5Type::i64, {}, &iterations},
                   {"scalar", H5Type::f32, {}, &scalar},
                   {"nothing", H5Type::f32, {0, 3}, nullptr}};
  const H5File file(write_tree(root));
  EXPECT_FLOAT_EQ(file.floats("iterations").at(0), 1234567890123.0f);
  EXPECT_EQ(file.floats("scalar"), std::vector<float>{2.5f});
  std::vector<int64_t> dims;
  EXPECT_TRUE(file.floats("nothing", &dims).empty());
  EXPECT_THAT(dims, ElementsAre(0, 3));
}

TEST_F(H5Test, ReadByH5py) {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0)
    GTEST_SKIP() << "h5py is not installed";
  const SampleModel sample;
  ASSERT_TRUE(write_keras_model(path("m.h5"), sample.model));
  const std::string script =
      write("check.py",
            "import h5py, json, sys\n"
            "f = h5py.File(sys.argv[1], 'r')\n"
            "def text(v): return v.decode('utf-8') if hasattr(v, 'decode') else v\n"
            "assert json.loads(text(f.attrs['model_config']))['class_name'] == 'Sequential'\n"
            "g = f['model_weights']\n"
            "names = [text(n) for n in g.attrs['layer_names']]\n"
            "assert names == ['flatten_1', 'dense_1'], names\n"
            "assert len(g['flatten_1'].attrs['weight_names']) == 0\n"
            "for n in g['dense_1'].attrs['weight_names']:\n"
            "    w = g['dense_1'][text(n)][()]\n"
            "    assert w.dtype == 'float32', w.dtype\n"
            "    print(text(n), w.tolist())\n");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + script + " " + path("m.h5") + " > " + path("out")).c_str()),
            0);
  EXPECT_EQ(read_file(path("out")),
            "dense_1/kernel:0 [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]\ndense_1/bias:0 [-1.0, 0.5]\n");
}

TEST_F(H5Test, NpzArrays) {
  Result<ZipWriter> zip = ZipWriter::create(path("w.npz"));
  ASSERT_TRUE(zip);
  const SampleModel sample;
  const std::vector<int64_t> dims{3, 2};
  ASSERT_TRUE(zip->add_array("dense_1/kernel", dims, sample.kernel.data()));
  ASSERT_TRUE(zip->finish());
  Result<ZipArchive> archive = ZipArchive::open(path("w.npz"));
  ASSERT_TRUE(archive) << archive.error().message;
  const ZipEntry *entry = archive->find("dense_1/kernel.npy");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->method, 0) << "stored";
  auto stream = archive->read(*entry);
  ASSERT_TRUE(stream);
  EXPECT_EQ(floats_of_npy(*read_all(**stream, 1 << 20)), sample.kernel);
}

}  // namespace
}  // namespace sinter

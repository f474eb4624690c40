// The files of a trainer beside those that Keras 3 wrote after training: the same groups and data sets.
#include <map>

#include "formats/hdf5/file.h"
#include "formats/hdf5/keras_archive.h"
#include "tests/driver/command.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

// Paths of all groups and data sets, these with their shapes.
void list(const hdf5::File &file, const std::string &group,
          std::map<std::string, std::vector<int64_t>> &tree) {
  const auto members = file.members(group);
  ASSERT_TRUE(members) << group << file.problem();
  for (const std::string &name : *members) {
    const std::string path = group.empty() ? name : group + "/" + name;
    if (file.has_dataset(path)) {
      const auto array = file.array(path);
      ASSERT_TRUE(array) << path << file.problem();
      tree[path] = array->dims;
    } else {
      tree[path] = {-1};
      list(file, path, tree);
    }
  }
}

std::map<std::string, std::vector<int64_t>> tree_of(const Result<hdf5::File> &file) {
  std::map<std::string, std::vector<int64_t>> tree;
  EXPECT_TRUE(file);
  if (file) list(*file, "", tree);
  return tree;
}

struct Recording {
  const char *model, *optimizer, *recorded;
};
void PrintTo(const Recording &recording, std::ostream *out) {
  *out << recording.model << " " << recording.optimizer;
}

class RecordedFiles : public testing::TestWithParam<Recording> {};

TEST_P(RecordedFiles, HaveTheSameTree) {
  const auto &[model, optimizer, recorded] = GetParam();
  SINTER_REQUIRE(folder, std::string("data/keras3_models/") + model);
  const Scratch scratch;
  const auto in_scratch = [&](const std::string &command) {
    const CommandResult result = run("cd " + scratch.path().string() + " && " + command);
    ASSERT_EQ(result.exit_code, 0) << command << "\n" << result.err;
  };
  in_scratch("sinter compile --train " + (folder / "model.keras").string() +
             " --loss categorical_crossentropy --optimizer " + optimizer + " -o trainer");
  in_scratch(
      "/usr/bin/python3 -c \"import numpy\nf = '" + folder.string() +
      "/'\nnumpy.savez('data.npz', x_train=numpy.load(f + 'x0.npy'), y_train=numpy.load(f + 'y0.npy'))\"");
  in_scratch(
      "./trainer --data data.npz --epochs 3 --batch 2 --verbose 0 --save-weights w.weights.h5 && ./trainer "
      "--data data.npz --epochs 3 --batch 2 --verbose 0 --save-weights m.keras");
  auto expected = tree_of(hdf5::File::open((folder / recorded).string()));
  // The empty group that Keras makes for an InputLayer is left out: nothing is ever read from it.
  expected.erase("layers/input_layer");
  expected.erase("layers/input_layer/vars");
  EXPECT_GT(expected.size(), 40u);
  EXPECT_EQ(tree_of(hdf5::File::open(scratch / "w.weights.h5")), expected);
  const auto archive = ZipArchive::open(scratch / "m.keras");
  ASSERT_TRUE(archive);
  auto weights = sinter::weights_of_archive(*archive);
  ASSERT_TRUE(weights);
  const auto file = hdf5::File::open_memory("m.keras", std::move(*weights), archive->budget());
  ASSERT_TRUE(file);
  EXPECT_GT(file->array("optimizer/vars/0")->values.at(0), 2) << "steps done";
  std::map<std::string, std::vector<int64_t>> tree;
  list(*file, "", tree);
  EXPECT_EQ(tree, expected);
}

INSTANTIATE_TEST_SUITE_P(Keras3, RecordedFiles,
                         testing::Values(Recording{"cifar_cnn_small", "RMSprop", "after_rmsprop.weights.h5"},
                                         Recording{"resnet_small", "SGD:lr=0.02,momentum=0.9,nesterov=true",
                                                   "after_sgd_nesterov.weights.h5"}),
                         [](const auto &info) { return std::string(info.param.model); });

}  // namespace
}  // namespace sinter::test

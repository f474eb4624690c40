#include "formats/hdf5/file.h"
#include "formats/hdf5/keras_weights.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

namespace {

// Groups may contain each other: the walk is bounded by depth and by the number of objects.
void walk(const hdf5::File &file, const std::string &path, int depth, int &objects) {
  if (depth > 4 || --objects < 0) return;
  for (const char *name : {"model_config", "training_config", "keras_version", "backend"})
    if (file.has_attribute(path, name) && !file.text_attribute(path, name))
      SINTER_CHECK(!file.problem().empty());
  for (const char *name : {"layer_names", "weight_names", "names", "split"})
    if (!file.list_attribute(path, name)) SINTER_CHECK(!file.problem().empty());
  if (file.has_dataset(path)) {
    if (const auto array = file.array(path)) {
      size_t elements = 1;
      for (const int64_t dim : array->dims) elements *= static_cast<size_t>(dim);
      SINTER_CHECK(elements == array->values.size());
    } else {
      SINTER_CHECK(!file.problem().empty());
    }
  }
  if (!file.has_group(path)) return;
  const auto members = file.members(path);
  if (!members) {
    SINTER_CHECK(!file.problem().empty());
    return;
  }
  for (const std::string &name : *members)
    walk(file, path.empty() ? name : path + "/" + name, depth + 1, objects);
}

}  // namespace

void hdf5(std::string_view bytes) {
  const auto *data = reinterpret_cast<const uint8_t *>(bytes.data());
  const auto file =
      hdf5::File::open_memory("file", {data, data + bytes.size()}, std::make_shared<Budget>(bytes.size()));
  if (!succeeded(file)) return;
  int objects = 40;
  walk(*file, "", 0, objects);
  std::vector<Error> problems;
  const auto weights = hdf5::read_keras_weights(*file, "file", problems);
  SINTER_CHECK(weights.has_value() == problems.empty());
}

}  // namespace sinter::fuzz

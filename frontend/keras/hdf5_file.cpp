#include "frontend/keras/hdf5_file.h"

#include <fmt/format.h>

#include <new>
#include <system_error>

namespace sinter::keras {

Hdf5File::Hdf5File(const std::string &path, hdf5::File file, Diagnostics &diagnostics)
    : path_(path), file_(std::move(file)), diagnostics_(&diagnostics) {}

bool Hdf5File::is_hdf5(const std::string &path) {
  hdf5::File::Failure failure;
  hdf5::File::open(path, failure);
  return failure.system_error == 0 && failure.is_hdf5;
}

std::optional<Hdf5File> Hdf5File::opened(const std::string &path, std::optional<hdf5::File> file,
                                         const hdf5::File::Failure &failure, Diagnostics &diagnostics) {
  const Location where{.file = path};
  if (file) return Hdf5File(path, std::move(*file), diagnostics);
  if (failure.system_error != 0)
    diagnostics.system_error(
        where, fmt::format("cannot be read: {}", std::generic_category().message(failure.system_error)));
  else if (!failure.is_hdf5)
    diagnostics.error(where, "not an HDF5 file", "expected a file that Keras saved as .h5 or .hdf5");
  else
    diagnostics.error(where, fmt::format("the HDF5 file is damaged: {}", failure.problem),
                      "copy or download the file again");
  return std::nullopt;
}

std::optional<Hdf5File> Hdf5File::open(const std::string &path, Diagnostics &diagnostics) {
  hdf5::File::Failure failure;
  auto file = hdf5::File::open(path, failure);
  return opened(path, std::move(file), failure, diagnostics);
}

void Hdf5File::report(std::string_view inside, std::string_view what) const {
  report(hdf5::damage_of(file_, inside, what));
}

void Hdf5File::report(const hdf5::Damage &damage) const {
  diagnostics_->error({.file = path_, .path = damage.path.empty() ? "/" : damage.path}, damage.message,
                      damage.hint);
}

std::optional<std::string> Hdf5File::text_attribute(std::string_view object, std::string_view name) const {
  auto text = file_.text_attribute(object, name);
  if (!text) report(object, fmt::format("attribute '{}'", name));
  return text;
}

std::optional<std::vector<std::string>> Hdf5File::list_attribute(std::string_view object,
                                                                 std::string_view name) const {
  auto texts = file_.list_attribute(object, name);
  if (!texts) report(object, fmt::format("attribute '{}'", name));
  return texts;
}

std::optional<std::vector<std::string>> Hdf5File::members(std::string_view group) const {
  auto names = file_.members(group);
  if (!names) report(group, "the members");
  return names;
}

std::optional<hdf5::Array> Hdf5File::array(std::string_view dataset) const {
  std::optional<hdf5::Array> array;
  try {
    array = file_.array(dataset);
  } catch (const std::bad_alloc &) {
    report({std::string(dataset),
            fmt::format("cannot read the data of '{}': it does not fit into memory", dataset), ""});
    return std::nullopt;
  }
  if (!array) report(dataset, "the data");
  return array;
}

std::optional<hdf5::KerasWeights> Hdf5File::weights() const {
  std::vector<hdf5::Damage> damages;
  std::optional<hdf5::KerasWeights> weights;
  try {
    weights = hdf5::read_keras_weights(file_, damages);
  } catch (const std::bad_alloc &) {
    damages.push_back({"", "the weights do not fit into memory", ""});
  }
  for (const hdf5::Damage &damage : damages) report(damage);
  return damages.empty() ? std::move(weights) : std::nullopt;
}

}  // namespace sinter::keras

#include "runtime/data/find_data.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "formats/bytes/byte_stream.h"
#include "formats/text.h"

namespace sinter::runtime {
namespace {

std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

// The folders that CIFAR's archives hold, as Keras unpacks them and as the binary version comes.
struct ArchiveFolder {
  const char *data_set, *folder;
};
constexpr ArchiveFolder archive_folders[] = {{"cifar10", "cifar-10-batches-py"},
                                             {"cifar10", "cifar-10-batches-bin"},
                                             {"cifar100", "cifar-100-python"},
                                             {"cifar100", "cifar-100-binary"}};

std::vector<std::string> usual_places(const std::string &name) {
  std::vector<std::string> places;
  if (const std::string root = environment("SINTER_DATA"); !root.empty())
    places.push_back(name.empty() ? root : root + "/" + name);
  if (name.empty()) return places;
  std::string dashed = name;
  std::ranges::replace(dashed, '_', '-');
  places.push_back("/usr/share/datasets/" + dashed);
  places.push_back("/usr/local/share/datasets/" + dashed);
  std::string keras = environment("KERAS_HOME");
  if (keras.empty() && !environment("HOME").empty()) keras = environment("HOME") + "/.keras";
  if (keras.empty()) return places;
  keras += "/datasets/";
  places.push_back(keras + name + ".npz");
  places.push_back(keras + dashed);
  for (const ArchiveFolder &one : archive_folders)
    if (name == one.data_set)
      for (const char *suffix : {"", "-target"}) places.push_back(keras + one.folder + suffix);
  return places;
}

}  // namespace

std::string unpacked_folder(const std::string &place) {
  for (const ArchiveFolder &one : archive_folders)
    if (const std::string inside = place + "/" + one.folder; path_kind(inside) == PathKind::directory)
      return inside;
  return place;
}

Result<std::string> find_data(const std::string &name, const std::optional<std::string> &given) {
  if (given) {
    if (path_kind(*given) == PathKind::missing) return system_error(*given, "no such file or directory");
    return *given;
  }
  const std::vector<std::string> places = usual_places(name);
  for (const std::string &place : places)
    if (path_kind(place) != PathKind::missing) return place;
  return system_error("",
                      "the data set" + (name.empty() ? "" : " '" + printable(name) + "'") + " was not found",
                      places.empty() ? "give --data DIR" : "give --data DIR; looked for " + joined(places));
}

}  // namespace sinter::runtime

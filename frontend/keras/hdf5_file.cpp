#include "frontend/keras/hdf5_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <system_error>

#include "frontend/keras/hdf5/dataset.h"
#include "frontend/keras/hdf5/objects.h"

namespace sinter::keras {
namespace {

using hdf5::FormatError;
using hdf5::TypeClass;

// A file may hold compressed data, but weights do not shrink much: beyond this the sizes are not believed.
constexpr uint64_t kMaxExpansion = 64, kMinBudget = 1 << 20;

std::string shown(std::string_view path) {
  return path.empty() ? "/" : std::string(path);
}

// Runs fn and gives its result; nullopt where the file is damaged or asks for more memory than there is.
template <class Function>
auto guarded(const Function &fn, std::string &problem) -> std::optional<decltype(fn())> {
  try {
    return fn();
  } catch (const FormatError &error) {
    problem = error.what();
  } catch (const std::bad_alloc &) {
    problem = "it does not fit into memory";
  }
  return std::nullopt;
}

}  // namespace

struct Hdf5File::State {
  std::string path;
  Diagnostics &diagnostics;
  hdf5::FileBytes bytes;
  hdf5::Objects objects;
  uint64_t budget;  // bytes that arrays may still take

  State(const std::string &file, Diagnostics &d)
      : path(file),
        diagnostics(d),
        bytes(file),
        objects(bytes),
        budget(bytes.size() * kMaxExpansion + kMinBudget) {}

  Location at(std::string_view inside) const { return {.file = path, .path = shown(inside)}; }

  void report(std::string_view inside, std::string_view what, const std::string &problem) {
    diagnostics.error(at(inside), fmt::format("cannot read {} of '{}': {}", what, shown(inside), problem),
                      "the file is damaged, or not one that Keras wrote");
  }

  // The object that hard links lead to; nullptr if there is none. Throws FormatError.
  const hdf5::Object *open(std::string_view inside) {
    const hdf5::Object *current = &objects.root();
    for (size_t start = 0; start < inside.size();) {
      const size_t end = std::min(inside.find('/', start), inside.size());
      if (end > start) {
        const auto &links = objects.links(*current);
        const auto link = links.find(std::string(inside.substr(start, end - start)));
        if (link == links.end()) return nullptr;
        current = &objects.object(link->second);
      }
      start = end + 1;
    }
    return current;
  }

  // All texts of an attribute, in row-major order. Throws FormatError.
  std::vector<std::string> texts(std::string_view object, std::string_view name) {
    const hdf5::Object *owner = open(object);
    const auto attribute = owner ? objects.attribute(*owner, name) : std::nullopt;
    if (!attribute) throw FormatError("it is not there");
    const uint64_t count = attribute->space.elements();
    std::vector<std::string> out;
    if (count == 0) return out;  // Keras writes an empty list as an empty array of numbers
    const bool is_variable = attribute->type.type_class == TypeClass::variable_text;
    if (!is_variable && attribute->type.type_class != TypeClass::text) throw FormatError("it is not a text");
    const size_t size = attribute->type.size;
    if (count > attribute->data.size() / size) throw FormatError("it is cut off");
    for (uint64_t i = 0; i < count; ++i) {
      const auto element = std::span<const uint8_t>(attribute->data).subspan(i * size, size);
      out.push_back(is_variable ? objects.variable_text(element) : hdf5::text_of(element));
    }
    return out;
  }
};

Hdf5File::Hdf5File(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5File::Hdf5File(Hdf5File &&) noexcept = default;
Hdf5File &Hdf5File::operator=(Hdf5File &&) noexcept = default;
Hdf5File::~Hdf5File() = default;

const std::string &Hdf5File::path() const {
  return state_->path;
}

bool Hdf5File::is_hdf5(const std::string &path) {
  try {
    return hdf5::Objects::find_superblock(hdf5::FileBytes(path)).has_value();
  } catch (const std::exception &) {
    return false;
  }
}

std::optional<Hdf5File> Hdf5File::open(const std::string &path, Diagnostics &diagnostics) {
  const Location where{.file = path};
  try {
    const auto signature = hdf5::Objects::find_superblock(hdf5::FileBytes(path));
    if (!signature) {
      diagnostics.error(where, "not an HDF5 file", "expected a file that Keras saved as .h5 or .hdf5");
      return std::nullopt;
    }
    return Hdf5File(std::make_unique<State>(path, diagnostics));
  } catch (const FormatError &error) {
    diagnostics.error(where, fmt::format("the HDF5 file is damaged: {}", error.what()),
                      "copy or download the file again");
  } catch (const std::system_error &error) {
    diagnostics.system_error(where, fmt::format("cannot be read: {}", error.code().message()));
  }
  return std::nullopt;
}

bool Hdf5File::has_group(std::string_view path) const {
  std::string problem;
  const auto is_group = [&] {
    const hdf5::Object *object = state_->open(path);
    return object && object->is_group();
  };
  return guarded(is_group, problem).value_or(false);
}

bool Hdf5File::has_dataset(std::string_view path) const {
  std::string problem;
  const auto is_dataset = [&] {
    const hdf5::Object *object = state_->open(path);
    return object && object->is_dataset();
  };
  return guarded(is_dataset, problem).value_or(false);
}

bool Hdf5File::has_attribute(std::string_view object, std::string_view name) const {
  std::string problem;
  const auto is_there = [&] {
    const hdf5::Object *owner = state_->open(object);
    return owner && state_->objects.attribute(*owner, name).has_value();
  };
  return guarded(is_there, problem).value_or(false);
}

std::optional<std::string> Hdf5File::text_attribute(std::string_view object, std::string_view name) const {
  std::string problem;
  auto texts = guarded([&] { return state_->texts(object, name); }, problem);
  if (texts && texts->size() == 1) return std::move(texts->front());
  if (texts) problem = fmt::format("it holds {} texts where one is expected", texts->size());
  state_->report(object, fmt::format("attribute '{}'", name), problem);
  return std::nullopt;
}

std::optional<std::vector<std::string>> Hdf5File::list_attribute(std::string_view object,
                                                                 std::string_view name) const {
  std::string problem;
  std::string attribute(name);
  std::optional<std::vector<std::string>> all;
  if (has_attribute(object, name) || !has_attribute(object, attribute + "0")) {
    all = guarded([&] { return state_->texts(object, name); }, problem);
  } else {
    all.emplace();
    for (int part = 0; all && has_attribute(object, attribute = fmt::format("{}{}", name, part)); ++part) {
      auto texts = guarded([&] { return state_->texts(object, attribute); }, problem);
      if (texts)
        std::ranges::move(*texts, std::back_inserter(*all));
      else
        all.reset();
    }
  }
  if (!all) state_->report(object, fmt::format("attribute '{}'", attribute), problem);
  return all;
}

std::optional<std::vector<std::string>> Hdf5File::members(std::string_view group) const {
  std::string problem;
  const auto names = [&] {
    const hdf5::Object *object = state_->open(group);
    if (!object) throw FormatError("it is not there");
    std::vector<std::string> out;
    for (const auto &[name, address] : state_->objects.links(*object)) out.push_back(name);
    return out;
  };
  auto result = guarded(names, problem);
  if (!result) state_->report(group, "the members", problem);
  return result;
}

std::optional<Hdf5Array> Hdf5File::array(std::string_view dataset) const {
  std::string problem;
  const auto read = [&] {
    const hdf5::Object *object = state_->open(dataset);
    if (!object || !object->is_dataset())
      throw FormatError("it is not there: the file is incomplete, or it is a link to another file");
    hdf5::Numbers numbers = hdf5::read_numbers(state_->objects, *object, state_->budget);
    return Hdf5Array{{numbers.dims.begin(), numbers.dims.end()}, std::move(numbers.values)};
  };
  auto result = guarded(read, problem);
  if (!result) state_->report(dataset, "the data", problem);
  return result;
}

}  // namespace sinter::keras

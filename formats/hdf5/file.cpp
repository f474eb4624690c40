#include "formats/hdf5/file.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "formats/hdf5/dataset.h"
#include "formats/hdf5/objects.h"

namespace sinter::hdf5 {

constexpr uint64_t kStepCost = 64;  // of a step on a path, or of a name that is listed, beside its bytes

struct File::State {
  FileBytes bytes;
  std::optional<Objects> objects;
  std::string problem;

  // Whether the last step went well; what went wrong is moved into `problem`.
  bool is_well() {
    if (!bytes.problem) return true;
    problem = bytes.problem.take();
    return false;
  }

  // The object that hard links lead to; nullptr if there is none.
  const Object *open(std::string_view inside) {
    const Object *current = &objects->root();
    for (size_t start = 0; start < inside.size() && !bytes.problem;) {
      const size_t end = std::min(inside.find('/', start), inside.size());
      if (end > start) {
        if (!bytes.charge(kStepCost)) break;
        const auto &links = objects->links(*current);
        const auto link = links.find(std::string(inside.substr(start, end - start)));
        if (link == links.end()) return nullptr;
        current = &objects->object(link->second);
      }
      start = end + 1;
    }
    return bytes.problem ? nullptr : current;
  }

  // All texts of an attribute, in row-major order.
  std::vector<std::string> texts(std::string_view object, std::string_view name) {
    const Object *owner = open(object);
    const auto attribute = owner ? objects->attribute(*owner, name) : std::nullopt;
    std::vector<std::string> out;
    if (!attribute) {
      bytes.problem.set("it is not there");
      return out;
    }
    const uint64_t count = attribute->space.elements();
    if (count == 0) return out;  // Keras writes an empty list as an empty array of numbers
    const bool is_variable = attribute->type.type_class == TypeClass::variable_text;
    if (!is_variable && attribute->type.type_class != TypeClass::text) bytes.problem.set("it is not a text");
    const size_t size = attribute->type.size;
    if (count > attribute->data.size() / size) bytes.problem.set("it is cut off");
    for (uint64_t i = 0; i < count && !bytes.problem; ++i) {
      if (!bytes.charge(size + kStepCost)) break;
      const auto element = std::span<const uint8_t>(attribute->data).subspan(i * size, size);
      out.push_back(is_variable ? objects->variable_text(element) : text_of(element));
    }
    return out;
  }
};

File::File(std::unique_ptr<State> state) : state_(std::move(state)) {}
File::File(File &&) noexcept = default;
File &File::operator=(File &&) noexcept = default;
File::~File() = default;

Result<File> File::finish(const std::string &name, std::unique_ptr<State> state) {
  if (!Objects::find_superblock(state->bytes) && state->is_well())
    return rejected(name, "not an HDF5 file", "expected a file that Keras saved as .h5 or .hdf5");
  state->objects.emplace(state->bytes);
  if (!state->is_well())
    return rejected(name, "the HDF5 file is damaged: " + state->problem, "copy or download the file again");
  return File(std::move(state));
}

Result<File> File::open(const std::string &path) {
  auto state = std::make_unique<State>();
  if (const int reason = state->bytes.open(path); reason != 0)
    return system_error(path, std::string("cannot be read: ") + std::strerror(reason));
  return finish(path, std::move(state));
}

Result<File> File::open_memory(const std::string &name, std::vector<uint8_t> bytes,
                               std::shared_ptr<Budget> budget) {
  auto state = std::make_unique<State>();
  state->bytes.open_memory(std::move(bytes), std::move(budget));
  return finish(name, std::move(state));
}

const std::string &File::problem() const {
  return state_->problem;
}

bool File::is_exhausted() const {
  return state_->bytes.budget().left() == 0;
}

bool File::has_group(std::string_view path) const {
  const Object *object = state_->open(path);
  return state_->is_well() && object && object->is_group();
}

bool File::has_dataset(std::string_view path) const {
  const Object *object = state_->open(path);
  return state_->is_well() && object && object->is_dataset();
}

bool File::has_attribute(std::string_view object, std::string_view name) const {
  const Object *owner = state_->open(object);
  const bool is_there = owner && state_->objects->has_attribute(*owner, name);
  return state_->is_well() && is_there;
}

std::optional<std::string> File::text_attribute(std::string_view object, std::string_view name) const {
  auto texts = state_->texts(object, name);
  if (!state_->is_well()) return std::nullopt;
  if (texts.size() == 1) return std::move(texts.front());
  state_->problem = "it holds " + std::to_string(texts.size()) + " texts where one is expected";
  return std::nullopt;
}

std::optional<std::vector<std::string>> File::list_attribute(std::string_view object,
                                                             std::string_view name) const {
  std::string attribute(name);
  std::vector<std::string> all;
  if (has_attribute(object, name) || !has_attribute(object, attribute + "0")) {
    all = state_->texts(object, name);
  } else {
    for (int part = 0; has_attribute(object, attribute = std::string(name) + std::to_string(part)); ++part) {
      auto texts = state_->texts(object, attribute);
      if (state_->bytes.problem) break;
      std::ranges::move(texts, std::back_inserter(all));
    }
  }
  return state_->is_well() ? std::optional(std::move(all)) : std::nullopt;
}

std::optional<std::vector<std::string>> File::members(std::string_view group) const {
  std::vector<std::string> names;
  if (const Object *object = state_->open(group)) {
    for (const auto &[name, address] : state_->objects->links(*object)) {
      if (!state_->bytes.charge(name.size() + kStepCost)) break;
      names.push_back(name);
    }
  } else {
    state_->bytes.problem.set("it is not there");
  }
  return state_->is_well() ? std::optional(std::move(names)) : std::nullopt;
}

std::optional<Array> File::array(std::string_view dataset) const {
  const Object *object = state_->open(dataset);
  if (!object || !object->is_dataset()) {
    state_->bytes.problem.set("it is not there: the file is incomplete, or it is a link to another file");
    state_->is_well();
    return std::nullopt;
  }
  Numbers numbers = read_numbers(*state_->objects, *object);
  if (!state_->is_well()) return std::nullopt;
  return Array{{numbers.dims.begin(), numbers.dims.end()}, std::move(numbers.values)};
}

}  // namespace sinter::hdf5

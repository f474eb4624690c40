#include "frontend/keras/hdf5_file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

namespace sinter::keras {
namespace {

constexpr int kMaxRank = 8;
constexpr hsize_t kMaxMembers = 1'000'000;
// A file may hold compressed data, but weights do not shrink much: beyond this the sizes are not believed.
constexpr uint64_t kMaxExpansion = 64;

// An HDF5 identifier and the function that closes it.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle &&other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle &operator=(Handle &&other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  explicit operator bool() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

Handle open_object(hid_t parent, const std::string &path) {
  return {H5Oopen(parent, path.c_str(), H5P_DEFAULT), H5Oclose};
}

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (end > start) parts.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::string shown(std::string_view path) {
  return path.empty() ? "/" : std::string(path);
}

// Cuts at the first zero byte and drops the blanks that pad fixed-length strings.
std::string from_fixed(const char *data, size_t size) {
  std::string text(data, std::find(data, data + size, '\0'));
  return text;
}

}  // namespace

struct Hdf5File::State {
  std::string path;
  uint64_t size = 0;
  Handle file;
  Diagnostics &diagnostics;
  mutable uint64_t budget = 0;  // bytes that arrays may still take

  Location at(std::string_view inside) const { return {.file = path, .path = shown(inside)}; }

  // A failure of the library on data that were opened as HDF5: the file is damaged.
  void damaged(std::string_view inside, std::string_view what) const {
    diagnostics.error(at(inside),
                      fmt::format("cannot read {} of '{}': the file is damaged", what, shown(inside)),
                      "copy or download the file again");
  }

  // The object at `inside`, reached by hard links only; an invalid handle otherwise.
  Handle open(std::string_view inside) const {
    Handle current = open_object(file.get(), "/");
    for (const std::string &part : components(inside)) {
      if (!current || part == "." || part.find('\0') != std::string::npos) return {H5I_INVALID_HID, H5Oclose};
      if (H5Iget_type(current.get()) != H5I_GROUP || H5Lexists(current.get(), part.c_str(), H5P_DEFAULT) <= 0)
        return {H5I_INVALID_HID, H5Oclose};
      H5L_info_t link;
      if (H5Lget_info(current.get(), part.c_str(), &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
        return {H5I_INVALID_HID, H5Oclose};
      current = open_object(current.get(), part);
    }
    return current;
  }

  std::optional<std::vector<std::string>> strings(std::string_view object, std::string_view name) const;
  bool check_storage(std::string_view inside, hid_t dataset, uint64_t elements, size_t element_size) const;
};

// All strings of an attribute, in row-major order.
std::optional<std::vector<std::string>> Hdf5File::State::strings(std::string_view object,
                                                                 std::string_view name) const {
  const std::string attribute_name(name);
  const auto fail = [&]() -> std::optional<std::vector<std::string>> {
    damaged(object, fmt::format("attribute '{}'", name));
    return std::nullopt;
  };
  const Handle owner = open(object);
  if (!owner) return fail();
  const Handle attribute(H5Aopen(owner.get(), attribute_name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute) return fail();
  const Handle type(H5Aget_type(attribute.get()), H5Tclose);
  const Handle space(H5Aget_space(attribute.get()), H5Sclose);
  if (!type || !space) return fail();
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0 || static_cast<uint64_t>(count) > size) return fail();
  std::vector<std::string> out;
  if (count == 0) return out;  // Keras writes an empty list as an empty array of float64
  if (H5Tget_class(type.get()) != H5T_STRING) {
    diagnostics.error(at(object), fmt::format("attribute '{}' is not a text", name));
    return std::nullopt;
  }
  const htri_t variable = H5Tis_variable_str(type.get());
  if (variable < 0) return fail();
  if (variable > 0) {
    std::vector<char *> pointers(static_cast<size_t>(count), nullptr);
    const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory.get(), H5T_VARIABLE);
    H5Tset_cset(memory.get(), H5Tget_cset(type.get()));
    const bool read = H5Aread(attribute.get(), memory.get(), pointers.data()) >= 0;
    if (read)
      for (const char *text : pointers) out.emplace_back(text ? text : "");
    H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, pointers.data());
    return read ? std::optional(std::move(out)) : fail();
  }
  const size_t length = H5Tget_size(type.get());
  if (length == 0 || length > size || static_cast<uint64_t>(count) > size / length) return fail();
  std::vector<char> data(static_cast<size_t>(count) * length);
  if (H5Aread(attribute.get(), type.get(), data.data()) < 0) return fail();
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    out.push_back(from_fixed(data.data() + i * length, length));
  return out;
}

// Refuses data outside the file, unknown filters, and sizes that the file cannot hold.
bool Hdf5File::State::check_storage(std::string_view inside, hid_t dataset, uint64_t elements,
                                    size_t element_size) const {
  const auto refuse = [&](const std::string &why) {
    diagnostics.error(at(inside), fmt::format("'{}' {}", inside, why));
    return false;
  };
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (!properties) return damaged(inside, "layout"), false;
  if (H5Pget_external_count(properties.get()) != 0)
    return refuse("keeps its data in another file, which is not read");
  const int filters = H5Pget_nfilters(properties.get());
  if (filters < 0) return damaged(inside, "filters"), false;
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties.get(), static_cast<unsigned>(i), &flags, &values,
                                               nullptr, 0, nullptr, &config);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      return refuse(fmt::format("is stored with filter {}; only deflate, shuffle and fletcher32 are read",
                                static_cast<int>(filter)));
  }
  const uint64_t limit =
      size < std::numeric_limits<uint64_t>::max() / kMaxExpansion ? size * kMaxExpansion : size;
  const auto too_large = [&](uint64_t bytes, uint64_t allowed) {
    return refuse(fmt::format("claims {} bytes, more than a file of {} bytes can hold (limit {})", bytes,
                              size, allowed));
  };
  switch (H5Pget_layout(properties.get())) {
    case H5D_COMPACT:
    case H5D_CONTIGUOUS:
      if (elements > size / element_size) return too_large(elements * element_size, size);
      break;
    case H5D_CHUNKED: {
      hsize_t chunk[kMaxRank + 1] = {};
      const int rank = H5Pget_chunk(properties.get(), kMaxRank, chunk);
      if (rank < 0 || rank > kMaxRank) return damaged(inside, "chunks"), false;
      uint64_t chunk_elements = 1;
      for (int i = 0; i < rank; ++i) {
        if (chunk[i] == 0 || chunk[i] > limit / chunk_elements) return too_large(limit, limit);
        chunk_elements *= chunk[i];
      }
      if (chunk_elements > limit / element_size) return too_large(chunk_elements * element_size, limit);
      if (elements > limit / element_size) return too_large(elements * element_size, limit);
      break;
    }
    default:
      return refuse("is a virtual data set, which is not read");
  }
  const uint64_t bytes = elements * sizeof(float);
  if (bytes > budget) return too_large(bytes, budget);
  budget -= bytes;
  return true;
}

Hdf5File::Hdf5File(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5File::Hdf5File(Hdf5File &&) noexcept = default;
Hdf5File &Hdf5File::operator=(Hdf5File &&) noexcept = default;
Hdf5File::~Hdf5File() = default;

const std::string &Hdf5File::path() const {
  return state_->path;
}

bool Hdf5File::is_hdf5(const std::string &path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && H5Fis_hdf5(path.c_str()) > 0;
}

std::optional<Hdf5File> Hdf5File::open(const std::string &path, Diagnostics &diagnostics) {
  const Location where{.file = path};
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) {
    diagnostics.system_error(where, "no such file");
    return std::nullopt;
  }
  if (!std::filesystem::is_regular_file(status)) {
    diagnostics.system_error(where, "not a regular file");
    return std::nullopt;
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    diagnostics.system_error(where, fmt::format("cannot be read: {}", error.message()));
    return std::nullopt;
  }
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // no filters from shared libraries
  const htri_t is_hdf5 = H5Fis_hdf5(path.c_str());
  if (is_hdf5 == 0) {
    diagnostics.error(where, "not an HDF5 file", "expected a file that Keras saved as .h5 or .hdf5");
    return std::nullopt;
  }
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file) {
    if (is_hdf5 < 0)
      diagnostics.system_error(where, "cannot be opened");
    else
      diagnostics.error(where, "cannot be opened: the HDF5 file is damaged or incomplete",
                        "copy or download the file again");
    return std::nullopt;
  }
  auto state = std::make_unique<State>(State{path, size, std::move(file), diagnostics});
  state->budget = size < std::numeric_limits<uint64_t>::max() / kMaxExpansion ? size * kMaxExpansion : size;
  return Hdf5File(std::move(state));
}

bool Hdf5File::has_group(std::string_view path) const {
  const Handle object = state_->open(path);
  return object && H5Iget_type(object.get()) == H5I_GROUP;
}

bool Hdf5File::has_dataset(std::string_view path) const {
  const Handle object = state_->open(path);
  return object && H5Iget_type(object.get()) == H5I_DATASET;
}

bool Hdf5File::has_attribute(std::string_view object, std::string_view name) const {
  const Handle owner = state_->open(object);
  return owner && H5Aexists(owner.get(), std::string(name).c_str()) > 0;
}

std::optional<std::string> Hdf5File::text_attribute(std::string_view object, std::string_view name) const {
  auto texts = state_->strings(object, name);
  if (!texts) return std::nullopt;
  if (texts->size() == 1) return std::move(texts->front());
  state_->diagnostics.error(
      state_->at(object),
      fmt::format("attribute '{}' holds {} texts where one is expected", name, texts->size()));
  return std::nullopt;
}

std::optional<std::vector<std::string>> Hdf5File::list_attribute(std::string_view object,
                                                                 std::string_view name) const {
  if (has_attribute(object, name)) return state_->strings(object, name);
  std::vector<std::string> all;
  bool any = false;
  for (int part = 0; has_attribute(object, fmt::format("{}{}", name, part)); ++part) {
    auto texts = state_->strings(object, fmt::format("{}{}", name, part));
    if (!texts) return std::nullopt;
    std::ranges::move(*texts, std::back_inserter(all));
    any = true;
  }
  if (any) return all;
  state_->diagnostics.error(state_->at(object),
                            fmt::format("'{}' has no attribute '{}'", shown(object), name),
                            "is it a file that Keras wrote?");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Hdf5File::members(std::string_view group) const {
  const Handle object = state_->open(group);
  H5G_info_t info;
  if (!object || H5Iget_type(object.get()) != H5I_GROUP || H5Gget_info(object.get(), &info) < 0 ||
      info.nlinks > std::min<hsize_t>(kMaxMembers, state_->size)) {
    state_->damaged(group, "members");
    return std::nullopt;
  }
  struct Collected {
    std::vector<std::string> names;
    hsize_t limit;
  } collected{{}, info.nlinks};
  const auto collect = [](hid_t, const char *name, const H5L_info_t *link, void *data) -> herr_t {
    auto &into = *static_cast<Collected *>(data);
    if (into.names.size() >= into.limit) return -1;
    if (link->type == H5L_TYPE_HARD) into.names.emplace_back(name);
    return 0;
  };
  hsize_t position = 0;
  if (H5Literate(object.get(), H5_INDEX_NAME, H5_ITER_INC, &position, collect, &collected) < 0) {
    state_->damaged(group, "members");
    return std::nullopt;
  }
  return std::move(collected.names);
}

std::optional<Hdf5Array> Hdf5File::array(std::string_view dataset) const {
  const Handle object = state_->open(dataset);
  if (!object || H5Iget_type(object.get()) != H5I_DATASET) {
    state_->diagnostics.error(state_->at(dataset), fmt::format("the file has no data set '{}'", dataset),
                              "the file is incomplete, or links to another file");
    return std::nullopt;
  }
  const Handle type(H5Dget_type(object.get()), H5Tclose);
  const Handle space(H5Dget_space(object.get()), H5Sclose);
  if (!type || !space) return state_->damaged(dataset, "type"), std::nullopt;
  const H5T_class_t type_class = H5Tget_class(type.get());
  const size_t element_size = H5Tget_size(type.get());
  if ((type_class != H5T_FLOAT && type_class != H5T_INTEGER) || element_size == 0 || element_size > 8) {
    state_->diagnostics.error(state_->at(dataset),
                              fmt::format("'{}' does not hold numbers of 16 to 64 bits", dataset));
    return std::nullopt;
  }
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > kMaxRank) return state_->damaged(dataset, "shape"), std::nullopt;
  hsize_t dims[kMaxRank + 1] = {};
  if (H5Sget_simple_extent_dims(space.get(), dims, nullptr) != rank)
    return state_->damaged(dataset, "shape"), std::nullopt;
  Hdf5Array out;
  uint64_t elements = 1;
  for (int i = 0; i < rank; ++i) {
    if (dims[i] > (uint64_t{1} << 40) / elements) {
      state_->diagnostics.error(state_->at(dataset),
                                fmt::format("'{}' has an impossible dimension {}", dataset, dims[i]));
      return std::nullopt;
    }
    elements *= std::max<uint64_t>(dims[i], 1);
    out.dims.push_back(static_cast<int64_t>(dims[i]));
  }
  if (std::ranges::count(out.dims, 0) > 0) return out;
  if (!state_->check_storage(dataset, object.get(), elements, element_size)) return std::nullopt;
  out.values.resize(elements);
  if (H5Dread(object.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.values.data()) < 0)
    return state_->damaged(dataset, "data"), std::nullopt;
  return out;
}

}  // namespace sinter::keras

// HDF5 files as trees of groups, written in one go: the subset of the format that Keras's files need
// (superblock 0, groups with symbol tables, contiguous data sets, attributes). Written from the HDF5 File
// Format Specification, version 1.1; every version of libhdf5 reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/error.h"

namespace sinter {

// Data larger than this does not fit into an attribute; Keras calls it HDF5_OBJECT_HEADER_LIMIT.
inline constexpr size_t h5_attribute_limit = 64512;

struct H5Attribute {
  std::string name;
  // One text, or a list of texts (at most h5_attribute_limit bytes, all padded to the longest).
  std::variant<std::string, std::vector<std::string>> value;
};

enum class H5Type { f32, i64 };

struct H5Dataset {
  std::string name;
  H5Type type = H5Type::f32;
  std::vector<int64_t> dims;   // empty: a scalar
  const void *data = nullptr;  // not owned; row-major

  uint64_t bytes() const;
};

struct H5Group {
  std::string name;  // of the root: anything. Names of a group's members are unique, without '/'
  std::vector<H5Attribute> attributes;
  std::vector<H5Group> groups;
  std::vector<H5Dataset> datasets;

  // The member group of this name, created if there is none.
  H5Group &group(std::string_view member);
};

// Adds a list of texts as Keras does: as attribute `name`, or split over `name0`, `name1`, … where it would
// exceed the limit. A single text above the limit is rejected by Keras; here it gets an attribute that
// write_h5 refuses.
void add_text_list(H5Group &group, const std::string &name, const std::vector<std::string> &texts);

using ByteSink = std::function<Status(std::string_view)>;

// The file's bytes in order. Equal trees give equal bytes.
Status write_h5(const H5Group &root, const ByteSink &sink);

}  // namespace sinter

// Raw data comes first and metadata last, so that addresses are known when they are needed: children before
// parents. Section numbers below are those of the HDF5 File Format Specification 1.1.
#include <algorithm>
#include <cstring>

#include "formats/hdf5/h5_tree.h"
#include "formats/text.h"

namespace sinter {
namespace {

constexpr uint64_t undefined_address = ~uint64_t{0};
constexpr uint64_t superblock_bytes = 96;
constexpr uint64_t data_alignment = 64;
constexpr size_t leaf_k = 16, internal_k = 16;  // a node holds up to twice as many

std::string number(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
  return text;
}

void pad(std::string &bytes, size_t multiple) {
  bytes.resize((bytes.size() + multiple - 1) / multiple * multiple, '\0');
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// IV.A.2.b. Dataspace, version 1; no dims: a scalar.
std::string dataspace(const std::vector<int64_t> &dims) {
  std::string bytes = number(1, 1) + number(dims.size(), 1) + number(0, 6);
  for (const int64_t extent : dims) bytes += number(static_cast<uint64_t>(extent), 8);
  return bytes;
}

// IV.A.2.d. Datatype, version 1.
std::string datatype(H5Type type) {
  if (type == H5Type::i64)  // class 0, signed, little-endian: size, bit offset, precision
    return number(0x10, 1) + number(0x08, 3) + number(8, 4) + number(0, 2) + number(64, 2);
  // Class 1, implied leading bit, sign at bit 31; exponent 8 bits at 23 with bias 127, mantissa 23 bits at 0.
  return number(0x11, 1) + number(0x1F20, 3) + number(4, 4) + number(0, 2) + number(32, 2) + number(23, 1) +
         number(8, 1) + number(0, 1) + number(23, 1) + number(127, 4);
}

// Class 3: texts padded with zeros.
std::string text_datatype(uint64_t bytes, bool ascii) {
  return number(0x13, 1) + number(1u | (ascii ? 0u : 0x10u), 3) + number(bytes, 4);
}

// Class 9: a text of any length, in a global heap.
std::string long_text_datatype(bool ascii) {
  return number(0x19, 1) + number(0x01u | (ascii ? 0u : 0x100u), 3) + number(16, 4) + number(0x13, 1) +
         number(ascii ? 0 : 0x10, 3) + number(1, 4);
}

class Writer {
 public:
  Status write(const H5Group &root, const ByteSink &sink);

 private:
  struct Link {
    std::string name;
    uint64_t header;  // address of the object header
  };
  struct GroupAddresses {
    uint64_t header, tree, heap;
  };

  void place_data(const H5Group &group);
  Result<GroupAddresses> add_group(const H5Group &group);
  uint64_t add_dataset(const H5Dataset &dataset);
  uint64_t add_tree(const std::vector<Link> &links, const std::vector<uint64_t> &names);
  Result<std::string> attribute_message(const H5Attribute &attribute);
  uint64_t add_global_heap(const std::string &text);

  uint64_t next_address() const { return metadata_start_ + metadata_.size(); }
  uint64_t add(std::string bytes) {
    const uint64_t address = next_address();
    metadata_ += bytes;
    pad(metadata_, 8);
    return address;
  }

  uint64_t metadata_start_ = superblock_bytes;
  std::string metadata_;
  std::vector<uint64_t> data_addresses_;  // in the order of place_data
  size_t next_data_ = 0;
};

// IV.A.1.a. Message of an object header.
std::string message(int type, std::string body) {
  pad(body, 8);
  return number(static_cast<uint64_t>(type), 2) + number(body.size(), 2) + number(0, 4) + body;
}

// IV.A.1.a. Object header, version 1.
std::string object_header(const std::vector<std::string> &messages) {
  size_t bytes = 0;
  for (const std::string &one : messages) bytes += one.size();
  std::string header =
      number(1, 2) + number(messages.size(), 2) + number(1, 4) + number(bytes, 4) + number(0, 4);
  for (const std::string &one : messages) header += one;
  return header;
}

// III.C. Symbol table entry.
std::string symbol_table_entry(uint64_t name, uint64_t header) {
  return number(name, 8) + number(header, 8) + number(0, 8) + number(0, 8) + number(0, 8);
}

template <class Visit>
void for_each_dataset(const H5Group &group, const Visit &visit) {
  for (const H5Dataset &dataset : group.datasets) visit(dataset);
  for (const H5Group &member : group.groups) for_each_dataset(member, visit);
}

uint64_t aligned(uint64_t address) {
  return (address + data_alignment - 1) / data_alignment * data_alignment;
}

void Writer::place_data(const H5Group &root) {
  uint64_t end = superblock_bytes;
  for_each_dataset(root, [&](const H5Dataset &dataset) {
    const uint64_t bytes = dataset.bytes();
    data_addresses_.push_back(bytes == 0 ? undefined_address : aligned(end));
    if (bytes > 0) end = aligned(end) + bytes;
  });
  metadata_start_ = aligned(end);
}

// III.E. Global heap collection with one object.
uint64_t Writer::add_global_heap(const std::string &text) {
  std::string object = number(1, 2) + number(1, 2) + number(0, 4) + number(text.size(), 8) + text;
  pad(object, 8);
  constexpr size_t header = 16, smallest = 4096, free_header = 16;
  const size_t used = header + object.size();
  const size_t total = std::max(smallest, used + free_header);
  std::string heap = "GCOL" + number(1, 4) + number(total, 8) + object;
  heap += number(0, 8) + number(total - used, 8);  // the rest is free
  heap.resize(total, '\0');
  return add(std::move(heap));
}

// IV.A.2.m. Attribute, version 1.
Result<std::string> Writer::attribute_message(const H5Attribute &attribute) {
  std::string type, space, data;
  if (const auto *text = std::get_if<std::string>(&attribute.value)) {
    space = dataspace({});
    if (text->size() <= h5_attribute_limit) {
      type = text_datatype(std::max<size_t>(text->size(), 1), is_ascii(*text));
      data = *text;
      data.resize(std::max<size_t>(text->size(), 1), '\0');
    } else {
      type = long_text_datatype(is_ascii(*text));
      data = number(text->size(), 4) + number(add_global_heap(*text), 8) + number(1, 4);
    }
  } else {
    const auto &texts = std::get<std::vector<std::string>>(attribute.value);
    size_t longest = 1;
    bool ascii = true;
    for (const std::string &one : texts)
      longest = std::max(longest, one.size()), ascii = ascii && is_ascii(one);
    space = dataspace({static_cast<int64_t>(texts.size())});
    type = text_datatype(longest, ascii);
    for (const std::string &one : texts) data += one + std::string(longest - one.size(), '\0');
    if (data.size() > h5_attribute_limit)
      return rejected("", format("the HDF5 attribute '%s' of %zu bytes exceeds the limit of %zu",
                                 printable(attribute.name).c_str(), data.size(), h5_attribute_limit));
  }
  std::string name = attribute.name + '\0';
  std::string body = number(1, 2) + number(name.size(), 2) + number(type.size(), 2) + number(space.size(), 2);
  for (std::string *part : {&name, &type, &space}) {
    pad(*part, 8);
    body += *part;
  }
  return message(0x000C, body + data);
}

uint64_t Writer::add_dataset(const H5Dataset &dataset) {
  return add(object_header({
      message(0x0001, dataspace(dataset.dims)),
      message(0x0003, datatype(dataset.type)),
      message(0x0005, number(2, 1) + number(2, 1) + number(2, 1) + number(0, 1)),  // no fill value, version 2
      // IV.A.2.i. Layout, version 3: contiguous.
      message(0x0008, number(3, 1) + number(1, 1) + number(data_addresses_[next_data_++], 8) +
                          number(dataset.bytes(), 8)),
  }));
}

// III.A.1 and III.B. A version 1 B-tree of symbol table nodes. Keys are offsets of names: child i holds what
// is above key i and up to key i + 1.
uint64_t Writer::add_tree(const std::vector<Link> &links, const std::vector<uint64_t> &names) {
  struct Child {
    uint64_t address, last_name;
  };
  std::vector<Child> children;
  for (size_t first = 0; first < links.size(); first += 2 * leaf_k) {
    const size_t count = std::min(2 * leaf_k, links.size() - first);
    std::string node = "SNOD" + number(1, 2) + number(count, 2);
    for (size_t i = first; i < first + count; ++i) node += symbol_table_entry(names[i], links[i].header);
    node.resize(8 + 2 * leaf_k * 40, '\0');
    children.push_back({add(std::move(node)), names[first + count - 1]});
  }
  constexpr size_t node_bytes = 24 + (2 * internal_k + 1) * 8 + 2 * internal_k * 8;
  for (uint64_t level = 0;; ++level) {
    const size_t nodes = std::max<size_t>(1, (children.size() + 2 * internal_k - 1) / (2 * internal_k));
    std::vector<Child> parents;
    for (size_t n = 0; n < nodes; ++n) {
      const size_t first = n * 2 * internal_k, last = std::min(children.size(), first + 2 * internal_k);
      const uint64_t address = next_address();
      std::string node = "TREE" + number(0, 1) + number(level, 1) + number(last - first, 2) +
                         number(n > 0 ? address - node_bytes : undefined_address, 8) +
                         number(n + 1 < nodes ? address + node_bytes : undefined_address, 8) +
                         number(first > 0 ? children[first - 1].last_name : 0, 8);
      for (size_t i = first; i < last; ++i)
        node += number(children[i].address, 8) + number(children[i].last_name, 8);
      node.resize(node_bytes, '\0');
      parents.push_back({add(std::move(node)), last > 0 ? children[last - 1].last_name : 0});
    }
    if (nodes == 1) return parents[0].address;
    children = std::move(parents);
  }
}

Result<Writer::GroupAddresses> Writer::add_group(const H5Group &group) {
  std::vector<Link> links;
  for (const H5Dataset &dataset : group.datasets) links.push_back({dataset.name, add_dataset(dataset)});
  for (const H5Group &member : group.groups) {
    Result<GroupAddresses> addresses = add_group(member);
    if (!addresses) return addresses;
    links.push_back({member.name, addresses->header});
  }
  std::ranges::sort(links, {}, &Link::name);
  // III.D. Local heap: offset 0 is the empty name.
  std::string segment(8, '\0');
  std::vector<uint64_t> names;
  for (const Link &link : links) {
    names.push_back(segment.size());
    segment += link.name + '\0';
    pad(segment, 8);
  }
  const uint64_t segment_address = add(segment);
  constexpr uint64_t no_free_block = 1;
  const uint64_t heap = add("HEAP" + number(0, 4) + number(segment.size(), 8) + number(no_free_block, 8) +
                            number(segment_address, 8));
  const uint64_t tree = add_tree(links, names);
  std::vector<std::string> messages{message(0x0011, number(tree, 8) + number(heap, 8))};
  for (const H5Attribute &attribute : group.attributes) {
    Result<std::string> bytes = attribute_message(attribute);
    if (!bytes) return bytes.error();
    messages.push_back(std::move(*bytes));
  }
  return GroupAddresses{add(object_header(messages)), tree, heap};
}

Status Writer::write(const H5Group &root, const ByteSink &sink) {
  place_data(root);
  Result<GroupAddresses> addresses = add_group(root);
  if (!addresses) return addresses.error();
  // II.A. Superblock, version 0; the root's entry caches the addresses of its tree and heap.
  std::string superblock = "\x89HDF\r\n\x1a\n" + number(0, 5) + number(8, 1) + number(8, 1) + number(0, 1) +
                           number(leaf_k, 2) + number(internal_k, 2) + number(0, 4) + number(0, 8) +
                           number(undefined_address, 8) + number(next_address(), 8) +
                           number(undefined_address, 8) + number(0, 8) + number(addresses->header, 8) +
                           number(1, 8) + number(addresses->tree, 8) + number(addresses->heap, 8);
  if (Status status = sink(superblock); !status) return status;
  uint64_t written = superblock.size();
  Status status;
  const auto align_to = [&](uint64_t address) {
    if (written < address && status) status = sink(std::string(address - written, '\0'));
    written = address;
  };
  size_t index = 0;
  for_each_dataset(root, [&](const H5Dataset &dataset) {
    const uint64_t address = data_addresses_[index++];
    if (address == undefined_address || !status) return;
    align_to(address);
    if (status) status = sink({static_cast<const char *>(dataset.data), dataset.bytes()});
    written += dataset.bytes();
  });
  if (!status) return status;
  align_to(metadata_start_);
  return status ? sink(metadata_) : status;
}

}  // namespace

Status write_h5(const H5Group &root, const ByteSink &sink) {
  return Writer().write(root, sink);
}

}  // namespace sinter

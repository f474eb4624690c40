// Objects of an HDF5 file: groups, data sets and their attributes, as the HDF5 File Format Specification
// (version 3.0, The HDF Group) lays them out. Read are the forms that h5py writes: superblocks 0 to 3, object
// headers 1 and 2, groups as symbol tables or link messages, attributes in the header.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/hdf5/bytes.h"

namespace sinter::hdf5 {

constexpr int kMaxTreeLevel = 32;  // deeper B-trees do not come from a writer
constexpr uint64_t kUndefinedAddress = ~uint64_t{0};
constexpr int kMaxRank = 8;

enum class TypeClass : uint8_t { integer, floating, text, variable_text, other };

struct Datatype {
  TypeClass type_class = TypeClass::other;
  uint32_t size = 0;  // bytes of an element
  bool big_endian = false;
  bool is_signed = false;
  // Of floating-point numbers: where exponent and mantissa lie, in bits.
  uint8_t exponent_at = 0, exponent_bits = 0, mantissa_at = 0, mantissa_bits = 0;
  uint32_t exponent_bias = 0;
};

struct Dataspace {
  std::vector<uint64_t> dims;  // empty: a scalar
  bool is_null = false;
  uint64_t elements() const;  // saturates
};

struct Attribute {
  Datatype type;
  Dataspace space;
  Bytes data;
};

struct Message {
  uint16_t type = 0;
  bool shared = false;
  Bytes data;
};

enum MessageType : uint16_t {
  kDataspaceMessage = 0x01,
  kLinkInfoMessage = 0x02,
  kDatatypeMessage = 0x03,
  kLinkMessage = 0x06,
  kExternalFilesMessage = 0x07,
  kLayoutMessage = 0x08,
  kFilterMessage = 0x0B,
  kAttributeMessage = 0x0C,
  kContinuationMessage = 0x10,
  kSymbolTableMessage = 0x11,
  kAttributeInfoMessage = 0x15,
};

struct Object {
  std::vector<Message> messages;
  const Message *find(uint16_t type) const;  // the first of a type, nullptr if there is none
  bool is_dataset() const { return find(kLayoutMessage) != nullptr; }
  bool is_group() const { return find(kSymbolTableMessage) || find(kLinkInfoMessage) || find(kLinkMessage); }
};

// What is damaged or not supported is a problem of the file, and the result is empty. Objects and groups are
// read once and kept.
class Objects {
 public:
  explicit Objects(FileBytes &file);

  static std::optional<uint64_t> find_superblock(FileBytes &file);  // its offset

  const Object &root() { return object(root_); }
  const Object &object(uint64_t address);
  // Hard links of a group: name -> address of the object. Soft and external links are left out.
  const std::map<std::string, uint64_t> &links(const Object &group);
  bool has_attribute(const Object &object, std::string_view name);
  std::optional<Attribute> attribute(const Object &object, std::string_view name);
  // An element of variable length, from the global heap.
  std::string variable_text(std::span<const uint8_t> reference);

  FileBytes &file() { return file_; }
  Problem &problem() { return file_.problem; }
  uint64_t absolute(uint64_t address);  // in the file

 private:
  // A global heap: where its objects lie, by their numbers.
  struct Heap {
    Bytes bytes;
    std::map<uint16_t, std::span<const uint8_t>> objects;
  };
  using AttributeIndex = std::map<std::string, const Message *, std::less<>>;

  const AttributeIndex &attributes(const Object &object);
  void read_heap(uint64_t address, Heap &heap);
  Object read_object(uint64_t address);
  void read_messages(std::span<const uint8_t> block, int version, bool has_order,
                     std::vector<Message> &messages,
                     std::vector<std::pair<uint64_t, uint64_t>> &continuations);
  void read_symbol_table(const Message &message, std::map<std::string, uint64_t> &links);
  void read_group_node(uint64_t address, int level, const Bytes &names,
                       std::map<std::string, uint64_t> &links);

  FileBytes &file_;
  uint64_t base_ = 0;
  uint64_t root_ = kUndefinedAddress;
  std::map<uint64_t, Object> objects_;
  std::map<const Object *, std::map<std::string, uint64_t>> links_;
  std::map<const Object *, AttributeIndex> attributes_;
  std::map<uint64_t, Heap> heaps_;
};

Datatype parse_datatype(Problem &problem, std::span<const uint8_t> message);
Dataspace parse_dataspace(Problem &problem, std::span<const uint8_t> message);

}  // namespace sinter::hdf5

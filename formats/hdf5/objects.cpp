#include "formats/hdf5/objects.h"

#include <algorithm>
#include <limits>

namespace sinter::hdf5 {
namespace {

constexpr size_t kMaxMessages = 100'000;
// What a kept object, message, link or text costs beside its bytes.
constexpr uint64_t kOverhead = 128;
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";

size_t padded_to_8(size_t size) {
  return (size + 7) / 8 * 8;
}

}  // namespace

uint64_t Dataspace::elements() const {
  if (is_null) return 0;
  uint64_t count = 1;
  for (const uint64_t dim : dims) {
    if (dim == 0) return 0;
    if (dim > std::numeric_limits<uint64_t>::max() / count) return std::numeric_limits<uint64_t>::max();
    count *= dim;
  }
  return count;
}

const Message *Object::find(uint16_t type) const {
  const auto found = std::ranges::find(messages, type, &Message::type);
  return found == messages.end() ? nullptr : &*found;
}

std::optional<uint64_t> Objects::find_superblock(FileBytes &file) {
  for (uint64_t at = 0; at + kSignature.size() <= file.size() && !file.problem; at = at == 0 ? 512 : at * 2) {
    uint8_t bytes[8];
    file.read(at, bytes);
    if (std::equal(bytes, bytes + 8, kSignature.begin(),
                   [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }))
      return at;
  }
  return std::nullopt;
}

Objects::Objects(FileBytes &file) : file_(file) {
  const std::optional<uint64_t> start = find_superblock(file);
  if (!start) {
    problem().set("it is not an HDF5 file");
    return;
  }
  const Bytes block = file.block(*start, std::min<uint64_t>(96, file.size() - *start));
  Cursor cursor(problem(), block);
  cursor.skip(kSignature.size());
  const uint8_t version = cursor.u8();
  if (version > 3) problem().set("its superblock has version " + std::to_string(version) + ", newer than 3");
  if (version < 2) cursor.skip(4);
  const uint8_t offset_size = cursor.u8(), length_size = cursor.u8();
  if (offset_size != 8 || length_size != 8) problem().set("its addresses do not have 64 bits");
  uint64_t end = 0;
  if (version < 2) {
    cursor.skip(version == 0 ? 9 : 13);
    base_ = cursor.u64();
    cursor.skip(8);
    end = cursor.u64();
    cursor.skip(8 + 8);
    root_ = cursor.u64();
  } else {
    cursor.skip(1);
    base_ = cursor.u64();
    cursor.skip(8);
    end = cursor.u64();
    root_ = cursor.u64();
  }
  if (base_ > file.size()) problem().set("it points outside itself");
  if (!problem() && end > file.size() - base_)
    problem().set("it should have " + std::to_string(end) + " bytes, but has " +
                  std::to_string(file.size() - base_));
}

uint64_t Objects::absolute(uint64_t address) {
  if (address > file_.size()) problem().set("it points outside itself");
  return problem() ? 0 : base_ + address;
}

const Object &Objects::object(uint64_t address) {
  if (const auto known = objects_.find(address); known != objects_.end()) return known->second;
  static const Object none;
  Object object = read_object(address);
  file_.charge(kOverhead);
  return problem() ? none : objects_.emplace(address, std::move(object)).first->second;
}

Object Objects::read_object(uint64_t address) {
  const uint64_t at = absolute(address);
  const Bytes start = file_.block(at, std::min<uint64_t>(64, file_.size() - std::min(at, file_.size())));
  Object object;
  std::vector<std::pair<uint64_t, uint64_t>> continuations;  // address, length
  Cursor cursor(problem(), start);
  int version = 1;
  bool has_order = false;
  if (start.size() > 4 && start[0] == 'O') {
    cursor.expect("OHDR");
    version = cursor.u8();
    const uint8_t flags = cursor.u8();
    if (version != 2) problem().set("an object header has version " + std::to_string(version));
    if (flags & 0x20) cursor.skip(16);
    if (flags & 0x10) cursor.skip(4);
    has_order = flags & 0x04;
    const uint64_t size = cursor.unsigned_integer(size_t{1} << (flags & 3));
    read_messages(file_.block(at + cursor.position(), size), version, has_order, object.messages,
                  continuations);
  } else {
    if (cursor.u8() != 1) problem().set("an object header is damaged");
    cursor.skip(7);
    const uint32_t size = cursor.u32();
    cursor.skip(4);
    read_messages(file_.block(at + cursor.position(), size), version, has_order, object.messages,
                  continuations);
  }
  for (size_t i = 0; i < continuations.size() && !problem(); ++i) {  // grows while it is walked
    const Bytes block = file_.block(absolute(continuations[i].first), continuations[i].second);
    std::span<const uint8_t> messages = block;
    if (version == 2) {
      Cursor(problem(), messages).expect("OCHK");
      if (messages.size() < 8) problem().set("an object header is cut off");
      if (problem()) break;
      messages = messages.subspan(4, messages.size() - 8);  // without mark and checksum
    }
    read_messages(messages, version, has_order, object.messages, continuations);
  }
  return object;
}

void Objects::read_messages(std::span<const uint8_t> block, int version, bool has_order,
                            std::vector<Message> &messages,
                            std::vector<std::pair<uint64_t, uint64_t>> &continuations) {
  const size_t prefix = version == 1 ? 8 : has_order ? 6 : 4;
  Cursor cursor(problem(), block);
  while (cursor.left() >= prefix && !problem()) {
    Message message;
    message.type = version == 1 ? cursor.u16() : cursor.u8();
    const uint16_t size = cursor.u16();
    message.shared = cursor.u8() & 0x02;
    if (version == 1) cursor.skip(3);
    if (version == 2 && has_order) cursor.skip(2);
    const auto data = cursor.take(size);
    if (message.type == kContinuationMessage) {
      Cursor target(problem(), data);
      const uint64_t address = target.u64();
      continuations.emplace_back(address, target.u64());
      continue;
    }
    if (message.type == 0) continue;  // unused space
    if (messages.size() >= kMaxMessages) problem().set("an object header has too many messages");
    if (!file_.charge(kOverhead)) return;  // the bytes were charged with their block
    message.data.assign(data.begin(), data.end());
    messages.push_back(std::move(message));
  }
}

const std::map<std::string, uint64_t> &Objects::links(const Object &group) {
  if (const auto known = links_.find(&group); known != links_.end()) return known->second;
  std::map<std::string, uint64_t> links;
  for (const Message &message : group.messages) {
    if (problem()) break;
    if (message.type == kSymbolTableMessage) {
      read_symbol_table(message, links);
    } else if (message.type == kLinkInfoMessage) {
      Cursor cursor(problem(), message.data);
      cursor.skip(1);
      if (cursor.u8() & 1) cursor.skip(8);
      if (cursor.u64() != kUndefinedAddress)
        problem().set("a group is stored as a heap of links, which is not supported");
    } else if (message.type == kLinkMessage) {
      Cursor cursor(problem(), message.data);
      if (cursor.u8() != 1) problem().set("a link has an unknown version");
      const uint8_t flags = cursor.u8();
      const uint8_t kind = flags & 0x08 ? cursor.u8() : 0;
      if (flags & 0x04) cursor.skip(8);
      if (flags & 0x10) cursor.skip(1);
      const auto name = cursor.take(cursor.unsigned_integer(size_t{1} << (flags & 3)));
      const uint64_t target = kind == 0 ? cursor.u64() : 0;
      if (kind == 0 && file_.charge(name.size() + kOverhead))
        links.emplace(std::string(name.begin(), name.end()), target);
    }
  }
  static const std::map<std::string, uint64_t> none;
  return problem() ? none : links_.emplace(&group, std::move(links)).first->second;
}

void Objects::read_symbol_table(const Message &message, std::map<std::string, uint64_t> &links) {
  Cursor cursor(problem(), message.data);
  const uint64_t tree = cursor.u64(), heap = cursor.u64();
  const Bytes header = file_.block(absolute(heap), 32);
  Cursor heap_cursor(problem(), header);
  heap_cursor.expect("HEAP");
  heap_cursor.skip(4);
  const uint64_t size = heap_cursor.u64();
  heap_cursor.skip(8);
  const Bytes names = file_.block(absolute(heap_cursor.u64()), size);
  read_group_node(tree, kMaxTreeLevel, names, links);
}

// A node of the B-tree of a group, or, at its bottom, a node of symbols. `level` is above that of the node.
void Objects::read_group_node(uint64_t address, int level, const Bytes &names,
                              std::map<std::string, uint64_t> &links) {
  const uint64_t at = absolute(address);
  const Bytes first = file_.block(at, 1);
  if (problem()) return;
  if (first[0] == 'T') {
    const Bytes head = file_.block(at, 24);
    Cursor cursor(problem(), head);
    cursor.expect("TREE");
    const uint8_t kind = cursor.u8(), own_level = cursor.u8();
    const uint16_t children = cursor.u16();
    if (kind != 0 || own_level >= level) problem().set("a group's index is damaged");
    const Bytes body = file_.block(at + 24, uint64_t{children} * 16);
    Cursor entries(problem(), body);
    for (int i = 0; i < children && !problem(); ++i) {
      entries.skip(8);
      read_group_node(entries.u64(), own_level, names, links);
    }
    return;
  }
  const Bytes head = file_.block(at, 8);
  Cursor cursor(problem(), head);
  cursor.expect("SNOD");
  cursor.skip(2);
  const uint16_t count = cursor.u16();
  const Bytes body = file_.block(at + 8, uint64_t{count} * 40);
  Cursor entries(problem(), body);
  for (int i = 0; i < count && !problem(); ++i) {
    const uint64_t name_at = entries.u64(), target = entries.u64();
    const uint32_t cached = entries.u32();
    entries.skip(20);
    if (cached == 2) continue;  // a soft link
    if (name_at >= names.size()) problem().set("a name lies outside its heap");
    if (problem()) return;
    std::string name = text_of(std::span(names).subspan(name_at));
    if (!file_.charge(name.size() + kOverhead)) return;
    links.emplace(std::move(name), target);
  }
}

namespace {

// The parts of an attribute's message.
struct AttributeParts {
  bool is_shared = false;
  std::span<const uint8_t> name, type, space, data;
};

AttributeParts parse_attribute(Problem &problem, const Message &message) {
  Cursor cursor(problem, message.data);
  const uint8_t version = cursor.u8();
  const uint8_t flags = cursor.u8();
  if (version < 1 || version > 3) problem.set("an attribute has an unknown version");
  const uint16_t name_size = cursor.u16(), type_size = cursor.u16(), space_size = cursor.u16();
  if (version == 3) cursor.skip(1);
  const auto field = [&](size_t size) {
    const auto part = cursor.take(size);
    if (version == 1) cursor.skip(std::min(padded_to_8(size) - size, cursor.left()));
    return part;
  };
  AttributeParts parts{message.shared || (version > 1 && flags != 0)};
  parts.name = field(name_size);
  parts.type = field(type_size);
  parts.space = field(space_size);
  parts.data = cursor.take(cursor.left());
  return parts;
}

}  // namespace

const Objects::AttributeIndex &Objects::attributes(const Object &object) {
  if (const auto known = attributes_.find(&object); known != attributes_.end()) return known->second;
  AttributeIndex index;
  for (const Message &message : object.messages) {
    if (problem()) break;
    if (message.type == kAttributeInfoMessage) {
      Cursor cursor(problem(), message.data);
      cursor.skip(1);
      if (cursor.u8() & 1) cursor.skip(2);
      if (cursor.u64() != kUndefinedAddress)
        problem().set("attributes are stored in a heap, which is not supported");
    }
    if (message.type != kAttributeMessage) continue;
    std::string name = text_of(parse_attribute(problem(), message).name);
    if (file_.charge(name.size() + kOverhead)) index.emplace(std::move(name), &message);
  }
  static const AttributeIndex none;
  return problem() ? none : attributes_.emplace(&object, std::move(index)).first->second;
}

bool Objects::has_attribute(const Object &object, std::string_view name) {
  return attributes(object).contains(name);
}

std::optional<Attribute> Objects::attribute(const Object &object, std::string_view name) {
  const AttributeIndex &index = attributes(object);
  const auto found = index.find(name);
  if (found == index.end()) return std::nullopt;
  const AttributeParts parts = parse_attribute(problem(), *found->second);
  if (parts.is_shared) problem().set("an attribute has a shared type, which is not supported");
  Attribute attribute;
  attribute.type = parse_datatype(problem(), parts.type);
  attribute.space = parse_dataspace(problem(), parts.space);
  if (!file_.charge(parts.data.size())) return std::nullopt;
  attribute.data.assign(parts.data.begin(), parts.data.end());
  return attribute;
}

void Objects::read_heap(uint64_t address, Heap &heap) {
  const uint64_t at = absolute(address);
  const Bytes head = file_.block(at, 16);
  Cursor head_cursor(problem(), head);
  head_cursor.expect("GCOL");
  head_cursor.skip(4);
  heap.bytes = file_.block(at, head_cursor.u64());
  Cursor cursor(problem(), heap.bytes);
  cursor.skip(16);
  while (cursor.left() >= 16 && !problem()) {
    const uint16_t index = cursor.u16();
    cursor.skip(6);
    const uint64_t size = cursor.u64();
    if (index == 0) break;  // free space up to the end
    const auto data = cursor.take(size);
    cursor.skip(std::min(padded_to_8(size) - size, cursor.left()));
    if (file_.charge(kOverhead)) heap.objects.emplace(index, data);
  }
}

std::string Objects::variable_text(std::span<const uint8_t> reference) {
  Cursor cursor(problem(), reference);
  const uint32_t length = cursor.u32();
  const uint64_t address = cursor.u64();
  const uint32_t index = cursor.u32();
  if (length == 0) return {};
  auto heap = heaps_.find(address);
  if (heap == heaps_.end()) {
    heap = heaps_.try_emplace(address).first;
    read_heap(address, heap->second);
  }
  const auto &objects = heap->second.objects;
  const auto found = index > UINT16_MAX ? objects.end() : objects.find(static_cast<uint16_t>(index));
  if (found == objects.end()) {
    problem().set("a text is missing from its heap");
    return {};
  }
  const auto data = found->second.first(std::min<size_t>(length, found->second.size()));
  return file_.charge(data.size() + kOverhead) ? text_of(data) : std::string();
}

Datatype parse_datatype(Problem &problem, std::span<const uint8_t> message) {
  Cursor cursor(problem, message);
  Datatype type;
  const uint8_t head = cursor.u8();
  const uint8_t bits = cursor.u8();
  cursor.skip(2);
  type.size = cursor.u32();
  type.big_endian = bits & 1;
  if (type.size == 0) problem.set("a type has no size");
  switch (head & 0x0F) {
    case 0:
      type.type_class = TypeClass::integer;
      type.is_signed = bits & 8;
      break;
    case 1:
      type.type_class = TypeClass::floating;
      cursor.skip(4);
      type.exponent_at = cursor.u8();
      type.exponent_bits = cursor.u8();
      type.mantissa_at = cursor.u8();
      type.mantissa_bits = cursor.u8();
      type.exponent_bias = cursor.u32();
      if (bits & 0x40) type.type_class = TypeClass::other;  // VAX order
      break;
    case 3:
      type.type_class = TypeClass::text;
      break;
    case 9:
      if ((bits & 0x0F) == 1 && type.size == 16) type.type_class = TypeClass::variable_text;
      break;
    default:
      break;
  }
  return type;
}

Dataspace parse_dataspace(Problem &problem, std::span<const uint8_t> message) {
  Cursor cursor(problem, message);
  const uint8_t version = cursor.u8(), rank = cursor.u8();
  cursor.skip(1);
  Dataspace space;
  if (version == 1)
    cursor.skip(5);
  else if (version == 2)
    space.is_null = cursor.u8() == 2;
  else
    problem.set("a shape has an unknown version");
  if (rank > kMaxRank) problem.set("a shape has " + std::to_string(rank) + " dimensions");
  for (int i = 0; i < rank && !problem; ++i) space.dims.push_back(cursor.u64());
  return space;
}

}  // namespace sinter::hdf5

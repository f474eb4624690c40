#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tests/fuzz/engine/mutators.h"

namespace sinter::fuzz {

namespace {

struct Member {
  std::string name;
  uint16_t method = 0, flags = 0;
  uint32_t crc = 0, packed_bytes = 0, content_bytes = 0;
  uint32_t offset = 0;
  Bytes packed;  // as the archive has it
};

constexpr uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50;

uint64_t get(const Bytes &bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i > 0; --i) value = value << 8 | (at + i <= bytes.size() ? bytes[at + i - 1] : 0);
  return value;
}

void append(Bytes &bytes, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

std::vector<Member> parse(const Bytes &bytes) {
  std::vector<Member> members;
  size_t end = bytes.size() < 22 ? 0 : bytes.size() - 22;
  while (end > 0 && get(bytes, end, 4) != end_mark) --end;
  size_t at = get(bytes, end + 16, 4);
  while (members.size() < 30 && at + 46 <= bytes.size() && get(bytes, at, 4) == central_mark) {
    Member member;
    member.flags = static_cast<uint16_t>(get(bytes, at + 8, 2));
    member.method = static_cast<uint16_t>(get(bytes, at + 10, 2));
    member.crc = static_cast<uint32_t>(get(bytes, at + 16, 4));
    member.packed_bytes = static_cast<uint32_t>(get(bytes, at + 20, 4));
    member.content_bytes = static_cast<uint32_t>(get(bytes, at + 24, 4));
    const size_t name = get(bytes, at + 28, 2), rest = get(bytes, at + 30, 2) + get(bytes, at + 32, 2);
    const size_t header = get(bytes, at + 42, 4);
    if (at + 46 + name > bytes.size()) break;
    member.name.assign(bytes.begin() + static_cast<long>(at + 46),
                       bytes.begin() + static_cast<long>(at + 46 + name));
    const size_t data = header + 30 + get(bytes, header + 26, 2) + get(bytes, header + 28, 2);
    if (data < bytes.size()) {
      const size_t length = std::min<size_t>(member.packed_bytes, bytes.size() - data);
      member.packed.assign(bytes.begin() + static_cast<long>(data),
                           bytes.begin() + static_cast<long>(data + length));
    }
    members.push_back(std::move(member));
    at += 46 + name + rest;
  }
  return members;
}

std::optional<Bytes> content_of(const Member &member) {
  if (member.method == 0) return member.packed;
  Bytes content(1 << 16);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = const_cast<Bytef *>(member.packed.data());
  stream.avail_in = static_cast<uInt>(member.packed.size());
  stream.next_out = content.data();
  stream.avail_out = static_cast<uInt>(content.size());
  const int status = inflate(&stream, Z_FINISH);
  content.resize(stream.total_out);
  inflateEnd(&stream);
  return status == Z_STREAM_END ? std::optional(content) : std::nullopt;
}

void set_content(Member &member, const Bytes &content, bool deflated) {
  member.method = deflated ? 8 : 0;
  member.crc = static_cast<uint32_t>(crc32(0, content.data(), static_cast<uInt>(content.size())));
  member.content_bytes = static_cast<uint32_t>(content.size());
  member.packed = content;
  if (deflated) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    member.packed.resize(deflateBound(&stream, content.size()));
    stream.next_in = const_cast<Bytef *>(content.data());
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = member.packed.data();
    stream.avail_out = static_cast<uInt>(member.packed.size());
    deflate(&stream, Z_FINISH);
    member.packed.resize(stream.total_out);
    deflateEnd(&stream);
  }
  member.packed_bytes = static_cast<uint32_t>(member.packed.size());
}

void append_fields(Bytes &bytes, const Member &member) {
  append(bytes, member.flags, 2);
  append(bytes, member.method, 2);
  append(bytes, 0, 4);  // time, date
  append(bytes, member.crc, 4);
  append(bytes, member.packed_bytes, 4);
  append(bytes, member.content_bytes, 4);
  append(bytes, member.name.size(), 2);
  append(bytes, 0, 2);  // extra
}

// `shared`: all members but the first lie over the first one's bytes.
Bytes build(std::vector<Member> &members, bool shared) {
  Bytes bytes;
  for (Member &member : members) {
    member.offset = shared ? members[0].offset : static_cast<uint32_t>(bytes.size());
    if (shared && &member != members.data()) continue;
    append(bytes, local_mark, 4);
    append(bytes, 20, 2);
    append_fields(bytes, member);
    bytes.insert(bytes.end(), member.name.begin(), member.name.end());
    bytes.insert(bytes.end(), member.packed.begin(), member.packed.end());
  }
  const size_t directory = bytes.size();
  for (const Member &member : members) {
    append(bytes, central_mark, 4);
    append(bytes, 20, 2);
    append(bytes, 20, 2);
    append_fields(bytes, member);
    append(bytes, 0, 2);  // comment
    append(bytes, 0, 8);  // disk, attributes
    append(bytes, member.offset, 4);
    bytes.insert(bytes.end(), member.name.begin(), member.name.end());
  }
  const size_t directory_bytes = bytes.size() - directory;
  append(bytes, end_mark, 4);
  append(bytes, 0, 4);
  append(bytes, members.size(), 2);
  append(bytes, members.size(), 2);
  append(bytes, directory_bytes, 4);
  append(bytes, directory, 4);
  append(bytes, 0, 2);
  return bytes;
}

}  // namespace

bool mutate_zip(Bytes &bytes, size_t most, std::mt19937 &random, const AnyMutation &any_mutation) {
  std::vector<Member> members = parse(bytes);
  if (members.empty()) return false;
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  Member &member = members[below(members.size())];
  bool shared = false;
  switch (below(8)) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (auto content = content_of(member)) {
        any_mutation(*content, std::min(most / 2, content->size() + 256));
        set_content(member, *content, below(2) == 0);
      }
      break;
    case 4:
      any_mutation(member.packed, std::min(most / 2, member.packed.size() + 16));
      member.packed_bytes = static_cast<uint32_t>(member.packed.size());
      break;
    case 5: {
      static constexpr uint32_t values[] = {0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 1 << 30};
      uint32_t *const fields[] = {&member.crc, &member.packed_bytes, &member.content_bytes};
      *fields[below(3)] = values[below(std::size(values))];
      break;
    }
    case 6:
      member.flags = static_cast<uint16_t>(below(2) == 0 ? 1 << below(16) : 0);
      member.method = static_cast<uint16_t>(below(10));
      break;
    default:
      shared = below(2) == 0;
      members.insert(members.begin() + static_cast<long>(below(members.size())),
                     members[below(members.size())]);
      break;
  }
  bytes = build(members, shared);
  return true;
}

}  // namespace sinter::fuzz

#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <bit>

#include "formats/bytes/atomic_file.h"
#include "formats/bytes/numbers.h"
#include "formats/json/json_writer.h"
#include "formats/safetensors/safetensors_header.h"
#include "formats/text.h"

namespace sinter {
namespace {

constexpr uint64_t largest_header = 100u << 20;  // as the format's own reader has it

struct Type {
  std::string_view name;
  SafetensorsType type;
};
constexpr Type types[] = {{"F32", SafetensorsType::f32},
                          {"F16", SafetensorsType::f16},
                          {"BF16", SafetensorsType::bf16},
                          {"F64", SafetensorsType::f64}};

size_t element_bytes(SafetensorsType type) {
  return type == SafetensorsType::f64 ? 8 : type == SafetensorsType::f32 ? 4 : 2;
}

// The entry that `field` describes, in a file with `data_bytes` behind the header; what is wrong with it in
// `problem`.
SafetensorsEntry entry_of(const SafetensorsField &field, uint64_t data_bytes, std::string &problem) {
  SafetensorsEntry entry;
  entry.name = field.name;
  const auto *type = std::ranges::find(types, field.dtype, &Type::name);
  if (type == std::end(types))
    problem = "is " + printable(field.dtype) + ", expected F32, F16, BF16 or F64";
  else
    entry.type = type->type;
  for (const uint64_t dim : field.shape) {
    entry.dims.push_back(static_cast<int64_t>(dim));
    if (dim > data_bytes || (dim > 0 && entry.elements > data_bytes / dim))
      problem = "is larger than the file";
    if (!problem.empty()) return entry;
    entry.elements *= dim;
  }
  const uint64_t begin = field.data_offsets[0], end = field.data_offsets[1];
  if (begin > end || end > data_bytes || end - begin != entry.bytes())
    problem =
        format("has data_offsets [%llu, %llu] of %llu bytes, expected %llu bytes within them",
               static_cast<unsigned long long>(begin), static_cast<unsigned long long>(end),
               static_cast<unsigned long long>(data_bytes), static_cast<unsigned long long>(entry.bytes()));
  entry.offset = begin;
  return entry;
}

}  // namespace

uint64_t SafetensorsEntry::bytes() const {
  return elements * element_bytes(type);
}

bool SafetensorsFile::is_safetensors(std::string_view first_bytes) {
  return first_bytes.size() > 8 && first_bytes[8] == '{' &&
         little_endian(first_bytes.data(), 8) <= largest_header;
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  Result<std::unique_ptr<FileStream>> opened = FileStream::open(path);
  if (!opened) return opened.error();
  SafetensorsFile file(std::move(*opened));
  FileStream &stream = *file.stream_;
  const std::optional<uint64_t> total = stream.total_bytes();
  if (!total) return rejected(path, "not a regular file, which weights are read from");
  std::string start(9, '\0');
  if (Status status = stream.read_exact(start.data(), start.size(), "the start of a .safetensors file");
      !status)
    return status.error();
  if (!is_safetensors(start))
    return rejected(path, "not a .safetensors file: it has no JSON header at byte 8");
  const uint64_t header = little_endian(start.data(), 8);
  if (header > *total - 8)
    return rejected(
        path, format("the header has %llu bytes, but the file ends after %llu",
                     static_cast<unsigned long long>(header), static_cast<unsigned long long>(*total - 8)));
  Budget budget(*total);
  if (!budget.charge(header)) return budget.exceeded(path, "the header");
  std::string json(header, '\0');
  if (Status status = stream.seek(8); !status) return status.error();
  if (Status status = stream.read_exact(json.data(), json.size(), "the header"); !status)
    return status.error();
  std::string problem;
  const auto fields = parse_safetensors_header(json, budget, problem);
  if (!fields) return rejected(path, "the header at byte 8 is damaged: " + problem);
  for (const SafetensorsField &field : *fields) {
    SafetensorsEntry entry = entry_of(field, *total - 8 - header, problem);
    if (!problem.empty()) return rejected(path, "'" + printable(field.name) + "' " + problem);
    entry.offset += 8 + header;
    file.entries_.push_back(std::move(entry));
  }
  std::vector<std::string_view> names;
  for (const SafetensorsEntry &entry : file.entries_) names.push_back(entry.name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    return rejected(path, "'" + printable(*twice) + "' is there twice");
  std::vector<const SafetensorsEntry *> in_order;
  for (const SafetensorsEntry &entry : file.entries_)
    if (entry.elements > 0) in_order.push_back(&entry);
  std::ranges::sort(in_order, {}, &SafetensorsEntry::offset);
  for (size_t i = 1; i < in_order.size(); ++i)
    if (in_order[i - 1]->offset + in_order[i - 1]->bytes() > in_order[i]->offset)
      return rejected(path, "'" + printable(in_order[i - 1]->name) + "' and '" +
                                printable(in_order[i]->name) + "' lie over the same bytes");
  return file;
}

const SafetensorsEntry *SafetensorsFile::find(std::string_view name) const {
  for (const SafetensorsEntry &entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

Status SafetensorsFile::read(const SafetensorsEntry &entry, float *to) {
  if (Status status = stream_->seek(entry.offset); !status) return status;
  if (entry.type == SafetensorsType::f32) return stream_->read_exact(to, entry.bytes(), "a tensor");
  std::vector<uint8_t> raw(static_cast<size_t>(entry.bytes()));
  if (Status status = stream_->read_exact(raw.data(), raw.size(), "a tensor"); !status) return status;
  const size_t size = element_bytes(entry.type);
  for (size_t i = 0; i < entry.elements; ++i) {
    const uint64_t bits = little_endian(raw.data() + i * size, size);
    to[i] = entry.type == SafetensorsType::f16    ? float_of_half(static_cast<uint16_t>(bits))
            : entry.type == SafetensorsType::bf16 ? float_of_bfloat16(static_cast<uint16_t>(bits))
                                                  : static_cast<float>(std::bit_cast<double>(bits));
  }
  return {};
}

Status write_safetensors(const std::string &path, std::span<const NamedArray> arrays) {
  const auto bytes_of = [](const NamedArray &array) {
    uint64_t bytes = 4;
    for (const int64_t dim : array.dims) bytes *= static_cast<uint64_t>(dim);
    return bytes;
  };
  JsonWriter json;
  json.begin_object();
  uint64_t at = 0;
  for (const NamedArray &array : arrays) {
    json.key(array.name).begin_object().key("dtype").value("F32").key("shape").begin_array();
    for (const int64_t dim : array.dims) json.value(dim);
    json.end_array().key("data_offsets").begin_array().value(at);
    json.value(at += bytes_of(array)).end_array().end_object();
  }
  json.end_object();
  std::string header = json.take();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status status = file->write(length + header); !status) return status;
  for (const NamedArray &array : arrays)
    if (Status status = file->write({reinterpret_cast<const char *>(array.data), bytes_of(array)}); !status)
      return status;
  return file->commit();
}

}  // namespace sinter

#include "driver/weights/safetensors.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace sinter::driver {

namespace {

constexpr uint64_t largest_header = 100u << 20;  // as the format's own reader has it

uint64_t header_bytes(std::string_view bytes) {
  uint64_t size = 0;
  for (size_t i = 8; i-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  return size;
}

}  // namespace

NamedWeight named(const std::string &full_name) {
  const size_t dot = full_name.rfind('.');
  if (dot == std::string::npos) return {"", full_name, {}, {}};
  return {full_name.substr(0, dot), full_name.substr(dot + 1), {}, {}};
}

bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 9 && bytes[8] == '{' && header_bytes(bytes) <= largest_header;
}

std::optional<std::vector<NamedWeight>> parse_safetensors(std::string_view bytes, const std::string &file, Diagnostics &diagnostics) {
  const auto fail = [&](const std::string &message) {
    diagnostics.error({file}, message);
    return std::nullopt;
  };
  const uint64_t header = header_bytes(bytes);
  if (header > bytes.size() - 8)
    return fail(fmt::format("the header has {} bytes, but the file ends after {}", header, bytes.size() - 8));
  const nlohmann::ordered_json root = nlohmann::ordered_json::parse(bytes.substr(8, header), nullptr, false);
  if (!root.is_object()) return fail("the header at byte 8 is no JSON object");
  const std::string_view data = bytes.substr(8 + header);
  std::vector<NamedWeight> weights;
  for (const auto &[name, entry] : root.items()) {
    if (name == "__metadata__") continue;
    NamedWeight weight = named(name);
    const auto dtype = entry.is_object() ? entry.find("dtype") : entry.end();
    const bool complete = entry.is_object() && dtype != entry.end() && entry.contains("shape") && entry["shape"].is_array() &&
                          entry.contains("data_offsets") && entry["data_offsets"].is_array() && entry["data_offsets"].size() == 2;
    if (!complete) return fail(fmt::format("'{}' lacks dtype, shape or data_offsets", name));
    if (*dtype != "F32") return fail(fmt::format("'{}' is {}, expected F32", name, dtype->dump()));
    uint64_t elements = 1;
    for (const auto &dim : entry["shape"]) {
      if (!dim.is_number_unsigned() || dim.get<uint64_t>() > bytes.size()) return fail(fmt::format("the shape of '{}' is {}", name, entry["shape"].dump()));
      weight.dims.push_back(dim.get<int64_t>());
      elements *= dim.get<uint64_t>();
      if (elements > bytes.size()) return fail(fmt::format("'{}' is larger than the file", name));
    }
    const auto &offsets = entry["data_offsets"];
    if (!offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) return fail(fmt::format("data_offsets of '{}' are no numbers", name));
    const uint64_t begin = offsets[0], end = offsets[1];
    if (begin > end || end > data.size() || end - begin != 4 * elements)
      return fail(fmt::format("data_offsets of '{}' are {} of {} bytes, expected {} bytes within them", name, offsets.dump(), data.size(), 4 * elements));
    weight.values.resize(elements);
    std::memcpy(weight.values.data(), data.data() + begin, 4 * elements);
    weights.push_back(std::move(weight));
  }
  return weights;
}

std::string print_safetensors(const std::vector<NamedWeight> &weights) {
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  uint64_t at = 0;
  for (const NamedWeight &weight : weights) {
    const uint64_t end = at + 4 * weight.values.size();
    root[weight.layer.empty() ? weight.name : weight.layer + "." + weight.name] = {
        {"dtype", "F32"}, {"shape", weight.dims}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string header = root.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  bytes += header;
  for (const NamedWeight &weight : weights)
    bytes.append(reinterpret_cast<const char *>(weight.values.data()), 4 * weight.values.size());
  return bytes;
}

}  // namespace sinter::driver

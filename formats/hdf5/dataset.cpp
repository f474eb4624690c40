#include "formats/hdf5/dataset.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "formats/hdf5/numbers.h"

namespace sinter::hdf5 {
namespace {

enum FilterId : uint16_t { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };

std::vector<uint16_t> parse_filters(Problem &problem, const Message *message) {
  std::vector<uint16_t> filters;
  if (!message) return filters;
  Cursor cursor(problem, message->data);
  const uint8_t version = cursor.u8(), count = cursor.u8();
  if (version != 1 && version != 2) problem.set("its list of filters has an unknown version");
  if (version == 1) cursor.skip(6);
  for (int i = 0; i < count && !problem; ++i) {
    const uint16_t id = cursor.u16();
    const uint16_t name_size = version == 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);
    const uint16_t values = cursor.u16();
    cursor.skip(name_size);
    cursor.skip(size_t{4} * values + (version == 1 && values % 2 == 1 ? 4 : 0));
    if (id != kDeflate && id != kShuffle && id != kFletcher32)
      problem.set("it is stored with filter " + std::to_string(id) +
                  "; only deflate, shuffle and fletcher32 are read");
    filters.push_back(id);
  }
  return filters;
}

Bytes inflated(Problem &problem, const Bytes &data, size_t limit) {
  Bytes out(limit);
  uLongf size = out.size();
  if (uncompress(out.data(), &size, data.data(), data.size()) != Z_OK)
    problem.set("compressed data are damaged");
  out.resize(size);
  return out;
}

// The bytes of an element lie apart: first all first bytes, then all second ones, …
Bytes unshuffled(const Bytes &data, size_t element_size) {
  Bytes out(data.size());
  const size_t elements = data.size() / element_size;
  for (size_t i = 0; i < elements; ++i)
    for (size_t b = 0; b < element_size; ++b) out[i * element_size + b] = data[b * elements + i];
  std::copy(data.begin() + static_cast<std::ptrdiff_t>(elements * element_size), data.end(),
            out.begin() + static_cast<std::ptrdiff_t>(elements * element_size));
  return out;
}

void too_large(Problem &problem, uint64_t elements, uint64_t limit) {
  problem.set("it claims " + std::to_string(elements) + " numbers, more than the file can hold (limit " +
              std::to_string(limit) + " bytes)");
}
// Whether the budget has room for the elements of a claimed shape.
bool charge(FileBytes &file, uint64_t bytes, uint64_t elements) {
  const uint64_t left = file.budget().left();
  if (elements <= left / bytes) return file.charge(bytes, elements);
  too_large(file.problem, elements, left);
  return false;
}

// Reads the chunks of one data set into their places.
class ChunkReader {
 public:
  ChunkReader(Objects &objects, const Datatype &type, std::vector<uint16_t> filters,
              std::vector<uint64_t> chunk, Numbers &out)
      : objects_(objects), type_(type), filters_(std::move(filters)), chunk_(std::move(chunk)), out_(out) {
    for (const uint64_t dim : chunk_) chunk_elements_ *= dim;
  }

  // A node of the B-tree over chunks; `level` is above its own.
  void read_tree(uint64_t address, int level) {
    const uint64_t at = objects_.absolute(address);
    const Bytes head = objects_.file().block(at, 24);
    Cursor cursor(problem(), head);
    cursor.expect("TREE");
    const uint8_t kind = cursor.u8(), own_level = cursor.u8();
    const uint16_t children = cursor.u16();
    if (kind != 1 || own_level >= level) problem().set("the index of its chunks is damaged");
    const uint64_t key_size = 8 + 8 * (chunk_.size() + 1);
    const Bytes body = objects_.file().block(at + 24, children * (key_size + 8));
    Cursor entries(problem(), body);
    for (int i = 0; i < children && !problem(); ++i) {
      const uint32_t size = entries.u32(), mask = entries.u32();
      std::vector<uint64_t> offset;
      for (size_t d = 0; d < chunk_.size(); ++d) offset.push_back(entries.u64());
      entries.skip(8);
      const uint64_t child = entries.u64();
      if (own_level > 0)
        read_tree(child, own_level);
      else
        read_chunk(child, size, mask, offset);
    }
  }

  void read_chunk(uint64_t address, uint64_t size, uint32_t mask, const std::vector<uint64_t> &offset) {
    for (size_t d = 0; d < offset.size(); ++d)
      if (offset[d] >= out_.dims[d] || offset[d] % chunk_[d] != 0)
        problem().set("a chunk lies outside the shape");
    Bytes data = objects_.file().block(objects_.absolute(address), size);
    const uint64_t expected = chunk_elements_ * type_.size;
    // Each time: one chunk, which may unpack to a thousand times its size, may be named again and again.
    if (problem() || !charge(objects_.file(), type_.size, chunk_elements_)) return;
    for (size_t i = filters_.size(); i-- > 0;) {
      if (i < 32 && (mask >> i & 1)) continue;
      if (filters_[i] == kFletcher32 && data.size() >= 4) data.resize(data.size() - 4);
      if (filters_[i] == kDeflate) data = inflated(problem(), data, expected + 4);
      if (filters_[i] == kShuffle) data = unshuffled(data, type_.size);
    }
    if (data.size() != expected) problem().set("a chunk has another size than its shape");
    if (problem()) return;
    const std::vector<float> values = to_float32(data, type_);
    scatter(values, offset);
  }

 private:
  Problem &problem() { return objects_.problem(); }

  // Row by row into the whole; rows and columns beyond its edge are dropped.
  void scatter(const std::vector<float> &values, const std::vector<uint64_t> &offset) {
    const size_t rank = chunk_.size();
    const uint64_t row = chunk_[rank - 1], rows = chunk_elements_ / row;
    const uint64_t length = std::min(row, out_.dims[rank - 1] - offset[rank - 1]);
    for (uint64_t r = 0; r < rows; ++r) {
      uint64_t rest = r, target = offset[rank - 1], stride = out_.dims[rank - 1];
      bool inside = true;
      for (size_t d = rank - 1; d-- > 0;) {
        const uint64_t at = offset[d] + rest % chunk_[d];
        rest /= chunk_[d];
        inside &= at < out_.dims[d];
        target += at * stride;
        stride *= out_.dims[d];
      }
      if (inside)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(r * row), length,
                    out_.values.begin() + static_cast<std::ptrdiff_t>(target));
    }
  }

  Objects &objects_;
  const Datatype &type_;
  std::vector<uint16_t> filters_;
  std::vector<uint64_t> chunk_;
  uint64_t chunk_elements_ = 1;
  Numbers &out_;
};

void read_contiguous(Objects &objects, const Datatype &type, uint64_t address, uint64_t elements,
                     Numbers &out) {
  const uint64_t at = address == kUndefinedAddress ? 0 : objects.absolute(address);
  if (address != kUndefinedAddress && elements > objects.file().size() / type.size)
    too_large(objects.problem(), elements, objects.file().size());
  if (objects.problem()) return;
  out.values.resize(elements);
  if (address == kUndefinedAddress) return;  // never written: zeros
  // In pieces, so that the raw bytes of large weights do not lie in memory beside their values.
  constexpr uint64_t piece_elements = 1 << 20;
  for (uint64_t done = 0; done < elements && !objects.problem(); done += piece_elements) {
    Bytes raw(std::min(piece_elements, elements - done) * type.size);
    objects.file().read(at + done * type.size, raw);
    const std::vector<float> values = to_float32(raw, type);
    std::copy(values.begin(), values.end(), out.values.begin() + static_cast<std::ptrdiff_t>(done));
  }
}

// Checks the dimensions of a chunk: at most `limit` elements.
void check_chunk(Problem &problem, const std::vector<uint64_t> &chunk, size_t rank, uint64_t limit) {
  if (chunk.size() != rank || rank == 0) return problem.set("its chunks have another number of dimensions");
  uint64_t elements = 1;
  for (const uint64_t dim : chunk) {
    if (dim == 0) return problem.set("its chunks are empty");
    if (dim > limit / elements) return too_large(problem, limit, limit);
    elements *= dim;
  }
}

void read_layout(Objects &objects, const Object &dataset, const Datatype &type, uint64_t elements,
                 Numbers &out) {
  const uint64_t chunk_limit = objects.file().budget().left() / type.size;
  const Message &message = *dataset.find(kLayoutMessage);
  Problem &problem = objects.problem();
  Cursor cursor(problem, message.data);
  const uint8_t version = cursor.u8(), layout = cursor.u8();
  if (version != 3 && version != 4) problem.set("its layout has version " + std::to_string(version));
  if (problem) return;
  const size_t rank = out.dims.size();
  if (layout == 0) {
    const uint16_t size = cursor.u16();
    if (elements * type.size != size) problem.set("it has another size than its shape");
    const auto data = cursor.take(size);
    if (!problem) out.values = to_float32(data, type);
  } else if (layout == 1) {
    read_contiguous(objects, type, cursor.u64(), elements, out);
  } else if (layout == 2 && version == 3) {
    const uint8_t dimensions = cursor.u8();
    const uint64_t tree = cursor.u64();
    std::vector<uint64_t> chunk;
    for (int i = 0; i + 1 < dimensions; ++i) chunk.push_back(cursor.u32());
    check_chunk(problem, chunk, rank, chunk_limit);
    if (!problem) out.values.resize(elements);
    ChunkReader reader(objects, type, parse_filters(problem, dataset.find(kFilterMessage)), std::move(chunk),
                       out);
    if (tree != kUndefinedAddress && !problem) reader.read_tree(tree, kMaxTreeLevel);
  } else if (layout == 2) {
    const uint8_t flags = cursor.u8(), dimensions = cursor.u8(), bytes = cursor.u8();
    if (bytes < 1 || bytes > 8) return problem.set("its layout is damaged");
    std::vector<uint64_t> chunk;
    for (int i = 0; i + 1 < dimensions; ++i) chunk.push_back(cursor.unsigned_integer(bytes));
    cursor.skip(bytes);
    if (cursor.u8() != 1) problem.set("its chunks have an index of a newer kind, which is not supported");
    check_chunk(problem, chunk, rank, chunk_limit);
    if (problem) return;
    out.values.resize(elements);
    uint64_t size = type.size, mask = 0;
    for (const uint64_t dim : chunk) size *= dim;
    if (flags & 2) {
      size = cursor.u64();
      mask = cursor.u32();
    }
    const uint64_t address = cursor.u64();
    ChunkReader reader(objects, type, parse_filters(problem, dataset.find(kFilterMessage)), std::move(chunk),
                       out);
    if (address != kUndefinedAddress && !problem)
      reader.read_chunk(address, size, static_cast<uint32_t>(mask), std::vector<uint64_t>(rank, 0));
  } else {
    problem.set("it is a virtual data set, which is not read");
  }
}

}  // namespace

Numbers read_numbers(Objects &objects, const Object &dataset) {
  Problem &problem = objects.problem();
  const Message *type_message = dataset.find(kDatatypeMessage),
                *space_message = dataset.find(kDataspaceMessage);
  if (!type_message || !space_message || !dataset.find(kLayoutMessage)) {
    problem.set("it has no type or shape");
    return {};
  }
  if (type_message->shared) problem.set("it has a shared type, which is not supported");
  if (dataset.find(kExternalFilesMessage))
    problem.set("it keeps its data in another file, which is not read");
  const Datatype type = parse_datatype(problem, type_message->data);
  if (!is_number(type)) problem.set("it does not hold numbers of 8 to 64 bits");
  const Dataspace space = parse_dataspace(problem, space_message->data);
  const uint64_t elements = space.elements();
  if (problem || !charge(objects.file(), sizeof(float), elements)) return {};
  Numbers out{space.dims, {}};
  if (elements > 0) read_layout(objects, dataset, type, elements, out);
  return out;
}

}  // namespace sinter::hdf5

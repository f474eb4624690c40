#include "runtime/data/load_array.h"

#include <algorithm>

#include "formats/bytes/directory.h"
#include "formats/cifar/cifar.h"
#include "formats/idx/idx.h"
#include "formats/npy/npy.h"
#include "formats/text.h"
#include "formats/zip/zip_archive.h"
#include "runtime/data/find_data.h"

namespace sinter::runtime {
namespace {

constexpr std::string_view coarse_prefix = "coarse/";

std::shared_ptr<const RawArray> none() {
  return nullptr;
}

bool is_file(const std::string &path) {
  const PathKind kind = path_kind(path);
  return kind == PathKind::file || kind == PathKind::special;  // which is refused when it is opened
}

// Items of an IDX file; `what` is "images" (rank 3) or "labels" (rank 1).
RawArrayResult load_idx(const std::string &directory, const SplitMember &member) {
  const int rank = member.is_input ? 3 : 1;
  const std::string stem = directory + "/" + (member.split == "test" ? "t10k" : member.split) +
                           (member.is_input ? "-images" : "-labels");
  for (const char *separator : {"-", "."})
    for (const char *suffix : {"", ".gz"}) {
      const std::string path = stem + separator + format("idx%d-ubyte", rank) + suffix;
      if (!is_file(path)) continue;
      Result<IdxReader> reader = IdxReader::open(path);
      if (!reader) return reader.error();
      if (static_cast<int>(reader->shape().size()) != rank)
        return reader->stream().damaged(
            3, format("%zu dimensions, expected %d: %s", reader->shape().size(), rank,
                      member.is_input ? "[images, rows, columns]" : "[labels]"));
      auto array = make_raw_array(path, true, reader->shape()[0],
                                  {reader->shape().begin() + 1, reader->shape().end()});
      if (!array) return array.error();
      (*array)->parts = {
          {path, reader->shape()[0], reader->stream().offset(), static_cast<uint64_t>(reader->item_bytes())}};
      // In pieces: a compressed file may end before what its header promises.
      for (int64_t done = 0; done < (*array)->count;) {
        const int64_t now = std::min<int64_t>(4096, (*array)->count - done);
        if (Status status = reader->read((*array)->bytes() + done * reader->item_bytes(), now); !status)
          return status.error();
        done += now;
      }
      return seal(std::move(*array));
    }
  return none();
}

CifarLabel cifar_label(bool is_hundred, bool is_coarse) {
  return is_coarse ? CifarLabel::coarse : is_hundred ? CifarLabel::fine : CifarLabel::ten;
}

// The files of a split, one after the other.
RawArrayResult load_cifar_files(const std::vector<std::string> &files, CifarLabel label, bool is_input) {
  std::vector<CifarReader> readers;
  int64_t count = 0;
  for (const std::string &path : files) {
    Result<CifarReader> reader = CifarReader::open(path, label);
    if (!reader) return reader.error();
    count += reader->count();
    readers.push_back(std::move(*reader));
  }
  auto array = make_raw_array(
      files.size() == 1 ? files[0] : files[0] + " …", true, count,
      is_input ? std::vector<int64_t>{CifarReader::side, CifarReader::side, CifarReader::channels}
               : std::vector<int64_t>{1});
  if (!array) return array.error();
  uint8_t *to = (*array)->bytes();
  for (size_t i = 0; i < files.size(); ++i) {
    CifarReader &reader = readers[i];
    const CifarReader::Places places = is_input ? reader.pixel_places() : reader.label_places();
    (*array)->parts.push_back({files[i], reader.count(), places.first, places.stride});
    if (Status status = is_input ? reader.read_pixels(to) : reader.read_labels(to); !status)
      return status.error();
    to += reader.count() * (*array)->sample_elements;
  }
  return seal(std::move(*array));
}

// CIFAR-10 has the names data_batch_1 to 5 and test_batch, CIFAR-100 train and test; with .bin in the
// binary version.
RawArrayResult load_cifar(const std::string &directory, const SplitMember &member) {
  const std::string folder = unpacked_folder(directory) + "/";
  const bool test = member.split == "test";
  if (member.split == "valid") return none();
  for (const char *suffix : {".bin", ""}) {
    std::vector<std::string> batches{folder + (test ? "test_batch" : "data_batch_1") + suffix};
    if (is_file(batches[0])) {
      if (member.is_coarse)
        return rejected(batches[0], "the script asks for coarse labels, which CIFAR-10 does not have",
                        "expected are the files of CIFAR-100");
      for (int i = 2; i <= 5 && !test; ++i) batches.push_back(folder + format("data_batch_%d", i) + suffix);
      return load_cifar_files(batches, CifarLabel::ten, member.is_input);
    }
    const std::string whole = folder + (test ? "test" : "train") + suffix;
    if (is_file(whole))
      return load_cifar_files({whole}, cifar_label(true, member.is_coarse), member.is_input);
  }
  return none();
}

// `budget`: of the archive that the array is in, which has counted the bytes there.
RawArrayResult load_npy_stream(std::unique_ptr<ByteStream> stream, Budget *budget) {
  Result<NpyReader> reader = NpyReader::open(std::move(stream));
  if (!reader) return reader.error();
  const NpyHeader &header = reader->header();
  if (header.shape.empty()) return rejected(reader->name(), "a single number, expected an array of samples");
  const bool is_bytes = header.is_uint8();
  const auto total = reader->stream().total_bytes();
  if (!total && header.elements > (int64_t{1} << 40) / header.item_bytes)
    return rejected(reader->name(), "an array of shape " + shape_text(header.shape) + " is too large");
  if (budget && header.item_bytes < 4 && !is_bytes &&
      !budget->charge(sizeof(float), static_cast<uint64_t>(header.elements)))
    return budget->exceeded(reader->name(), "an array of shape " + shape_text(header.shape));
  auto array = make_raw_array(reader->name(), is_bytes, header.shape[0],
                              {header.shape.begin() + 1, header.shape.end()});
  if (!array) return array.error();
  const auto item_bytes = static_cast<uint64_t>(header.item_bytes);
  (*array)->item_bytes = item_bytes;
  (*array)->parts = {{reader->name(), header.shape[0], reader->stream().offset(),
                      item_bytes * static_cast<uint64_t>((*array)->sample_elements)}};
  constexpr int64_t piece = 16384;
  std::vector<float> values(is_bytes ? piece : 0);
  uint8_t *bytes = (*array)->bytes();
  float *floats = (*array)->memory->floats().data();
  for (int64_t done = 0; done < header.elements;) {
    const int64_t now = std::min(piece, header.elements - done);
    if (Status status = reader->read(is_bytes ? values.data() : floats + done, now); !status)
      return status.error();
    for (int64_t i = 0; i < now && is_bytes; ++i)
      bytes[done + i] = static_cast<uint8_t>(values[static_cast<size_t>(i)]);
    done += now;
  }
  return seal(std::move(*array));
}

// All members share the archive's budget.
Result<ZipArchive *> open_archive(const std::string &path, Archives &archives) {
  auto found = archives.find(path);
  if (found == archives.end()) {
    Result<ZipArchive> archive = ZipArchive::open(path);
    if (!archive) return archive.error();
    found = archives.emplace(path, std::move(*archive)).first;
  }
  return &found->second;
}

RawArrayResult load_npz(const std::string &path, const std::string &member, Archives &archives) {
  Result<ZipArchive *> opened = open_archive(path, archives);
  if (!opened) return opened.error();
  const ZipArchive *archive = *opened;
  if (const ZipEntry *entry = archive->find(member + ".npy")) {
    auto stream = archive->read(*entry);
    if (!stream) return stream.error();
    return load_npy_stream(std::move(*stream), archive->budget().get());
  }
  const std::string stem = member.substr(0, member.find('.'));
  if (stem == "x_valid" || stem == "y_valid") return none();
  std::vector<std::string> names;
  for (const ZipEntry &one : archive->entries()) names.push_back(printable(one.name));
  if (names.size() > 20) names.resize(20), names.push_back("…");
  return rejected(path, "no array '" + printable(member) + "' in the archive",
                  "it has " + (names.empty() ? std::string("no members") : joined(names)));
}

// One of the files that are data sets by themselves.
RawArrayResult load_file(const std::string &path, const std::string &member, Archives &archives) {
  if (ends_with(path, ".npy")) {
    Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
    if (!stream) return stream.error();
    return load_npy_stream(std::move(*stream), nullptr);
  }
  if (!ends_with(path, ".bin")) return load_npz(path, member, archives);
  const std::optional<SplitMember> parsed = parse_member(member);
  const bool is_test = starts_with(base_name(path), "test");
  if (!parsed || parsed->split != (is_test ? "test" : "train")) return none();
  const bool is_hundred = parsed->is_coarse || base_name(path) == parsed->split + ".bin";
  return load_cifar_files({path}, cifar_label(is_hundred, parsed->is_coarse), parsed->is_input);
}

// The one .npz of a directory; empty if there is none.
Result<std::string> only_archive(const std::string &directory) {
  Result<Listing> listing = list_directory(directory);
  if (!listing) return listing.error();
  std::erase_if(listing->files, [](const std::string &name) { return !ends_with(name, ".npz"); });
  if (listing->files.size() > 1)
    return rejected(directory, "several .npz files: " + joined(listing->files),
                    "name the one to read: --data " + directory + "/" + listing->files[0]);
  return listing->files.empty() ? std::string() : directory + "/" + listing->files[0];
}

}  // namespace

std::optional<SplitMember> parse_member(const std::string &member) {
  const bool is_coarse = starts_with(member, coarse_prefix);
  const std::string name = member.substr(is_coarse ? coarse_prefix.size() : 0);
  for (const char *split : {"train", "test", "valid"})
    for (const char kind : {'x', 'y'})
      if (name == std::string(1, kind) + "_" + split) return SplitMember{kind == 'x', is_coarse, split};
  return std::nullopt;
}

RawArrayResult load_array(const std::string &path, const std::string &member, const PictureUse &pictures,
                          Archives &archives) {
  if (path_kind(path) == PathKind::missing) return system_error(path, "no such file or directory");
  if (is_file(path)) return load_file(path, member, archives);
  if (member == "x" || member == "y") return load_pictures(path, member == "x", pictures, false);
  const std::optional<SplitMember> parsed = parse_member(member);
  if (parsed)
    for (const auto load : {load_idx, load_cifar}) {
      RawArrayResult array = load(path, *parsed);
      if (!array || *array) return array;
    }
  Result<std::string> archive = only_archive(path);
  if (!archive) return archive.error();
  if (!archive->empty()) return load_npz(*archive, member, archives);
  return parsed ? load_picture_split(path, parsed->split, parsed->is_input, pictures) : none();
}

Result<std::vector<std::string>> list_arrays(const std::string &path, Archives &archives) {
  std::vector<std::string> names;
  std::string file = ends_with(path, ".npz") ? path : "";
  if (path_kind(path) == PathKind::directory) {
    Result<std::string> archive = only_archive(path);
    if (archive) file = *archive;  // of several, none was read
  }
  if (file.empty()) return names;
  Result<ZipArchive *> archive = open_archive(file, archives);
  if (!archive) return archive.error();
  for (const ZipEntry &entry : (*archive)->entries())
    if (ends_with(entry.name, ".npy")) names.push_back(entry.name.substr(0, entry.name.size() - 4));
  return names;
}

}  // namespace sinter::runtime

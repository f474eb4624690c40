#include "runtime/data/data_files.h"

#include <algorithm>
#include <cstdlib>

#include "formats/bytes/directory.h"
#include "formats/checkpoint/crc32c.h"
#include "formats/idx/idx.h"
#include "formats/npy/npy.h"
#include "formats/text.h"
#include "formats/zip/zip_archive.h"

namespace sinter::runtime {
namespace {

struct Member {
  bool is_input;      // x, else y
  std::string split;  // "train", "test", "valid"
};

std::optional<Member> parse_member(const std::string &member) {
  for (const char *split : {"train", "test", "valid"})
    for (const char kind : {'x', 'y'})
      if (member == std::string(1, kind) + "_" + split) return Member{kind == 'x', split};
  return std::nullopt;
}

std::shared_ptr<const RawArray> none() {
  return nullptr;
}

// Items of an IDX file; `what` is "images" (rank 3) or "labels" (rank 1).
RawArrayResult load_idx(const std::string &directory, const Member &member) {
  const int rank = member.is_input ? 3 : 1;
  const std::string stem = directory + "/" + (member.split == "test" ? "t10k" : member.split) +
                           (member.is_input ? "-images" : "-labels");
  for (const char *separator : {"-", "."})
    for (const char *suffix : {"", ".gz"}) {
      const std::string path = stem + separator + format("idx%d-ubyte", rank) + suffix;
      if (path_kind(path) != PathKind::file) continue;
      Result<IdxReader> reader = IdxReader::open(path);
      if (!reader) return reader.error();
      if (static_cast<int>(reader->shape().size()) != rank)
        return reader->stream().damaged(
            3, format("%zu dimensions, expected %d: %s", reader->shape().size(), rank,
                      member.is_input ? "[images, rows, columns]" : "[labels]"));
      auto array = make_raw_array(path, true, reader->shape()[0],
                                  {reader->shape().begin() + 1, reader->shape().end()});
      if (!array) return array.error();
      (*array)->data_offset = reader->stream().offset();
      // In pieces: a compressed file may end before what its header promises.
      for (int64_t done = 0; done < (*array)->count;) {
        const int64_t now = std::min<int64_t>(4096, (*array)->count - done);
        auto *to = reinterpret_cast<uint8_t *>((*array)->memory->data()) + done * reader->item_bytes();
        if (Status status = reader->read(to, now); !status) return status.error();
        done += now;
      }
      return seal(std::move(*array));
    }
  return none();
}

// CIFAR's binary version: records of label bytes (10: one; 100: coarse, fine) and 3 planes of 32 x 32 pixels.
struct CifarLayout {
  std::vector<std::string> files;
  int64_t label_bytes;
  int max_label;
};
constexpr int64_t cifar_side = 32, cifar_plane = cifar_side * cifar_side, cifar_pixels = 3 * cifar_plane;

RawArrayResult load_cifar_files(const CifarLayout &layout, bool is_input) {
  const int64_t record = layout.label_bytes + cifar_pixels;
  std::vector<std::unique_ptr<FileStream>> streams;
  int64_t count = 0;
  for (const std::string &path : layout.files) {
    Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
    if (!stream) return stream.error();
    const auto bytes = static_cast<int64_t>((*stream)->total_bytes().value_or(0));
    if (bytes == 0 || bytes % record != 0)
      return (*stream)->damaged(static_cast<uint64_t>(bytes / record * record),
                                format("expected CIFAR records of %lld bytes each, the file has %lld bytes",
                                       static_cast<long long>(record), static_cast<long long>(bytes)));
    count += bytes / record;
    streams.push_back(std::move(*stream));
  }
  auto array =
      make_raw_array(layout.files.size() == 1 ? layout.files[0] : layout.files[0] + " …", true, count,
                     is_input ? std::vector<int64_t>{cifar_side, cifar_side, 3} : std::vector<int64_t>{1});
  if (!array) return array.error();
  (*array)->data_offset =
      is_input ? static_cast<uint64_t>(layout.label_bytes) : static_cast<uint64_t>(layout.label_bytes - 1);
  (*array)->sample_stride = static_cast<uint64_t>(record);
  auto *to = reinterpret_cast<uint8_t *>((*array)->memory->data());
  std::vector<uint8_t> bytes(static_cast<size_t>(record));
  for (const auto &stream : streams)
    for (uint64_t left = *stream->total_bytes() / static_cast<uint64_t>(record); left > 0; --left) {
      const uint64_t at = stream->offset();
      if (Status status = stream->read_exact(bytes.data(), bytes.size(), "a CIFAR record"); !status)
        return status.error();
      const uint8_t label = bytes[static_cast<size_t>(layout.label_bytes - 1)];
      if (label > layout.max_label)
        return stream->damaged(at + static_cast<uint64_t>(layout.label_bytes) - 1,
                               format("label %d, expected 0 to %d", label, layout.max_label));
      if (!is_input) {
        *to++ = label;
        continue;
      }
      const uint8_t *planes = bytes.data() + layout.label_bytes;
      for (int64_t pixel = 0; pixel < cifar_plane; ++pixel)
        for (int64_t c = 0; c < 3; ++c) *to++ = planes[c * cifar_plane + pixel];
    }
  return seal(std::move(*array));
}

RawArrayResult load_cifar(const std::string &directory, const Member &member) {
  const bool test = member.split == "test";
  if (member.split == "valid") return none();
  if (path_kind(directory + (test ? "/test_batch.bin" : "/data_batch_1.bin")) == PathKind::file) {
    CifarLayout layout{{}, 1, 9};
    if (test) layout.files.push_back(directory + "/test_batch.bin");
    for (int i = 1; i <= 5 && !test; ++i) layout.files.push_back(directory + format("/data_batch_%d.bin", i));
    return load_cifar_files(layout, member.is_input);
  }
  const std::string fine = directory + (test ? "/test.bin" : "/train.bin");
  if (path_kind(fine) == PathKind::file) return load_cifar_files({{fine}, 2, 99}, member.is_input);
  return none();
}

RawArrayResult load_npy_stream(std::unique_ptr<ByteStream> stream) {
  Result<NpyReader> reader = NpyReader::open(std::move(stream));
  if (!reader) return reader.error();
  const NpyHeader &header = reader->header();
  if (header.shape.empty()) return rejected(reader->name(), "a single number, expected an array of samples");
  const bool is_bytes = header.is_uint8();
  const auto total = reader->stream().total_bytes();
  if (!total && header.elements > (int64_t{1} << 40) / header.item_bytes)
    return rejected(reader->name(), "an array of shape " + shape_text(header.shape) + " is too large");
  auto array = make_raw_array(reader->name(), is_bytes, header.shape[0],
                              {header.shape.begin() + 1, header.shape.end()});
  if (!array) return array.error();
  (*array)->data_offset = reader->stream().offset();
  (*array)->item_bytes = static_cast<uint64_t>(header.item_bytes);
  constexpr int64_t piece = 16384;
  std::vector<float> values(is_bytes ? piece : 0);
  auto *bytes = reinterpret_cast<uint8_t *>((*array)->memory->data());
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

RawArrayResult load_npz(const std::string &path, const std::string &member) {
  Result<ZipArchive> archive = ZipArchive::open(path);
  if (!archive) return archive.error();
  const ZipEntry *entry = archive->find(member + ".npy");
  if (entry) {
    auto stream = archive->read(*entry);
    if (!stream) return stream.error();
    return load_npy_stream(std::move(*stream));
  }
  const std::string stem = member.substr(0, member.find('.'));
  if (stem == "x_valid" || stem == "y_valid") return none();
  std::vector<std::string> names;
  for (const ZipEntry &one : archive->entries()) names.push_back(printable(one.name));
  if (names.size() > 20) names.resize(20), names.push_back("…");
  return rejected(path, "no array '" + printable(member) + "' in the archive",
                  "it has " + (names.empty() ? std::string("no members") : joined(names)));
}

bool is_picture_name(std::string name) {
  for (char &c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ends_with(name, ".png") || ends_with(name, ".jpg") || ends_with(name, ".jpeg");
}

// What of `wanted` is not in `present`, for messages; both are names of folders.
std::vector<std::string> missing_from(std::span<const std::string> present,
                                      std::span<const std::string> wanted) {
  std::vector<std::string> missing;
  for (const std::string &name : wanted)
    if (std::ranges::find(present, name) == present.end()) missing.push_back("'" + printable(name) + "'");
  if (missing.size() > 10) missing.resize(10), missing.push_back("…");
  return missing;
}

// A missing folder would shift the numbers of the classes behind it.
Status check_classes(const std::string &root, std::span<const std::string> folders, const PictureUse &use,
                     bool needs_all) {
  if (!use.labels.empty()) {
    const std::vector<std::string> absent = missing_from(folders, use.labels),
                                   unknown = missing_from(use.labels, folders);
    if (!unknown.empty())
      return rejected(root, "no class of the program is called like the folder " + joined(unknown),
                      "its labels are " + joined(use.labels));
    if (!absent.empty()) return rejected(root, "there is no folder for the class " + joined(absent));
  }
  const auto count = static_cast<int64_t>(folders.size());
  if (use.classes > 0 && (count > use.classes || (count < use.classes && needs_all)))
    return rejected(root,
                    format("%zu class folders, but the model has %lld classes", folders.size(),
                           static_cast<long long>(use.classes)),
                    "the folders are " + joined(missing_from({}, folders)));
  return {};
}

// CLASS/*.png|jpg below `root`. Classes are the folders in the order of their names, or of the labels, whose
// names they bear.
// needs_all: of fewer folders than the model has classes the numbers would be guesses.
RawArrayResult load_pictures(const std::string &root, bool is_input, const PictureUse &use, bool needs_all) {
  Result<Listing> classes = list_directory(root);
  if (!classes) return classes.error();
  if (classes->directories.empty())
    return rejected(root, "expected one folder of pictures per class, found none");
  if (is_input && use.dims.size() != 3)
    return rejected(root, "a folder of pictures needs a model whose input is a picture");
  if (Status status = check_classes(root, classes->directories, use, needs_all); !status)
    return status.error();
  const auto number_of = [&](size_t folder) -> std::ptrdiff_t {
    if (use.labels.empty()) return static_cast<std::ptrdiff_t>(folder);
    return std::ranges::find(use.labels, classes->directories[folder]) - use.labels.begin();
  };
  std::vector<std::string> files;
  std::vector<float> labels;
  for (size_t i = 0; i < classes->directories.size(); ++i) {
    const std::string folder = root + "/" + classes->directories[i];
    Result<Listing> listing = list_directory(folder);
    if (!listing) return listing.error();
    for (const std::string &file : listing->files)
      if (is_picture_name(file)) {
        files.push_back(folder + "/" + file);
        labels.push_back(static_cast<float>(number_of(i)));
      }
  }
  const auto count = static_cast<int64_t>(files.size());
  if (count == 0) return rejected(root, "expected pictures (*.png, *.jpg, *.jpeg) in CLASS/, found none");
  if (!is_input) {
    auto array = make_raw_array(root, false, count, {});
    if (!array) return array.error();
    std::ranges::copy(labels, (*array)->memory->floats().begin());
    return seal(std::move(*array));
  }
  auto array = std::make_shared<RawArray>();
  array->file = root;
  array->count = count;
  array->sample_dims = use.dims;
  for (const int64_t extent : use.dims) array->sample_elements *= extent;
  for (const std::string &file : files)
    array->crc = crc32c(file.data() + root.size(), file.size() - root.size(), array->crc);
  array->pictures = std::move(files);
  return std::shared_ptr<const RawArray>(std::move(array));
}

// The numbers of the classes are those of training.
Status check_same_classes(const std::string &train, const std::string &root) {
  Result<Listing> trained = list_directory(train), here = list_directory(root);
  if (!trained) return trained.error();
  if (!here) return here.error();
  if (const auto missing = missing_from(here->directories, trained->directories); !missing.empty())
    return rejected(root, "there is no folder for the class " + joined(missing) + " of " + train);
  if (const auto missing = missing_from(trained->directories, here->directories); !missing.empty())
    return rejected(root, "the class " + joined(missing) + " has no folder in " + train);
  return {};
}

RawArrayResult load_folder(const std::string &directory, const Member &member, const PictureUse &use) {
  std::vector<std::string> names{member.split};
  if (member.split == "valid") names = {"valid", "validation", "val"};
  for (const std::string &name : names) {
    const std::string root = directory + "/" + name, train = directory + "/train";
    if (path_kind(root) != PathKind::directory) continue;
    const bool has_training = path_kind(train) == PathKind::directory;
    if (root != train && has_training)
      if (Status status = check_same_classes(train, root); !status) return status.error();
    return load_pictures(root, member.is_input, use, !has_training);
  }
  return none();
}

}  // namespace

RawArrayResult load_array(const std::string &path, const std::string &member, const PictureUse &pictures) {
  const std::optional<Member> parsed = parse_member(member);
  switch (path_kind(path)) {
    case PathKind::missing:
      return system_error(path, "no such file or directory");
    case PathKind::file: {
      if (ends_with(path, ".npy")) {
        Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
        if (!stream) return stream.error();
        return load_npy_stream(std::move(*stream));
      }
      if (ends_with(path, ".bin")) {
        const bool is_test = starts_with(base_name(path), "test");
        return parsed && parsed->split == (is_test ? "test" : "train")
                   ? load_cifar_files({{path}, 1, 9}, parsed->is_input)
                   : none();
      }
      return load_npz(path, member);
    }
    case PathKind::directory:
      break;
  }
  if (member == "x" || member == "y") return load_pictures(path, member == "x", pictures, false);
  if (parsed)
    for (const auto load : {load_idx, load_cifar}) {
      RawArrayResult array = load(path, *parsed);
      if (!array || *array) return array;
    }
  Result<Listing> listing = list_directory(path);
  if (!listing) return listing.error();
  std::vector<std::string> archives;
  for (const std::string &file : listing->files)
    if (ends_with(file, ".npz")) archives.push_back(file);
  if (archives.size() > 1)
    return rejected(path, "several .npz files: " + joined(archives),
                    "name the one to read: --data " + path + "/" + archives[0]);
  if (archives.size() == 1) return load_npz(path + "/" + archives[0], member);
  return parsed ? load_folder(path, *parsed, pictures) : none();
}

Result<std::vector<std::string>> list_arrays(const std::string &path) {
  std::vector<std::string> names;
  std::string file = path;
  if (path_kind(path) == PathKind::directory) {
    Result<Listing> listing = list_directory(path);
    if (!listing) return listing.error();
    std::erase_if(listing->files, [](const std::string &name) { return !ends_with(name, ".npz"); });
    if (listing->files.size() != 1) return names;
    file += "/" + listing->files[0];
  } else if (!ends_with(path, ".npz")) {
    return names;
  }
  Result<ZipArchive> archive = ZipArchive::open(file);
  if (!archive) return archive.error();
  for (const ZipEntry &entry : archive->entries())
    if (ends_with(entry.name, ".npy")) names.push_back(entry.name.substr(0, entry.name.size() - 4));
  return names;
}

Result<std::string> find_data(const std::string &name, const std::optional<std::string> &given) {
  if (given) {
    if (path_kind(*given) == PathKind::missing) return system_error(*given, "no such file or directory");
    return *given;
  }
  std::vector<std::string> places;
  const char *root = std::getenv("SINTER_DATA"), *home = std::getenv("HOME");
  if (root && *root && !name.empty()) places.push_back(std::string(root) + "/" + name);
  if (root && *root && name.empty()) places.push_back(root);
  if (!name.empty()) {
    std::string dashed = name;
    std::ranges::replace(dashed, '_', '-');
    places.push_back("/usr/share/datasets/" + dashed);
    places.push_back("/usr/local/share/datasets/" + dashed);
    if (home && *home) {
      const std::string keras = std::string(home) + "/.keras/datasets/";
      places.push_back(keras + name + ".npz");
      places.push_back(keras + dashed);
      if (name == "cifar10") places.push_back(keras + "cifar-10-batches-bin");
      if (name == "cifar100") places.push_back(keras + "cifar-100-binary");
    }
  }
  for (const std::string &place : places)
    if (path_kind(place) != PathKind::missing) return place;
  return system_error("",
                      "the data set" + (name.empty() ? "" : " '" + printable(name) + "'") + " was not found",
                      places.empty() ? "give --data DIR" : "give --data DIR; looked for " + joined(places));
}

}  // namespace sinter::runtime

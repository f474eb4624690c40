#include "formats/weights/read_weights.h"

#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/keras_archive.h"
#include "formats/hdf5/keras_weights.h"
#include "formats/npy/npy.h"
#include "formats/safetensors/safetensors.h"
#include "formats/text.h"

namespace sinter {
namespace {

constexpr const char *model_config = "model_config", *training_config = "training_config";

bool starts_hdf5(std::string_view first_bytes) {
  return starts_with(first_bytes, "\x89HDF\r\n\x1a\n");
}
bool starts_zip(std::string_view first_bytes) {
  return starts_with(first_bytes, "PK");
}

Result<std::string> first_bytes_of(const std::string &path) {
  constexpr size_t enough_to_tell = 16;
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  return (*stream)->peek(enough_to_tell);
}

// Collects what is wrong.
class Reader {
 public:
  Reader(const std::string &path, std::vector<Error> &problems) : path_(path), problems_(problems) {}

  std::optional<StoredWeights> weights();
  std::optional<KerasModelFile> model();

 private:
  std::nullopt_t fail(Error error) {
    problems_.push_back(std::move(error));
    return std::nullopt;
  }
  std::optional<StoredWeights> hdf5_weights(const Result<hdf5::File> &file, const std::string &name) {
    return file ? hdf5::read_keras_weights(*file, name, problems_) : fail(file.error());
  }
  std::optional<StoredWeights> archive_weights(const ZipArchive &archive) {
    Result<std::vector<uint8_t>> bytes = weights_of_archive(archive);
    if (!bytes) return fail(bytes.error());
    const std::string name = path_ + "(model.weights.h5)";
    return hdf5_weights(hdf5::File::open_memory(name, std::move(*bytes), archive.budget()), name);
  }
  std::optional<StoredWeights> npz(const ZipArchive &archive);
  std::optional<StoredWeights> checkpoint();
  std::optional<StoredWeights> safetensors();
  std::optional<KerasModelFile> hdf5_model();

  const std::string &path_;
  std::vector<Error> &problems_;
};

std::optional<StoredWeights> Reader::npz(const ZipArchive &archive) {
  StoredWeights weights{path_, Naming::by_variable, {}, {}};
  for (const ZipEntry &entry : archive.entries()) {
    if (!ends_with(entry.name, ".npy"))
      return fail(
          rejected(path_, "'" + printable(entry.name) + "' is no array: the archive is no .npz of weights"));
    Result<std::unique_ptr<ByteStream>> stream = archive.read(entry);
    if (!stream) return fail(stream.error());
    Result<NpyReader> reader = NpyReader::open(std::move(*stream));
    if (!reader) return fail(reader.error());
    const int64_t elements = reader->header().elements;
    if (!archive.budget()->charge(sizeof(float), static_cast<uint64_t>(elements)))
      return fail(archive.budget()->exceeded(path_, "'" + printable(entry.name) + "'"));
    Array data{reader->header().shape, std::vector<float>(static_cast<size_t>(elements))};
    if (Status status = reader->read(data.values.data(), elements); !status) return fail(status.error());
    weights.add(std::string_view(entry.name).substr(0, entry.name.size() - 4), std::move(data));
  }
  return weights;
}

std::optional<StoredWeights> Reader::checkpoint() {
  const Result<CheckpointFile> file = CheckpointFile::read(path_);
  if (!file) return fail(file.error());
  StoredWeights weights{path_, Naming::by_variable, {}, {}};
  for (const CheckpointBlob &blob : file->content().blobs) {
    if (blob.role != BlobRole::state || blob.type != BlobType::f32) continue;
    const auto *values = reinterpret_cast<const float *>(blob.data);
    weights.add(blob.name, {blob.dims, std::vector<float>(values, values + blob.bytes() / sizeof(float))});
  }
  return weights;
}

std::optional<StoredWeights> Reader::safetensors() {
  Result<SafetensorsFile> file = SafetensorsFile::open(path_);
  if (!file) return fail(file.error());
  StoredWeights weights{path_, Naming::by_variable, {}, {}};
  for (const SafetensorsEntry &entry : file->entries()) {
    Array data{entry.dims, std::vector<float>(entry.elements)};
    if (Status status = file->read(entry, data.values.data()); !status) return fail(status.error());
    weights.add(entry.name, std::move(data));
  }
  return weights;
}

std::optional<StoredWeights> Reader::weights() {
  const Result<std::string> start = first_bytes_of(path_);
  if (!start) return fail(start.error());
  if (starts_hdf5(*start)) return hdf5_weights(hdf5::File::open(path_), path_);
  if (CheckpointFile::is_checkpoint(*start)) return checkpoint();
  if (SafetensorsFile::is_safetensors(*start)) return safetensors();
  if (!starts_zip(*start))
    return fail(rejected(path_, "no weights of a kind that Sinter knows",
                         "these are .h5, .hdf5 and .keras of Keras, .npz, .sinter and .safetensors"));
  const Result<ZipArchive> archive = ZipArchive::open(path_);
  if (!archive) return fail(archive.error());
  return is_keras_archive(*archive) ? archive_weights(*archive) : npz(*archive);
}

std::optional<KerasModelFile> Reader::hdf5_model() {
  const Result<hdf5::File> file = hdf5::File::open(path_);
  if (!file) return fail(file.error());
  KerasModelFile model;
  if (!file->has_attribute("", model_config)) {
    // Damage is diagnosed by reading it; a sound file without a model holds weights only.
    if (!hdf5_weights(file, path_)) return std::nullopt;
    return fail(rejected(path_, "the file holds weights but no model description (attribute model_config)",
                         "give the script or .h5 of the model as MODEL and this file as --weights"));
  }
  for (auto &[name, text] :
       {std::pair{model_config, &model.config}, {training_config, &model.training_config}}) {
    if (name == training_config && !file->has_attribute("", name)) continue;
    std::optional<std::string> read = file->text_attribute("", name);
    if (!read) return fail(hdf5::damage_of(*file, path_, "", std::string("attribute '") + name + "'"));
    *text = std::move(*read);
  }
  model.weights = hdf5_weights(file, path_);
  return model;
}

std::optional<KerasModelFile> Reader::model() {
  const Result<std::string> start = first_bytes_of(path_);
  if (!start) return fail(start.error());
  if (!starts_zip(*start)) return hdf5_model();
  const Result<ZipArchive> archive = ZipArchive::open(path_);
  if (!archive) return fail(archive.error());
  if (!is_keras_archive(*archive))
    return fail(rejected(path_,
                         "a zip archive that is no .keras file: it lacks config.json or model.weights.h5",
                         "save the model with model.save('model.keras') or model.save('model.h5')"));
  Result<std::string> config = config_of_archive(*archive, path_);
  if (!config) return fail(config.error());
  return KerasModelFile{true, std::move(*config), {}, archive_weights(*archive)};
}

}  // namespace

std::optional<StoredWeights> read_weights(const std::string &path, std::vector<Error> &problems) {
  return Reader(path, problems).weights();
}

std::optional<KerasModelFile> read_keras_model(const std::string &path, std::vector<Error> &problems) {
  return Reader(path, problems).model();
}

bool is_keras_archive(const std::string &path) {
  const Result<std::string> start = first_bytes_of(path);
  if (!start || !starts_zip(*start)) return false;
  const Result<ZipArchive> archive = ZipArchive::open(path);
  return archive && is_keras_archive(*archive);
}

bool is_keras_model(const std::string &path) {
  if (is_keras_archive(path)) return true;
  const Result<hdf5::File> file = hdf5::File::open(path);
  return file && file->has_attribute("", model_config);
}

}  // namespace sinter

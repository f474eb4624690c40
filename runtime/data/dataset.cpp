#include "runtime/data/dataset.h"

#include "runtime/text.h"

namespace sinter::runtime {

int64_t class_count(const TensorInfo &output) {
  return output.elements == 1 ? 2 : output.elements;
}

bool append_class(const TensorInfo &output, int64_t label, TargetValues &targets) {
  if (label < 0 || label >= class_count(output)) return false;
  if (output.elements == 1) {
    targets.push_back(static_cast<float>(label));
  } else {
    targets.resize(targets.size() + static_cast<size_t>(output.elements), 0.0f);
    targets[targets.size() - static_cast<size_t>(output.elements - label)] = 1.0f;
  }
  return true;
}

Status check_picture_model(const std::string &file, std::span<const int64_t> picture, const DatasetUse &use) {
  if (use.inputs.size() != 1 || use.outputs.size() != 1 || use.outputs[0].dims.size() > 1)
    return rejected(
        file,
        format("labelled pictures need a model of one input and one vector of classes; this one has "
               "%zu inputs and %zu outputs, the first of shape %s",
               use.inputs.size(), use.outputs.size(), shape_text(use.outputs[0].source_dims, true).c_str()),
        "give the data set as .npz");
  // Pictures have channels last, as the program's own layout has them.
  TensorInfo input = use.inputs[0];
  input.source_dims = input.dims;
  if (sample_shape_fits(picture, input)) return {};
  return rejected(file, "pictures of " + shape_text(picture) + ", but the model's input '" + input.name +
                            "' is " + shape_text(use.inputs[0].source_dims, true));
}

Result<std::unique_ptr<Dataset>> open_dataset(const std::string &path, const std::string &split,
                                              const DatasetUse &use) {
  switch (path_kind(path)) {
    case PathKind::missing:
      return system_error(path, "no such file or directory");
    case PathKind::file:
      return ends_with(path, ".bin") ? open_cifar_file(path, use) : open_npz_file(path, split, use);
    case PathKind::directory:
      break;
  }
  for (const auto open : {open_idx_dataset, open_cifar_dataset, open_npz_dataset, open_folder_dataset}) {
    DatasetResult dataset = open(path, split, use);
    if (!dataset || *dataset) return dataset;
  }
  const std::string idx = split == "test" ? "t10k" : split;
  return system_error(path, "no data set for the split '" + split + "' here",
                      "looked for " + idx + "-images-idx3-ubyte[.gz], " +
                          (split == "test"    ? "test_batch.bin, "
                           : split == "train" ? "data_batch_1.bin, "
                                              : "") +
                          "a .npz with x_" + split + " and y_" + split + ", and " + split +
                          "/CLASS/*.png|jpg");
}

}  // namespace sinter::runtime

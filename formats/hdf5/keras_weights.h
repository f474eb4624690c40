// The weights in Keras's HDF5 files: whole models (.h5, .hdf5 of Keras 1, 2 and 3), files of weights, Keras
// 3's .weights.h5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hdf5/file.h"
#include "formats/weights/stored_weights.h"

namespace sinter::hdf5 {

// `name` is the file's in messages. nullopt after problems; all are listed, but of many the first.
std::optional<StoredWeights> read_keras_weights(const File &file, const std::string &name,
                                                std::vector<Error> &problems);

// A problem of reading `what` ("attribute 'weight_names'") at `path`, in words.
Error damage_of(const File &file, const std::string &name, std::string_view path, std::string_view what);

}  // namespace sinter::hdf5

// From a ModelConfig to an ImportedModel: every layer call becomes nodes, every weight a variable.
//
// Values are stored channels last. A layer of data_format='channels_first' works on a value [N, H, W, C] that
// Keras sees as [N, C, H, W]; where a layer needs Keras's own order of elements (Flatten, Reshape, Dense on 4
// dimensions) the graph holds an explicit transpose. Weights keep the layout of Keras's files, which does not
// depend on data_format: kernels [height, width, in / groups, out], depthwise kernels [height, width,
// channels, multiplier], dense kernels [in, out], batch normalization gamma, beta, mean, variance.
#pragma once

#include <optional>
#include <vector>

#include "frontend/keras/imported_model.h"
#include "frontend/keras/model_config.h"
#include "frontend/keras/model_file.h"
#include "support/diagnostic.h"

namespace sinter::keras {

// nullopt after errors; every layer that does not depend on a wrong one is checked, so all independent
// problems are reported. Open dimensions of the input stay unknown: such a graph is for `summary` (its 'same'
// paddings are those of even sizes). `format` of the result is left empty.
std::optional<ImportedModel> import_model(const ModelConfig &config, Diagnostics &diagnostics);

// --input-shape: gives the first input (without the batch, in the layout of the model file) sizes for its
// open dimensions. An error if it contradicts a size that the model states, or has another number of
// dimensions.
bool set_input_shape(ModelConfig &config, const std::vector<int64_t> &shape, Diagnostics &diagnostics);

// Fills model.weights by formats/weights/match_weights.h. All mismatches are reported, with both shapes; false if there are
// any, and then nothing is filled.
bool assign_weights(ImportedModel &model, const StoredWeights &weights, Diagnostics &diagnostics);

// load_weights(by_name=True) of Keras: layers take the weights of their name, all others keep what they have.
// With skip_mismatch what does not fit is a warning, else an error and false.
bool assign_weights_by_name(ImportedModel &model, const StoredWeights &weights, bool skip_mismatch,
                            Diagnostics &diagnostics);

}  // namespace sinter::keras

// ImportedModel: what a front end produces. Beside the model it has what Keras knows of it: the layers, for
// summaries and files, and whose defaults hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/model.h"
#include "support/diagnostic.h"

namespace sinter::keras {

struct LayerInfo {
  std::string name;
  std::string class_name;  // "Conv2D"
  // One a call of the layer, in the file's own layout (channels_first stays).
  std::vector<std::vector<ir::Dim>> output_shapes;
  std::vector<std::string> connected_to;  // "conv2d_1[0][0]"
  std::vector<int> variables;             // indices into Graph::variables, in the order of Keras's weights
  int64_t params = 0, trainable_params = 0;
  bool is_implicit_input = false;  // Sequential's unlisted InputLayer
  ir::ValueId output = -1;         // of its last call
  int inner_model = -1;            // the innermost model within the model that it is a layer of
};

// A model that is a layer of another one; its own layers are among ImportedModel::layers.
struct InnerModelInfo {
  std::string name;
  std::string class_name;  // "Functional"
  int outer = -1;          // the inner model that it is in
  std::vector<std::vector<ir::Dim>> output_shapes;
  std::vector<std::string> connected_to;
};

struct ImportedModel : ir::Model {
  std::vector<LayerInfo> layers;  // none of a .graph file
  std::vector<InnerModelInfo> inner_models;
  bool files_are_flat = false;  // written files hold the layers of inner models as the model's own
  std::string format;           // "Keras script", "Keras 2 .h5", "graph"
  bool keras3 = false;          // whose defaults hold
  bool is_sequential = false;
  std::optional<std::pair<float, float>> input_scale_offset;  // what the model file does to image data
  // For each graph input and output: the place of each of its dimensions in the layout that the model file
  // declares, e.g. {0, 2, 3, 1} for a value [N, H, W, C] that the file has as [N, C, H, W]. Empty: the same
  // (also for missing entries).
  std::vector<std::vector<int>> input_axes, output_axes;
  // Why the model cannot be trained as its file says, though it can be run: one each.
  std::vector<std::pair<Location, std::string>> untrainable;
};

}  // namespace sinter::keras

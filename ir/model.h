// Model: what a front end produces. The graph is the model as written (dropout and batch normalization as
// ops), with one LayerInfo a layer for the summary, and the weights if the file has them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "ir/training_config.h"
#include "support/diagnostic.h"

namespace sinter::ir {

struct LayerInfo {
  std::string name;
  std::string class_name;  // "Conv2D"
  std::vector<std::vector<Dim>>
      output_shapes;  // one a call of the layer, in the file's own layout (channels_first stays)
  std::vector<std::string> connected_to;  // "conv2d_1[0][0]"
  std::vector<int> variables;             // indices into Graph::variables, in the order of Keras's weights
  int64_t params = 0, trainable_params = 0;
  bool is_implicit_input = false;  // Sequential's unlisted InputLayer
  ValueId output = -1;             // of its last call
  int inner_model = -1;            // the innermost model within the model that it is a layer of
};

// A model that is a layer of another one; its own layers are among Model::layers.
struct InnerModel {
  std::string name;
  std::string class_name;  // "Functional"
  int outer = -1;          // the inner model that it is in
  std::vector<std::vector<Dim>> output_shapes;
  std::vector<std::string> connected_to;
};

struct Model {
  Graph graph;
  std::vector<LayerInfo> layers;
  std::vector<InnerModel> inner_models;
  bool files_are_flat = false;  // written files hold the layers of inner models as the model's own
  std::vector<std::optional<TensorData>> weights;  // by variable index; resized to graph.variables
  std::string format;                              // "Keras script", "Keras 2 .h5", "graph"
  bool keras3 = false;                             // whose defaults hold
  bool is_sequential = false;
  std::string class_name;                                     // "Sequential", "Model", "Functional"
  std::optional<std::pair<float, float>> input_scale_offset;  // what the model file does to image data
  std::string loss;                                           // Keras name, if the file compiles the model
  std::vector<std::string> metrics;
  // For each graph input and output: the place of each of its dimensions in the layout that the model file
  // declares, e.g. {0, 2, 3, 1} for a value [N, H, W, C] that the file has as [N, C, H, W]. Empty: the same
  // (also for missing entries).
  std::vector<std::vector<int>> input_axes, output_axes;
  std::vector<PenaltyConfig> penalties;  // for training
  std::vector<ConstraintConfig> constraints;
  // Why the model cannot be trained as its file says, though it can be run: one each.
  std::vector<std::pair<Location, std::string>> untrainable;
  bool has_all_weights() const;
};

}  // namespace sinter::ir

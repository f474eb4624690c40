// Weights and models in files that Keras loads: `.h5` in the layout of Keras 2 (also Keras 3's legacy
// format), `.weights.h5` and `.keras` of Keras 3. All are written atomically.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/hdf5/h5_tree.h"

namespace sinter {

struct KerasWeight {
  std::string name;  // "conv2d_1/kernel:0"; a '/' makes groups
  std::vector<int64_t> dims;
  const float *data = nullptr;  // not owned
};

struct KerasLayer {
  std::string name;
  std::string class_name;  // "Conv2D"
  std::vector<KerasWeight> weights;
  std::vector<KerasLayer> members;  // of a model within the model: its layers, whose weights it has
};

struct KerasModel {
  std::vector<KerasLayer> layers;
  std::vector<KerasWeight> own_weights;        // of no layer: Keras calls them top-level
  std::string keras_version;                   // "2.0.2"
  std::string model_config;                    // JSON, of .h5 files
  std::string archive_config;                  // JSON: config.json of .keras
  std::string archive_problem;                 // why there is none
  std::string training_config;                 // JSON; may be empty
  std::vector<KerasWeight> optimizer_weights;  // beside iterations and learning rate
  int64_t iterations = 0;
  float learning_rate = 0;
};

// Adds a weight by its full name: "conv2d_1.kernel" to the layer conv2d_1, which is made if there is none, a
// name without a dot to the model's own weights. `suffix` (":0" in Keras 2) ends the name in Keras's files.
void add_weight(KerasModel &model, std::string_view full_name, std::string_view suffix,
                std::vector<int64_t> dims, const float *data);

// Root attributes layer_names, backend, keras_version; groups LAYER with weight_names and the data sets.
Status write_keras_weights(const std::string &path, const KerasModel &model);
// The whole model: root attributes model_config, training_config; the layers under model_weights. Rejected
// without model_config. The optimizer's state in the form of Keras 3.
Status write_keras_model(const std::string &path, const KerasModel &model);
// Keras 3's: layers/<class in snake case>[_n]/vars/<i>.
Status write_keras3_weights(const std::string &path, const KerasModel &model);
// Keras 3's archive of metadata.json, config.json and model.weights.h5. Rejected without archive_config.
Status write_keras_archive(const std::string &path, const KerasModel &model);

// "Conv2D" -> "conv2d", "MaxPooling2D" -> "max_pooling2d": how Keras 3 names layers by their classes.
std::string snake_case(std::string_view class_name);
// "dense", "dense_1", …: the name of the next layer of the class.
std::string numbered_class(std::string_view class_name, std::map<std::string, int> &counts);

}  // namespace sinter

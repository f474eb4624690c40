// Keras objects as values of a script: layers, symbolic tensors, models, and configured things (optimizers,
// callbacks, initializers, …).
#pragma once

#include <nlohmann/json.hpp>

#include "frontend/keras/layer_signatures.h"
#include "frontend/script/training_plan.h"
#include "frontend/script/value.h"

namespace sinter::script {

// One call of a layer. `internal` calls come from calling a whole model; Keras does not count those among the
// layer's own (layer.output ignores them).
struct LayerNode {
  std::vector<SymbolicTensor *> inputs;
  SymbolicTensor *output = nullptr;
  bool internal = false;
  std::vector<const ModelObject *> through;  // the nested models it was made for, whose `trainable` counts
};

struct LayerObject : Object {
  std::string class_name, name;
  nlohmann::json config = nlohmann::json::object();  // without input shape and name
  nlohmann::json batch_input_shape;                  // [null, 32, 32, 3], or null if the script gives none
  bool trainable = true;
  bool merges = false;
  std::vector<LayerNode> calls;
  Position at;
};

struct SymbolicTensor : Object {
  LayerObject *layer = nullptr;
  int node = 0;
};

struct ModelObject : Object {
  using Item = std::variant<LayerObject *, ModelObject *>;
  std::string name;
  bool sequential = false;
  std::vector<Item> items;  // of a Sequential, in order, without an implicit input
  bool built = true;        // a Sequential is not until its input shape is known
  bool input_is_implicit = false;
  bool poisoned = false;  // a part of it was reported; nothing more is said about it
  bool trainable = true;
  bool is_taken_apart = false;  // the script takes its tensors or layers
  // What the script does with it, the most telling last.
  enum class Use { built, used, compiled, trained } use = Use::built;  // used: summary, predict, save, …
  std::vector<SymbolicTensor *> inputs, outputs;
  std::vector<LayerObject *> inner_layers;                  // of a nested model's snapshot, in order
  std::vector<std::vector<SymbolicTensor *>> output_stack;  // Sequential: outputs before each item, for pop()
  std::optional<std::vector<std::string>> frozen_at_compile;
  bool compiled = false;
  Position at;
};

// An object that is its class and its arguments.
struct ConfigObject : Object {
  std::string
      category;  // "optimizer", "callback", "initializer", "regularizer", "loss", "metric", "image_generator"
  std::string class_name;
  std::vector<std::pair<std::string, Value>> config;
  Position at;
  std::vector<ModelObject *> compiled_into;  // of an optimizer
};

// The samples begin, begin + step, … below end of an array in memory; open: to its last one.
struct SampleRegion {
  bool known = true;
  std::int64_t begin = 0, step = 1;
  std::optional<std::int64_t> end;
};

// Arrays that share memory, as numpy's views do.
struct DataMemory : Object {
  std::vector<DataValue *> views;
};

struct DataValue : Object {
  DataArray array;
  bool is_archive = false;                          // np.load of an .npz: index it with a key
  bool samples_lead = true;                         // false: one sample taken out, or samples mixed
  std::optional<std::pair<double, double>> bounds;  // of its values
  DataMemory *memory = nullptr;                     // nullptr: it has its own
  SampleRegion region;                              // of the memory
  const Opaque *changed = nullptr;                  // set: changed in place as no step can say
};

// ImageDataGenerator().flow(…): data behind an augmenting generator.
struct DataFlow : Object {
  DataSet data;
  std::optional<std::int64_t> samples, batch_size;
  std::vector<std::int64_t> image_shape;
};

}  // namespace sinter::script

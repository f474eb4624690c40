// What the importers of single layers work with. One file per layer family defines a function
// `std::optional<Tensor> import_xxx(LayerImport &)`; table.cpp lists them by class.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/keras/imported_model.h"
#include "frontend/keras/model_config.h"

namespace sinter::keras {

// A value, and whether Keras sees its dimensions as [N, C, H, W] while it is stored as [N, H, W, C].
struct Tensor {
  ir::ValueId value = -1;
  bool channels_first = false;
};

using AttributeList = std::vector<std::pair<std::string_view, ir::AttributeValue>>;

// The import of one call of one layer.
class LayerImport {
 public:
  // `prefix` begins the names of the call's values.
  LayerImport(ImportedModel &model, const Layer &layer, std::string prefix, std::vector<Tensor> inputs,
              std::map<std::string, ir::ValueId> &variables, LayerInfo &info, bool keras3,
              Diagnostics &diagnostics)
      : layer(layer),
        inputs(std::move(inputs)),
        keras3(keras3),
        prefix_(std::move(prefix)),
        model_(model),
        variables_(variables),
        info_(info),
        diagnostics_(diagnostics) {}

  const Layer &layer;
  std::vector<Tensor> inputs;
  bool keras3;  // whose defaults hold

  // Reports a problem with this layer. Importers return nullopt after it.
  std::nullopt_t fail(const std::string &message, const std::string &hint = {});
  void warn(const std::string &message, const std::string &hint = {});

  // Arguments: of the layer's config, or the default of its signature. A wrong one is reported and nullopt.
  const nlohmann::json &argument(std::string_view name) const;
  std::optional<int64_t> integer(std::string_view name, int64_t minimum = 1);
  std::optional<std::array<int64_t, 2>> pair(std::string_view name, int64_t minimum = 1);  // 3 means (3, 3)
  std::optional<double> number(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::string> choice(std::string_view name, std::initializer_list<std::string_view> allowed);
  std::optional<bool> channels_first();  // data_format

  // Shapes. `shape` is as Keras sees it: "(None, 28, 28, 3)".
  const std::vector<ir::Dim> &dims(const Tensor &tensor) const {
    return model_.graph.type(tensor.value).dims;
  }
  std::vector<ir::Dim> keras_dims(const Tensor &tensor) const;
  std::string shape(const Tensor &tensor) const;
  // Input `index` with `rank` dimensions (batch included), stored for the given data_format.
  std::optional<Tensor> input(size_t index, int rank, bool channels_first);
  bool expect_inputs(size_t count);
  // The same tensor stored for another data_format (a transpose if need be).
  Tensor stored(const Tensor &tensor, bool channels_first);
  // The stored dimension that Keras's `axis` (negative: from the last) means; nullopt (reported) if there is
  // none.
  std::optional<int> axis(const Tensor &tensor, const nlohmann::json &axis);

  // Adds a node; a shape error is reported with the layer's name and nullopt.
  std::optional<ir::ValueId> node(std::string_view op, const AttributeList &attributes,
                                  std::vector<ir::ValueId> in);
  // A weight of the layer, made at its first call. `initializer` is the name of an argument, or "" for zeros.
  std::optional<ir::ValueId> weight(std::string_view name, const std::vector<int64_t> &dims,
                                    std::string_view initializer,
                                    ir::VariableKind kind = ir::VariableKind::weight);
  // A constant vector.
  ir::ValueId constant(std::string_view name, int64_t size, float value);

  // The layer works in inference, but its training (said as `what`) is not known here.
  void cannot_train(std::string_view what);

 private:
  // The penalty and the constraint that the arguments `<stem>_regularizer` and `<stem>_constraint` put on a
  // variable.
  void training_of(int variable, const std::string &stem);

  std::string prefix_;
  std::map<std::string_view, int> nodes_;  // how many of each op the call has
  ImportedModel &model_;
  std::map<std::string, ir::ValueId> &variables_;  // of this layer, by weight name
  LayerInfo &info_;
  Diagnostics &diagnostics_;
};

using LayerImporter = std::optional<Tensor> (*)(LayerImport &);
// nullptr if there is none. Every class of all_layers() but InputLayer has one (a test checks it).
LayerImporter find_layer_importer(std::string_view class_name);

// The initializer that `config` (a name, or an object with class_name and config) describes; nullopt if it is
// unknown. VarianceScaling with settings that have no name of their own is "variance_scaling" {scale, mode: 0
// fan_in, 1 fan_out, 2 fan_avg, distribution: 0 uniform, 1 truncated normal, 2 untruncated normal}.
std::optional<ir::Initializer> initializer_from(const nlohmann::json &config);

// y = activation(x); `activation` is a name, null (linear), or an object of a config.
std::optional<Tensor> activate(LayerImport &layer, Tensor x, const nlohmann::json &activation);
// Adds bias [C] where use_bias says so, then the layer's activation. x has its channels last.
std::optional<Tensor> bias_and_activation(LayerImport &layer, Tensor x, int64_t channels);

// Keras's 'same': out = ceil(in / stride); the surplus goes to the bottom and right. {before, after}.
std::array<int64_t, 2> same_padding(ir::Dim size, int64_t window, int64_t stride, int64_t dilation);

// "a name that the text form of graphs accepts": other characters become '_'.
std::string value_name(std::string_view name);

std::optional<Tensor> import_dense(LayerImport &);
std::optional<Tensor> import_conv2d(LayerImport &);
std::optional<Tensor> import_depthwise_conv2d(LayerImport &);
std::optional<Tensor> import_separable_conv2d(LayerImport &);
std::optional<Tensor> import_pooling2d(LayerImport &);
std::optional<Tensor> import_global_pooling2d(LayerImport &);
std::optional<Tensor> import_batch_normalization(LayerImport &);
std::optional<Tensor> import_activation(LayerImport &);
std::optional<Tensor> import_leaky_relu(LayerImport &);
std::optional<Tensor> import_relu(LayerImport &);
std::optional<Tensor> import_elu(LayerImport &);
std::optional<Tensor> import_softmax(LayerImport &);
std::optional<Tensor> import_thresholded_relu(LayerImport &);
std::optional<Tensor> import_dropout(LayerImport &);
std::optional<Tensor> import_flatten(LayerImport &);
std::optional<Tensor> import_reshape(LayerImport &);
std::optional<Tensor> import_permute(LayerImport &);
std::optional<Tensor> import_rescaling(LayerImport &);
std::optional<Tensor> import_zero_padding2d(LayerImport &);
std::optional<Tensor> import_cropping2d(LayerImport &);
std::optional<Tensor> import_up_sampling2d(LayerImport &);
std::optional<Tensor> import_merge(LayerImport &);
std::optional<Tensor> import_concatenate(LayerImport &);

}  // namespace sinter::keras

// Random functional Keras models: layers of every class, some of them shared, on tensors of what was made
// before. A layer that does not fit its tensor is dropped again.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "frontend/keras/import.h"
#include "frontend/keras/layer_signatures.h"
#include "support/check.h"
#include "tests/campaign/random_model.h"

namespace sinter::campaign {

namespace {

using nlohmann::json;

constexpr int64_t max_elements = 6000, max_operations = 400000;  // a sample

json pair(int64_t a, int64_t b) {
  return json::array({a, b});
}

class KerasSketch {
 public:
  KerasSketch(Random &random, bool keras3) : random_(random) {
    config_.name = "random";
    config_.class_name = "Model";
    config_.semantics = keras3 ? keras::Semantics::keras3 : keras::Semantics::keras2;
    channels_first_ = random_.one_in(6);
  }

  RandomModel run() {
    add_input();
    if (random_.one_in(5)) add_input();
    for (int64_t i = random_.between(2, 10); i > 0; --i) add_layer();
    if (random_.one_in(2)) add_head();
    choose_outputs();
    Diagnostics diagnostics;
    const std::optional<keras::ImportedModel> model = keras::import_model(config_, diagnostics);
    SINTER_CHECK(model.has_value(), diagnostics.render_all());
    RandomModel result{model->graph, {}, {}, {}};
    for (const keras::Layer &layer : config_.layers) result.layers.push_back(layer.class_name);
    const auto name_of = [&](int variable) {
      return model->graph.value(model->graph.variables[static_cast<size_t>(variable)].value).name;
    };
    for (const ir::PenaltyConfig &penalty : model->penalties)
      result.penalties.push_back({name_of(penalty.variable), penalty.l1, penalty.l2});
    for (const ir::ConstraintConfig &c : model->constraints)
      result.constraints.push_back({name_of(c.variable), c.kind, c.axes, c.max_value, c.min_value, c.rate});
    return result;
  }

 private:
  struct Tensor {
    keras::TensorRef ref;
    std::vector<ir::Dim> dims;  // as Keras sees them
  };

  void add_input() {
    const int64_t height = random_.between(1, 11), channels = random_.between(1, 8);
    std::vector<int64_t> sizes;
    switch (random_.below(6)) {
      case 0:
        sizes = {random_.between(1, 40)};
        break;
      case 1:
        sizes = {random_.between(1, 9), random_.between(1, 12)};
        break;
      default:
        sizes = {height, random_.one_in(3) ? height : random_.between(1, 11), channels};
    }
    if (channels_first_ && sizes.size() == 3) sizes = {channels, sizes[0], sizes[1]};
    json shape = json::array({nullptr});
    for (const int64_t size : sizes) shape.push_back(size);
    if (try_layer("InputLayer", {{"batch_input_shape", shape}}, {}))
      config_.inputs.push_back(tensors_.back().ref);
  }

  // Calls a new layer; false and nothing happens if it does not fit.
  bool try_layer(const std::string &class_name, json config, std::vector<keras::TensorRef> inputs) {
    keras::Layer layer;
    layer.class_name = class_name;
    layer.name = keras::to_snake_case(class_name) + "_" + std::to_string(config_.layers.size());
    layer.config = std::move(config);
    layer.config["name"] = layer.name;
    layer.calls.push_back({std::move(inputs)});
    config_.layers.push_back(layer);
    if (accept({layer.name}, config_.layers.size() - 1, 0)) return true;
    config_.layers.pop_back();
    return false;
  }

  // Calls a layer of the model once more.
  bool try_sharing() {
    std::vector<size_t> candidates;
    for (size_t i = 0; i < config_.layers.size(); ++i)
      if (config_.layers[i].class_name == "Conv2D" || config_.layers[i].class_name == "Dense" ||
          config_.layers[i].class_name == "BatchNormalization")
        candidates.push_back(i);
    if (candidates.empty()) return false;
    keras::Layer &layer = config_.layers[random_.of(candidates)];
    const auto index = static_cast<size_t>(&layer - config_.layers.data());
    layer.calls.push_back({{some().ref}});
    if (accept({layer.name, static_cast<int>(layer.calls.size()) - 1}, index, layer.calls.size() - 1))
      return true;
    layer.calls.pop_back();
    return false;
  }

  bool accept(const keras::TensorRef &ref, size_t layer, size_t call) {
    config_.outputs = {ref};
    Diagnostics diagnostics;
    const auto model = keras::import_model(config_, diagnostics);
    if (!model || model->layers[layer].output_shapes.size() <= call) return false;
    if (operations(model->graph) > max_operations) return false;
    Tensor tensor{ref, model->layers[layer].output_shapes[call]};
    int64_t elements = 1;
    for (size_t d = 1; d < tensor.dims.size(); ++d) elements *= tensor.dims[d].value();
    if (elements > max_elements || tensor.dims.size() < 2) return false;
    tensors_.push_back(std::move(tensor));
    return true;
  }

  // Multiplications of contractions: elements of the result times rows of the weight.
  static int64_t operations(const ir::Graph &graph) {
    int64_t total = 0;
    for (const ir::Node &node : graph.nodes)
      if (node.op->linear_weight >= 0) {
        const ir::TensorType &w = graph.type(node.inputs[static_cast<size_t>(node.op->linear_weight)]);
        total += graph.type(node.outputs[0]).elements_per_sample() * w.elements(1) / w.dims.back().value();
      }
    return total;
  }

  Tensor some() { return random_.one_in(3) ? random_.of(tensors_) : tensors_.back(); }

  int64_t units() {
    switch (random_.below(7)) {
      case 0:
        return random_.of({15, 16, 17, 31, 32, 33});
      case 1:
        return random_.of({40, 48, 64, 70});
      default:
        return random_.between(1, 12);
    }
  }

  std::string activation() {
    static const std::vector<std::string> names = {
        "linear", "relu",       "relu",         "relu6",   "sigmoid",     "tanh",
        "elu",    "softplus",   "hard_sigmoid", "swish",   "selu",        "softsign",
        "mish",   "leaky_relu", "hard_silu",    "softmax", "log_softmax", "exponential"};
    return random_.one_in(2) ? "relu" : random_.of(names);
  }

  json regularizer() {
    const double l1 = random_.one_in(2) ? 0 : random_.uniform(0.001, 0.05),
                 l2 = l1 > 0 && random_.one_in(2) ? 0 : random_.uniform(0.001, 0.05);
    return {{"class_name", "L1L2"}, {"config", {{"l1", l1}, {"l2", l2}}}};
  }

  json constraint() {
    const json axis = random_.one_in(3) ? json(-1) : json(0);
    switch (random_.below(4)) {
      case 0:
        return {{"class_name", "MaxNorm"},
                {"config", {{"max_value", random_.uniform(0.3, 1)}, {"axis", axis}}}};
      case 1:
        return {{"class_name", "NonNeg"}, {"config", json::object()}};
      case 2:
        return {{"class_name", "UnitNorm"}, {"config", {{"axis", axis}}}};
      default:
        return {
            {"class_name", "MinMaxNorm"},
            {"config",
             {{"min_value", 0.25}, {"max_value", 0.75}, {"rate", random_.of({1.0, 0.5})}, {"axis", axis}}}};
    }
  }

  // Arguments of a layer with weights of these stems ("kernel", "bias").
  void add_weight_arguments(json &config, const std::vector<std::string> &stems) {
    for (const std::string &stem : stems) {
      if (random_.one_in(6)) config[stem + "_regularizer"] = regularizer();
      if (random_.one_in(8)) config[stem + "_constraint"] = constraint();
    }
    config["use_bias"] = !random_.one_in(3);
    config["activation"] = activation();
  }

  void add_window(json &config, const char *size_name, int64_t largest) {
    const int64_t k = random_.between(1, largest);
    config[size_name] = random_.one_in(3) ? pair(k, random_.between(1, largest)) : pair(k, k);
    config["padding"] = random_.of({"valid", "same", "same"});
    if (random_.one_in(2))
      config["strides"] = random_.one_in(3) ? pair(random_.between(1, 4), random_.between(1, 3)) : pair(2, 2);
  }

  json sides(int64_t most) {
    const auto side = [&] { return random_.one_in(2) ? 0 : random_.between(0, most); };
    return json::array({pair(side(), side()), pair(side(), side())});
  }

  void add_layer() {
    if (random_.one_in(10) && try_sharing()) return;
    const std::vector<keras::LayerSignature> &classes = keras::all_layers();
    const std::string &class_name =
        random_.one_in(3) ? random_.of(favourites()) : random_.of(classes).class_name;
    const keras::LayerSignature &signature = *keras::find_layer(class_name);
    if (class_name == "InputLayer") return;
    if (signature.merges) return add_merge(class_name);
    const Tensor x = some();
    try_layer(class_name, arguments(class_name, x), {x.ref});
  }

  // What models mostly consist of.
  static const std::vector<std::string> &favourites() {
    static const std::vector<std::string> names = {
        "Conv2D", "Conv2D", "Dense", "MaxPooling2D", "Concatenate", "Concatenate", "SeparableConv2D"};
    return names;
  }

  json arguments(const std::string &class_name, const Tensor &x) {
    json config = json::object();
    const bool is_image = x.dims.size() == 4;
    for (const keras::Parameter &parameter : keras::find_layer(class_name)->parameters)
      if (parameter.name == "data_format" && (channels_first_ ? !random_.one_in(8) : random_.one_in(40)))
        config["data_format"] = "channels_first";
    if (class_name == "Dense") {
      config["units"] = units();
      add_weight_arguments(config, {"kernel", "bias"});
    } else if (class_name == "Conv2D") {
      config["filters"] = units();
      add_window(config, "kernel_size", 4);
      if (random_.one_in(6)) {
        config["dilation_rate"] = pair(2, random_.between(1, 2));
        config.erase("strides");
      }
      if (random_.one_in(6)) {
        const int64_t groups = random_.between(2, 4);
        config["groups"] = groups;
        config["filters"] = groups * random_.between(1, 5);
      }
      add_weight_arguments(config, {"kernel", "bias"});
    } else if (class_name == "DepthwiseConv2D") {
      add_window(config, "kernel_size", 4);
      config["depth_multiplier"] = random_.between(1, 2);
      add_weight_arguments(config, {"depthwise", "bias"});
    } else if (class_name == "SeparableConv2D") {
      config["filters"] = units();
      add_window(config, "kernel_size", 4);
      config["depth_multiplier"] = random_.between(1, 2);
      add_weight_arguments(config, {"depthwise", "pointwise", "bias"});
    } else if (class_name == "MaxPooling2D" || class_name == "AveragePooling2D") {
      add_window(config, "pool_size", 4);
    } else if (class_name.starts_with("Global")) {
      config["keepdims"] = random_.one_in(2);
    } else if (class_name == "BatchNormalization") {
      config["axis"] = is_image && channels_first_ ? 1 : random_.one_in(6) ? 1 : -1;
      config["momentum"] = random_.of({0.99, 0.75});
      config["scale"] = !random_.one_in(4);
      config["center"] = !random_.one_in(4);
    } else if (class_name == "Activation") {
      config["activation"] = activation();
    } else if (class_name == "LeakyReLU") {
      config["alpha"] = random_.of({0.3, 0.1});
    } else if (class_name == "ReLU") {
      if (random_.one_in(2)) config["max_value"] = random_.of({0.5, 6.0});
      if (random_.one_in(2)) config["negative_slope"] = 0.125;
      if (random_.one_in(2)) config["threshold"] = 0.25;
    } else if (class_name == "Softmax") {
      config["axis"] = random_.one_in(3) ? 1 : -1;
    } else if (class_name == "ThresholdedReLU") {
      config["theta"] = 0.25;
    } else if (class_name.ends_with("Dropout") || class_name == "SpatialDropout2D") {
      config["rate"] = random_.of({0.25, 0.5});
    } else if (class_name == "Reshape") {
      config["target_shape"] = target_shape(x);
    } else if (class_name == "Permute") {
      std::vector<int64_t> order;
      for (size_t d = 1; d < x.dims.size(); ++d) order.push_back(static_cast<int64_t>(d));
      for (size_t d = 1; d < order.size(); ++d)
        std::swap(order[d], order[static_cast<size_t>(random_.below(static_cast<int64_t>(d) + 1))]);
      config["dims"] = order;
    } else if (class_name == "Rescaling") {
      config["scale"] = 0.5;
      config["offset"] = random_.of({0.0, 0.25});
    } else if (class_name == "ZeroPadding2D") {
      config["padding"] = sides(3);
    } else if (class_name == "Cropping2D") {
      config["cropping"] = sides(2);
    } else if (class_name == "UpSampling2D") {
      config["size"] = pair(random_.between(1, 3), 2);
    }
    return config;
  }

  json target_shape(const Tensor &x) {
    int64_t rest = 1;
    for (size_t d = 1; d < x.dims.size(); ++d) rest *= x.dims[d].value();
    json shape = json::array();
    for (const int64_t factor : {2, 3, 5})
      if (rest % factor == 0 && random_.one_in(2)) {
        shape.push_back(factor);
        rest /= factor;
      }
    shape.push_back(random_.one_in(3) ? -1 : rest);
    return shape;
  }

  void add_merge(const std::string &class_name) {
    const Tensor x = some();
    if (class_name == "Concatenate") return add_concatenation(x);
    std::vector<keras::TensorRef> inputs = {x.ref};
    for (const Tensor &other : tensors_)
      if (other.dims == x.dims && !(other.ref == x.ref) &&
          inputs.size() < (class_name == "Subtract" ? 2u : 3u))
        inputs.push_back(other.ref);
    if (inputs.size() == 1 && x.dims.size() > 1) {  // none fits: a dense layer makes one
      if (!try_layer("Dense", {{"units", x.dims.back().value()}, {"activation", activation()}}, {x.ref}))
        return;
      if (tensors_.back().dims != x.dims) return;
      inputs.push_back(tensors_.back().ref);
    }
    if (random_.one_in(2)) std::swap(inputs.front(), inputs.back());
    try_layer(class_name, json::object(), inputs);
  }

  void add_concatenation(const Tensor &x) {
    const int64_t rank = static_cast<int64_t>(x.dims.size());
    const int64_t axis = random_.one_in(3)              ? random_.between(1, rank - 1)
                         : channels_first_ && rank == 4 ? 1
                                                        : rank - 1;
    std::vector<keras::TensorRef> inputs = {x.ref};
    for (const Tensor &other : tensors_) {
      bool fits = other.dims.size() == x.dims.size() && !(other.ref == x.ref) && inputs.size() < 4;
      for (size_t d = 0; fits && d < x.dims.size(); ++d)
        fits = static_cast<int64_t>(d) == axis || other.dims[d] == x.dims[d];
      if (fits && !random_.one_in(3)) inputs.push_back(other.ref);
    }
    if (axis == rank - 1 && (inputs.size() == 1 || random_.one_in(3))) {
      json config = {{"units", units()}};
      add_weight_arguments(config, {"kernel", "bias"});
      if (try_layer("Dense", config, {x.ref})) inputs.push_back(tensors_.back().ref);
    }
    if (random_.one_in(2)) std::swap(inputs.front(), inputs.back());
    try_layer("Concatenate", {{"axis", random_.one_in(3) ? axis - rank : axis}}, inputs);
  }

  void add_head() {
    const Tensor x = some();
    if (x.dims.size() == 4)
      try_layer(random_.of({"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"}), json::object(),
                {x.ref});
    json config = {{"units", units()}};
    add_weight_arguments(config, {"kernel", "bias"});
    if (random_.one_in(2)) config["activation"] = "softmax";
    try_layer("Dense", config, {tensors_.back().ref});
  }

  void choose_outputs() {
    config_.outputs = {tensors_.back().ref};
    for (int64_t i = random_.one_in(4) ? random_.between(1, 2) : 0; i > 0; --i) {
      const keras::TensorRef &ref = random_.of(tensors_).ref;
      if (std::find(config_.outputs.begin(), config_.outputs.end(), ref) == config_.outputs.end())
        config_.outputs.push_back(ref);
    }
  }

  Random &random_;
  bool channels_first_ = false;
  keras::ModelConfig config_;
  std::vector<Tensor> tensors_;
};

}  // namespace

RandomModel random_keras_model(Random &random, bool keras3) {
  return KerasSketch(random, keras3).run();
}

}  // namespace sinter::campaign

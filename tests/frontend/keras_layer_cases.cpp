#include "tests/frontend/keras_layer_cases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "frontend/keras/import.h"
#include "frontend/keras/layer_order.h"
#include "frontend/keras/layer_signatures.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

// Layers of a case, in Keras's own terms.
struct CaseLayer {
  std::string class_name;
  json config;
  std::vector<std::string> inputs;  // names of layers; empty: the case's input
  size_t branch = 0;
};

std::vector<CaseLayer> layers_of(const std::string &name, const json &test) {
  const json &config = test["config"];
  const std::string cls = test["layer"];
  if (name.starts_with("activations."))
    return {
        {"Activation", {{"name", "x"}, {"activation", cls}, {"opts", config["activations"][0]["opts"]}}, {}}};
  if (cls == "Model") {
    std::vector<CaseLayer> layers;
    for (const json &layer : config["layers"]) {
      CaseLayer made{layer["layerClass"], layer["attrs"], layer["inbound"]};
      if (layer.contains("branch") && layer["branch"].is_number()) made.branch = layer["branch"];
      layers.push_back(made);
    }
    return layers;
  }
  // Merges of several Dense layers, or a chain of layers.
  const bool merges = find_layer(cls) && find_layer(cls)->merges;
  std::vector<CaseLayer> layers;
  const auto add = [&](const std::string &class_name, json attributes) {
    attributes["name"] = "x" + std::to_string(layers.size());
    layers.push_back({class_name, attributes, {}});
  };
  if (config.contains("layers")) {
    for (const json &layer : config["layers"]) add(layer["layer"], layer["attrs"]);
  } else if (config.contains("numBranches")) {
    for (int i = 0; i < config["numBranches"]; ++i) add("Dense", config["attrs"]);
    add(cls, json::object());
  } else {
    add(cls, config.contains("attrs") ? config["attrs"] : json::object());
  }
  for (size_t i = 1; i < layers.size(); ++i) {
    if (!merges) layers[i].inputs = {layers[i - 1].config["name"]};
    if (merges && i + 1 == layers.size())
      for (size_t k = 0; k < i; ++k) layers[i].inputs.push_back(layers[k].config["name"]);
  }
  return layers;
}

// Cases that Sinter does not aim at: other ranks, recurrent layers, options of later or other Kerases.
bool is_supported(const std::vector<CaseLayer> &layers) {
  for (const CaseLayer &layer : layers)
    if (!find_layer(layer.class_name)) return false;
  return true;
}

ModelConfig model_of(const std::vector<CaseLayer> &layers, const std::vector<json> &inputs) {
  ModelConfig model;
  model.name = "case";
  model.class_name = "Model";
  std::vector<std::string> input_names;
  for (const json &input : inputs) {
    json shape = json::array({nullptr});
    for (const json &size : input["shape"]) shape.push_back(size);
    input_names.push_back("in" + std::to_string(input_names.size()));
    model.layers.push_back(
        {"InputLayer", input_names.back(), {{"batch_input_shape", shape}}, {LayerCall{}}, true, {}});
    model.inputs.push_back({input_names.back()});
  }
  for (const CaseLayer &layer : layers) {
    LayerCall call;
    for (const std::string &from : layer.inputs) call.inputs.push_back({from});
    if (call.inputs.empty()) {
      if (find_layer(layer.class_name)->merges)
        call.inputs = model.inputs;
      else
        call.inputs = {model.inputs[std::min(layer.branch, model.inputs.size() - 1)]};
    }
    model.layers.push_back(
        {find_layer(layer.class_name)->class_name, layer.config["name"], layer.config, {call}, true, {}});
  }
  model.outputs = {{model.layers.back().name}};
  return model;
}

ir::TensorData tensor(const json &value, bool with_batch) {
  ir::TensorData data{value["shape"], value["data"]};
  if (with_batch) data.dims.insert(data.dims.begin(), 1);
  return data;
}

void read_case(const std::string &name, const json &test, const std::vector<CaseLayer> &layers,
               std::vector<LayerCase> &cases) {
  SCOPED_TRACE(name);
  std::vector<json> inputs;
  if (test.contains("inputs"))
    inputs = test["inputs"];
  else
    inputs = {test["input"]};
  Diagnostics diagnostics;
  auto model = import_model(model_of(layers, inputs), diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  size_t next = 0;
  for (const keras::LayerInfo &layer : model->layers)
    for (const int variable : layer.variables) {
      ASSERT_LT(next, test["weights"].size());
      model->weights[static_cast<size_t>(variable)] = tensor(test["weights"][next++], false);
    }
  EXPECT_EQ(next, test.contains("weights") ? test["weights"].size() : 0);
  std::vector<ir::TensorData> data;
  for (const json &input : inputs) data.push_back(tensor(input, true));
  cases.push_back({name, std::move(*model), std::move(data), tensor(test["expected"], true)});
}

}  // namespace

std::vector<LayerCase> read_layer_cases(const std::string &path, size_t *total) {
  const json file = json::parse(std::ifstream(path));
  *total = file.size();
  std::vector<LayerCase> cases;
  for (const auto &[name, test] : file.items()) {
    const std::vector<CaseLayer> layers = layers_of(name, test);
    if (is_supported(layers)) read_case(name, test, layers, cases);
  }
  return cases;
}

}  // namespace sinter::keras

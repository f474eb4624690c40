#include "tests/campaign/torch_export.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/campaign/case_json.h"

namespace sinter::campaign {

namespace {

using nlohmann::json;

json dims_of(const ir::TensorType &type) {
  json dims = json::array();
  for (const ir::Dim dim : type.dims) dims.push_back(dim.is_batch() ? -1 : dim.value());
  return dims;
}

// JSON has no infinity.
json attribute_json(const ir::AttributeValue &value) {
  return std::visit(
      [](const auto &v) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>)
          if (!std::isfinite(v)) return v > 0 ? "inf" : "-inf";
        return v;
      },
      value);
}

json graph_json(const ir::Graph &graph) {
  json result = {{"inputs", json::array()},
                 {"variables", json::array()},
                 {"nodes", json::array()},
                 {"outputs", json::array()}};
  for (const ir::ValueId input : graph.inputs)
    result["inputs"].push_back({{"name", graph.value(input).name}, {"dims", dims_of(graph.type(input))}});
  for (const ir::Variable &variable : graph.variables)
    result["variables"].push_back({{"name", graph.value(variable.value).name},
                                   {"dims", dims_of(graph.type(variable.value))},
                                   {"kind", std::string(ir::name(variable.kind))},
                                   {"trainable", variable.trainable}});
  for (const ir::Node &node : graph.nodes) {
    json entry = {{"op", std::string(node.op->name)},
                  {"layer", node.layer},
                  {"output", graph.value(node.outputs[0]).name},
                  {"inputs", json::array()},
                  {"attributes", json::object()}};
    for (const ir::ValueId input : node.inputs) entry["inputs"].push_back(graph.value(input).name);
    const std::vector<ir::AttributeValue> values = node.op->attribute_values(node.attributes);
    for (size_t f = 0; f < values.size(); ++f)
      entry["attributes"][std::string(node.op->fields[f].name)] = attribute_json(values[f]);
    result["nodes"].push_back(std::move(entry));
  }
  for (const ir::ValueId output : graph.outputs) result["outputs"].push_back(graph.value(output).name);
  return result;
}

}  // namespace

struct TorchExport::Contents {
  json description;
  std::vector<float> numbers;

  json add(const std::vector<double> &values) {
    const json place = {numbers.size(), values.size()};
    numbers.insert(numbers.end(), values.begin(), values.end());
    return place;
  }
};

TorchExport::TorchExport(const std::string &folder, const Case &c)
    : path_(folder + "/fit_" + std::to_string(c.seed)), contents_(std::make_unique<Contents>()) {
  contents_->description = {
      {"graph", graph_json(c.graph)}, {"fit", to_json(*c.fit)}, {"steps", json::array()}};
}

TorchExport::~TorchExport() {
  if (contents_->description["steps"].empty()) return;
  std::ofstream(path_ + ".bin", std::ios::binary)
      .write(reinterpret_cast<const char *>(contents_->numbers.data()),
             static_cast<std::streamsize>(contents_->numbers.size() * 4));
  std::ofstream(path_ + ".json") << contents_->description;
}

void TorchExport::add_step(const FitRunner &fit, const StepData &data, const Tensors &state, double loss,
                           double loss_allowed, const std::vector<ExportedTensor> &tensors) {
  const passes::TrainingGraph &training = fit.training();
  json step = {{"n", data.n},
               {"number", data.hyper.step},
               {"seed", data.hyper.seed},
               {"loss", loss},
               {"loss_allowed", loss_allowed},
               {"inputs", json::object()},
               {"targets", json::array()},
               {"before", json::object()},
               {"after", json::object()}};
  for (const auto &[name, tensor] : data.inputs)
    if (name != "hyper" && name != "random")
      step["inputs"][name] = {{"dims", tensor.dims}, {"values", contents_->add(tensor.data)}};
  for (const ir::ValueId target : training.targets)
    step["targets"].push_back(target < 0 ? json() : json(training.graph.value(target).name));
  step["sample_weight"] =
      training.sample_weight < 0 ? json() : json(training.graph.value(training.sample_weight).name);
  for (const auto &[name, tensor] : state)
    step["before"][name] = {{"dims", tensor.dims}, {"values", contents_->add(tensor.data)}};
  for (const ExportedTensor &tensor : tensors)
    step["after"][tensor.name] = {{"values", contents_->add(tensor.after)},
                                  {"allowed", contents_->add(tensor.allowed)}};
  contents_->description["steps"].push_back(std::move(step));
}

}  // namespace sinter::campaign

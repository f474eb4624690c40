#include "tests/frontend/keras_test_models.h"

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sinter::keras {
namespace {

std::vector<int> inverse(const std::vector<int> &axes) {
  std::vector<int> result(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) result[static_cast<size_t>(axes[i])] = static_cast<int>(i);
  return result;
}

}  // namespace

ir::ReferenceTensor permuted(const ir::ReferenceTensor &x, const std::vector<int> &axes) {
  if (axes.empty()) return x;
  ir::ReferenceTensor y;
  const size_t rank = axes.size();
  std::vector<int64_t> strides(rank, 1), steps(rank);
  for (size_t i = rank - 1; i-- > 0;) strides[i] = strides[i + 1] * x.dims[i + 1];
  for (size_t i = 0; i < rank; ++i) {
    y.dims.push_back(x.dims[static_cast<size_t>(axes[i])]);
    steps[i] = strides[static_cast<size_t>(axes[i])];
  }
  std::vector<int64_t> index(rank, 0);
  for (int64_t e = 0; e < y.elements(); ++e) {
    int64_t from = 0;
    for (size_t i = 0; i < rank; ++i) from += index[i] * steps[i];
    y.data.push_back(x.data[static_cast<size_t>(from)]);
    for (size_t i = rank; i-- > 0;) {
      if (++index[i] < y.dims[i]) break;
      index[i] = 0;
    }
  }
  return y;
}

ModelConfig sequential(const nlohmann::json &input_shape, const std::vector<NamedLayer> &layers,
                       Semantics semantics) {
  ModelConfig model;
  model.name = "sequential_1";
  model.class_name = "Sequential";
  model.semantics = semantics;
  model.input_is_implicit = true;
  const std::string input_name = layers.at(0).name + "_input";
  nlohmann::json batch_shape = nlohmann::json::array({nullptr});
  for (const nlohmann::json &size : input_shape) batch_shape.push_back(size);
  model.layers.push_back(
      {"InputLayer", input_name, {{"batch_input_shape", batch_shape}}, {LayerCall{}}, true, {}});
  for (const NamedLayer &layer : layers)
    model.layers.push_back(
        {layer.class_name, layer.name, layer.config, {LayerCall{{{model.layers.back().name}}}}, true, {}});
  model.inputs = {{input_name}};
  model.outputs = {{layers.back().name}};
  return model;
}

ir::TensorData read_npy(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  char magic[10];
  file.read(magic, sizeof magic);
  if (!file || std::memcmp(magic, "\x93NUMPY\x01", 7) != 0)
    throw std::runtime_error("not an npy file: " + path);
  std::string header(static_cast<unsigned char>(magic[8]) + 256u * static_cast<unsigned char>(magic[9]), ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  if (header.find("'<f4'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos)
    throw std::runtime_error("not float32 in C order: " + path);
  ir::TensorData data;
  std::istringstream dims(header.substr(header.find('(') + 1));
  int64_t size = 0, elements = 1;
  while (dims >> size) {
    data.dims.push_back(size);
    elements *= size;
    dims.ignore(1);
  }
  data.values.resize(static_cast<size_t>(elements));
  file.read(reinterpret_cast<char *>(data.values.data()), elements * 4);
  if (!file) throw std::runtime_error("truncated: " + path);
  return data;
}

std::vector<ir::ReferenceTensor> predict(const keras::ImportedModel &model,
                                         const std::vector<ir::TensorData> &inputs) {
  std::vector<ir::ReferenceTensor> in, variables;
  for (size_t i = 0; i < inputs.size(); ++i)
    in.push_back(permuted(ir::to_reference(inputs[i]), model.input_axes[i]));
  for (const auto &weight : model.weights) variables.push_back(ir::to_reference(weight.value()));
  std::vector<ir::ReferenceTensor> out = ir::interpret(model.graph, in, variables, inputs.at(0).dims.at(0));
  for (size_t i = 0; i < out.size(); ++i) out[i] = permuted(out[i], inverse(model.output_axes[i]));
  return out;
}

}  // namespace sinter::keras

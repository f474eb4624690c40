// Random inputs for tests that compare two evaluations of a graph. Deterministic: the same seed gives the
// same numbers.
#pragma once

#include <random>

#include "ir/graph.h"

namespace sinter::test {

// Uniform in [low, high], rounded to f32 so that the same numbers can go into TensorData.
inline ir::ReferenceTensor random_tensor(const ir::TensorType &type, int64_t n, std::mt19937 &random,
                                         float low = -1, float high = 1) {
  ir::ReferenceTensor tensor;
  for (const ir::Dim dim : type.dims) tensor.dims.push_back(dim.at(n));
  std::uniform_real_distribution<float> uniform(low, high);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data.push_back(uniform(random));
  return tensor;
}

// One tensor a variable. Those that start as ones (scales and variances) stay positive.
inline std::vector<ir::TensorData> random_variables(const ir::Graph &graph, std::mt19937 &random) {
  std::vector<ir::TensorData> data;
  for (const ir::Variable &variable : graph.variables) {
    const bool positive = variable.initializer.name == "ones";
    const ir::ReferenceTensor tensor =
        random_tensor(graph.type(variable.value), 1, random, positive ? 0.5f : -1.0f, positive ? 1.5f : 1.0f);
    data.push_back({tensor.dims, std::vector<float>(tensor.data.begin(), tensor.data.end())});
  }
  return data;
}

inline std::vector<ir::ReferenceTensor> random_inputs(const ir::Graph &graph, int64_t n,
                                                      std::mt19937 &random) {
  std::vector<ir::ReferenceTensor> inputs;
  for (const ir::ValueId input : graph.inputs) inputs.push_back(random_tensor(graph.type(input), n, random));
  return inputs;
}

}  // namespace sinter::test

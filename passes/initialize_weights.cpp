#include "passes/initialize_weights.h"

#include "support/initialize.h"

namespace sinter::passes {

std::vector<std::string> initialize_weights(const ir::Graph &graph, Weights &weights, uint64_t seed,
                                            bool keras3) {
  std::vector<std::string> unknown;
  weights.resize(graph.variables.size());
  for (size_t i = 0; i < graph.variables.size(); ++i) {
    if (weights[i]) continue;
    const ir::Variable &variable = graph.variables[i];
    const std::string &name = graph.value(variable.value).name;
    ir::TensorData data;
    for (const ir::Dim dim : graph.type(variable.value).dims) data.dims.push_back(dim.value());
    data.values.resize(static_cast<size_t>(graph.type(variable.value).elements(1)));
    ir::Initializer initializer = variable.initializer;
    // Graphs written by hand may name none.
    if (initializer.name.empty()) initializer.name = data.dims.size() >= 2 ? "glorot_uniform" : "zeros";
    const auto argument = [&](const char *key, double fallback) {
      const auto found = initializer.arguments.find(key);
      return found == initializer.arguments.end() ? fallback : found->second;
    };
    if (!initialize(initializer.name, argument, data.dims, name, seed, keras3, data.values)) {
      unknown.push_back(name + ": " + initializer.name);
      continue;
    }
    weights[i] = std::move(data);
  }
  return unknown;
}

}  // namespace sinter::passes

#include "passes/constant_penalty.h"

#include "ir/gradient.h"
#include "ir/interpret.h"

namespace sinter::passes {

double constant_penalty(const ir::Graph &graph, const Weights &weights,
                        std::span<const ir::PenaltyConfig> penalties) {
  const ir::OpInfo &op = ir::op("l1_l2_penalty");
  double sum = 0;
  for (const ir::PenaltyConfig &penalty : penalties) {
    const auto variable = static_cast<size_t>(penalty.variable);
    if (variable >= weights.size() || !weights[variable]) continue;
    const ir::Attributes attributes = ir::make_attributes(op, {{"l1", penalty.l1}, {"l2", penalty.l2}});
    const std::vector<ir::TensorType> types = {graph.type(graph.variables[variable].value)};
    const auto results = ir::interpret_op(op, attributes, types, {ir::to_reference(*weights[variable])}, 1);
    sum += results[0].data[0];
  }
  return sum;
}

}  // namespace sinter::passes

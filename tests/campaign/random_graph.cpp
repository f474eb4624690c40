#include <algorithm>

#include "passes/rewrite.h"
#include "tests/campaign/graph_steps.h"
#include "tests/campaign/random_model.h"

namespace sinter::campaign {

namespace {

const std::vector<NamedStep> &with_gradient() {
  static const std::vector<NamedStep> table = [] {
    std::vector<NamedStep> all = op_steps();
    all.insert(all.end(), pattern_steps().begin(), pattern_steps().end());
    return all;
  }();
  return table;
}

const NamedStep &some_step_of(Random &random, const std::vector<NamedStep> &table) {
  int64_t total = 0;
  for (const NamedStep &step : table) total += step.weight;
  int64_t at = random.below(total);
  for (const NamedStep &step : table)
    if ((at -= step.weight) < 0) return step;
  return table.back();
}

Dims some_input(GraphSketch &s) {
  Random &random = s.random;
  switch (random.below(6)) {
    case 0:
      return {ir::Dim::batch(), s.some_channels()};
    case 1:
      return {ir::Dim::batch(), random.between(1, 9), random.between(1, 12)};
    default: {
      const int64_t height = random.between(1, 11);
      return {ir::Dim::batch(), height, random.one_in(3) ? height : random.between(1, 11),
              random.one_in(5) ? s.some_channels() : random.between(1, 8)};
    }
  }
}

}  // namespace

RandomModel random_graph(Random &random, bool trainable) {
  GraphSketch sketch(random);
  sketch.graph.name = "random";
  sketch.input(some_input(sketch));
  if (random.one_in(4)) sketch.input(random.one_in(2) ? sketch.dims(sketch.last) : some_input(sketch));
  for (int64_t i = random.between(2, 9); i > 0; --i) {
    const bool gradient = trainable || !random.one_in(8);
    some_step_of(random, gradient ? with_gradient() : steps_without_gradient()).step(sketch);
  }
  std::vector<ValueId> &outputs = sketch.graph.outputs;
  outputs.push_back(sketch.values().back());
  for (int64_t i = random.one_in(3) ? random.between(1, 2) : 0; i > 0; --i)
    if (const ValueId value = random.of(sketch.values());
        std::find(outputs.begin(), outputs.end(), value) == outputs.end())
      outputs.push_back(value);
  return {passes::without_dead_nodes(sketch.graph, false), {}, {}, {}};
}

std::vector<std::string_view> generated_ops() {
  std::vector<std::string_view> ops;
  for (const auto *table : {&with_gradient(), &steps_without_gradient()})
    for (const NamedStep &step : *table) ops.insert(ops.end(), step.ops.begin(), step.ops.end());
  return ops;
}

}  // namespace sinter::campaign

// The update ops of optimizers in compiled code against Keras's recorded results.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "ir/optimizer.h"
#include "tests/codegen/program_runner.h"
#include "tests/frontend/keras_shared_data.h"

namespace sinter::test {
namespace {

using ir::ReferenceTensor;
using Numbers = std::vector<double>;

// A graph of one update, whose inputs are variable, gradient, slots and hyper, and the values of these for
// the first step.
struct UpdateProgram {
  ir::Graph graph;
  std::vector<ReferenceTensor> inputs;
};

UpdateProgram first_update(const OptimizerConfig &config, const Numbers &variable, const Numbers &gradient) {
  UpdateProgram program;
  std::vector<ir::ValueId> values;
  const auto add_input = [&](Numbers numbers) {
    const auto size = static_cast<int64_t>(numbers.size());
    values.push_back(program.graph.add_input("x" + std::to_string(values.size()), ir::TensorType{size}));
    program.inputs.push_back({{size}, std::move(numbers)});
  };
  const ir::UpdateRule rule = ir::update_rule(config);
  add_input(variable);
  add_input(gradient);
  for (const OptimizerSlot &slot : rule.slots)
    add_input(Numbers(variable.size(), slot.initial ? config.*(slot.initial) : 0));
  const std::array<float, hyper_size> numbers = hyper(config, 0, config.learning_rate);
  add_input(Numbers(numbers.begin(), numbers.end()));
  if (config.weight_decay > 0) {
    const ir::OpInfo &decay = ir::op("weight_decay");
    ir::Attributes attributes = decay.default_attributes();
    EXPECT_TRUE(decay.with_attribute(attributes, 0, config.weight_decay));
    values[0] =
        program.graph.emit("weight_decay", std::move(attributes), {values[0], values.back()}, "decayed");
  }
  ir::Checker checker;
  const ir::NodeId update =
      program.graph.add_node(ir::op(rule.update), rule.attributes, values, "updated", checker);
  EXPECT_GE(update, 0) << checker.message();
  program.graph.outputs = program.graph.node(update).outputs;
  return program;
}

TEST(OptimizerGoldens, CompiledUpdatesEqualKerasAfterOneStep) {
  SINTER_REQUIRE_SHARED(path, "keras_optimizer_goldens/single_step.json");
  Diagnostics diagnostics;
  const std::optional<codegen::Target> target = codegen::parse_target("native", diagnostics);
  ASSERT_TRUE(target) << diagnostics.render_all();
  const nlohmann::json goldens = nlohmann::json::parse(std::ifstream(path));
  int compared = 0;
  for (const nlohmann::json &golden : goldens.at("cases")) {
    SCOPED_TRACE(golden.at("optimizer").get<std::string>());
    const auto optimizer = optimizer_from_name(golden.at("optimizer").get<std::string>());
    ASSERT_TRUE(optimizer);
    OptimizerConfig config = default_optimizer_config(*optimizer, true);
    config.learning_rate = golden.at("config").at("learning_rate").get<double>();
    const UpdateProgram program =
        first_update(config, golden.at("initial").get<Numbers>(), golden.at("grads").get<Numbers>());
    const auto expected = golden.at("golden").get<Numbers>();
    double largest = 0;
    for (const double x : expected) largest = std::max(largest, std::abs(x));
    const std::vector<ReferenceTensor> recorded = {{{static_cast<int64_t>(expected.size())}, expected}};
    for (const Engine engine : {Engine::interpreter, Engine::compiled}) {
      // The recorded numbers have four digits; slots and the other digits are the reference's.
      EXPECT_EQ(compare_on_inputs(program.graph, {}, program.inputs, recorded, *target, engine, 1, 1,
                                  1e-4 / largest),
                "");
      EXPECT_EQ(
          compare_on_inputs(program.graph, {}, program.inputs,
                            ir::interpret(program.graph, program.inputs, {}, 1), *target, engine, 1, 1, 1e-6),
          "");
    }
    ++compared;
  }
  EXPECT_EQ(compared, 8);
}

}  // namespace
}  // namespace sinter::test

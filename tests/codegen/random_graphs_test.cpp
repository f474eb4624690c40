// Random networks against the reference interpreter: whatever fusion, layouts, plans and schedules make of them, the numbers stay.
// SINTER_FUZZ_GRAPHS=N runs N graphs instead of the usual few, SINTER_FUZZ_SEED=S starts at another seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "ir/text.h"
#include "tests/codegen/program_runner.h"

namespace sinter {
namespace {

class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) { graph_.name = "random_" + std::to_string(seed); }

  ir::Graph build() {
    images_.push_back(graph_.add_input("x", {ir::Dim::batch(), 3 + pick(9), 3 + pick(9), 1 + pick(20)}));
    if (pick(4) == 0) images_.push_back(graph_.add_input("z", graph_.type(images_[0])));
    const int64_t steps = 2 + pick(8);
    for (int64_t i = 0; i < steps; ++i) step();
    if (pick(2) == 0) head();
    std::vector<ir::ValueId> outputs = {last_};
    if (pick(3) == 0) outputs.push_back(images_[static_cast<size_t>(pick(static_cast<int64_t>(images_.size())))]);
    graph_.outputs = outputs;
    return graph_;
  }

  std::vector<ir::ReferenceTensor> variables() {
    std::vector<ir::ReferenceTensor> result;
    for (const ir::Variable &variable : graph_.variables) {
      ir::ReferenceTensor tensor;
      for (const ir::Dim dim : graph_.type(variable.value).dims) tensor.dims.push_back(dim.value());
      const bool positive = variable.kind == ir::VariableKind::statistic;
      std::uniform_real_distribution<float> uniform(positive ? 0.5f : -0.6f, positive ? 1.5f : 0.6f);
      for (int64_t k = 0; k < tensor.elements(); ++k) tensor.data.push_back(uniform(random_));
      result.push_back(std::move(tensor));
    }
    return result;
  }

 private:
  int64_t pick(int64_t limit) { return static_cast<int64_t>(random_() % static_cast<uint32_t>(limit)); }

  ir::ValueId some_image() { return images_[images_.size() - 1 - static_cast<size_t>(pick(std::min<int64_t>(2, static_cast<int64_t>(images_.size()))))]; }

  ir::ValueId weight(std::vector<ir::Dim> dims, ir::VariableKind kind = ir::VariableKind::weight) {
    return graph_.add_variable("w" + std::to_string(graph_.variables.size()), ir::TensorType(std::move(dims)), kind);
  }

  // Adds the node if its shapes fit; otherwise nothing happens.
  ir::ValueId add(const char *op, const std::string &attributes, std::vector<ir::ValueId> inputs) {
    std::string error;
    const std::optional<ir::Attributes> parsed = ir::parse_attributes(ir::op(op), attributes, &error);
    EXPECT_TRUE(parsed) << error;
    ir::Checker checker;
    const ir::NodeId id = graph_.add_node(ir::op(op), *parsed, std::move(inputs), op, checker);
    if (id < 0) return -1;
    last_ = graph_.node(id).outputs[0];
    if (graph_.type(last_).rank() == 4) images_.push_back(last_);
    return last_;
  }

  std::string pads(int64_t limit) {
    std::string text = "[";
    for (int i = 0; i < 4; ++i) text += (i ? ", " : "") + std::to_string(pick(limit));
    return text + "]";
  }
  std::string pair(const char *name, int64_t limit) {
    return std::string(name) + "=[" + std::to_string(1 + pick(limit)) + ", " + std::to_string(1 + pick(limit)) + "]";
  }

  void activation() {
    static const char *ops[] = {"relu", "relu6", "sigmoid", "tanh", "leaky_relu", "softmax"};
    if (pick(2) == 0) add(ops[pick(6)], "", {last_});
  }

  void bias() {
    if (pick(2) == 0) add("add", "", {last_, weight({graph_.type(last_).dims.back()})});
  }

  void step() {
    const ir::ValueId x = some_image();
    const std::vector<ir::Dim> dims = graph_.type(x).dims;
    const int64_t channels = dims[3].value();
    switch (pick(10)) {
      case 0:
      case 1:
      case 2: {
        const int64_t k = 1 + pick(3);
        const int64_t filters = 1 + pick(40);
        if (add("conv2d", pair("strides", 2) + ", pads=" + pads(k), {x, weight({k, k, channels, filters})}) < 0) return;
        bias();
        activation();
        if (pick(2) == 0) add("max_pool", "size=[2, 2], " + pair("strides", 2), {last_});
        return;
      }
      case 3: {
        const int64_t k = 1 + pick(3);
        if (add("depthwise_conv2d", pair("strides", 2) + ", pads=" + pads(k), {x, weight({k, k, channels, 1 + pick(2)})}) < 0) return;
        bias();
        activation();
        if (pick(2) == 0) add("conv2d", "", {last_, weight({1, 1, graph_.type(last_).dims[3], 1 + pick(30)})});
        return;
      }
      case 4:
        if (dims[1].value() >= 3 && dims[2].value() >= 3)
          add(pick(2) ? "max_pool" : "average_pool", "size=[3, 3], " + pair("strides", 3) + ", pads=" + pads(3), {x});
        return;
      case 5: {
        const ir::ValueId y = some_image();
        if (graph_.type(x) == graph_.type(y)) add(pick(2) ? "add" : "maximum", "", {x, y});
        activation();
        return;
      }
      case 6: {
        const ir::ValueId y = some_image();
        const std::vector<ir::Dim> other = graph_.type(y).dims;
        if (other[1] == dims[1] && other[2] == dims[2]) add("concat", "axis=3", {x, y});
        return;
      }
      case 7: {
        std::vector<ir::ValueId> inputs = {x};
        for (int i = 0; i < 4; ++i) inputs.push_back(weight({channels}, i == 3 ? ir::VariableKind::statistic : ir::VariableKind::weight));
        add("batch_norm", "", inputs);
        activation();
        return;
      }
      case 8:
        add("pad", "pads=" + pads(3), {x});
        return;
      default:
        if (pick(2)) add("upsample_nearest", "factors=[2, 1]", {x});
        else add("dropout", "", {x});
        return;
    }
  }

  void head() {
    const ir::ValueId x = images_.back();
    const std::vector<ir::Dim> dims = graph_.type(x).dims;
    if (pick(2) == 0) add(pick(2) ? "reduce_mean" : "reduce_max", "axes=[1, 2]", {x});
    else add("reshape", "shape=[" + std::to_string(dims[1].value() * dims[2].value() * dims[3].value()) + "]", {x});
    const int64_t layers = 1 + pick(2);
    for (int64_t i = 0; i < layers; ++i) {
      add("matmul", "", {last_, weight({graph_.type(last_).dims[1], 1 + pick(30)})});
      bias();
      activation();
    }
  }

  std::mt19937 random_;
  ir::Graph graph_;
  std::vector<ir::ValueId> images_;
  ir::ValueId last_ = 0;
};

int setting(const char *name, int otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

TEST(RandomGraphs, EqualReference) {
  Diagnostics diagnostics;
  const int count = setting("SINTER_FUZZ_GRAPHS", 60), first = setting("SINTER_FUZZ_SEED", 1);
  for (int seed = first; seed < first + count; ++seed) {
    RandomGraph random(static_cast<uint32_t>(seed));
    const ir::Graph graph = random.build();
    const std::vector<ir::ReferenceTensor> variables = random.variables();
    if (std::getenv("SINTER_FUZZ_PRINT")) std::fputs(ir::print(graph).c_str(), stderr);
    const char *spec = seed % 3 == 0 ? "x86_64-linux-gnu:x86-64" : "native";
    const auto target = codegen::parse_target(spec, diagnostics);
    ASSERT_TRUE(target);
    const int64_t max_batch = seed % 2 == 0 ? 1 : 3;
    const std::string difference =
        test::compare_with_reference(graph, variables, *target, test::Engine::compiled, max_batch, max_batch == 1 ? 1 : 2, 3e-5);
    ASSERT_EQ(difference.substr(0, 300), "") << "seed " << seed << "\n" << ir::print(graph);
  }
}

}  // namespace
}  // namespace sinter

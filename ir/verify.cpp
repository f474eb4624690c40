#include "ir/verify.h"

#include <fmt/format.h>

#include <set>

namespace sinter::ir {

namespace {

class Verifier {
 public:
  explicit Verifier(const Graph &graph) : graph_(graph), definitions_(graph.values, 0) {}

  std::vector<std::string> run() {
    check_inputs();
    check_variables();
    for (const NodeId id : graph_.nodes.ids()) check_node(id);
    check_values();
    if (graph_.outputs.empty()) report("the graph has no output");
    for (const ValueId output : graph_.outputs)
      if (!exists(output)) report(fmt::format("output: no value {}", int{output}));
    return std::move(problems_);
  }

 private:
  void report(std::string problem) { problems_.push_back(std::move(problem)); }
  bool exists(ValueId id) const { return graph_.values.contains(id); }
  std::string label(ValueId id) const { return "%" + graph_.value(id).name; }
  void define(ValueId id) { ++definitions_[id]; }

  void check_inputs() {
    for (const ValueId input : graph_.inputs) {
      if (!exists(input)) {
        report(fmt::format("input: no value {}", int{input}));
        continue;
      }
      define(input);
      if (graph_.value(input).producer >= 0 || graph_.is_variable(input))
        report(label(input) + ": an input is also a variable or the result of a node");
    }
  }

  void check_variables() {
    std::set<int> keys;
    for (const VariableId variable : graph_.variables.ids()) {
      const ValueId id = graph_.variables[variable].value;
      if (!exists(id)) {
        report(fmt::format("variable {}: no value {}", int{variable}, int{id}));
        continue;
      }
      define(id);
      const Value &value = graph_.value(id);
      if (value.variable != variable)
        report(fmt::format("{}: is variable {}, but says {}", label(id), int{variable}, int{value.variable}));
      if (!keys.insert(graph_.variables[variable].key).second)
        report(label(id) + ": has the key of another variable");
      if (value.producer >= 0) report(label(id) + ": a variable is the result of a node");
      for (const Dim dim : value.type.dims)
        if (!dim.is_constant()) {
          report(fmt::format("{}: a variable has the shape {}", label(id), print_shape(value.type.dims)));
          break;
        }
    }
  }

  void check_node(NodeId id) {
    const Node &node = graph_.node(id);
    const std::string where = !node.outputs.empty() && exists(node.outputs[0])
                                  ? label(node.outputs[0])
                                  : fmt::format("node {}", int{id});
    if (!node.op) return report(where + ": has no op");
    std::vector<TensorType> types;
    for (const ValueId input : node.inputs) {
      if (!exists(input)) return report(fmt::format("{}: no value {}", where, int{input}));
      if (definitions_[input] == 0)
        report(fmt::format("{}: uses {} before its definition", where, label(input)));
      types.push_back(graph_.type(input));
    }
    for (const ValueId output : node.outputs) {
      if (!exists(output)) return report(fmt::format("{}: no value {}", where, int{output}));
      define(output);
      if (graph_.value(output).producer != id)
        report(fmt::format("{}: is the result of node {}, but says {}", label(output), int{id},
                           int{graph_.value(output).producer}));
    }
    Checker checker;
    const std::optional<std::vector<TensorType>> inferred = node.op->infer(node.attributes, types, checker);
    if (!inferred) return report(fmt::format("{}: {}: {}", where, node.op->name, checker.message()));
    if (inferred->size() != node.outputs.size())
      return report(fmt::format("{}: {} has {} outputs, not {}", where, node.op->name, inferred->size(),
                                node.outputs.size()));
    for (size_t i = 0; i < inferred->size(); ++i)
      if ((*inferred)[i] != graph_.type(node.outputs[i]))
        report(fmt::format("{}: has the type {}, but {} gives {}", label(node.outputs[i]),
                           print(graph_.type(node.outputs[i])), node.op->name, print((*inferred)[i])));
  }

  void check_values() {
    std::set<std::string_view> names;
    for (const ValueId id : graph_.values.ids()) {
      const Value &value = graph_.value(id);
      if (!names.insert(value.name).second)
        report(label(id) + ": the name is used twice");
      else if (graph_.find_value(value.name) != id)
        report(label(id) + ": is not found by its name");
      if (definitions_[id] != 1)
        report(fmt::format("{}: is defined {} times, as input, variable or result", label(id),
                           definitions_[id]));
      for (size_t d = 1; d < value.type.dims.size(); ++d)
        if (value.type.dims[d].is_batch()) report(label(id) + ": the batch is not the first dimension");
    }
  }

  const Graph &graph_;
  SecondaryMap<ValueId, int> definitions_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> verify(const Graph &graph) {
  return Verifier(graph).run();
}

}  // namespace sinter::ir

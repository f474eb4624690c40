// Graph: static single assignment over typed tensors. Nodes are kept in topological order. Values are graph
// inputs, variables or node outputs, named uniquely; ids stay valid while values are only added.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/ids.h"
#include "ir/op.h"

namespace sinter::ir {

// Who feeds an input. Passes keep roles.
enum class InputRole : uint8_t {
  data,           // the model's own
  target,         // of an output, for its loss
  sample_weight,  // [N]
  hyper,          // f32[hyper_size]: what of an optimizer's step changes (support/optimizer_hyper.h)
  random,         // i32[4]: seed and step, low words first
};
std::string_view name(InputRole role);

enum class VariableKind : uint8_t {
  weight,     // learned; trainable or frozen
  statistic,  // moving averages: not trained, updated by training
  slot,       // optimizer state
  counter,    // steps
  constant,   // part of the program: derived at compile time (folded weights) or given by the model file
};
std::string_view name(VariableKind kind);

// How a variable gets its first value, e.g. {"glorot_uniform", {}} or {"random_normal", {{"stddev", .05}}}.
// "" : data only.
struct Initializer {
  std::string name;
  std::map<std::string, double> arguments;
  bool operator==(const Initializer &) const = default;
};

struct Variable {
  ValueId value;
  VariableKind kind = VariableKind::weight;
  bool trainable = true;
  Initializer initializer;
  VariableKey key;
};

struct Value {
  std::string name;
  TensorType type;
  NodeId producer;      // none: input or variable
  VariableId variable;  // none: input or result of a node
  InputRole role = InputRole::data;
};

struct Node {
  const OpInfo *op = nullptr;
  Attributes attributes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::string layer;  // the model layer that it came from; may be ""
};

// Data of variables, float32 in the canonical layout, by variable index. Absent: no weights known.
struct TensorData {
  std::vector<int64_t> dims;
  std::vector<float> values;
};

class Graph {
 public:
  std::string name = "model";
  PrimaryMap<ValueId, Value> values;
  PrimaryMap<NodeId, Node> nodes;  // topological order
  PrimaryMap<VariableId, Variable> variables;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;

  ValueId add_input(std::string_view value_name, TensorType type, InputRole role = InputRole::data);
  ValueId add_variable(std::string_view value_name, TensorType type, VariableKind kind, bool trainable = true,
                       Initializer initializer = {});
  // The same input or variable as one of another graph: of its name, type, role and key.
  ValueId add_input_of(const Graph &source, ValueId input);
  ValueId add_variable_of(const Graph &source, const Variable &variable);
  // Adds a node after all others; its types are inferred. On a shape error returns -1 and leaves the graph
  // unchanged; what is wrong is in `checker`. The node's outputs are named value_name (value_name.1, … for
  // further ones).
  NodeId add_node(const OpInfo &op, Attributes attributes, std::vector<ValueId> node_inputs,
                  std::string_view value_name, Checker &checker, std::string_view layer = {});
  // For nodes that cannot fail: CHECKs instead. Returns the first output.
  ValueId emit(std::string_view op_name, Attributes attributes, std::vector<ValueId> node_inputs,
               std::string_view value_name, std::string_view layer = {});

  const Value &value(ValueId id) const { return values[id]; }
  const Node &node(NodeId id) const { return nodes[id]; }
  const TensorType &type(ValueId id) const { return value(id).type; }
  bool is_variable(ValueId id) const { return value(id).variable >= 0; }
  ValueId find_value(std::string_view value_name) const;    // none if there is none
  VariableId find_variable(VariableKey key) const;          // none if there is none
  SecondaryMap<ValueId, std::vector<NodeId>> uses() const;  // a node counts once an operand
  bool is_output(ValueId id) const;
  std::string unique_name(std::string_view base) const;      // base, base.1, …
  void replace_uses(ValueId from, ValueId to);               // in nodes and outputs
  void rename_value(ValueId id, std::string_view new_name);  // CHECKs that no other value has the name

 private:
  ValueId add_value(std::string value_name, TensorType type);
  std::map<std::string, ValueId, std::less<>> names_;
  friend struct GraphAccess;
};

struct ScaleShift {
  ValueId scale, shift;
};

}  // namespace sinter::ir

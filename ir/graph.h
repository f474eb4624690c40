// Graph: static single assignment over typed tensors. Nodes are kept in topological order. Values are graph
// inputs, variables or node outputs, named uniquely; ids are indices and stay valid while values are only
// added.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace sinter::ir {

using ValueId = int;
using NodeId = int;

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
  ValueId value = -1;
  VariableKind kind = VariableKind::weight;
  bool trainable = true;
  Initializer initializer;
};

struct Value {
  std::string name;
  TensorType type;
  NodeId producer = -1;  // -1: input or variable
  int variable = -1;     // index into Graph::variables, or -1
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
  std::vector<Value> values;
  std::vector<Node> nodes;  // topological order
  std::vector<Variable> variables;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;

  ValueId add_input(std::string_view value_name, TensorType type);
  ValueId add_variable(std::string_view value_name, TensorType type, VariableKind kind, bool trainable = true,
                       Initializer initializer = {});
  // Adds a node after all others; its types are inferred. On a shape error returns -1 and leaves the graph
  // unchanged; what is wrong is in `checker`. The node's outputs are named value_name (value_name.1, … for
  // further ones).
  NodeId add_node(const OpInfo &op, Attributes attributes, std::vector<ValueId> node_inputs,
                  std::string_view value_name, Checker &checker, std::string_view layer = {});
  // For nodes that cannot fail: CHECKs instead. Returns the first output.
  ValueId emit(std::string_view op_name, Attributes attributes, std::vector<ValueId> node_inputs,
               std::string_view value_name, std::string_view layer = {});

  const Value &value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  const Node &node(NodeId id) const { return nodes[static_cast<size_t>(id)]; }
  const TensorType &type(ValueId id) const { return value(id).type; }
  bool is_variable(ValueId id) const { return value(id).variable >= 0; }
  ValueId find_value(std::string_view value_name) const;  // -1 if there is none
  std::vector<std::vector<NodeId>> uses() const;          // by value; a node counts once an operand
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
  ValueId scale = -1, shift = -1;
};

}  // namespace sinter::ir

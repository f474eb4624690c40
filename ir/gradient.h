// Reverse-mode differentiation, one op at a time. An op's gradient() hook gets a GradientBuilder: it adds the
// nodes that turn the gradients of a node's outputs into those of its inputs. passes/differentiate walks a
// graph with it.
//
// The gradient of a value is that of a scalar loss with respect to it; it has the value's type.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/graph.h"

namespace sinter::ir {

// A field's name and value, of the type that the op's struct has: {"pads", attrs.pads}.
struct NamedAttribute {
  template <class T>
  NamedAttribute(std::string_view field_name, const T &field_value)
      : name(field_name), value(detail::to_value(field_value)) {}
  std::string_view name;
  AttributeValue value;
};

// The op's defaults with these fields set; CHECKs that the op has them, of these kinds.
Attributes make_attributes(const OpInfo &op, std::initializer_list<NamedAttribute> fields);

// The sizes of a type without the batch: what `shape` attributes hold. CHECKs that they are known.
std::vector<int64_t> sizes_per_sample(const TensorType &type);

class GradientBuilder {
 public:
  // output_gradients: one an output of the node, -1 where the loss does not depend on it; not all are -1.
  // needed: one an input.
  GradientBuilder(Graph &graph, NodeId node, std::vector<ValueId> output_gradients, std::vector<bool> needed);

  const Graph &graph() const { return graph_; }
  int inputs() const { return static_cast<int>(inputs_.size()); }
  ValueId input(int i) const { return inputs_[static_cast<size_t>(i)]; }
  ValueId output(int i = 0) const { return outputs_[static_cast<size_t>(i)]; }
  const TensorType &type(ValueId value) const { return graph_.type(value); }
  const TensorType &input_type(int i) const { return type(input(i)); }
  const TensorType &output_type(int i = 0) const { return type(output(i)); }

  // -1: the loss does not depend on output i. Never so for the only output of an op.
  ValueId output_gradient(int i = 0) const { return output_gradients_[static_cast<size_t>(i)]; }
  // Whether somebody wants the gradient of input i. It costs nothing for data and frozen variables.
  bool needs(int i) const { return needed_[static_cast<size_t>(i)]; }

  // Adds a node after all others; the types must fit. Returns its first output.
  ValueId emit(std::string_view op_name, std::vector<ValueId> inputs) {
    return emit(op_name, {}, std::move(inputs));
  }
  ValueId emit(std::string_view op_name, std::initializer_list<NamedAttribute> fields,
               std::vector<ValueId> inputs);
  ValueId emit(std::string_view op_name, Attributes attributes, std::vector<ValueId> inputs);
  // value, or a reshape of it where its type has other sizes.
  ValueId reshape(ValueId value, const TensorType &type);

  // A contribution to the gradient of input i, of the input's type. Ignored if nobody needs it. Contributions
  // add up.
  void add(int i, ValueId gradient);
  // The same for an input that was broadcast to the gradient's shape: summed over the axes along which it was
  // stretched.
  void add_broadcast(int i, ValueId gradient);

  // What add() has got, in order: operand and gradient.
  const std::vector<std::pair<int, ValueId>> &contributions() const { return contributions_; }

 private:
  Graph &graph_;
  std::vector<ValueId> inputs_, outputs_;
  std::vector<ValueId> output_gradients_;
  std::vector<bool> needed_;
  std::string name_, layer_;
  std::vector<std::pair<int, ValueId>> contributions_;
};

}  // namespace sinter::ir

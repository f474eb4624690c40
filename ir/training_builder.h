// What the `training` hook of an op works with: one node of a model, to be said anew for a training step.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/gradient.h"
#include "ir/graph.h"

namespace sinter::ir {

class TrainingBuilder {
 public:
  struct Step {
    Graph *graph;         // under construction
    ValueId random = -1;  // its input i32[4], once something draws
    // (statistic, what it becomes at the end of the step), in the order of their first updates: a layer that
    // is called several times moves it as often.
    std::vector<std::pair<ValueId, ValueId>> updates;
    bool keras3 = false;
  };
  // inputs: of the node, in the new graph. name: of its output.
  TrainingBuilder(Step &step, std::vector<ValueId> inputs, std::string name, std::string layer)
      : step_(step), inputs_(std::move(inputs)), name_(std::move(name)), layer_(std::move(layer)) {}

  ValueId input(int i) const { return inputs_[static_cast<size_t>(i)]; }
  // By which layers differ in their random numbers.
  const std::string &stream() const { return layer_.empty() ? name_ : layer_; }
  // The state of the random numbers, i32[4]: seed and step, low words first.
  ValueId random();
  // The model's layer is not trainable and, in this version of Keras, then works as in inference: it has
  // weights among its inputs, and none is trainable.
  bool is_frozen() const;
  NodeId emit(std::string_view op, std::initializer_list<NamedAttribute> fields,
              std::vector<ValueId> operands, std::string_view suffix = {});
  ValueId output_of(NodeId node, int output = 0) const {
    return step_.graph->node(node).outputs[static_cast<size_t>(output)];
  }
  // statistic = momentum * statistic + (1 - momentum) * batch, at the end of the step; nothing if it is no
  // statistic.
  void move_average(ValueId statistic, ValueId batch, float momentum);

  // The node's result. Not called: the op stays as it is.
  void result(ValueId value) { result_ = value; }
  ValueId result() const { return result_; }

 private:
  Step &step_;
  std::vector<ValueId> inputs_;
  std::string name_, layer_;
  ValueId result_ = -1;
};

}  // namespace sinter::ir

// Fusion: partitions the nodes of a graph into groups, each of which becomes one kernel. A group is a chain
// of stages (forms) around one anchor; what the chain passes on stays in registers or in a local tile, and
// only the group's last value is written to memory. The rules look at forms, never at ops:
//   - elementwise maps join the value they read, if it has no other use (bias, activation, residual addition);
//   - a window joins the contraction before it (convolution + pooling);
//   - a reduction over all of height and width joins a contraction whose spatial extent is small (global pooling);
//   - stages that reduce and map along the last axis join a small contraction (dense + softmax);
//   - a pointwise contraction joins a depthwise one.
// An op with several outputs is one group if all its stages are elementwise over one shape (an optimizer's
// update, which so may join the gradient before it), else a group an output. Ops without code (reshape) form
// no group: their output is another name for their input's memory.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "passes/pass.h"

namespace sinter::passes {

// What a stage's operand reads: an earlier stage of the group (stage >= 0) or a graph value.
struct StageSource {
  ir::ValueId value = -1;
  int stage = -1;
};

struct Stage {
  ir::Form form;
  std::vector<StageSource> sources;  // one an operand of the form
  ir::NodeId node = -1;
  ir::ValueId value =
      -1;  // the graph value that the stage computes (or a part of); -1 between stages of one op
};

struct Group {
  std::string name;  // unique; from the layer of its anchor
  std::vector<Stage> stages;
  std::vector<ir::NodeId> nodes;
  ir::ValueId output = -1;                // the value of the last stage, which is written to memory
  std::vector<ir::ValueId> side_outputs;  // values of earlier stages that are written too
  std::vector<ir::ValueId> inputs;        // graph values read, each once, in order of first use
  std::vector<std::string_view> rules;    // names of the rules that it grew by, in order: for tests

  void list_inputs();  // fills `inputs` from the stages
  bool writes(ir::ValueId value) const;
  std::vector<ir::ValueId> outputs() const;  // output, then side_outputs
};

struct FusedGraph {
  ir::Graph graph;
  std::vector<Group> groups;          // in execution order
  std::vector<ir::ValueId> alias_of;  // by value: the value whose memory it names; itself if it has its own
  // Of a trainer, by value: the variable whose memory the value overwrites at the end of a step; else -1.
  std::vector<ir::ValueId> overwrites;
  // By variable: 0: dense; else its state is packed in blocks of so many along its last dimension
  // (schema/program.fbs).
  std::vector<int64_t> storage_blocks;
  // By value: > 0: a copy of a variable that is packed in blocks of so many along its last dimension.
  std::vector<int64_t> packed;
  bool has_state = false;  // variables lie in a trainer's state, not in constants
};

struct FusionOptions {
  int64_t tile_bytes = 128 << 10;          // the largest local tile worth keeping
  int64_t softmax_weight_bytes = 1 << 20;  // a dense layer with more weights is not held back for its softmax
  bool has_state = false;
  // Groups that begin with these take nothing but maps, and each of several stages of one node is a group of
  // its own.
  std::set<ir::NodeId> apart;
  // Outputs of the graph, and the variables that they overwrite (both values of the graph).
  std::vector<std::pair<ir::ValueId, ir::ValueId>> updates;
};

// A group that overwrites a variable follows every other group that reads it.
FusedGraph fuse(ir::Graph graph, const FusionOptions &options = {});

// "group conv2d_1 = conv2d + add + relu + max_pool -> %pool", for tests and --print-after.
std::string print(const FusedGraph &fused);

// Lowers one node to stages whose sources are graph values and stages from `first_stage` on.
std::vector<Stage> lower_node(const ir::Graph &graph, ir::NodeId id, int first_stage);

// The stages of one node by the output that they make: what another output holds is read from memory, and
// stages between that several outputs need are in each list. Ordered so that an output follows those that it
// reads. One list, all stages, for a node with one output.
std::vector<std::vector<Stage>> lower_by_output(const ir::Graph &graph, ir::NodeId id);

}  // namespace sinter::passes

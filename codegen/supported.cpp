#include "codegen/supported.h"

#include <algorithm>

#include "passes/fuse.h"

namespace sinter::codegen {

namespace {

bool reduces_over_batch(const ir::Form &form) {
  for (size_t a = static_cast<size_t>(form.output_axes); a < form.axes.size(); ++a)
    if (form.axes[a].is_batch()) return true;
  return false;
}

bool has_known_types(const ir::Form &form) {
  if (form.result.dtype != ir::DType::f32) return false;
  for (const kernel::Var &parameter : form.parameters)
    if (parameter.type.base != kernel::Base::f32 && parameter.type.base != kernel::Base::i32) return false;
  return true;
}

// The stages of one kernel.
std::optional<std::string> unsupported_stages(const std::vector<passes::Stage> &stages) {
  for (const passes::Stage &stage : stages) {
    // Stages of one kernel are computed sample by sample, but for what is the same for all of them.
    if (reduces_over_batch(stage.form))
      for (const passes::Stage &other : stages)
        if (other.form.result.has_batch()) return "a reduction over the batch beside stages a sample";
    if (!has_known_types(stage.form)) return "a body over other types than f32 and i32";
    if (stage.form.kind != ir::FormKind::window) continue;
    for (const ir::FormOperand &operand : stage.form.operands)
      if (operand.access != stage.form.operands[0].access)
        return "a window over operands that are read at different places";
    for (const ir::Affine &index : stage.form.operands[0].access)
      for (size_t a = static_cast<size_t>(stage.form.output_axes); a < stage.form.axes.size(); ++a)
        if (index.coefficients[a] > 1) return "a dilated window";
  }
  return std::nullopt;
}

void report(const ir::Graph &graph, const ir::Node &node, const std::string &file,
            const std::string &into_what, Diagnostics &diagnostics) {
  Location where{file};
  where.path = node.layer.empty() ? "%" + graph.value(node.outputs[0]).name : "layer '" + node.layer + "'";
  diagnostics.error(where, "the op " + std::string(node.op->name) + " cannot be compiled into " + into_what);
}

}  // namespace

std::optional<std::string> unsupported(const ir::Graph &graph, ir::NodeId id) {
  const ir::Node &node = graph.node(id);
  for (const ir::ValueId v : node.inputs)
    if (graph.type(v).dtype != ir::DType::f32 && graph.type(v).dtype != ir::DType::i32)
      return "an input that is neither f32 nor i32";
  for (const std::vector<passes::Stage> &stages : passes::lower_by_output(graph, id))
    if (auto why = unsupported_stages(stages)) return why;
  return std::nullopt;
}

bool check_supported(const ir::Graph &graph, const std::string &file, Diagnostics &diagnostics) {
  bool all = true;
  for (const std::vector<ir::ValueId> *values : {&graph.inputs, &graph.outputs})
    for (const ir::ValueId v : *values) {
      const ir::TensorType &type = graph.type(v);
      if (type.has_batch() && type.dtype == ir::DType::f32) continue;
      diagnostics.error({file},
                        "%" + graph.value(v).name + " is " + ir::print(type) +
                            (type.has_batch() ? "" : ", without a batch"),
                        "inputs and outputs of a predictor are f32 and begin with N");
      all = false;
    }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    std::optional<std::string> why = unsupported(graph, static_cast<ir::NodeId>(i));
    // A predictor may cut the samples it is given into batches as it likes.
    if (!why && graph.nodes[i].op->batch_dependent)
      why = "a sample's result depends on the other samples of the batch";
    if (!why) continue;
    report(graph, graph.nodes[i], file, "a predictor: " + *why, diagnostics);
    all = false;
  }
  return all;
}

bool check_trainable(const ir::Graph &graph, const std::string &file, Diagnostics &diagnostics) {
  bool all = true;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (const auto why = unsupported(graph, static_cast<ir::NodeId>(i))) {
      report(graph, graph.nodes[i], file, "a trainer: " + *why, diagnostics);
      all = false;
    }
  return all;
}

}  // namespace sinter::codegen

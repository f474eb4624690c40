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

// Bodies over anything but f32 operands, one a parameter: indices, counters, the batch size (training only).
bool has_plain_body(const ir::Form &form) {
  if (form.operands.empty() || form.parameters.size() != form.operands.size() || form.result.dtype != ir::DType::f32) return false;
  for (const kernel::Var &parameter : form.parameters)
    if (parameter.type.base != kernel::Base::f32) return false;
  std::vector<int> known;
  for (const kernel::Var &var : form.parameters) known.push_back(var.id);
  for (const kernel::Var &var : form.accumulators) known.push_back(var.id);
  bool plain = true;
  for (const ir::Expr &root : {form.body, form.finish}) {
    if (!root) continue;
    kernel::visit(root, [&](const ir::Expr &expr) {
      const auto *ref = std::get_if<kernel::VarRef>(&expr->node);
      if (ref && std::find(known.begin(), known.end(), ref->var.id) == known.end()) plain = false;
    });
  }
  return plain;
}

}  // namespace

std::optional<std::string> unsupported(const ir::Graph &graph, ir::NodeId id) {
  const ir::Node &node = graph.node(id);
  if (node.outputs.size() != 1) return "an op with several outputs";
  for (const ir::ValueId v : node.inputs)
    if (graph.type(v).dtype != ir::DType::f32) return "an input that is not f32";
  const bool has_batch = graph.type(node.outputs[0]).has_batch();
  bool is_constant = true;
  for (const ir::ValueId v : node.inputs) is_constant = is_constant && !graph.type(v).has_batch();
  if (has_batch && is_constant) return "a batch made of values without one";
  for (const passes::Stage &stage : passes::lower_node(graph, id, 0)) {
    if (reduces_over_batch(stage.form)) return "a reduction over the batch";
    if (!has_plain_body(stage.form)) return "a body that depends on positions or on the batch size";
    for (const ir::FormOperand &operand : stage.form.operands)
      for (const ir::Affine &index : operand.access)
        for (const int64_t coefficient : index.coefficients)
          if (coefficient < 0) return "an index that runs backwards";
    if (stage.form.kind != ir::FormKind::window) continue;
    if (stage.form.operands.size() != 1) return "a window over several operands";
    for (const ir::Affine &index : stage.form.operands[0].access)
      for (size_t a = static_cast<size_t>(stage.form.output_axes); a < stage.form.axes.size(); ++a)
        if (index.coefficients[a] > 1) return "a dilated window";
  }
  return std::nullopt;
}

bool check_supported(const ir::Graph &graph, const std::string &file, Diagnostics &diagnostics) {
  bool all = true;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const std::optional<std::string> why = unsupported(graph, static_cast<ir::NodeId>(i));
    if (!why) continue;
    const ir::Node &node = graph.nodes[i];
    Location where{file};
    where.path = node.layer.empty() ? "%" + graph.value(node.outputs[0]).name : "layer '" + node.layer + "'";
    diagnostics.error(where, "the op " + std::string(node.op->name) + " cannot be compiled into a predictor: " + *why);
    all = false;
  }
  return all;
}

}  // namespace sinter::codegen

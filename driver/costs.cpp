#include "driver/costs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "driver/build.h"
#include "driver/console.h"
#include "driver/training/plan_trainer.h"
#include "schema/program_generated.h"
#include "support/printable.h"

namespace sinter::driver {

namespace {

int64_t macs_of(const ir::Graph &graph, ir::NodeId id) {
  int64_t macs = 0;
  for (const passes::Stage &stage : passes::lower_node(graph, id, 0)) {
    if (stage.form.kind != ir::FormKind::contract) continue;
    int64_t points = 1;
    for (const ir::Dim dim : stage.form.axes) points *= dim.at(1);
    macs += points;
  }
  return macs;
}

// Nothing if the model file does not say how to train, or says what cannot be trained.
std::optional<Costs::TrainStep> train_step_costs(const LoadedModel &loaded, const codegen::Target &target,
                                                 const passes::PipelineOptions &options) {
  if (!loaded.plan.last_compile(loaded.main_model) && loaded.training_config.empty()) return std::nullopt;
  Diagnostics ignored;
  LoadedModel copy = loaded;
  copy.model.weights.clear();
  const auto built = build_trainer(std::move(copy), {}, target, options, ignored);
  if (!built) return std::nullopt;
  Costs::TrainStep costs;
  costs.arena_bytes = built->program.trainer->step.arena_bytes;
  costs.lower_bound_bytes = built->program.trainer->step.arena_lower_bound;
  for (const auto &variable : built->program.trainer->metadata->variables) {
    int64_t bytes = 4;
    for (const int64_t dim : variable->dims) bytes *= dim;
    (variable->kind == schema::VariableKind::slot ? costs.slot_bytes : costs.variable_bytes) += bytes;
  }
  return costs;
}

}  // namespace

Costs compute_costs(const LoadedModel &loaded, const codegen::Target &target, int64_t batch) {
  Costs costs;
  costs.batch = batch;
  const keras::ImportedModel &model = loaded.model;
  std::map<std::string, std::string> layer_of_node;
  for (size_t i = 0; i < model.graph.nodes.size(); ++i) {
    const ir::Node &node = model.graph.nodes[i];
    const std::string layer = node.layer.empty() ? model.graph.value(node.outputs[0]).name : node.layer;
    costs.layers[layer].macs += macs_of(model.graph, static_cast<ir::NodeId>(i));
  }
  for (const keras::LayerInfo &layer : model.layers) {
    LayerCost &cost = costs.layers[layer.name];
    cost.parameter_bytes = 4 * layer.params;
    if (layer.output >= 0) cost.activation_bytes = 4 * model.graph.type(layer.output).elements_per_sample();
  }
  LoadedModel copy = loaded;
  passes::PipelineOptions options;
  options.max_batch = batch;
  const BuiltProgram built = build(std::move(copy), target, options);
  for (const codegen::ProgramKernel &kernel : built.program.kernels)
    for (const std::string &layer : kernel.layers) costs.layers[layer].kernel = kernel.kernel.name;
  costs.arena_bytes = built.program.arena_bytes;
  costs.lower_bound_bytes = built.program.arena_lower_bound;
  costs.parameter_bytes = built.program.constant_bytes;
  costs.train_step = train_step_costs(loaded, target, options);
  return costs;
}

std::string print_costs(const LoadedModel &loaded, const Costs &costs) {
  std::string text = fmt::format("\n{:<28} {:>16} {:>14} {:>14}  {}\n", "Layer", "MACs", "Param bytes",
                                 "Output bytes", "Kernel");
  int64_t macs = 0;
  for (const keras::LayerInfo &layer : loaded.model.layers) {
    if (layer.is_implicit_input) continue;
    const LayerCost &cost = costs.layers.at(layer.name);
    macs += cost.macs;
    text += fmt::format("{:<28} {:>16} {:>14} {:>14}  {}\n", printable(layer.name), thousands(cost.macs),
                        thousands(cost.parameter_bytes), thousands(cost.activation_bytes),
                        printable(cost.kernel));
  }
  text += fmt::format("{:<28} {:>16}\n\n", "Total", thousands(macs));
  text += fmt::format("predict, batch {}: parameters {} bytes, arena peak {} bytes, lower bound {} bytes\n",
                      costs.batch, thousands(costs.parameter_bytes), thousands(costs.arena_bytes),
                      thousands(costs.lower_bound_bytes));
  if (const auto &step = costs.train_step)
    text += fmt::format(
        "train_step, batch {}: variables {} bytes, optimizer slots {} bytes, arena peak {} bytes, lower "
        "bound {} bytes\n",
        costs.batch, thousands(step->variable_bytes), thousands(step->slot_bytes),
        thousands(step->arena_bytes), thousands(step->lower_bound_bytes));
  return text;
}

std::string costs_json(const LoadedModel &loaded, const keras::Summary &summary,
                       const std::optional<Costs> &costs) {
  nlohmann::ordered_json root;
  root["model"] = summary.model_name;
  root["layers"] = nlohmann::ordered_json::array();
  for (const keras::LayerInfo &layer : loaded.model.layers) {
    if (layer.is_implicit_input) continue;
    nlohmann::ordered_json entry;
    entry["name"] = layer.name;
    entry["class"] = layer.class_name;
    nlohmann::ordered_json shape = nlohmann::ordered_json::array();
    if (!layer.output_shapes.empty())
      for (const ir::Dim dim : layer.output_shapes.back())
        shape.push_back(dim.is_constant() ? nlohmann::ordered_json(dim.value())
                                          : nlohmann::ordered_json(nullptr));
    entry["output_shape"] = std::move(shape);
    entry["params"] = layer.params;
    entry["trainable"] = layer.trainable_params > 0 || layer.params == 0;
    entry["connected_to"] = layer.connected_to;
    const LayerCost *cost = nullptr;
    if (costs) {
      const auto found = costs->layers.find(layer.name);
      if (found != costs->layers.end()) cost = &found->second;
    }
    entry["macs"] = cost ? nlohmann::ordered_json(cost->macs) : nlohmann::ordered_json(nullptr);
    entry["kernel"] = cost && !cost->kernel.empty() ? nlohmann::ordered_json(cost->kernel)
                                                    : nlohmann::ordered_json(nullptr);
    root["layers"].push_back(std::move(entry));
  }
  root["total_params"] = summary.total_params;
  root["trainable_params"] = summary.trainable_params;
  root["non_trainable_params"] = summary.total_params - summary.trainable_params;
  root["memory"] = nlohmann::ordered_json::object();
  if (costs)
    root["memory"]["predict"] = {{"arena_bytes", costs->arena_bytes},
                                 {"lower_bound_bytes", costs->lower_bound_bytes},
                                 {"parameter_bytes", costs->parameter_bytes}};
  if (costs && costs->train_step)
    root["memory"]["train_step"] = {{"arena_bytes", costs->train_step->arena_bytes},
                                    {"lower_bound_bytes", costs->train_step->lower_bound_bytes},
                                    {"parameter_bytes", costs->train_step->variable_bytes},
                                    {"slot_bytes", costs->train_step->slot_bytes}};
  return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace sinter::driver

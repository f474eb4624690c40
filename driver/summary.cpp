// `sinter summary`: the shape and parameter report.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "driver/build.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/costs.h"

namespace sinter::driver {

namespace {

struct Options {
  std::string model, model_name;
  std::string style;
  std::vector<int64_t> input_shape;
  std::string semantics;
  int64_t batch = 1;
  bool costs = false;
};

// A .graph file has no layers: its nodes stand in for them.
void add_node_layers(keras::ImportedModel &model) {
  if (!model.layers.empty()) return;
  const ir::Graph &graph = model.graph;
  for (const ir::Node &node : graph.nodes) {
    keras::LayerInfo layer;
    layer.name = graph.value(node.outputs[0]).name;
    layer.class_name = node.op->name;
    layer.output = node.outputs[0];
    layer.output_shapes.push_back(graph.type(node.outputs[0]).dims);
    for (const ir::ValueId v : node.inputs) {
      if (!graph.is_variable(v)) {
        layer.connected_to.push_back(graph.value(v).name + "[0][0]");
        continue;
      }
      const ir::Variable &variable = graph.variables[static_cast<size_t>(graph.value(v).variable)];
      layer.variables.push_back(graph.value(v).variable);
      layer.params += graph.type(v).elements(1);
      if (variable.kind == ir::VariableKind::weight && variable.trainable)
        layer.trainable_params += graph.type(v).elements(1);
    }
    model.layers.push_back(std::move(layer));
  }
  model.is_sequential = false;
}

int run(const Options &options) {
  Diagnostics diagnostics;
  LoadOptions load;
  load.input_shape = options.input_shape;
  load.model_name = options.model_name;
  if (!options.semantics.empty()) load.keras3_semantics = options.semantics == "keras3";
  std::optional<LoadedModel> loaded = load_model(options.model, load, diagnostics);
  if (!loaded) return report(diagnostics);
  add_node_layers(loaded->model);
  const keras::Summary summary = keras::summarize(loaded->model);
  keras::SummaryStyle style = loaded->summary_style;
  if (options.style == "keras2" && style != keras::SummaryStyle::tf_keras2)
    style = keras::SummaryStyle::keras2;
  if (options.style == "keras3") style = keras::SummaryStyle::keras3;
  if (options.style == "markdown") style = keras::SummaryStyle::markdown;
  const bool json = options.style == "json";

  std::optional<Costs> costs;
  if (options.costs || json) {
    bool known = true;
    for (const ir::Value &value : loaded->model.graph.values) known = known && value.type.is_fully_known();
    if (options.costs && !require_compilable(*loaded, options.model, diagnostics)) return report(diagnostics);
    if (known) {
      const std::optional<codegen::Target> target = codegen::parse_target("native", diagnostics);
      if (!target) return report(diagnostics);
      costs = compute_costs(*loaded, *target, options.batch);
    }
  }
  report(diagnostics);
  if (json)
    fmt::print("{}\n", costs_json(*loaded, summary, costs));
  else
    std::fputs(keras::print_summary(summary, style).c_str(), stdout);
  if (options.costs && !json) std::fputs(print_costs(*loaded, *costs).c_str(), stdout);
  return 0;
}

}  // namespace

Command add_summary(CLI::App &app) {
  CLI::App *command = app.add_subcommand("summary", "The shape and parameter report of a model");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "Keras script, Keras .h5 or .keras, or .graph file")
      ->required();
  command->add_option("--style", options->style, "keras2 (default for Keras 1 and 2), keras3, markdown, json")
      ->check(CLI::IsMember({"keras2", "keras3", "markdown", "json"}));
  command->add_option("--batch", options->batch, "batch size that --costs states memory for")
      ->check(CLI::Range(1, 65536));
  command->add_option("--input-shape", options->input_shape, "H,W,C of an input with open dimensions")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option(
      "--model", options->model_name,
      "which of a script's models (a variable or a model's name), where several could be meant");
  command->add_option("--semantics", options->semantics, "whose defaults hold")
      ->check(CLI::IsMember({"keras2", "keras3"}));
  command->add_flag("--costs", options->costs,
                    "operations, bytes and the kernel of each layer, and the program's memory");
  return {[options] { return run(*options); }};
}

}  // namespace sinter::driver

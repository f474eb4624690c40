// `sinter ops`: the table of ops, generated from the op table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "codegen/supported.h"
#include "driver/commands.h"
#include "ir/graph.h"
#include "ir/op.h"

namespace sinter::driver {

namespace {

std::string attributes_of(const ir::OpInfo &op) {
  std::string text;
  for (const ir::AttributeField &field : op.fields)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field.name, ir::print(field.default_value));
  return text;
}

std::string forms_of(const ir::OpInfo &op) {
  // What an op lowers to is seen on its first example.
  const std::vector<ir::Case> examples = op.examples();
  if (examples.empty()) return "";
  const std::optional<ir::Attributes> attributes = ir::parse_attributes(op, examples[0].attributes, nullptr);
  ir::Checker checker;
  const auto outputs = attributes ? op.infer(*attributes, examples[0].inputs, checker) : std::nullopt;
  if (!outputs) return "";
  ir::FormBuilder builder(examples[0].inputs, *outputs);
  op.lower(*attributes, builder);
  std::vector<std::string_view> names;
  for (const ir::Form &form : builder.take_stages())
    if (std::find(names.begin(), names.end(), ir::name(form.kind)) == names.end())
      names.push_back(ir::name(form.kind));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// What code generation says of the op's examples.
std::string_view targets_of(const ir::OpInfo &op) {
  size_t compiled = 0;
  const std::vector<ir::Case> examples = op.examples();
  for (const ir::Case &example : examples) {
    const std::optional<ir::Attributes> attributes = ir::parse_attributes(op, example.attributes, nullptr);
    ir::Graph graph;
    std::vector<ir::ValueId> inputs;
    for (const ir::TensorType &type : example.inputs) {
      const std::string name = fmt::format("x{}", inputs.size());
      inputs.push_back(type.has_batch() ? graph.add_input(name, type)
                                        : graph.add_variable(name, type, ir::VariableKind::weight));
    }
    ir::Checker checker;
    const ir::NodeId node = attributes ? graph.add_node(op, *attributes, inputs, "y", checker) : ir::NodeId();
    if (node >= 0 && !codegen::unsupported(graph, node)) ++compiled;
  }
  return compiled == 0 ? "none yet" : compiled < examples.size() ? "CPU, in part" : "CPU";
}

// A cell of a Markdown table: a bar would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

int run(bool markdown) {
  if (markdown)
    fmt::print("| op | Keras | ONNX | form | targets | attributes | what |\n|---|---|---|---|---|---|---|\n");
  for (const ir::OpInfo &op : ir::all_ops()) {
    if (markdown) {
      fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", op.name, op.keras, op.onnx, forms_of(op),
                 targets_of(op), cell(attributes_of(op)), cell(op.doc));
      continue;
    }
    fmt::print("{}({})\n    {}\n", op.name, attributes_of(op), op.doc);
    for (const ir::AttributeField &field : op.fields)
      fmt::print("    {} ({}): {}\n", field.name, field.type, field.doc);
    fmt::print("    form: {}; Keras: {}; ONNX: {}; targets: {}\n", forms_of(op),
               op.keras.empty() ? "-" : op.keras, op.onnx.empty() ? "-" : op.onnx, targets_of(op));
  }
  return 0;
}

}  // namespace

Command add_ops(CLI::App &app) {
  CLI::App *command = app.add_subcommand("ops", "The table of ops: attributes, Keras and ONNX names, forms");
  auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "as a Markdown table");
  return {[markdown] { return run(*markdown); }};
}

}  // namespace sinter::driver

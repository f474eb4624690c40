// `sinter ops`: the table of ops, generated from the op table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "driver/commands.h"
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
    if (std::find(names.begin(), names.end(), ir::name(form.kind)) == names.end()) names.push_back(ir::name(form.kind));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

int run(bool markdown) {
  if (markdown) fmt::print("| op | Keras | ONNX | form | attributes | what |\n|---|---|---|---|---|---|\n");
  for (const ir::OpInfo &op : ir::all_ops()) {
    if (markdown) {
      fmt::print("| {} | {} | {} | {} | {} | {} |\n", op.name, op.keras, op.onnx, forms_of(op), attributes_of(op), op.doc);
      continue;
    }
    fmt::print("{}({})\n    {}\n", op.name, attributes_of(op), op.doc);
    for (const ir::AttributeField &field : op.fields) fmt::print("    {} ({}): {}\n", field.name, field.type, field.doc);
    fmt::print("    form: {}; Keras: {}; ONNX: {}; targets: CPU\n", forms_of(op), op.keras.empty() ? "-" : op.keras,
               op.onnx.empty() ? "-" : op.onnx);
  }
  return 0;
}

}  // namespace

Command add_ops(CLI::App &app) {
  CLI::App *command = app.add_subcommand("ops", "The table of ops: attributes, Keras and ONNX names, forms");
  auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "as a Markdown table");
  return [markdown] { return run(*markdown); };
}

}  // namespace sinter::driver

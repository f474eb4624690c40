#include "frontend/keras/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "frontend/keras/summary_text.h"
#include "support/printable.h"

namespace sinter::keras {
namespace {

// 1234567 -> "1,234,567"
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto i = static_cast<int64_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<size_t>(i), ",");
  return text;
}

std::string layer_title(const SummaryRow &row) {
  return fmt::format("{} ({})", row.name, row.class_name);
}

// One line of Keras 2: every column is cut at its position, its last character made a blank.
std::string keras2_line(const std::vector<std::string> &fields, const std::vector<size_t> &positions) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line = first_characters(line, positions[i - 1] - 1) + " ";
    line = padded(first_characters(line + fields[i], positions[i]), positions[i]);
  }
  return line + "\n";
}

// keras/utils/layer_utils.py, print_summary.
std::string print_keras2(const Summary &summary, bool tensorflow) {
  const size_t length = summary.is_chain ? 65 : tensorflow ? 98 : 100;
  std::vector<size_t> positions;
  for (const double part :
       summary.is_chain ? std::vector<double>{.45, .85, 1.} : std::vector<double>{.33, .55, .67, 1.})
    positions.push_back(static_cast<size_t>(static_cast<double>(length) * part));
  std::vector<std::string> header = {"Layer (type)", "Output Shape", "Param #"};
  if (!summary.is_chain) header.push_back("Connected to");
  const std::string thin = std::string(length, '_') + "\n", thick = std::string(length, '=') + "\n";

  std::string out = tensorflow ? fmt::format("Model: \"{}\"\n", summary.model_name) : "";
  out += thin + keras2_line(header, positions) + thick;
  for (size_t i = 0; i < summary.rows.size(); ++i) {
    const SummaryRow &row = summary.rows[i];
    const bool is_list = tensorflow && row.class_name == "InputLayer";
    std::vector<std::string> fields = {layer_title(row),
                                       is_list ? "[" + row.output_shape + "]" : row.output_shape,
                                       std::to_string(row.params)};
    if (!summary.is_chain) fields.push_back(row.connected_to.empty() ? "" : row.connected_to[0]);
    out += keras2_line(fields, positions);
    for (size_t c = 1; !summary.is_chain && c < row.connected_to.size(); ++c)
      out += keras2_line({"", "", "", row.connected_to[c]}, positions);
    out += i + 1 == summary.rows.size() ? thick : thin;
  }
  out += fmt::format("Total params: {}\nTrainable params: {}\nNon-trainable params: {}\n",
                     grouped(summary.total_params), grouped(summary.trainable_params),
                     grouped(summary.total_params - summary.trainable_params));
  return out + thin;
}

// Widths that the library rich gives to the columns of Keras 3.0 on a terminal of 80 characters, without the
// blank on both sides of a cell.
constexpr size_t kChainWidths[] = {31, 25, 10};
constexpr size_t kBranchingWidths[] = {19, 17, 7, 20};

struct Box {
  std::vector<size_t> widths;

  std::string rule(const char *left, const char *fill, const char *cross, const char *right) const {
    std::string line = left;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line += cross;
      for (size_t j = 0; j < widths[i] + 2; ++j) line += fill;
    }
    return line + right + "\n";
  }

  std::string row(const std::vector<std::string> &cells, const char *bar) const {
    std::vector<std::vector<std::string>> wrapped;
    size_t height = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      wrapped.push_back(wrap_cell(cells[i], widths[i]));
      height = std::max(height, wrapped.back().size());
    }
    std::string out;
    for (size_t line = 0; line < height; ++line) {
      out += bar;
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string text = line < wrapped[i].size() ? wrapped[i][line] : "";
        const std::string blanks(widths[i] - character_count(text), ' ');
        out += " " + (i == 2 ? blanks + text : text + blanks) + " " + bar;
      }
      out += "\n";
    }
    return out;
  }
};

std::string memory_size(int64_t params) {
  double size = static_cast<double>(params) * 4;
  for (const char *unit : {"B", "KB", "MB", "GB", "TB"}) {
    if (size < 1024) return fmt::format("{:.2f} {}", size, unit);
    size /= 1024;
  }
  return fmt::format("{:.2f} PB", size);
}

// keras/src/utils/summary_utils.py.
std::string print_keras3(const Summary &summary) {
  Box box;
  if (summary.is_chain)
    box.widths.assign(std::begin(kChainWidths), std::end(kChainWidths));
  else
    box.widths.assign(std::begin(kBranchingWidths), std::end(kBranchingWidths));
  std::vector<std::string> header = {"Layer (type)", "Output Shape", "Param #"};
  if (!summary.is_chain) header.push_back("Connected to");

  std::string out = fmt::format("Model: \"{}\"\n", summary.model_name);
  out += box.rule("┏", "━", "┳", "┓") + box.row(header, "┃") + box.rule("┡", "━", "╇", "┩");
  for (size_t i = 0; i < summary.rows.size(); ++i) {
    const SummaryRow &row = summary.rows[i];
    std::vector<std::string> cells = {layer_title(row), row.output_shape, grouped(row.params)};
    if (!summary.is_chain)
      cells.push_back(row.connected_to.empty() ? "-" : fmt::format("{}", fmt::join(row.connected_to, ", ")));
    if (i > 0) out += box.rule("├", "─", "┼", "┤");
    out += box.row(cells, "│");
  }
  out += box.rule("└", "─", "┴", "┘");
  const int64_t frozen = summary.total_params - summary.trainable_params;
  out += fmt::format(" Total params: {} ({})\n", grouped(summary.total_params),
                     memory_size(summary.total_params));
  out += fmt::format(" Trainable params: {} ({})\n", grouped(summary.trainable_params),
                     memory_size(summary.trainable_params));
  out += fmt::format(" Non-trainable params: {} ({})\n", grouped(frozen), memory_size(frozen));
  return out;
}

std::string shape_text(const std::vector<std::vector<ir::Dim>> &calls) {
  if (calls.empty()) return "?";
  const bool equal = std::ranges::all_of(calls, [&](const auto &shape) { return shape == calls.front(); });
  return equal ? print_keras_shape(calls.front()) : "multiple";
}

// Whether "conv2d_1[0][0]" comes from the layer's (or inner model's) first call.
bool is_output_of(const std::string &tensor, const std::string &layer) {
  return tensor == layer + "[0][0]" || tensor == layer + "[1][0]";
}

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string print_markdown(const Summary &summary) {
  std::string out = "| Layer | Type | Output shape | Params |";
  out += summary.is_chain ? "\n|---|---|---|---:|\n" : " Connected to |\n|---|---|---|---:|---|\n";
  for (const SummaryRow &row : summary.rows) {
    out += fmt::format("| {} | {} | {} | {} |", markdown_cell(row.name), row.class_name, row.output_shape,
                       grouped(row.params));
    if (!summary.is_chain)
      out += fmt::format(" {} |", markdown_cell(fmt::format("{}", fmt::join(row.connected_to, ", "))));
    out += "\n";
  }
  return out + fmt::format("\nTotal params: {}  \nTrainable params: {}  \nNon-trainable params: {}\n",
                           grouped(summary.total_params), grouped(summary.trainable_params),
                           grouped(summary.total_params - summary.trainable_params));
}

}  // namespace

std::string print_keras_shape(const std::vector<ir::Dim> &dims) {
  std::string out = "(";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) out += ", ";
    out += dims[i].is_constant() ? std::to_string(dims[i].value()) : "None";
  }
  return out + (dims.size() == 1 ? ",)" : ")");
}

namespace {

// Names as they may go to a terminal.
SummaryRow printable(SummaryRow row) {
  row.name = sinter::printable(row.name);
  row.class_name = sinter::printable(row.class_name);
  for (std::string &from : row.connected_to) from = sinter::printable(from);
  return row;
}

}  // namespace

Summary summarize(const ImportedModel &model) {
  Summary summary;
  summary.model_name = sinter::printable(model.graph.name);
  std::map<int, size_t> row_of_model;  // an inner model has one row, where its first layer stands
  std::string previous;
  for (const LayerInfo &layer : model.layers) {
    summary.total_params += layer.params;
    summary.trainable_params += layer.trainable_params;
    int outermost = layer.inner_model;
    while (outermost >= 0 && model.inner_models[static_cast<size_t>(outermost)].outer >= 0)
      outermost = model.inner_models[static_cast<size_t>(outermost)].outer;
    if (const auto known = row_of_model.find(outermost); known != row_of_model.end()) {
      summary.rows[known->second].params += layer.params;
      continue;
    }
    const InnerModelInfo *inner =
        outermost < 0 ? nullptr : &model.inner_models[static_cast<size_t>(outermost)];
    SummaryRow row = inner ? SummaryRow{inner->name, inner->class_name, shape_text(inner->output_shapes),
                                        layer.params, inner->connected_to}
                           : SummaryRow{layer.name, layer.class_name, shape_text(layer.output_shapes),
                                        layer.params, layer.connected_to};
    const bool follows =
        !previous.empty() && row.connected_to.size() == 1 && is_output_of(row.connected_to[0], previous);
    if (previous.empty() ? !row.connected_to.empty() : !follows) summary.is_chain = false;
    previous = row.name;
    if (inner) row_of_model[outermost] = summary.rows.size();
    if (!layer.is_implicit_input) summary.rows.push_back(printable(std::move(row)));
  }
  return summary;
}

std::string print_summary(const Summary &summary, SummaryStyle style) {
  switch (style) {
    case SummaryStyle::keras2:
      return print_keras2(summary, false);
    case SummaryStyle::tf_keras2:
      return print_keras2(summary, true);
    case SummaryStyle::keras3:
      return print_keras3(summary);
    case SummaryStyle::markdown:
      return print_markdown(summary);
  }
  return {};
}

}  // namespace sinter::keras

#include "runtime/training/plot.h"

#include <algorithm>
#include <cmath>

#include "formats/bytes/atomic_file.h"
#include "formats/text.h"

namespace sinter::runtime {
namespace {

constexpr double panel_width = 460, panel_height = 300, margin = 50;
// The legend lies below the panel, off the curves: the distance of its first line, and that between two.
constexpr double legend_gap = 38, legend_row = 16;
constexpr const char *colors[] = {"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"};

using Series = std::pair<std::string, std::vector<double>>;

bool is_loss(const std::string &name) {
  return ends_with(name, "loss");
}

std::string escaped(const std::string &text) {
  std::string result;
  for (const char c : printable(text)) {
    if (c == '<')
      result += "&lt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

std::string panel(const std::vector<const Series *> &series, double left, size_t epochs) {
  double low = INFINITY, high = -INFINITY;
  for (const Series *one : series)
    for (const double value : one->second)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  if (!(low < high)) low -= 0.5, high += 0.5;
  if (!std::isfinite(low)) low = 0, high = 1;
  const auto x = [&](size_t i) {
    return left + margin +
           panel_width * (epochs > 1 ? static_cast<double>(i) / static_cast<double>(epochs - 1) : 0.5);
  };
  const auto y = [&](double value) { return margin + panel_height * (high - value) / (high - low); };
  std::string svg =
      format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#888\"/>\n",
             left + margin, margin, panel_width, panel_height);
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = low + (high - low) * tick / 4;
    svg += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>\n", left + margin - 4,
                  y(value) + 4, value);
  }
  svg += format(
      "<text x=\"%.1f\" y=\"%.1f\">1</text><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%zu</text>\n",
      left + margin, margin + panel_height + 16, left + margin + panel_width, margin + panel_height + 16,
      epochs);
  for (size_t s = 0; s < series.size(); ++s) {
    const char *color = colors[s % std::size(colors)];
    const char *dash = starts_with(series[s]->first, "val_") ? " stroke-dasharray=\"5 3\"" : "";
    svg += format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"%s points=\"", color, dash);
    for (size_t i = 0; i < series[s]->second.size(); ++i)
      if (std::isfinite(series[s]->second[i])) svg += format("%.1f,%.1f ", x(i), y(series[s]->second[i]));
    svg += "\"/>\n";
    const double row = margin + panel_height + legend_gap + legend_row * static_cast<double>(s);
    svg +=
        format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"1.5\"%s/>",
               left + margin, row - 4, left + margin + 24, row - 4, color, dash);
    svg += format("<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">", left + margin + 32, row, color) +
           escaped(series[s]->first) + "</text>\n";
  }
  return svg;
}

}  // namespace

Status write_plot(const std::string &path, const History &history) {
  std::vector<const Series *> losses, others;
  for (const Series &series : history.series)
    if (series.first != "lr" && series.first != "learning_rate")
      (is_loss(series.first) ? losses : others).push_back(&series);
  const double width = panel_width + 2 * margin;
  const double legend = legend_row * static_cast<double>(std::max(losses.size(), others.size()));
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
      others.empty() ? width : 2 * width, panel_height + 2 * margin + legend);
  svg += panel(losses, 0, history.epochs.size());
  if (!others.empty()) svg += panel(others, width, history.epochs.size());
  svg += "</svg>\n";
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status status = file->write(svg); !status) return status;
  return file->commit();
}

}  // namespace sinter::runtime

#include "tests/campaign/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "frontend/keras/layer_signatures.h"
#include "ir/objectives.h"

namespace sinter::campaign {

namespace {

std::string with_semantics(const OptimizerConfig &optimizer) {
  return fmt::format("{} of Keras {}", name(optimizer.optimizer), optimizer.keras3 ? 3 : 2);
}

constexpr std::string_view rules[] = {"map",       "window", "global pooling",    "rows",
                                      "pointwise", "update", "output of several", "alias"};
constexpr std::string_view layouts[] = {"halo", "part of a concatenation", "packed copy", "packed state",
                                        "overwritten variable"};
constexpr std::string_view fits[] = {"clipvalue",
                                     "clipnorm",
                                     "global_clipnorm",
                                     "weight decay",
                                     "sample weights",
                                     "class weights",
                                     "frozen weights",
                                     "l1",
                                     "l2",
                                     "max_norm",
                                     "min_max_norm",
                                     "unit_norm",
                                     "non_negative",
                                     "smaller batch",
                                     "loss weight",
                                     "output without loss",
                                     "momentum",
                                     "nesterov",
                                     "centered",
                                     "amsgrad",
                                     "decay"};
constexpr std::string_view metrics[] = {"accuracy",
                                        "binary_accuracy",
                                        "categorical_accuracy",
                                        "sparse_categorical_accuracy",
                                        "top_k_categorical_accuracy",
                                        "sparse_top_k_categorical_accuracy",
                                        "mean_squared_error",
                                        "mean_absolute_error"};
// What the table must hold, by kind.
std::vector<std::pair<std::string, std::string>> all_entries() {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const ir::OpInfo &op : ir::all_ops()) entries.emplace_back("op", op.name);
  for (const keras::LayerSignature &layer : keras::all_layers())
    entries.emplace_back("layer", layer.class_name);
  for (const bool keras3 : {false, true})
    for (const OptimizerEntry &each : optimizers)
      entries.emplace_back("optimizer", with_semantics(default_optimizer_config(each.optimizer, keras3)));
  for (const ir::Objective &loss : ir::losses()) entries.emplace_back("loss", loss.name);
  for (const auto metric : metrics) entries.emplace_back("metric", metric);
  for (const auto fit : fits) entries.emplace_back("fit", fit);
  for (const auto rule : rules) entries.emplace_back("fusion", rule);
  for (const auto layout : layouts) entries.emplace_back("layout", layout);
  return entries;
}

}  // namespace

int64_t Coverage::of(std::string_view kind, std::string_view name) const {
  const auto found = counts_.find({std::string(kind), std::string(name)});
  return found == counts_.end() ? 0 : found->second;
}

void Coverage::add(const Coverage &other) {
  for (const auto &[entry, times] : other.counts_) counts_[entry] += times;
}

void Coverage::count_case(const Case &c) {
  for (const std::string &layer : c.layers) count("layer", layer);
  if (!c.fit) return;
  const Fit &fit = *c.fit;
  count("optimizer", with_semantics(fit.optimizer));
  const auto count_if = [&](std::string_view what, bool holds) {
    if (holds) count("fit", what);
  };
  for (const Loss &loss : fit.losses) {
    if (!loss.name.empty()) count("loss", loss.name);
    count_if("loss weight", loss.weight != 1);
    count_if("output without loss", loss.name.empty());
  }
  for (const Metric &metric : fit.metrics) count("metric", metric.name);
  for (const Penalty &penalty : fit.penalties) {
    count_if("l1", penalty.l1 != 0);
    count_if("l2", penalty.l2 != 0);
  }
  for (const Constraint &constraint : fit.constraints)
    count("fit", std::vector{"max_norm", "min_max_norm", "unit_norm",
                             "non_negative"}[static_cast<size_t>(constraint.kind)]);
  const OptimizerConfig &o = fit.optimizer;
  count_if("clipvalue", o.clipvalue > 0);
  count_if("clipnorm", o.clipnorm > 0);
  count_if("global_clipnorm", o.global_clipnorm > 0);
  count_if("weight decay", o.weight_decay > 0);
  count_if("momentum", o.momentum > 0);
  count_if("nesterov", o.nesterov);
  count_if("centered", o.centered);
  count_if("amsgrad", o.amsgrad);
  count_if("decay", o.decay > 0);
  count_if("sample weights", fit.weighting == Weighting::samples);
  count_if("class weights", fit.weighting == Weighting::classes);
  count_if("frozen weights", std::ranges::any_of(c.graph.variables, [](const ir::Variable &v) {
             return v.kind == ir::VariableKind::weight && !v.trainable;
           }));
  count_if("smaller batch", std::ranges::any_of(c.batches, [&](int64_t n) { return n < c.max_batch; }));
}

void Coverage::count_program(const passes::PlannedGraph &planned) {
  const passes::FusedGraph &fused = planned.graph.fused;
  for (const ir::Node &node : fused.graph.nodes) count("op", node.op->name);
  for (const passes::Group &group : fused.groups)
    for (const std::string_view rule : group.rules) count("fusion", rule);
  for (size_t v = 0; v < fused.alias_of.size(); ++v)
    if (fused.alias_of[v] != static_cast<ir::ValueId>(v)) count("fusion", "alias");
  for (const int64_t block : fused.packed)
    if (block > 0) count("layout", "packed copy");
  for (const int64_t block : fused.storage_blocks)
    if (block > 0) count("layout", "packed state");
  for (const ir::ValueId variable : fused.overwrites)
    if (variable >= 0) count("layout", "overwritten variable");
  for (const passes::BufferLayout &buffer : planned.graph.buffers)
    if (!buffer.halo.empty()) count("layout", "halo");
  // Values of their own in one buffer: what a concatenation joins, and its result.
  std::map<int, std::set<ir::ValueId>> owners;
  for (size_t v = 0; v < planned.graph.views.size(); ++v)
    if (const int buffer = planned.graph.views[v].buffer; buffer >= 0)
      owners[buffer].insert(fused.alias_of[v]);
  for (const auto &[buffer, values] : owners)
    if (values.size() > 1 &&
        planned.graph.buffers[static_cast<size_t>(buffer)].kind != kernel::BufferKind::state)
      count("layout", "part of a concatenation", static_cast<int64_t>(values.size()) - 1);
}

std::string Coverage::table() const {
  std::set<std::pair<std::string, std::string>> shown;
  std::string text, kind;
  const auto show = [&](const std::pair<std::string, std::string> &entry, int64_t times) {
    if (!shown.insert(entry).second) return;
    if (kind != entry.first) text += (kind.empty() ? "" : "\n") + (kind = entry.first) + ":";
    text += fmt::format(" {} {},", entry.second, times);
  };
  for (const auto &entry : all_entries()) show(entry, of(entry.first, entry.second));
  for (const auto &[entry, times] : counts_) show(entry, times);
  return text + "\n";
}

std::vector<std::string> Coverage::unused() const {
  std::vector<std::string> result;
  for (const auto &[kind, name] : all_entries())
    if (of(kind, name) == 0) result.push_back(kind + " " + name);
  return result;
}

std::string Coverage::serialized() const {
  std::string text;
  for (const auto &[entry, times] : counts_)
    text += fmt::format("{}\t{}\t{}\n", entry.first, entry.second, times);
  return text;
}

void Coverage::add_serialized(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const size_t a = line.find('\t'), b = line.find('\t', a + 1);
    if (a != std::string::npos && b != std::string::npos)
      count(line.substr(0, a), line.substr(a + 1, b - a - 1), std::stoll(line.substr(b + 1)));
  }
}

}  // namespace sinter::campaign

#include <cstdio>

#include "ir/text.h"
#include "tests/campaign/case_json.h"

namespace sinter::campaign {

namespace {

using nlohmann::json;

json to_json(const OptimizerConfig &o) {
  return {{"name", std::string(name(o.optimizer))},
          {"keras3", o.keras3},
          {"learning_rate", o.learning_rate},
          {"decay", o.decay},
          {"momentum", o.momentum},
          {"nesterov", o.nesterov},
          {"centered", o.centered},
          {"rho", o.rho},
          {"beta_1", o.beta_1},
          {"beta_2", o.beta_2},
          {"amsgrad", o.amsgrad},
          {"epsilon", o.epsilon},
          {"initial_accumulator", o.initial_accumulator},
          {"schedule_decay", o.schedule_decay},
          {"weight_decay", o.weight_decay},
          {"clipnorm", o.clipnorm},
          {"clipvalue", o.clipvalue},
          {"global_clipnorm", o.global_clipnorm}};
}

OptimizerConfig optimizer_from(const json &j) {
  OptimizerConfig o;
  o.optimizer = *optimizer_from_name(j.at("name").get<std::string>());
  j.at("keras3").get_to(o.keras3);
  j.at("learning_rate").get_to(o.learning_rate);
  j.at("decay").get_to(o.decay);
  j.at("momentum").get_to(o.momentum);
  j.at("nesterov").get_to(o.nesterov);
  j.at("centered").get_to(o.centered);
  j.at("rho").get_to(o.rho);
  j.at("beta_1").get_to(o.beta_1);
  j.at("beta_2").get_to(o.beta_2);
  j.at("amsgrad").get_to(o.amsgrad);
  j.at("epsilon").get_to(o.epsilon);
  j.at("initial_accumulator").get_to(o.initial_accumulator);
  j.at("schedule_decay").get_to(o.schedule_decay);
  j.at("weight_decay").get_to(o.weight_decay);
  j.at("clipnorm").get_to(o.clipnorm);
  j.at("clipvalue").get_to(o.clipvalue);
  j.at("global_clipnorm").get_to(o.global_clipnorm);
  return o;
}

Fit fit_from(const json &j) {
  Fit fit;
  fit.optimizer = optimizer_from(j.at("optimizer"));
  fit.weighting = static_cast<Weighting>(j.at("weighting").get<int>());
  j.at("first_step").get_to(fit.first_step);
  for (const json &l : j.at("losses"))
    fit.losses.push_back(
        {l.at("name"), l.at("from_logits"), l.at("label_smoothing"), l.at("delta"), l.at("weight")});
  for (const json &m : j.at("metrics")) fit.metrics.push_back({m.at("name"), m.at("output"), m.at("k")});
  for (const json &p : j.at("penalties")) fit.penalties.push_back({p.at("variable"), p.at("l1"), p.at("l2")});
  for (const json &k : j.at("constraints"))
    fit.constraints.push_back({k.at("variable"), static_cast<ir::ConstraintKind>(k.at("kind").get<int>()),
                               k.at("axes"), k.at("max_value"), k.at("min_value"), k.at("rate")});
  return fit;
}

constexpr std::string_view introduction = "# case ";

}  // namespace

json to_json(const Fit &fit) {
  json j = {{"optimizer", to_json(fit.optimizer)},
            {"weighting", static_cast<int>(fit.weighting)},
            {"first_step", fit.first_step},
            {"losses", json::array()},
            {"metrics", json::array()},
            {"penalties", json::array()},
            {"constraints", json::array()}};
  for (const Loss &l : fit.losses)
    j["losses"].push_back({{"name", l.name},
                           {"from_logits", l.from_logits},
                           {"label_smoothing", l.label_smoothing},
                           {"delta", l.delta},
                           {"weight", l.weight}});
  for (const Metric &m : fit.metrics)
    j["metrics"].push_back({{"name", m.name}, {"output", m.output}, {"k", m.k}});
  for (const Penalty &p : fit.penalties)
    j["penalties"].push_back({{"variable", p.variable}, {"l1", p.l1}, {"l2", p.l2}});
  for (const Constraint &k : fit.constraints)
    j["constraints"].push_back({{"variable", k.variable},
                                {"kind", static_cast<int>(k.kind)},
                                {"axes", k.axes},
                                {"max_value", k.max_value},
                                {"min_value", k.min_value},
                                {"rate", k.rate}});
  return j;
}

std::string print(const Case &c) {
  json j = {{"seed", c.seed},
            {"max_batch", c.max_batch},
            {"batches", c.batches},
            {"target", c.target},
            {"interpreter", c.interpreter}};
  if (c.fit) j["fit"] = to_json(*c.fit);
  return std::string(introduction) + j.dump() + "\n" + ir::print(c.graph);
}

std::optional<Case> parse_case(const std::string &text) {
  const size_t start = text.find(introduction);
  if (start == std::string::npos) return std::nullopt;
  const size_t end = text.find('\n', start);
  const json j = json::parse(text.substr(start + introduction.size(), end - start - introduction.size()),
                             nullptr, false);
  if (j.is_discarded()) return std::nullopt;
  Case c;
  j.at("seed").get_to(c.seed);
  j.at("max_batch").get_to(c.max_batch);
  j.at("batches").get_to(c.batches);
  j.at("target").get_to(c.target);
  j.at("interpreter").get_to(c.interpreter);
  if (j.contains("fit")) c.fit = fit_from(j.at("fit"));
  Diagnostics diagnostics;
  std::optional<ir::Graph> graph = ir::parse_graph(text, diagnostics);
  if (!graph) {
    std::fputs(diagnostics.render_all().c_str(), stderr);
    return std::nullopt;
  }
  c.graph = *std::move(graph);
  return c;
}

}  // namespace sinter::campaign

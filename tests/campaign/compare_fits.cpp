#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "passes/simplify_inference.h"
#include "tests/campaign/compare.h"
#include "tests/campaign/fit_runner.h"
#include "tests/campaign/torch_export.h"

namespace sinter::campaign {

namespace {

double largest_of(const std::vector<double> &values) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x));
  return largest;
}

// The values of the nodes behind an update op, and of it, with its gradient times `factor` and moved by
// `shift`.
std::map<ir::ValueId, ir::ReferenceTensor> moved_update(const ir::Graph &graph, const Evaluation &evaluation,
                                                        size_t update, double factor, double shift,
                                                        int64_t n) {
  std::map<ir::ValueId, ir::ReferenceTensor> moved;
  for (size_t i = update; i < graph.nodes.size(); ++i) {
    const ir::Node &node = graph.nodes[i];
    std::vector<ir::TensorType> types;
    std::vector<ir::ReferenceTensor> operands;
    bool is_behind = i == update;
    for (const ir::ValueId input : node.inputs) {
      types.push_back(graph.type(input));
      const auto found = moved.find(input);
      is_behind |= found != moved.end();
      operands.push_back(found != moved.end() ? found->second : evaluation.exact[static_cast<size_t>(input)]);
    }
    if (!is_behind) continue;
    if (i == update)
      for (double &gradient : operands[1].data) gradient = gradient * factor + shift;
    std::vector<ir::ReferenceTensor> outputs =
        ir::interpret_op(*node.op, node.attributes, types, std::move(operands), n);
    for (size_t o = 0; o < outputs.size(); ++o) moved[node.outputs[o]] = std::move(outputs[o]);
  }
  return moved;
}

// What the update of an optimizer makes of its gradient, for one of its results.
struct GradientEffect {
  std::vector<double> noise;  // by element: what it makes of the gradient's noise
  double scale = 0;           // the largest difference to the update of a gradient of zeros
};

std::map<ir::ValueId, GradientEffect> gradient_effects(const ir::Graph &graph, const Evaluation &evaluation,
                                                       int64_t n) {
  std::map<ir::ValueId, GradientEffect> effects;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].op->name.ends_with("_update")) continue;
    const double shift = bound_noise * evaluation.noise(graph.nodes[i].inputs[1]);
    const auto differences = [&](ir::ValueId value, const ir::ReferenceTensor &tensor) {
      std::vector<double> result(tensor.data.size());
      for (size_t k = 0; k < result.size(); ++k)
        result[k] = std::abs(tensor.data[k] - evaluation.exact[static_cast<size_t>(value)].data[k]);
      return result;
    };
    for (const double sign : {-1.0, 1.0})
      for (const auto &[value, tensor] : moved_update(graph, evaluation, i, 1, sign * shift, n)) {
        std::vector<double> noise = differences(value, tensor), &largest = effects[value].noise;
        // A norm is of many elements: what moves one moves all.
        if (graph.node(graph.value(value).producer).op->name.ends_with("_constraint"))
          std::ranges::fill(noise, largest_of(noise));
        largest.resize(noise.size(), 0);
        for (size_t k = 0; k < noise.size(); ++k) largest[k] = std::max(largest[k], noise[k]);
      }
    for (const auto &[value, tensor] : moved_update(graph, evaluation, i, 0, 0, n))
      effects[value].scale = largest_of(differences(value, tensor));
  }
  return effects;
}

class FitComparison {
 public:
  FitComparison(const Case &c, Coverage &coverage, TorchExport *torch)
      : case_(c), coverage_(coverage), torch_(torch) {}

  Verdict run() {
    Diagnostics diagnostics;
    const std::unique_ptr<FitRunner> fit = FitRunner::make(case_, diagnostics);
    if (!fit) return {false, ""};
    fit_ = fit.get();
    for (const passes::PlannedGraph *program :
         {&fit->planned().step, &fit->planned().evaluate, &fit->planned().predict})
      coverage_.count_program(*program);
    coverage_.count("comparison", "fits");
    for (size_t step = 0; step < case_.batches.size(); ++step) {
      const StepData data = fit->step_data(step);
      const ir::Graph &graph = fit->training().graph;
      Random random(hash_of("noise", case_.seed + step));
      const Evaluation evaluation =
          evaluate(graph, fit->inputs_of(graph, data), fit->variables_of(graph), data.n, random);
      if (!is_in_range(evaluation.exact)) {
        coverage_.count("comparison", "fits that left the range");
        return {step > 0, ""};
      }
      if (step == 0) check_orders(data);
      if (step == 0 && case_.interpreter) check_interpreter(data);
      fit->compiled().train_step(data.x, data.targets, data.hyper, data.n);
      check_step(step, data, evaluation);
      if (!difference_.empty()) return {true, difference_};
      fit->read_state();
    }
    check_inference();
    return {true, difference_};
  }

 private:
  void check_step(size_t step, const StepData &data, const Evaluation &evaluation) {
    const passes::TrainingGraph &training = fit_->training();
    coverage_.count("comparison", "steps");
    std::string at =
        kink(training.graph, evaluation, ancestors(training.graph, {training.loss}), Kinks::corners);
    std::vector<ir::ValueId> metrics;
    for (const passes::TrainingMetric &metric : training.metrics) metrics.push_back(metric.mean);
    if (at.empty()) at = kink(training.graph, evaluation, ancestors(training.graph, metrics), Kinks::jumps);
    if (!at.empty()) {
      coverage_.count("comparison", "steps at a kink");
      coverage_.count("kink", at);
      return;
    }
    exported_.clear();
    const double loss_allowed = check_means(fmt::format("step {}", step), training, evaluation);
    const auto effects = gradient_effects(training.graph, evaluation, data.n);
    for (const passes::VariableUpdate &update : training.updates) {
      const auto found = effects.find(update.next);
      check_update(step, update, evaluation, found == effects.end() ? GradientEffect() : found->second);
    }
    fit_->compiled().expect_padding_zero();
    if (torch_)
      torch_->add_step(*fit_, data, fit_->state, double{fit_->compiled().mean(0)}, loss_allowed, exported_);
  }

  // Returns what the loss may be off.
  double check_means(const std::string &when, const passes::TrainingGraph &training,
                     const Evaluation &evaluation) {
    double loss_allowed = 0;
    std::vector<ir::ValueId> means = {training.loss};
    for (const passes::TrainingMetric &metric : training.metrics) means.push_back(metric.mean);
    for (size_t i = 0; i < means.size(); ++i) {
      const double expected = evaluation.exact[static_cast<size_t>(means[i])].data[0];
      const double allowed =
          std::max(bound_part * std::abs(expected), bound_noise * evaluation.noise(means[i])) + 1e-9;
      note(compare(fmt::format("{}: {}", when, training.graph.value(means[i]).name),
                   {double{fit_->compiled().mean(static_cast<int>(i))}}, {expected}, {allowed}, coverage_));
      if (i == 0) loss_allowed = allowed;
    }
    return loss_allowed;
  }

  void check_update(size_t step, const passes::VariableUpdate &update, const Evaluation &evaluation,
                    const GradientEffect &effect) {
    const ir::Graph &graph = fit_->training().graph;
    const std::string &name = graph.value(graph.variables[static_cast<size_t>(update.variable)].value).name;
    const ir::ReferenceTensor &before = fit_->state.at(name),
                              &next = evaluation.exact[static_cast<size_t>(update.next)];
    const std::vector<double> noise = evaluation.element_noise(update.next);
    double scale = effect.scale;
    for (size_t i = 0; i < next.data.size(); ++i)
      scale = std::max(scale, std::abs(next.data[i] - before.data[i]));
    const ir::NodeId producer = graph.value(update.next).producer;
    const bool is_constrained = producer >= 0 && graph.node(producer).op->name.ends_with("_constraint");
    std::vector<double> allowed(next.data.size());
    int64_t wide = 0;
    for (size_t i = 0; i < allowed.size(); ++i) {
      const double storage =
          (is_constrained ? 0x1p-21 : 0x1p-23) * std::max(std::abs(next.data[i]), std::abs(before.data[i]));
      const double rounding = std::max(bound_noise * noise[i], effect.noise.empty() ? 0 : effect.noise[i]);
      allowed[i] = std::max(bound_part * scale, rounding) + storage;
      wide += rounding > 10 * bound_part * scale + storage ? 1 : 0;
    }
    coverage_.count("comparison", "elements", static_cast<int64_t>(allowed.size()));
    coverage_.count("comparison", "elements with a bound ten times as wide", wide);
    if (producer >= 0) {
      const std::string by = std::string(graph.node(producer).op->name) +
                             (update.variable == update.weight ? " of variables" : " of slots");
      coverage_.count("elements", by, static_cast<int64_t>(allowed.size()));
      coverage_.count("elements of wide bounds", by, wide);
    }
    const std::vector<double> got = fit_->compiled().read(name, next).data;
    note(compare(fmt::format("step {}: {} (largest update {:.3g})", step, name, scale), got, next.data,
                 allowed, coverage_));
    if (torch_) exported_.push_back({name, got, std::move(allowed)});
  }

  // The same step with chunks in other orders, from the same state, to the same bits.
  void check_orders(const StepData &data) {
    test::TrainerRunner &runner = fit_->compiled();
    const std::vector<char> before = runner.state();
    runner.train_step(data.x, data.targets, data.hyper, data.n);
    const std::vector<char> after = runner.state();
    const std::vector<float> means = means_of(runner);
    for (const auto &[order, what] :
         {std::pair{backwards(), "backwards"}, std::pair{mixed(case_.seed), "in a mixed order"}}) {
      runner.set_state(before);
      runner.set_order(order);
      runner.train_step(data.x, data.targets, data.hyper, data.n);
      if (runner.state() != after || means_of(runner) != means)
        note(fmt::format("a step differs in bits when chunks run {}", what));
    }
    runner.set_order({});
    runner.set_state(before);
  }

  void check_interpreter(const StepData &data) {
    coverage_.count("comparison", "steps of the interpreter");
    test::TrainerRunner &compiled = fit_->compiled();
    const std::vector<char> before = compiled.state();
    compiled.train_step(data.x, data.targets, data.hyper, data.n);
    test::TrainerRunner interpreter = fit_->interpreter();
    interpreter.set_state(before);
    interpreter.train_step(data.x, data.targets, data.hyper, data.n);
    if (fit_->target().has_fma && interpreter.state() != compiled.state())
      note("a step differs in bits when the interpreter runs it");
    compiled.set_state(before);
  }

  std::vector<float> means_of(test::TrainerRunner &runner) {
    std::vector<float> means;
    for (size_t i = 0; i <= fit_->training().metrics.size(); ++i)
      means.push_back(runner.mean(static_cast<int>(i)));
    return means;
  }

  // Evaluation and prediction on the last state.
  void check_inference() {
    const ir::Graph inference = passes::simplify_inference(case_.graph);
    Diagnostics diagnostics;
    const std::optional<passes::TrainingGraph> evaluated =
        passes::attach_loss(inference, fit_->request().loss, diagnostics);
    const StepData data = fit_->step_data(case_.batches.size());
    Random random(hash_of("noise", case_.seed));
    const Evaluation evaluation = evaluate(evaluated->graph, fit_->inputs_of(evaluated->graph, data),
                                           fit_->variables_of(evaluated->graph), data.n, random);
    const std::vector<bool> all(evaluated->graph.nodes.size(), true);
    if (!is_in_range(evaluation.exact) || !kink(evaluated->graph, evaluation, all, Kinks::jumps).empty()) {
      coverage_.count("comparison", "evaluations at a kink");
      return;
    }
    coverage_.count("comparison", "evaluations");
    fit_->compiled().evaluate(data.x, data.targets, data.n);
    check_means("evaluation", *evaluated, evaluation);
    Arrays outputs;
    for (const ir::ValueId value : evaluated->predictions)
      outputs.emplace_back(evaluation.exact[static_cast<size_t>(value)].data.size());
    fit_->compiled().predict(data.x, data.n, outputs);
    for (size_t o = 0; o < outputs.size(); ++o) {
      const ir::ValueId value = evaluated->predictions[o];
      const std::vector<double> &expected = evaluation.exact[static_cast<size_t>(value)].data;
      const double allowed =
          std::max(bound_part * largest_of(expected), bound_noise * evaluation.noise(value));
      note(compare(fmt::format("prediction {}", o), {outputs[o].begin(), outputs[o].end()}, expected,
                   std::vector<double>(expected.size(), allowed), coverage_));
    }
  }

  void note(const std::string &difference) {
    if (difference_.empty()) difference_ = difference;
  }

  const Case &case_;
  Coverage &coverage_;
  FitRunner *fit_ = nullptr;
  TorchExport *torch_;
  std::vector<ExportedTensor> exported_;  // of this step
  std::string difference_;
};

}  // namespace

Verdict check_fit(const Case &c, Coverage &coverage, TorchExport *torch) {
  return FitComparison(c, coverage, torch).run();
}

}  // namespace sinter::campaign

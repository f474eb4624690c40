#include "passes/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/absorb_padding.h"
#include "passes/check_layouts.h"
#include "passes/check_plan.h"
#include "passes/differentiate.h"
#include "passes/eliminate_common.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/fuse.h"
#include "passes/insert_copies.h"
#include "passes/prepare_training.h"
#include "passes/rewrite.h"
#include "passes/simplify_inference.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

// Runs passes one after the other: verifies, prints and times them.
class PassRunner {
 public:
  explicit PassRunner(const PipelineOptions &options) : options_(options) {}

  ~PassRunner() {
    if (options_.time_passes && options_.report) {
      double total = 0;
      for (const auto &[name, seconds] : times_) total += seconds;
      for (const auto &[name, seconds] : times_)
        options_.report(fmt::format("{:>9.3f} ms {:>5.1f}%  {}\n", seconds * 1e3,
                                    total > 0 ? 100 * seconds / total : 0, name));
    }
  }

  template <class Result, class Pass, class Print>
  Result run(const char *name, Pass pass, Print print) {
    const auto start = std::chrono::steady_clock::now();
    Result result = pass();
    times_.emplace_back(name,
                        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (wants(name)) {
      std::string text = print(result);
      const std::string of = program_.empty() ? "" : " of " + program_;
      if (text == last_text_)
        options_.report(fmt::format("--- after {}{} (unchanged)\n", name, of));
      else
        options_.report(fmt::format("--- after {}{}\n{}", name, of, text));
      last_text_ = std::move(text);
    }
    return result;
  }

  ir::Graph graph(const char *name, const std::function<ir::Graph()> &pass) {
    return run<ir::Graph>(
        name,
        [&] {
          ir::Graph result = pass();
          check(name, result);
          return result;
        },
        [](const ir::Graph &result) { return ir::print(result); });
  }

  // For several programs: the one that what follows is about.
  void begin(std::string program) { program_ = std::move(program), last_text_.clear(); }

  static void check([[maybe_unused]] const char *name, [[maybe_unused]] const ir::Graph &graph) {
#ifndef NDEBUG
    const std::vector<std::string> problems = ir::verify(graph);
    SINTER_CHECK(problems.empty(), std::string(name) + ": " + (problems.empty() ? "" : problems[0]));
#endif
  }

 private:
  bool wants(const char *name) const {
    return options_.report &&
           (options_.print_after_all || std::find(options_.print_after.begin(), options_.print_after.end(),
                                                  name) != options_.print_after.end());
  }

  const PipelineOptions &options_;
  std::string program_;
  std::string last_text_;
  std::vector<std::pair<std::string, double>> times_;
};

}  // namespace

std::vector<std::string> pass_names() {
  return {"simplify-inference",
          "absorb-padding",
          "fold-batch-norm",
          "fold-constants",
          "prepare-training",
          "attach-loss",
          "differentiate",
          "attach-optimizer",
          "eliminate-common",
          "insert-copies",
          "fuse",
          "insert-repacks",
          "assign-layouts",
          "check-layouts",
          "plan-memory",
          "check-plan"};
}

namespace {

// From nodes to groups and memory. A group that code generation has no room for is taken apart, and all is
// fused again. beside: another program, whose buffers keep their places where they can.
PlannedGraph plan(PassRunner &passes,
                  const std::function<FusedGraph(std::set<ir::NodeId> apart)> &fuse_groups,
                  const FitsLocally &fits, int64_t max_batch, const PlannedGraph *beside = nullptr) {
  const auto demand_none = [](const std::vector<std::string> &problems) {
    SINTER_CHECK(problems.empty(), problems.empty() ? "" : problems[0]);
    return 0;
  };
  const auto print_sound = [](int) { return std::string("sound\n"); };
  std::set<ir::NodeId> apart;
  FusedGraph fused;
  LaidOutGraph laid_out;
  size_t known = 0;
  do {
    known = apart.size();
    fused = fuse_groups(apart);
    laid_out = passes.run<LaidOutGraph>(
        "assign-layouts", [&] { return assign_layouts(fused); },
        [](const LaidOutGraph &result) { return print(result); });
    for (const Group &group : laid_out.fused.groups)
      if (fits && group.stages.size() > 1 && !fits(laid_out, group)) apart.insert(group.nodes[0]);
  } while (apart.size() > known);
  passes.run<int>("check-layouts", [&] { return demand_none(check_layouts(fused, laid_out)); }, print_sound);
  MemoryPlan plan = passes.run<MemoryPlan>(
      "plan-memory",
      [&] {
        return beside ? plan_memory_beside(laid_out, max_batch, beside->graph, beside->plan)
                      : plan_memory(laid_out, max_batch);
      },
      [&](const MemoryPlan &result) { return print(result, laid_out); });
  passes.run<int>(
      "check-plan", [&] { return demand_none(check_plan(laid_out, plan, max_batch)); }, print_sound);
  return {std::move(laid_out), std::move(plan), nullptr};
}

std::string print_fused(const FusedGraph &fused) {
  return print(fused);
}

// The programs of a trainer, one after the other, over one set of variables.
class TrainingPlanner {
 public:
  TrainingPlanner(const TrainingRequest &request, const StorageChoice &storage,
                  const PipelineOptions &options, Diagnostics &diagnostics)
      : request_(request),
        storage_(storage),
        options_(options),
        diagnostics_(diagnostics),
        passes_(options) {}

  std::optional<PlannedTraining> run(Weights weights) {
    PlannedTraining planned;
    passes_.begin("train_step");
    if (!build_step()) return std::nullopt;
    planned.step = plan_step();
    passes_.begin("evaluate");
    std::optional<TrainingGraph> evaluated = attach(inference_graph());
    if (!evaluated) return std::nullopt;
    planned.evaluate = plan_inference(std::move(evaluated->graph));
    passes_.begin("predict");
    planned.predict = plan_inference(inference_graph());
    planned.training = std::move(training_);
    weights.resize(request_.graph.variables.size());
    for (PlannedGraph *program : {&planned.step, &planned.evaluate, &planned.predict})
      program->weights = std::make_shared<const Weights>(
          follow_variables(Weights(weights), request_.graph, program->graph.fused.graph));
    return planned;
  }

 private:
  std::optional<TrainingGraph> attach(ir::Graph graph) {
    std::optional<TrainingGraph> attached;
    passes_.graph("attach-loss", [&] {
      attached = attach_loss(std::move(graph), request_.loss, diagnostics_);
      return attached ? attached->graph : request_.graph;
    });
    return attached;
  }

  // Forward, loss, backward and update as a graph: training_.
  bool build_step() {
    ir::Graph graph = passes_.graph("absorb-padding", [&] { return absorb_padding(request_.graph); });
    PreparedTraining prepared;
    passes_.graph("prepare-training", [&] {
      prepared = prepare_training(graph, request_.loss.keras3);
      return prepared.graph;
    });
    std::optional<TrainingGraph> training = attach(std::move(prepared.graph));
    if (!training || !check_differentiable(*training)) return false;
    training->random = prepared.random;
    std::vector<ir::ValueId> by_variable;
    training->graph = passes_.graph("differentiate", [&] {
      Gradients gradients = differentiate(std::move(training->graph), training->loss);
      by_variable = std::move(gradients.by_variable);
      return std::move(gradients.graph);
    });
    passes_.graph("attach-optimizer", [&] {
      training = attach_optimizer(std::move(*training), by_variable, request_.optimizer, request_.constraints,
                                  diagnostics_, request_.where);
      if (!training) return request_.graph;
      training->updates.insert(training->updates.end(), prepared.updates.begin(), prepared.updates.end());
      training->graph.outputs = training_outputs(*training);
      return training->graph;
    });
    if (!training) return false;
    training_ = std::move(*training);
    return true;
  }

  bool check_differentiable(const TrainingGraph &training) {
    for (const ir::NodeId id : not_differentiable(training.graph, training.loss)) {
      const ir::Node &node = training.graph.node(id);
      Location where = request_.where;
      where.path = node.layer.empty() ? "%" + training.graph.value(node.outputs[0]).name
                                      : "layer '" + node.layer + "'";
      diagnostics_.error(
          where,
          "the op " + std::string(node.op->name) + " has no gradient, but trainable weights lie before it",
          "freeze the layers before it (trainable=False)");
    }
    return !diagnostics_.has_errors();
  }

  PlannedGraph plan_step() {
    const size_t first_update = 1 + training_.metrics.size();
    ir::Graph graph = passes_.graph("eliminate-common", [&] { return eliminate_common(training_.graph); });
    graph = passes_.graph("insert-copies", [&] { return insert_copies(std::move(graph)); });
    FusionOptions fusion;
    fusion.has_state = true;
    SecondaryMap<ir::VariableId, ir::VariableId> weight_of(graph.variables);  // beside which it is stored
    for (const ir::VariableId v : graph.variables.ids()) weight_of[v] = v;
    const auto follow = [&](ir::VariableId variable) {
      return graph.find_variable(training_.graph.variables[variable].key);
    };
    for (size_t u = 0; u < training_.updates.size(); ++u) {
      const VariableUpdate &update = training_.updates[u];
      const ir::VariableId variable = follow(update.variable);
      fusion.updates.emplace_back(graph.outputs[first_update + u], graph.variables[variable].value);
      weight_of[variable] = follow(update.weight);
    }
    const auto fuse_groups = [&](std::set<ir::NodeId> apart) {
      fusion.apart = std::move(apart);
      FusedGraph fused = passes_.run<FusedGraph>("fuse", [&] { return fuse(graph, fusion); }, print_fused);
      const std::vector<int64_t> chosen = storage_.variables(fused);
      std::vector<int64_t> blocks;
      for (const ir::VariableId v : graph.variables.ids()) blocks.push_back(chosen[weight_of[v].index()]);
      for (const ir::VariableId v : graph.variables.ids())
        blocks_[fused.graph.variables[v].key] = blocks[v.index()];
      return repack(std::move(fused), std::move(blocks));
    };
    return plan(passes_, fuse_groups, storage_.fits, options_.max_batch);
  }

  ir::Graph inference_graph() {
    ir::Graph graph = passes_.graph("simplify-inference", [&] { return simplify_inference(request_.graph); });
    return passes_.graph("absorb-padding", [&] { return absorb_padding(std::move(graph)); });
  }

  PlannedGraph plan_inference(ir::Graph graph) {
    graph = passes_.graph("eliminate-common", [&] { return eliminate_common(std::move(graph)); });
    graph = passes_.graph("insert-copies", [&] { return insert_copies(std::move(graph)); });
    FusionOptions fusion;
    fusion.has_state = true;
    const auto fuse_groups = [&](std::set<ir::NodeId> apart) {
      fusion.apart = std::move(apart);
      FusedGraph fused = passes_.run<FusedGraph>("fuse", [&] { return fuse(graph, fusion); }, print_fused);
      std::vector<int64_t> blocks;
      for (const ir::Variable &variable : fused.graph.variables) blocks.push_back(blocks_.at(variable.key));
      return repack(std::move(fused), std::move(blocks));
    };
    return plan(passes_, fuse_groups, storage_.fits, options_.max_batch);
  }

  FusedGraph repack(FusedGraph fused, std::vector<int64_t> blocks) {
    return passes_.run<FusedGraph>(
        "insert-repacks",
        [&] { return insert_repacks(std::move(fused), std::move(blocks), storage_.contraction); },
        print_fused);
  }

  const TrainingRequest &request_;
  const StorageChoice &storage_;
  const PipelineOptions &options_;
  Diagnostics &diagnostics_;
  PassRunner passes_;
  TrainingGraph training_;
  std::map<ir::VariableKey, int64_t> blocks_;  // storage
};

}  // namespace

namespace {

// Inference on constants: the passes that predictors share.
class InferencePlanner {
 public:
  explicit InferencePlanner(const PipelineOptions &options) : options_(options), passes_(options) {}

  PlannedGraph predict(const ir::Graph &model, Weights weights) {
    weights.resize(model.variables.size());

    // What only training needs goes; what inference can know is computed now.
    ir::Graph graph = passes_.graph("simplify-inference", [&] { return simplify_inference(model); });
    graph = passes_.graph("absorb-padding", [&] { return absorb_padding(std::move(graph)); });
    graph = passes_.graph("fold-batch-norm", [&] { return fold_batch_norm(std::move(graph)); });
    GraphWithWeights folded{std::move(graph), std::move(weights)};
    graph = passes_.graph("fold-constants", [&] {
      folded = fold_constants(std::move(folded));
      return folded.graph;
    });
    folded_ = folded.graph;
    PlannedGraph planned = to_memory(std::move(graph), nullptr);

    // Passes may drop or reorder variables.
    const ir::Graph &kept = planned.graph.fused.graph;
    for (const ir::Variable &variable : kept.variables)
      SINTER_CHECK(folded.graph.find_variable(variable.key) >= 0);
    planned.weights =
        std::make_shared<const Weights>(follow_variables(std::move(folded.weights), folded.graph, kept));
    return planned;
  }

  // After predict(): the same graph with a loss behind it. Buffers that `predicted` has lie where it has
  // them, so that most kernels are the same.
  std::optional<PlannedGraph> evaluate(const TrainingConfig &loss, const PlannedGraph &predicted,
                                       TrainingGraph &evaluation, Diagnostics &diagnostics) {
    passes_.begin("evaluate");
    std::optional<TrainingGraph> attached;
    passes_.graph("attach-loss", [&] {
      attached = attach_loss(folded_, loss, diagnostics);
      return attached ? attached->graph : folded_;
    });
    if (!attached) return std::nullopt;
    PlannedGraph planned = to_memory(attached->graph, &predicted);
    evaluation = std::move(*attached);
    const ir::Graph &from = predicted.graph.fused.graph, &to = planned.graph.fused.graph;
    planned.weights =
        have_same_variables(from, to)
            ? predicted.weights
            : std::make_shared<const Weights>(follow_variables(Weights(*predicted.weights), from, to));
    return planned;
  }

 private:
  static bool have_same_variables(const ir::Graph &a, const ir::Graph &b) {
    return std::ranges::equal(a.variables, b.variables, {}, &ir::Variable::key, &ir::Variable::key);
  }

  // From ops to kernels and memory.
  PlannedGraph to_memory(ir::Graph graph, const PlannedGraph *beside) {
    graph = passes_.graph("eliminate-common", [&] { return eliminate_common(std::move(graph)); });
    graph = passes_.graph("insert-copies", [&] { return insert_copies(std::move(graph)); });
    const auto fuse_groups = [&](std::set<ir::NodeId> apart) {
      FusionOptions fusion;
      fusion.apart = std::move(apart);
      return passes_.run<FusedGraph>("fuse", [&] { return fuse(graph, fusion); }, print_fused);
    };
    return plan(passes_, fuse_groups, options_.fits, options_.max_batch, beside);
  }

  const PipelineOptions &options_;
  PassRunner passes_;
  ir::Graph folded_;  // the model with what could be computed
};

}  // namespace

PlannedGraph plan_predict(const ir::Graph &model, Weights weights, const PipelineOptions &options) {
  return InferencePlanner(options).predict(model, std::move(weights));
}

PlannedPrediction plan_evaluated(const ir::Graph &model, Weights weights, TrainingConfig loss,
                                 const PipelineOptions &options, Diagnostics &diagnostics) {
  InferencePlanner planner(options);
  PlannedPrediction planned;
  planned.predict = planner.predict(model, std::move(weights));
  loss.penalties.clear();  // of weights that folding has changed: see constant_penalty
  planned.evaluate = planner.evaluate(loss, planned.predict, planned.evaluation, diagnostics);
  return planned;
}

std::optional<PlannedTraining> plan_train(const TrainingRequest &request, Weights weights,
                                          const StorageChoice &storage, const PipelineOptions &options,
                                          Diagnostics &diagnostics) {
  return TrainingPlanner(request, storage, options, diagnostics).run(std::move(weights));
}

}  // namespace sinter::passes

#include "passes/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/absorb_padding.h"
#include "passes/check_plan.h"
#include "passes/eliminate_common.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/fuse.h"
#include "passes/insert_copies.h"
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
        options_.report(fmt::format("{:>9.3f} ms {:>5.1f}%  {}\n", seconds * 1e3, total > 0 ? 100 * seconds / total : 0, name));
    }
  }

  template <class Result, class Pass, class Print>
  Result run(const char *name, Pass pass, Print print) {
    const auto start = std::chrono::steady_clock::now();
    Result result = pass();
    times_.emplace_back(name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (wants(name)) {
      std::string text = print(result);
      if (text == last_text_) options_.report(fmt::format("--- after {} (unchanged)\n", name));
      else options_.report(fmt::format("--- after {}\n{}", name, text));
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

  static void check([[maybe_unused]] const char *name, [[maybe_unused]] const ir::Graph &graph) {
#ifndef NDEBUG
    const std::vector<std::string> problems = ir::verify(graph);
    SINTER_CHECK(problems.empty(), std::string(name) + ": " + (problems.empty() ? "" : problems[0]));
#endif
  }

 private:
  bool wants(const char *name) const {
    return options_.report && (options_.print_after_all || std::find(options_.print_after.begin(), options_.print_after.end(),
                                                                     name) != options_.print_after.end());
  }

  const PipelineOptions &options_;
  std::string last_text_;
  std::vector<std::pair<std::string, double>> times_;
};

}  // namespace

std::vector<std::string> pass_names() {
  return {"simplify-inference", "absorb-padding", "fold-batch-norm", "fold-constants", "eliminate-common",
          "insert-copies",      "fuse",           "assign-layouts",  "plan-memory",    "check-plan"};
}

PlannedGraph plan_predict(const ir::Graph &model, Weights weights, const PipelineOptions &options) {
  PassRunner passes(options);
  weights.resize(model.variables.size());

  // What only training needs goes; what inference can know is computed now.
  ir::Graph graph = passes.graph("simplify-inference", [&] { return simplify_inference(model); });
  graph = passes.graph("absorb-padding", [&] { return absorb_padding(std::move(graph)); });
  graph = passes.graph("fold-batch-norm", [&] { return fold_batch_norm(std::move(graph)); });
  GraphWithWeights folded{std::move(graph), std::move(weights)};
  graph = passes.graph("fold-constants", [&] {
    folded = fold_constants(std::move(folded));
    return folded.graph;
  });
  graph = passes.graph("eliminate-common", [&] { return eliminate_common(std::move(graph)); });

  // From ops to kernels and memory.
  graph = passes.graph("insert-copies", [&] { return insert_copies(std::move(graph)); });
  FusedGraph fused = passes.run<FusedGraph>("fuse", [&] { return fuse(std::move(graph)); },
                                            [](const FusedGraph &result) { return print(result); });
  LaidOutGraph laid_out = passes.run<LaidOutGraph>("assign-layouts", [&] { return assign_layouts(std::move(fused)); },
                                                   [](const LaidOutGraph &result) { return print(result); });
  MemoryPlan plan = passes.run<MemoryPlan>("plan-memory", [&] { return plan_memory(laid_out, options.max_batch); },
                                           [&](const MemoryPlan &result) { return print(result, laid_out); });
  passes.run<int>(
      "check-plan",
      [&] {
        const std::vector<std::string> problems = check_plan(laid_out, plan, options.max_batch);
        SINTER_CHECK(problems.empty(), problems.empty() ? "" : problems[0]);
        return 0;
      },
      [](int) { return std::string("sound\n"); });

  // Passes may drop or reorder variables: find the data by name.
  auto kept = std::make_shared<Weights>(laid_out.fused.graph.variables.size());
  for (size_t i = 0; i < kept->size(); ++i) {
    const std::string &name = laid_out.fused.graph.value(laid_out.fused.graph.variables[i].value).name;
    const ir::ValueId before = folded.graph.find_value(name);
    SINTER_CHECK(before >= 0 && folded.graph.is_variable(before), name);
    (*kept)[i] = std::move(folded.weights[static_cast<size_t>(folded.graph.value(before).variable)]);
  }
  return {std::move(laid_out), std::move(plan), std::move(kept)};
}

}  // namespace sinter::passes

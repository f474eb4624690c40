#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "codegen/build_program.h"
#include "codegen/lower/fit_schedule.h"
#include "codegen/supported.h"
#include "tests/campaign/compare.h"
#include "tests/codegen/program_runner.h"

namespace sinter::campaign {

namespace {

using Arrays = std::vector<std::vector<float>>;

bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * 4) == 0);
}

// Samples [first, first + count) of arrays of n samples.
Arrays samples_of(const Arrays &arrays, int64_t n, int64_t first, int64_t count) {
  Arrays result;
  for (const std::vector<float> &array : arrays) {
    const auto size = static_cast<int64_t>(array.size()) / n;
    result.emplace_back(array.begin() + first * size, array.begin() + (first + count) * size);
  }
  return result;
}

std::string compare_bits(const std::string &what, const Arrays &got, const Arrays &expected) {
  for (size_t o = 0; o < expected.size(); ++o)
    if (!same_bits(got[o], expected[o])) return fmt::format("output {} differs in bits {}", o, what);
  return {};
}

}  // namespace

Verdict check_prediction(const Case &c, Coverage &coverage) {
  const int64_t n = c.batches.at(0);
  std::vector<ir::ReferenceTensor> inputs, variables;
  Arrays arrays;
  for (const ir::ValueId input : c.graph.inputs) {
    inputs.push_back(input_data(c, input, n, 0));
    arrays.push_back(floats_of(inputs.back()));
  }
  for (const ir::Variable &variable : c.graph.variables) variables.push_back(variable_data(c, variable));
  Diagnostics diagnostics;
  const std::optional<codegen::Target> target = codegen::parse_target(c.target, diagnostics);
  if (!target || !codegen::check_supported(c.graph, {}, diagnostics)) return {false, ""};
  Random random(c.seed);
  const Evaluation evaluation = evaluate(c.graph, inputs, variables, n, random);
  if (!is_in_range(evaluation.exact)) return {false, ""};
  coverage.count("comparison", "predictions");
  if (const std::string at =
          kink(c.graph, evaluation, std::vector<bool>(c.graph.nodes.size(), true), Kinks::jumps);
      !at.empty()) {
    coverage.count("comparison", "predictions at a kink");
    coverage.count("kink", at);
    return {};
  }

  passes::PipelineOptions options;
  options.max_batch = c.max_batch;
  options.fits = codegen::fits_locally(*target, c.max_batch);
  const passes::PlannedGraph planned = passes::plan_predict(c.graph, weights_of(c, false), options);
  const codegen::Program program = codegen::build_program(planned, *target, c.max_batch);
  coverage.count_program(planned);
  test::ProgramRunner compiled(program, *target, test::Engine::compiled);
  const Arrays outputs = compiled.run(arrays, n);
  if (!compiled.problems().empty()) return {true, compiled.problems()[0]};
  for (size_t o = 0; o < outputs.size(); ++o) {
    const ir::ReferenceTensor &expected = evaluation.exact[static_cast<size_t>(c.graph.outputs[o])];
    double scale = 0;
    for (const double x : expected.data) scale = std::max(scale, std::abs(x));
    const double noise = bound_noise * evaluation.noise(c.graph.outputs[o]);
    coverage.count("comparison", noise > bound_part * scale ? "outputs with a wider bound" : "outputs");
    const std::vector<double> allowed(expected.data.size(), std::max({bound_part * scale, noise, 1e-30}));
    if (std::string difference = compare(fmt::format("output {}", o), {outputs[o].begin(), outputs[o].end()},
                                         expected.data, allowed, coverage);
        !difference.empty())
      return {true, difference};
  }

  for (const auto &[order, what] : {std::pair{backwards(), "when chunks run backwards"},
                                    std::pair{mixed(c.seed), "when chunks run in a mixed order"}})
    if (std::string difference = compare_bits(what, compiled.run(arrays, n, order), outputs);
        !difference.empty())
      return {true, difference};
  for (int64_t i = 0; i < n && n > 1; ++i)
    if (std::string difference =
            compare_bits(fmt::format("when sample {} comes alone", i),
                         compiled.run(samples_of(arrays, n, i, 1), 1), samples_of(outputs, n, i, 1));
        !difference.empty())
      return {true, difference};
  if (c.interpreter) {
    coverage.count("comparison", "predictions of the interpreter");
    test::ProgramRunner interpreter(program, *target, test::Engine::interpreter);
    const Arrays interpreted = interpreter.run(samples_of(arrays, n, 0, 1), 1);
    if (!interpreter.problems().empty()) return {true, interpreter.problems()[0]};
    if (std::string difference = !target->has_fma ? ""
                                                  : compare_bits("when the interpreter runs it", interpreted,
                                                                 samples_of(outputs, n, 0, 1));
        !difference.empty())
      return {true, difference};
  }
  return {};
}

}  // namespace sinter::campaign

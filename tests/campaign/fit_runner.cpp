#include "tests/campaign/fit_runner.h"

#include <algorithm>
#include <cstring>

#include "codegen/lower/fit_schedule.h"
#include "codegen/schedule.h"
#include "codegen/supported.h"
#include "tests/campaign/compare.h"

namespace sinter::campaign {

std::unique_ptr<FitRunner> FitRunner::make(const Case &c, Diagnostics &diagnostics) {
  std::unique_ptr<FitRunner> fit(new FitRunner(c));
  fit->target_ = codegen::parse_target(c.target, diagnostics);
  if (!fit->target_) return nullptr;
  passes::PipelineOptions options;
  options.max_batch = c.max_batch;
  options.fits = codegen::fits_locally(*fit->target_, c.max_batch);
  auto planned =
      passes::plan_train(fit->request_, weights_of(c, true),
                         codegen::storage_choice(*fit->target_, c.max_batch), options, diagnostics);
  if (!planned || !codegen::check_trainable(planned->training.graph, {}, diagnostics)) return nullptr;
  fit->planned_ = *std::move(planned);
  fit->program_ = codegen::build_trainer(fit->planned_, fit->request_.graph,
                                         std::make_shared<passes::Weights>(weights_of(c, true)),
                                         *fit->target_, c.max_batch);
  fit->compiled_.emplace(fit->program_, *fit->target_, test::Engine::compiled);
  fit->fill_state();
  fit->write_state(*fit->compiled_);
  return fit;
}

// The model's variables hold the case's data, slots what the optimizer starts from.
void FitRunner::fill_state() {
  const ir::Graph &graph = planned_.training.graph;
  for (const ir::Variable &variable : graph.variables) {
    const std::string &name = graph.value(variable.value).name;
    const int of_model = variable_index(case_.graph, name);
    if (of_model >= 0) {
      state[name] = variable_data(case_, case_.graph.variables[static_cast<size_t>(of_model)]);
    } else {
      double start = 0;
      for (const auto &[argument, value] : variable.initializer.arguments) start = value;
      ir::ReferenceTensor tensor;
      for (const ir::Dim dim : graph.type(variable.value).dims) tensor.dims.push_back(dim.value());
      tensor.data.assign(static_cast<size_t>(tensor.elements()), double{static_cast<float>(start)});
      state[name] = std::move(tensor);
    }
    if (variable.kind != ir::VariableKind::constant) in_state_.push_back(name);
  }
}

void FitRunner::read_state() {
  for (const std::string &name : in_state_) state[name] = compiled_->read(name, state[name]);
}

void FitRunner::write_state(test::TrainerRunner &runner) const {
  for (const std::string &name : in_state_) runner.write(name, state.at(name));
}

StepData FitRunner::step_data(size_t step) const {
  const passes::TrainingGraph &training = planned_.training;
  const ir::Graph &graph = training.graph;
  const uint64_t number = case_.fit->first_step + step;
  StepData data;
  data.n = case_.batches.at(step % case_.batches.size());
  for (const ir::ValueId input : case_.graph.inputs) {
    ir::ReferenceTensor tensor = input_data(case_, input, data.n, step);
    data.x.push_back(floats_of(tensor));
    data.inputs[case_.graph.value(input).name] = std::move(tensor);
  }
  for (size_t output = 0; output < training.targets.size(); ++output) {
    const ir::ValueId target = training.targets[output];
    if (target < 0) continue;
    const int64_t classes = graph.type(training.predictions[output]).dims.back().value();
    ir::ReferenceTensor tensor = target_data(case_, output, graph.type(target), classes, data.n, step);
    data.targets.push_back(floats_of(tensor));
    data.inputs[graph.value(target).name] = std::move(tensor);
  }
  if (training.sample_weight >= 0) {
    ir::ReferenceTensor tensor = weight_data(case_, data.n, step);
    data.targets.push_back(floats_of(tensor));
    data.inputs[graph.value(training.sample_weight).name] = std::move(tensor);
  }
  const OptimizerConfig &optimizer = case_.fit->optimizer;
  data.hyper = {static_cast<float>(optimizer.learning_rate), 0, 0x123456789abcdef0u ^ case_.seed, number, {}};
  const auto numbers = sinter::hyper(optimizer, static_cast<int64_t>(number), optimizer.learning_rate);
  std::copy(numbers.begin(), numbers.end(), data.hyper.optimizer);
  data.inputs["hyper"] = {{static_cast<int64_t>(hyper_size)}, {numbers.begin(), numbers.end()}};
  uint32_t words[4];
  std::memcpy(words, &data.hyper.seed, sizeof words);
  ir::ReferenceTensor random{{4}, {}};
  for (const uint32_t word : words) random.data.push_back(static_cast<double>(static_cast<int32_t>(word)));
  data.inputs["random"] = std::move(random);
  return data;
}

std::vector<ir::ReferenceTensor> FitRunner::inputs_of(const ir::Graph &graph, const StepData &data) const {
  std::vector<ir::ReferenceTensor> list;
  for (const ir::ValueId input : graph.inputs) list.push_back(data.inputs.at(graph.value(input).name));
  return list;
}

std::vector<ir::ReferenceTensor> FitRunner::variables_of(const ir::Graph &graph) const {
  std::vector<ir::ReferenceTensor> list;
  for (const ir::Variable &variable : graph.variables)
    list.push_back(state.at(graph.value(variable.value).name));
  return list;
}

}  // namespace sinter::campaign

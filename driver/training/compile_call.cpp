#include "driver/training/compile_call.h"

#include "driver/training/settings.h"
#include "ir/objectives.h"
#include "schema/program_generated.h"

namespace sinter::driver {

std::optional<script::CompileCall> compile_call(const LoadedModel &loaded, const CompileOptions &options,
                                                Diagnostics &diagnostics) {
  std::optional<script::CompileCall> call;
  if (const script::CompileCall *of_script = loaded.plan.last_compile(loaded.main_model)) call = *of_script;
  const bool is_said = !options.loss.empty() && (!options.train || !options.optimizer.empty());
  if (!call && !loaded.training_config.empty() && !is_said) {
    call = compile_call_of_json(loaded.training_config, output_names(loaded.model), {options.model},
                                diagnostics);
    if (!call) return std::nullopt;
  }
  if (!options.optimizer.empty()) {
    const std::optional<script::Configured> optimizer = parse_optimizer(options.optimizer, diagnostics);
    if (!optimizer) return std::nullopt;
    if (!call) call.emplace();
    call->optimizer = *optimizer;
  }
  if (!options.loss.empty()) {
    if (!call) call.emplace();
    const Location where{.path = "--loss"};
    call->losses = {{"", script::Configured{options.loss, {}, where}}};
    call->metrics.clear();
    if (const ir::Objective *loss = ir::find_loss(options.loss); loss && loss->of_logits)
      call->metrics = {{"", script::Configured{"accuracy", {}, where}}};
  }
  return call;
}

void describe_loss(const script::CompileCall &call, codegen::Program &program) {
  if (!call.losses.empty()) program.loss = call.losses[0].second.class_name;
  for (const auto &[output, metric] : call.metrics) program.metrics.push_back(metric.class_name);
}

void describe_targets(const passes::TrainingGraph &training, const std::vector<std::string> &output_names,
                      const std::vector<codegen::ProgramTensor> &outputs, schema::TrainerT &metadata) {
  size_t target = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (training.targets[i] < 0) continue;
    schema::TargetT &entry = *metadata.targets[target++];
    entry.name = output_names[i];
    const std::vector<int> &axes = outputs[i].source_axes;
    if (entry.classes == 0) entry.source_axes.assign(axes.begin(), axes.end());
  }
}

}  // namespace sinter::driver

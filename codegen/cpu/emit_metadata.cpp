#include "codegen/cpu/emit_metadata.h"

#include "schema/program_generated.h"

namespace sinter::codegen {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

Offset<Vector<Offset<schema::Tensor>>> tensors(FlatBufferBuilder &builder,
                                               const std::vector<ProgramTensor> &list) {
  std::vector<Offset<schema::Tensor>> offsets;
  for (const ProgramTensor &tensor : list) {
    const auto name = builder.CreateString(tensor.name);
    const auto dims = builder.CreateVector(tensor.dims);
    const auto axes =
        builder.CreateVector(std::vector<int32_t>(tensor.source_axes.begin(), tensor.source_axes.end()));
    offsets.push_back(schema::CreateTensor(builder, name, dims, axes, builder.CreateString("f32")));
  }
  return builder.CreateVector(offsets);
}

Offset<Vector<Offset<schema::Kernel>>> kernels(FlatBufferBuilder &builder, const Program &program) {
  std::vector<Offset<schema::Kernel>> offsets;
  for (const ProgramKernel &kernel : program.kernels) {
    const auto name = builder.CreateString(kernel.kernel.name);
    const auto layers = builder.CreateVectorOfStrings(kernel.layers);
    offsets.push_back(schema::CreateKernel(builder, name, layers, kernel.flops_per_sample,
                                           kernel.bytes_per_sample, kernel.fixed_bytes, kernel.is_contraction,
                                           kernel.fixed_flops));
  }
  return builder.CreateVector(offsets);
}

}  // namespace

std::vector<uint8_t> program_metadata(const Program &program, const Target &target) {
  FlatBufferBuilder builder;
  const auto name = builder.CreateString(program.name);
  const auto version = builder.CreateString(SINTER_VERSION);
  const auto model_file = builder.CreateString(program.model_file);
  const auto triple = builder.CreateString(target.triple);
  const auto cpu = builder.CreateString(target.cpu);
  const auto features = builder.CreateVectorOfStrings(target.features);
  const auto inputs = tensors(builder, program.inputs);
  const auto outputs = tensors(builder, program.outputs);
  const auto kernel_list = kernels(builder, program);
  const auto labels = builder.CreateVectorOfStrings(program.labels);
  const auto loss = builder.CreateString(program.loss);
  const auto metrics = builder.CreateVectorOfStrings(program.metrics);
  const auto options = builder.CreateVectorOfStrings(program.options);
  const auto loss_problem = builder.CreateString(program.loss_problem);
  std::vector<Offset<schema::DataStep>> steps;
  for (const auto &step : program.pixel_steps) steps.push_back(schema::CreateDataStep(builder, step.get()));
  const auto pixel_steps = builder.CreateVector(steps);
  const auto pixels = builder.CreateString(program.pixels);
  const auto evaluation = program.evaluation
                              ? schema::CreateTrainer(builder, program.evaluation->metadata.get())
                              : Offset<schema::Trainer>();
  const auto trainer = program.trainer ? schema::CreateTrainer(builder, program.trainer->metadata.get())
                                       : Offset<schema::Trainer>();

  schema::ProgramBuilder root(builder);
  root.add_name(name);
  root.add_sinter_version(version);
  root.add_model_file(model_file);
  root.add_target_triple(triple);
  root.add_target_cpu(cpu);
  root.add_cpu_features(features);
  root.add_max_batch(static_cast<uint32_t>(program.max_batch));
  root.add_arena_bytes(static_cast<uint64_t>(program.arena_bytes));
  root.add_arena_lower_bound(static_cast<uint64_t>(program.arena_lower_bound));
  root.add_parameter_count(static_cast<uint64_t>(program.parameter_count));
  root.add_parameter_bytes(static_cast<uint64_t>(program.parameter_bytes));
  root.add_inputs(inputs);
  root.add_outputs(outputs);
  root.add_kernels(kernel_list);
  root.add_labels(labels);
  root.add_input_scale(program.input_scale);
  root.add_input_offset(program.input_offset);
  root.add_loss(loss);
  root.add_metrics(metrics);
  root.add_options(options);
  root.add_loss_problem(loss_problem);
  root.add_pixel_steps(pixel_steps);
  root.add_pixels(pixels);
  root.add_serial(program.serial);
  if (program.trainer) root.add_trainer(trainer);
  if (program.evaluation) root.add_evaluation(evaluation);
  builder.Finish(root.Finish());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace sinter::codegen

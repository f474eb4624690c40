#include "tests/codegen/program_runner.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <random>

#include "codegen/lower/fit_schedule.h"
#include "ir/kernel/interpret.h"
#include "ir/kernel/math.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verify.h"
#include "passes/pipeline.h"

namespace sinter::test {

using codegen::Program;

ProgramRunner::ProgramRunner(const Program &program, const codegen::Target &target, Engine engine)
    : program_(program), engine_(engine), constants_(program.constant_bytes), arena_(program.arena_bytes) {
  for (const codegen::ConstantBlock &block : program.constants) {
    char *at = constants_.data() + block.offset;
    block.fill([&](const void *data, size_t bytes) {
      std::memcpy(at, data, bytes);
      at += bytes;
    });
  }
  std::vector<const kernel::Kernel *> kernels;
  for (const codegen::ProgramKernel &kernel : program.kernels) {
    kernels.push_back(&kernel.kernel);
    for (const std::string &problem : kernel::verify(kernel.kernel))
      problems_.push_back(kernel.kernel.name + ": " + problem + "\n" + kernel::print(kernel.kernel));
  }
  if (problems_.empty() && engine == Engine::compiled) module_ = codegen::JitModule::compile(kernels, target);
}

std::vector<std::vector<float>> ProgramRunner::run(const std::vector<std::vector<float>> &inputs, int64_t n,
                                                   const codegen::ChunkOrder &order) {
  if (!problems_.empty()) return {};
  arena_.fill_with_nan();
  std::vector<std::unique_ptr<GuardedMemory>> in, out;
  for (const std::vector<float> &input : inputs) {
    in.push_back(std::make_unique<GuardedMemory>(static_cast<int64_t>(input.size()) * 4, false));
    std::memcpy(in.back()->data(), input.data(), input.size() * 4);
  }
  for (const codegen::ProgramTensor &tensor : program_.outputs) {
    int64_t elements = tensor.has_batch ? n : 1;
    for (const int64_t dim : tensor.dims) elements *= dim;
    out.push_back(std::make_unique<GuardedMemory>(elements * 4, false));
  }
  for (size_t k = 0; k < program_.kernels.size(); ++k) {
    const codegen::ProgramKernel &kernel = program_.kernels[k];
    std::vector<kernel::BufferMemory> memory;
    for (const codegen::BufferBinding &binding : kernel.bindings) {
      const auto index = static_cast<size_t>(binding.index);
      switch (binding.kind) {
        case kernel::BufferKind::input:
          memory.push_back({in[index]->data(), in[index]->bytes()});
          break;
        case kernel::BufferKind::output:
          memory.push_back({out[index]->data(), out[index]->bytes()});
          break;
        case kernel::BufferKind::arena:
          memory.push_back({arena_.data() + binding.offset, program_.arena_bytes - binding.offset});
          break;
        case kernel::BufferKind::constant:
          memory.push_back({constants_.data() + binding.offset, program_.constant_bytes - binding.offset});
          break;
        case kernel::BufferKind::state:
        case kernel::BufferKind::local:
          memory.push_back({});
          break;
      }
    }
    if (engine_ == Engine::compiled) {
      module_->run(k, memory, n, order);
    } else {
      kernel::Kernel expanded = kernel.kernel;
      kernel::expand_math(expanded);
      if (const auto error = kernel::interpret(expanded, memory, n))
        problems_.push_back(kernel.kernel.name + ": " + *error + "\n" + kernel::print(kernel.kernel));
    }
  }
  std::vector<std::vector<float>> outputs;
  for (const auto &block : out) outputs.emplace_back(block->floats(), block->floats() + block->bytes() / 4);
  return outputs;
}

std::vector<std::vector<float>> run_program(const Program &program, const codegen::Target &target,
                                            Engine engine, const std::vector<std::vector<float>> &inputs,
                                            int64_t n, std::vector<std::string> &problems) {
  ProgramRunner runner(program, target, engine);
  std::vector<std::vector<float>> outputs = runner.run(inputs, n);
  problems.insert(problems.end(), runner.problems().begin(), runner.problems().end());
  return outputs;
}

namespace {

// As the program reads it: floats, or the bits of integers.
std::vector<float> input_data(const ir::ReferenceTensor &tensor, ir::DType dtype) {
  std::vector<float> data;
  for (const double x : tensor.data)
    data.push_back(dtype == ir::DType::i32 ? std::bit_cast<float>(static_cast<int32_t>(x))
                                           : static_cast<float>(x));
  return data;
}

}  // namespace

std::string compare_on_inputs(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &variables,
                              const std::vector<ir::ReferenceTensor> &inputs,
                              const std::vector<ir::ReferenceTensor> &expected, const codegen::Target &target,
                              Engine engine, int64_t max_batch, int64_t n, double tolerance) {
  std::vector<std::vector<float>> data;
  for (size_t i = 0; i < inputs.size(); ++i)
    data.push_back(input_data(inputs[i], graph.type(graph.inputs[i]).dtype));
  passes::Weights weights;
  for (const ir::ReferenceTensor &variable : variables)
    weights.push_back(
        ir::TensorData{variable.dims, std::vector<float>(variable.data.begin(), variable.data.end())});
  passes::PipelineOptions options;
  options.max_batch = max_batch;
  options.fits = codegen::fits_locally(target, max_batch);
  const passes::PlannedGraph planned = passes::plan_predict(graph, std::move(weights), options);
  const Program program = codegen::build_program(planned, target, max_batch);
  std::vector<std::string> problems;
  const std::vector<std::vector<float>> outputs = run_program(program, target, engine, data, n, problems);
  if (!problems.empty()) return problems[0];
  for (size_t o = 0; o < expected.size(); ++o) {
    double scale = 1e-6;
    for (const double value : expected[o].data) scale = std::max(scale, std::abs(value));
    for (size_t i = 0; i < expected[o].data.size(); ++i) {
      const double actual = double{outputs[o][i]};
      if (std::abs(expected[o].data[i] - actual) <= tolerance * scale) continue;
      if (std::isnan(expected[o].data[i]) && std::isnan(actual)) continue;
      std::string text = fmt::format("output {} element {}: expected {}, got {} (largest {})\n", o, i,
                                     expected[o].data[i], actual, scale);
      for (const codegen::ProgramKernel &kernel : program.kernels) text += kernel::print(kernel.kernel);
      return text;
    }
  }
  return "";
}

std::string compare_with_reference(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &variables,
                                   const codegen::Target &target, Engine engine, int64_t max_batch, int64_t n,
                                   double tolerance, float low, float high) {
  std::mt19937 random(42);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<ir::ReferenceTensor> inputs;
  for (const ir::ValueId v : graph.inputs) {
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : graph.type(v).dims) tensor.dims.push_back(dim.at(n));
    tensor.data.resize(static_cast<size_t>(tensor.elements()));
    for (double &x : tensor.data) {
      if (graph.type(v).dtype == ir::DType::i32)  // any bits
        x = static_cast<int32_t>(random());
      else
        x = double{uniform(random)};
    }
    inputs.push_back(std::move(tensor));
  }
  const std::vector<ir::ReferenceTensor> expected = ir::interpret(graph, inputs, variables, n);
  return compare_on_inputs(graph, variables, inputs, expected, target, engine, max_batch, n, tolerance);
}

}  // namespace sinter::test

#include "tests/codegen/trainer_runner.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ir/kernel/interpret.h"
#include "ir/kernel/math.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verify.h"
#include "schema/program_generated.h"

namespace sinter::test {

TrainerRunner::TrainerRunner(const codegen::Program &program, const codegen::Target &target, Engine engine)
    : program_(program),
      trainer_(*program.trainer),
      target_(target),
      engine_(engine),
      state_(trainer_.state_bytes),
      arena_(static_cast<int64_t>(trainer_.metadata->arena_bytes)),
      sums_(4 * trainer_.values, false),
      constants_(program.constant_bytes) {
  std::memset(state_.data(), 0, static_cast<size_t>(state_.bytes()));
  for (const codegen::ConstantBlock &block : program.constants) {
    char *at = constants_.data() + block.offset;
    block.fill([&](const void *data, size_t bytes) {
      std::memcpy(at, data, bytes);
      at += bytes;
    });
  }
}

void TrainerRunner::write_first_values() {
  for (const auto &variable : trainer_.metadata->variables) {
    ir::ReferenceTensor tensor{variable->dims, {}};
    double fallback = 0;
    for (const auto &argument : variable->arguments) fallback = argument->number;
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      float value = variable->initializer == "constant" ? static_cast<float>(fallback) : 0.0f;
      if (variable->initial >= 0) std::memcpy(&value, constants_.data() + variable->initial + 4 * i, 4);
      tensor.data.push_back(double{value});
    }
    write(variable->name, tensor);
  }
}

void TrainerRunner::train_step(const Arrays &inputs, const Arrays &targets, const SinterHyper &hyper,
                               int64_t n) {
  run(trainer_.step.kernels, inputs, targets, hyper, n, nullptr);
}
void TrainerRunner::evaluate(const Arrays &inputs, const Arrays &targets, int64_t n) {
  run(trainer_.evaluate.kernels, inputs, targets, {}, n, nullptr);
}
void TrainerRunner::predict(const Arrays &inputs, int64_t n, Arrays &outputs) {
  run(program_.kernels, inputs, {}, {}, n, &outputs);
}
void TrainerRunner::predict(const Arrays &inputs, int64_t n, std::vector<float> &output) {
  Arrays outputs = {std::move(output)};
  predict(inputs, n, outputs);
  output = std::move(outputs[0]);
}

void TrainerRunner::prepare(const std::vector<codegen::ProgramKernel> &part) {
  if (modules_.contains(&part)) return;
  std::vector<const kernel::Kernel *> kernels;
  for (const codegen::ProgramKernel &kernel : part) {
    kernels.push_back(&kernel.kernel);
    for (const std::string &problem : kernel::verify(kernel.kernel))
      ADD_FAILURE() << kernel.kernel.name << ": " << problem << "\n" << kernel::print(kernel.kernel);
  }
  modules_[&part] = engine_ == Engine::compiled ? codegen::JitModule::compile(kernels, target_) : nullptr;
}

void TrainerRunner::run(const std::vector<codegen::ProgramKernel> &part, const Arrays &inputs,
                        const Arrays &targets, const SinterHyper &hyper, int64_t n, Arrays *predictions) {
  arena_.fill_with_nan();
  GuardedMemory hyper_memory(sizeof hyper, false);
  std::memcpy(hyper_memory.data(), &hyper, sizeof hyper);
  prepare(part);
  const std::unique_ptr<codegen::JitModule> &module = modules_[&part];
  for (size_t k = 0; k < part.size(); ++k) {
    const kernel::Kernel &kernel = part[k].kernel;
    std::vector<kernel::BufferMemory> memory;
    std::vector<std::unique_ptr<GuardedMemory>> arrays;
    for (const codegen::BufferBinding &binding : part[k].bindings) {
      const auto rest = [&](GuardedMemory &block) {
        return kernel::BufferMemory{block.data() + binding.offset, block.bytes() - binding.offset};
      };
      switch (binding.kind) {
        case kernel::BufferKind::input: {
          if (binding.table == codegen::InputTable::hyper) {
            memory.push_back(rest(hyper_memory));
            break;
          }
          const Arrays &table = binding.table == codegen::InputTable::targets ? targets : inputs;
          const std::vector<float> &array = table.at(static_cast<size_t>(binding.index));
          arrays.push_back(std::make_unique<GuardedMemory>(static_cast<int64_t>(array.size()) * 4, false));
          std::memcpy(arrays.back()->data(), array.data(), array.size() * 4);
          memory.push_back(rest(*arrays.back()));
          break;
        }
        case kernel::BufferKind::output:
          if (predictions) {
            std::vector<float> &output = predictions->at(static_cast<size_t>(binding.index));
            memory.push_back({output.data(), static_cast<int64_t>(output.size()) * 4});
          } else {
            memory.push_back({sums_.data() + 4 * binding.index, 4});
          }
          break;
        case kernel::BufferKind::arena:
          memory.push_back(rest(arena_));
          break;
        case kernel::BufferKind::constant:
          memory.push_back(rest(constants_));
          break;
        case kernel::BufferKind::state:
          memory.push_back(rest(state_));
          break;
        case kernel::BufferKind::local:
          memory.push_back({});
          break;
      }
    }
    if (engine_ == Engine::compiled) {
      module->run(k, memory, n, order_);
      continue;
    }
    kernel::Kernel expanded = kernel;
    kernel::expand_math(expanded);
    if (const auto error = kernel::interpret(expanded, memory, n))
      ADD_FAILURE() << kernel.name << ": " << *error << "\n" << kernel::print(kernel);
  }
}

void TrainerRunner::expect_padding_zero() {
  for (const auto &variable : trainer_.metadata->variables) {
    if (variable->block == 0) continue;
    const int64_t channels = variable->dims.back(), block = variable->block;
    int64_t rows = 1;
    for (const int64_t dim : variable->dims) rows *= dim;
    rows /= channels;
    const auto *at =
        reinterpret_cast<const float *>(state_.data() + variable->offset) + channels / block * rows * block;
    for (int64_t i = 0; channels % block != 0 && i < rows * block; ++i) {
      if (i % block < channels % block) continue;
      ASSERT_EQ(at[i], 0.0f) << variable->name;
    }
  }
}

void TrainerRunner::transfer(const std::string &name, ir::ReferenceTensor &tensor, bool to_state) {
  for (const auto &variable : trainer_.metadata->variables) {
    if (variable->name != name) continue;
    auto *at = reinterpret_cast<float *>(state_.data() + variable->offset);
    const int64_t channels = tensor.dims.empty() ? 1 : tensor.dims.back(),
                  block = variable->block > 0 ? variable->block : channels;
    const int64_t rows = tensor.elements() / channels;
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      const int64_t row = i / channels, channel = i % channels;
      float &stored = at[channel / block * rows * block + row * block + channel % block];
      double &value = tensor.data[static_cast<size_t>(i)];
      if (to_state)
        stored = static_cast<float>(value);
      else
        value = double{stored};
    }
    return;
  }
  ADD_FAILURE() << "no variable " << name;
}

}  // namespace sinter::test

#include "fake_programs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "runtime/program_abi.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

struct FakeTensor {
  std::string name;
  std::vector<int64_t> dims;
  std::vector<int32_t> source_axes = {};
};

struct FakeKernel {
  std::string name;
  double flops;
};

struct FakeMetadata {
  std::vector<FakeTensor> inputs, outputs;
  uint32_t max_batch = 1;
  std::vector<std::string> labels = {}, features = {};
  std::string loss = {};
  std::vector<FakeKernel> kernels = {{"only", 10}};
  float scale = 1;  // of bytes
};

std::vector<std::string> values_of(const FakeMetadata &fake) {
  std::vector<std::string> values{"loss"};
  for (const FakeTensor &output : fake.outputs)
    values.push_back(fake.outputs.size() > 1 ? output.name + "_loss" : "acc");
  return values;
}

std::vector<uint8_t> build(const std::string &name, const FakeMetadata &fake) {
  namespace fb = flatbuffers;
  fb::FlatBufferBuilder builder;
  const auto tensors = [&](const std::vector<FakeTensor> &list) {
    std::vector<fb::Offset<schema::Tensor>> offsets;
    for (const FakeTensor &tensor : list)
      offsets.push_back(schema::CreateTensorDirect(builder, tensor.name.c_str(), &tensor.dims,
                                                   tensor.source_axes.empty() ? nullptr : &tensor.source_axes,
                                                   "f32"));
    return builder.CreateVector(offsets);
  };
  const auto inputs = tensors(fake.inputs), outputs = tensors(fake.outputs);
  std::vector<fb::Offset<schema::Kernel>> kernels;
  for (const FakeKernel &kernel : fake.kernels)
    kernels.push_back(
        schema::CreateKernelDirect(builder, kernel.name.c_str(), nullptr, kernel.flops, 100, 50, true));
  const auto kernel_vector = builder.CreateVector(kernels);
  const auto labels = builder.CreateVectorOfStrings(fake.labels);
  const auto features = builder.CreateVectorOfStrings(fake.features);
  const auto program_name = builder.CreateString(name), version = builder.CreateString("0.1.0"),
             file = builder.CreateString(name + ".py"), triple = builder.CreateString("x86_64-linux-gnu"),
             cpu = builder.CreateString("znver9"), loss = builder.CreateString(fake.loss);
  // Targets as the outputs are.
  std::vector<fb::Offset<schema::Target>> targets;
  for (const FakeTensor &output : fake.outputs)
    targets.push_back(schema::CreateTargetDirect(builder, output.name.c_str(), &output.dims,
                                                 output.source_axes.empty() ? nullptr : &output.source_axes));
  std::vector<fb::Offset<schema::Value>> values;
  for (const std::string &value : values_of(fake))
    values.push_back(schema::CreateValueDirect(builder, value.c_str()));
  const auto target_vector = builder.CreateVector(targets);
  const auto value_vector = builder.CreateVector(values);
  schema::TrainerBuilder evaluates(builder);
  evaluates.add_arena_bytes(64);
  evaluates.add_targets(target_vector);
  evaluates.add_values(value_vector);
  const auto evaluation = evaluates.Finish();
  schema::ProgramBuilder program(builder);
  program.add_name(program_name);
  program.add_sinter_version(version);
  program.add_model_file(file);
  program.add_target_triple(triple);
  program.add_target_cpu(cpu);
  program.add_cpu_features(features);
  program.add_max_batch(fake.max_batch);
  program.add_arena_bytes(4096);
  program.add_arena_lower_bound(4000);
  program.add_parameter_count(12);
  program.add_parameter_bytes(48);
  program.add_inputs(inputs);
  program.add_outputs(outputs);
  program.add_kernels(kernel_vector);
  program.add_labels(labels);
  program.add_loss(loss);
  program.add_input_scale(fake.scale);
  program.add_evaluation(evaluation);
  builder.Finish(program.Finish());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

void normalise(float *values, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];
  for (int i = 0; i < count; ++i) values[i] = sum == 0 ? 1.0f / static_cast<float>(count) : values[i] / sum;
}

int classes(const float *const *in, float *const *out, uint32_t n, void *) {
  for (uint32_t i = 0; i < n; ++i) {
    const float *x = in[0] + 4 * i;
    float *y = out[0] + 3 * i;
    y[0] = x[0], y[1] = x[1], y[2] = x[2] + x[3];
    normalise(y, 3);
  }
  return 0;
}

int image(const float *const *in, float *const *out, uint32_t n, void *) {
  for (uint32_t i = 0; i < n; ++i) {
    float *y = out[0] + 3 * i;
    for (int c = 0; c < 3; ++c) {
      y[c] = 0;
      for (int pixel = 0; pixel < 16; ++pixel) y[c] += in[0][i * 48 + static_cast<uint32_t>(pixel * 3 + c)];
    }
    normalise(y, 3);
  }
  return 0;
}

int planes(const float *const *in, float *const *out, uint32_t n, void *) {
  std::memcpy(out[0], in[0], n * 24 * sizeof(float));
  return 0;
}

int pairs(const float *const *in, float *const *out, uint32_t n, void *) {
  for (uint32_t i = 0; i < n; ++i) {
    out[0][i] = 0;
    for (uint32_t e = 0; e < 2; ++e) out[0][i] += in[0][2 * i + e];
    for (uint32_t e = 0; e < 3; ++e) out[0][i] += out[1][3 * i + e] = in[1][3 * i + e];
  }
  return 0;
}

int digits(const float *const *in, float *const *out, uint32_t n, void *) {
  for (uint32_t i = 0; i < n; ++i) {
    float *y = out[0] + 10 * i;
    for (int c = 0; c < 10; ++c) {
      y[c] = 1e-3f;
      for (int e = 0; e < 84; ++e) y[c] += in[0][i * 784 + static_cast<uint32_t>(c * 70 + e)];
    }
    normalise(y, 10);
  }
  return 0;
}

int cifar(const float *const *in, float *const *out, uint32_t n, void *) {
  for (uint32_t i = 0; i < n; ++i) {
    float *y = out[0] + 10 * i;
    for (uint32_t c = 0; c < 10; ++c) {
      y[c] = 1e-3f;
      for (uint32_t e = c * 300; e < c * 300 + 300; ++e) y[c] += in[0][i * 3072 + e];
    }
    normalise(y, 10);
  }
  return 0;
}

int run_kernel(uint32_t, const float *const *, float *const *, uint32_t, void *) {
  return 0;
}

struct Fake {
  FakeMetadata metadata;
  decltype(ProgramCode::predict) predict;
};

const std::map<std::string, Fake> &fakes() {
  const std::vector<std::string> insects{"ant", "bee", "cat"};
  static const std::map<std::string, Fake> table = {
      {"classes",
       {{{{"x", {2, 2, 1}}}, {{"y", {3}}}, 4, insects, {}, "categorical_crossentropy", {{"a", 30}, {"b", 3}}},
        classes}},
      {"foreign_cpu", {{{{"x", {2, 2, 1}}}, {{"y", {3}}}, 4, {}, {"sse2", "avx9000"}}, classes}},
      {"image", {{{{"x", {4, 4, 3}}}, {{"y", {3}}}, 2, {"red", "green", "blue"}}, image}},
      {"unnamed_image", {{{{"x", {4, 4, 3}}}, {{"y", {3}}}, 2}, image}},
      {"planes",
       {{{{"x", {2, 3, 4}, {1, 2, 0}}},
         {{"y", {2, 3, 4}, {1, 2, 0}}},
         4,
         {},
         {},
         {},
         {{"only", 10}},
         1 / 255.0f},
        planes}},
      {"pairs", {{{{"a", {2}}, {"b", {3}}}, {{"sum", {1}}, {"b/out:0", {3}}}, 2, {}, {}, "mse"}, pairs}},
      {"digits", {{{{"x", {28, 28, 1}}}, {{"y", {10}}}, 32, {}, {}, "categorical_crossentropy"}, digits}},
      {"flat", {{{{"x", {784}}}, {{"y", {10}}}, 32, {}, {}, "categorical_crossentropy"}, digits}},
      {"cifar", {{{{"x", {32, 32, 3}}}, {{"y", {10}}}, 1, {}, {}, "categorical_crossentropy"}, cifar}},
  };
  return table;
}

const Fake *active = nullptr;  // whose evaluate runs

size_t elements_of(const FakeTensor &tensor) {
  size_t elements = 1;
  for (const int64_t extent : tensor.dims) elements *= static_cast<size_t>(extent);
  return elements;
}

// Mean squared errors of several outputs and their sum, or crossentropy and accuracy of one.
int evaluate(const float *const *in, const float *const *targets, uint32_t n, void *arena, const void *,
             float *sums) {
  const std::vector<FakeTensor> &outputs = active->metadata.outputs;
  std::vector<std::vector<float>> predictions;
  std::vector<float *> pointers;
  for (const FakeTensor &output : outputs) predictions.emplace_back(n * elements_of(output));
  for (std::vector<float> &values : predictions) pointers.push_back(values.data());
  active->predict(in, pointers.data(), n, arena);
  for (size_t v = 0; v <= outputs.size(); ++v) sums[v] = 0;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const size_t row = elements_of(outputs[o]);
    for (uint32_t s = 0; s < n; ++s) {
      const float *p = predictions[o].data() + s * row, *t = targets[o] + s * row;
      if (active->metadata.loss == "mse") {
        for (size_t i = 0; i < row; ++i)
          sums[o + 1] += (p[i] - t[i]) * (p[i] - t[i]) / static_cast<float>(row);
        continue;
      }
      for (size_t i = 0; i < row; ++i) sums[0] -= t[i] == 0 ? 0 : t[i] * std::log(p[i]);
      sums[1] += std::max_element(p, p + row) - p == std::max_element(t, t + row) - t ? 1.0f : 0.0f;
    }
    if (active->metadata.loss == "mse") sums[0] += sums[o + 1];
  }
  return 0;
}

}  // namespace

Program fake_program(const std::string &name) {
  static std::map<std::string, std::vector<uint8_t>> built;
  const auto found = fakes().find(name);
  if (found == fakes().end()) throw std::invalid_argument("no fake program " + name);
  std::vector<uint8_t> &bytes = built[name];
  if (bytes.empty()) bytes = build(name, found->second.metadata);
  active = &found->second;
  const bool has_loss = !active->metadata.loss.empty();
  return make_program(bytes.data(), {active->predict, run_kernel, has_loss ? evaluate : nullptr});
}

}  // namespace sinter::runtime

#include "fake_programs.h"

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
};

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
      {"planes", {{{{"x", {2, 3, 4}, {1, 2, 0}}}, {{"y", {2, 3, 4}, {1, 2, 0}}}, 4}, planes}},
      {"pairs", {{{{"a", {2}}, {"b", {3}}}, {{"sum", {1}}, {"b/out:0", {3}}}, 2, {}, {}, "mse"}, pairs}},
      {"digits", {{{{"x", {28, 28, 1}}}, {{"y", {10}}}, 32, {}, {}, "categorical_crossentropy"}, digits}},
      {"flat", {{{{"x", {784}}}, {{"y", {10}}}, 32, {}, {}, "categorical_crossentropy"}, digits}},
      {"cifar", {{{{"x", {32, 32, 3}}}, {{"y", {10}}}, 1, {}, {}, "categorical_crossentropy"}, cifar}},
  };
  return table;
}

}  // namespace

Program fake_program(const std::string &name) {
  static std::map<std::string, std::vector<uint8_t>> built;
  const auto found = fakes().find(name);
  if (found == fakes().end()) throw std::invalid_argument("no fake program " + name);
  std::vector<uint8_t> &bytes = built[name];
  if (bytes.empty()) bytes = build(name, found->second.metadata);
  return make_program(bytes.data(), {found->second.predict, run_kernel});
}

}  // namespace sinter::runtime

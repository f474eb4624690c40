#include "fake_trainers.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <stdexcept>

#include "schema/program_generated.h"
#include "support/philox.h"

namespace sinter::runtime {
namespace {

constexpr int64_t block = 4;

// Sizes and offsets of the model whose code runs.
struct Model {
  FakeTrainerSpec spec;
  int64_t inputs = 0, classes = 0;
  uint64_t kernel = 0, bias = 0, kernel_momentum = 0, bias_momentum = 0, iterations = 0, bytes = 0;

  explicit Model(const FakeTrainerSpec &s) : spec(s), inputs(1), classes(s.classes) {
    for (const int64_t extent : s.input_dims) inputs *= extent;
    const auto place = [&](int64_t floats) {
      const uint64_t at = bytes;
      bytes = (at + static_cast<uint64_t>(floats) * 4 + 63) / 64 * 64;
      return at;
    };
    kernel = place(packed()), bias = place(classes), kernel_momentum = place(packed()),
    bias_momentum = place(classes);
    iterations = place(1);
  }
  int64_t packed() const { return (classes + block - 1) / block * block * inputs; }
  int64_t at(int64_t input, int64_t output) const {
    return output / block * block * inputs + input * block + output % block;
  }
};

Model &model() {
  static Model active{FakeTrainerSpec{}};
  return active;
}

float *floats(const void *state, uint64_t offset) {
  return reinterpret_cast<float *>(const_cast<std::byte *>(static_cast<const std::byte *>(state)) + offset);
}

float dropped(const float *x, int64_t sample, int64_t i, const SinterHyper *hyper) {
  const Model &m = model();
  if (!hyper || m.spec.dropout == 0) return x[i];
  const float uniform =
      random_uniform(random_bits(hyper->seed, RandomDomain::dropout, random_stream("dropout"), hyper->step,
                                 static_cast<uint64_t>(sample * m.inputs + i)));
  return uniform < m.spec.dropout ? 0 : x[i] / (1 - m.spec.dropout);
}

// Probabilities [n, classes].
void forward(const float *inputs, uint32_t n, const SinterHyper *hyper, const void *state, float *out) {
  const Model &m = model();
  for (int64_t s = 0; s < n; ++s, out += m.classes) {
    const float *x = inputs + s * m.inputs;
    float largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < m.classes; ++k) {
      out[k] = floats(state, m.bias)[k];
      for (int64_t i = 0; i < m.inputs; ++i)
        out[k] += dropped(x, s, i, hyper) * floats(state, m.kernel)[m.at(i, k)];
      largest = std::max(largest, out[k]);
    }
    for (int64_t k = 0; k < m.classes; ++k) sum += out[k] = std::exp(out[k] - largest);
    for (int64_t k = 0; k < m.classes; ++k) out[k] /= sum;
  }
}

int64_t label_of(const float *targets, int64_t s) {
  const Model &m = model();
  if (m.spec.sparse_target) return static_cast<int64_t>(targets[s]);
  const float *row = targets + s * m.classes;
  return std::max_element(row, row + m.classes) - row;
}

void measure(const float *probabilities, const float *const *targets, uint32_t n, float *sums) {
  const Model &m = model();
  sums[0] = sums[1] = 0;
  for (int64_t s = 0; s < n; ++s) {
    const float *p = probabilities + s * m.classes;
    const int64_t label = label_of(targets[0], s);
    const float weight = m.spec.sample_weights ? targets[1][s] : 1.0f;
    sums[0] -= weight * std::log(std::max(p[label], 1e-7f));
    sums[1] += std::max_element(p, p + m.classes) - p == label ? 1.0f : 0.0f;
  }
}

void run_forward(const float *const *inputs, const float *const *targets, uint32_t n,
                 const SinterHyper *hyper, void *arena, void *state, float *sums) {
  const Model &m = model();
  auto *out = static_cast<float *>(arena);
  forward(inputs[0], n, hyper, state, out);
  if (static_cast<int64_t>(hyper->step) == m.spec.nan_at_step) out[1] = NAN;
  measure(out, targets, n, sums);
}

void run_update(const float *const *inputs, const float *const *targets, uint32_t n, const SinterHyper *hyper,
                void *arena, void *state) {
  const Model &m = model();
  auto *p = static_cast<float *>(arena);
  for (int64_t s = 0; s < n; ++s) p[s * m.classes + label_of(targets[0], s)] -= 1;
  const float scale = 1.0f / static_cast<float>(n);
  const auto update = [&](float *weight, float *momentum, float gradient) {
    *momentum = 0.9f * *momentum - hyper->learning_rate * scale * gradient;
    *weight += *momentum;
  };
  for (int64_t k = 0; k < m.classes; ++k) {
    float bias_gradient = 0;
    for (int64_t s = 0; s < n; ++s) bias_gradient += p[s * m.classes + k];
    update(&floats(state, m.bias)[k], &floats(state, m.bias_momentum)[k], bias_gradient);
    for (int64_t i = 0; i < m.inputs; ++i) {
      float gradient = 0;
      for (int64_t s = 0; s < n; ++s)
        gradient += p[s * m.classes + k] * dropped(inputs[0] + s * m.inputs, s, i, hyper);
      update(&floats(state, m.kernel)[m.at(i, k)], &floats(state, m.kernel_momentum)[m.at(i, k)], gradient);
    }
  }
  ++*reinterpret_cast<uint32_t *>(floats(state, m.iterations));
}

int run_train_kernel(uint32_t index, const float *const *inputs, const float *const *targets, uint32_t n,
                     const SinterHyper *hyper, void *arena, void *state, float *sums) {
  if (n == 0 || n > model().spec.max_batch) return 1;
  if (index == 0)
    run_forward(inputs, targets, n, hyper, arena, state, sums);
  else
    run_update(inputs, targets, n, hyper, arena, state);
  return 0;
}

int train_step(const float *const *inputs, const float *const *targets, uint32_t n, const SinterHyper *hyper,
               void *arena, void *state, float *sums) {
  if (model().spec.delay_us > 0) usleep(static_cast<useconds_t>(model().spec.delay_us));
  for (uint32_t k = 0; k < 2; ++k)
    if (run_train_kernel(k, inputs, targets, n, hyper, arena, state, sums) != 0) return 1;
  return 0;
}

int evaluate(const float *const *inputs, const float *const *targets, uint32_t n, void *arena,
             const void *state, float *sums) {
  forward(inputs[0], n, nullptr, state, static_cast<float *>(arena));
  measure(static_cast<float *>(arena), targets, n, sums);
  return 0;
}

int predict_state(const float *const *inputs, float *const *outputs, uint32_t n, void *, const void *state) {
  forward(inputs[0], n, nullptr, state, outputs[0]);
  return 0;
}

namespace fb = flatbuffers;

schema::StepKind step_kind(const std::string &name) {
  for (int i = 0; i <= static_cast<int>(schema::StepKind::MAX); ++i)
    if (name == schema::EnumNamesStepKind()[i]) return static_cast<schema::StepKind>(i);
  throw std::invalid_argument("no step " + name);
}

fb::Offset<schema::DataArray> pack(fb::FlatBufferBuilder &builder, const FakeArray &array) {
  std::vector<fb::Offset<schema::DataStep>> steps;
  for (const FakeStep &step : array.steps)
    steps.push_back(schema::CreateDataStepDirect(
        builder, step_kind(step.kind), step.text.c_str(), step.constant, step.reversed, step.begin, step.end,
        step.has_end, step.step, &step.shape, step.classes, step.integer));
  const bool is_path = array.name.find('.') != std::string::npos;
  return schema::CreateDataArrayDirect(builder,
                                       is_path ? schema::SourceKind::npz : schema::SourceKind::builtin,
                                       array.name.c_str(), array.member.c_str(), &steps);
}

fb::Offset<schema::DataSet> pack(fb::FlatBufferBuilder &builder, const std::vector<FakeArray> &arrays) {
  if (arrays.empty()) return 0;
  const std::vector<fb::Offset<schema::DataArray>> inputs{pack(builder, arrays[0])},
      targets{pack(builder, arrays[1])};
  const auto weights = arrays.size() > 2 ? pack(builder, arrays[2]) : fb::Offset<schema::DataArray>();
  return schema::CreateDataSetDirect(builder, &inputs, &targets, weights);
}

fb::Offset<schema::Callback> pack(fb::FlatBufferBuilder &builder, const FakeCallback &callback) {
  std::vector<fb::Offset<schema::Argument>> arguments;
  for (const auto &[name, value] : callback.arguments) {
    const auto *text = std::get_if<std::string>(&value);
    const auto *number = std::get_if<double>(&value);
    const auto *numbers = std::get_if<std::vector<double>>(&value);
    arguments.push_back(schema::CreateArgumentDirect(builder, name.c_str(), text ? text->c_str() : nullptr,
                                                     number ? *number : 0, numbers, text != nullptr, false));
  }
  return schema::CreateCallbackDirect(builder, callback.class_name.c_str(), &arguments);
}

std::vector<uint8_t> build(const Model &m) {
  const FakeTrainerSpec &spec = m.spec;
  fb::FlatBufferBuilder builder;
  const std::vector<int64_t> kernel_dims{m.inputs, m.classes}, bias_dims{m.classes}, no_dims;
  const std::vector<fb::Offset<schema::Argument>> limits{
      schema::CreateArgumentDirect(builder, "minval", nullptr, -0.1),
      schema::CreateArgumentDirect(builder, "maxval", nullptr, 0.1)};
  const auto variable = [&](const char *name, schema::VariableKind kind, const std::vector<int64_t> &dims,
                            uint64_t offset, int64_t by, const char *keras,
                            schema::ElementType type = schema::ElementType::f32) {
    return schema::CreateVariableDirect(
        builder, name, kind, true, type, &dims, offset, static_cast<uint32_t>(by), keras, -1,
        std::string_view(name) == "dense_1/kernel" ? "random_uniform" : nullptr, &limits);
  };
  using Kind = schema::VariableKind;
  const std::vector<fb::Offset<schema::Variable>> variables{
      variable("dense_1/kernel", Kind::weight, kernel_dims, m.kernel, block, "dense_1/kernel:0"),
      variable("dense_1/bias", Kind::weight, bias_dims, m.bias, 0, "dense_1/bias:0"),
      variable("dense_1/kernel/momentum", Kind::slot, kernel_dims, m.kernel_momentum, block, "Variable:0"),
      variable("dense_1/bias/momentum", Kind::slot, bias_dims, m.bias_momentum, 0, "Variable_1:0"),
      variable("iterations", Kind::counter, no_dims, m.iterations, 0, "", schema::ElementType::u32)};
  const std::vector<uint32_t> dense_variables{0, 1};
  const std::vector<fb::Offset<schema::Layer>> layers{
      schema::CreateLayerDirect(builder, "flatten_1", "Flatten"),
      schema::CreateLayerDirect(builder, "dense_1", "Dense", &dense_variables)};
  const std::vector<int64_t> target_dims{spec.sparse_target ? 1 : m.classes};
  const std::vector<fb::Offset<schema::Target>> targets{schema::CreateTargetDirect(
      builder, "dense_1", &target_dims, nullptr, spec.sparse_target ? m.classes : 0)};
  const bool keras2 = spec.semantics == Semantics::keras2;
  const std::vector<fb::Offset<schema::Value>> values{
      schema::CreateValueDirect(builder, "loss", false),
      schema::CreateValueDirect(builder, keras2 ? "acc" : "accuracy", true)};
  const std::vector<fb::Offset<schema::Kernel>> kernels{
      schema::CreateKernelDirect(builder, "forward", nullptr, 100, 10, 10, true),
      schema::CreateKernelDirect(builder, "update", nullptr, 100, 10, 10, false)};
  const std::vector<fb::Offset<schema::CheckedTensor>> checked{schema::CreateCheckedTensorDirect(
      builder, 0, "probabilities", "dense_1", false, 0, static_cast<uint64_t>(m.classes), 0)};
  std::vector<fb::Offset<schema::Callback>> callbacks;
  for (const FakeCallback &callback : spec.callbacks) callbacks.push_back(pack(builder, callback));
  std::vector<fb::Offset<schema::ClassWeight>> class_weights;
  for (const auto &[number, weight] : spec.class_weights)
    class_weights.push_back(schema::CreateClassWeight(builder, number, weight));
  const auto fit = schema::CreateFitDirect(builder, spec.batch, spec.epochs, 0, spec.shuffle,
                                           spec.validation_split, spec.steps_per_epoch, 0, spec.counts_steps,
                                           spec.verbose, &class_weights, &callbacks);
  const auto train = pack(builder, spec.train), validation = pack(builder, spec.validation),
             test = pack(builder, spec.test);
  const auto trainer = schema::CreateTrainerDirect(
      builder, m.bytes, static_cast<uint64_t>(m.classes) * spec.max_batch * 4, 0, &variables, &layers,
      &targets, spec.sample_weights, &values, keras2 ? schema::Semantics::keras2 : schema::Semantics::keras3,
      spec.fingerprint, "SGD", spec.learning_rate, &kernels, &checked,
      spec.has_config ? "{\"class_name\": \"Sequential\", \"config\": []}" : nullptr,
      "{\"loss\": \"categorical_crossentropy\"}", keras2 ? "2.0.2" : "3.15.0", fit, train, validation, test,
      {}, spec.has_config ? "{\"class_name\": \"Sequential\", \"config\": {}}" : nullptr);
  const std::vector<fb::Offset<schema::Tensor>> inputs{
      schema::CreateTensorDirect(builder, "x", &spec.input_dims, nullptr, "f32")},
      outputs{schema::CreateTensorDirect(builder, "dense_1", &bias_dims, nullptr, "f32")};
  const auto input_vector = builder.CreateVector(inputs), output_vector = builder.CreateVector(outputs);
  const auto name = builder.CreateString("fake"), version = builder.CreateString("0.1.0");
  schema::ProgramBuilder program(builder);
  program.add_name(name);
  program.add_sinter_version(version);
  program.add_max_batch(spec.max_batch);
  program.add_arena_bytes(64);
  program.add_inputs(input_vector);
  program.add_outputs(output_vector);
  program.add_trainer(trainer);
  builder.Finish(program.Finish());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace

Trainer fake_trainer(const FakeTrainerSpec &spec) {
  static std::deque<std::vector<uint8_t>> kept;
  model() = Model(spec);
  kept.push_back(build(model()));
  return make_trainer(kept.back().data(), {nullptr, train_step, run_train_kernel, evaluate, predict_state});
}

FakeTrainerSpec fake_trainer_spec(const std::string &name) {
  FakeTrainerSpec spec;
  if (name == "points") return spec;
  if (name == "keras3") {
    spec.semantics = Semantics::keras3;
    return spec;
  }
  if (name == "slow") {
    spec.delay_us = 1000;
    spec.epochs = 1000;
    spec.callbacks = {
        {"ModelCheckpoint", {{"filepath", "best.npz"}, {"save_best_only", 1.0}, {"monitor", "loss"}}}};
    return spec;
  }
  if (name == "lesson") {
    spec.input_dims = {28, 28};
    spec.classes = 10;
    spec.batch = spec.max_batch = 128;
    spec.epochs = 2;
    spec.learning_rate = 0.01f;
    spec.dropout = 0;
    spec.validation_split = 0.2;
    const std::vector<FakeStep> scaled{{.kind = "cast", .text = "float32"},
                                       {.kind = "divide", .constant = 255}};
    spec.train = {{"fashion_mnist", "x_train", scaled},
                  {"fashion_mnist", "y_train", {{.kind = "one_hot", .classes = 10}}}};
    spec.callbacks = {
        {"ModelCheckpoint", {{"filepath", "best.hdf5"}, {"verbose", 1.0}, {"save_best_only", 1.0}}}};
    return spec;
  }
  throw std::invalid_argument("no fake trainer " + name);
}

}  // namespace sinter::runtime

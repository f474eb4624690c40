// OUT bench of a trainer: the time of train_step on samples in memory.
#include <time.h>

#include <algorithm>

#include "formats/json/json_writer.h"
#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "runtime/threads/threads.h"
#include "runtime/training/commands.h"
#include "runtime/training/state.h"
#include "schema/program_generated.h"
#include "support/philox.h"

namespace sinter::runtime {
namespace {

constexpr OptionSpec options_of_bench[] = {
    {"--batch", "N", "samples a step (default: the batch that was compiled)"},
    {"--repeat", "R", "steps to time (default: as many as take about a second, 5 to 10000)"},
    threads_option,
    {"--per-kernel", "", "also time each kernel"},
    {"--json", "", "print JSON"},
};

double now_seconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double quantile(std::vector<double> &seconds, double fraction) {
  std::ranges::sort(seconds);
  return seconds[static_cast<size_t>(fraction * static_cast<double>(seconds.size() - 1) + 0.5)];
}

constexpr float bench_rate = 1e-6f;  // the weights stay where they are: samples are made up

// A step's arguments: made-up samples, the state, the arena.
struct Bench {
  const Trainer *trainer;
  uint32_t n;
  std::vector<Arena> memory;
  std::vector<const float *> inputs, targets;
  std::optional<TrainingState> state;
  std::optional<Arena> arena;
  std::vector<float> sums;
  SinterHyper hyper{};

  Status set_up();
  Status add(int64_t elements, int64_t classes, bool one_hot, std::vector<const float *> &pointers);
  double step() {
    const double start = now_seconds();
    trainer->code.train_step(inputs.data(), targets.data(), n, &hyper, arena->data(), state->data(),
                             sums.data());
    hyper = trainer->hyper(bench_rate, 0, hyper.step + 1);
    return now_seconds() - start;
  }
  double kernel(uint32_t index) {
    const double start = now_seconds();
    trainer->code.run_train_kernel(index, inputs.data(), targets.data(), n, &hyper, arena->data(),
                                   state->data(), sums.data());
    return now_seconds() - start;
  }
};

Status Bench::add(int64_t elements, int64_t classes, bool one_hot, std::vector<const float *> &pointers) {
  Result<Arena> buffer = Arena::create(static_cast<size_t>(elements) * n * sizeof(float));
  if (!buffer) return buffer.error();
  float *values = buffer->floats().data();
  const auto stream = static_cast<uint32_t>(memory.size());
  for (uint64_t i = 0; i < static_cast<uint64_t>(elements) * n; ++i) {
    const float uniform = random_uniform(random_bits(0, RandomDomain::shuffle, stream, 0, i));
    const auto sample = static_cast<int64_t>(i) / elements, element = static_cast<int64_t>(i) % elements;
    values[i] = classes > 0 ? static_cast<float>(static_cast<int64_t>(uniform * static_cast<float>(classes)))
                : one_hot   ? (sample % elements == element ? 1.0f : 0.0f)
                            : uniform;
  }
  pointers.push_back(values);
  memory.push_back(std::move(*buffer));
  return {};
}

Status Bench::set_up() {
  for (const TensorInfo &input : trainer->program.inputs)
    if (Status status = add(input.elements, 0, false, inputs); !status) return status;
  for (const TargetInfo &target : trainer->targets)
    if (Status status = add(target.tensor.elements, target.classes, target.tensor.elements > 1, targets);
        !status)
      return status;
  if (trainer->takes_sample_weights)
    if (Status status = add(1, 0, false, targets); !status) return status;
  Result<TrainingState> fresh = TrainingState::create(*trainer);
  if (!fresh) return fresh.error();
  state = std::move(*fresh);
  state->initialize(0);
  Result<Arena> scratch = Arena::create(trainer->metadata->arena_bytes());
  if (!scratch) return scratch.error();
  arena = std::move(*scratch);
  sums.resize(trainer->values.size());
  hyper = trainer->hyper(bench_rate, 0, 0);
  return {};
}

struct KernelTime {
  std::string name;
  double seconds, flops, bytes;
};

int bench(const Trainer &trainer, const Options &options, Console &console) {
  const auto fail = [&](const Error &error) {
    console.error(error);
    return 0;
  };
  Result<int64_t> batch = options.integer("--batch", 1, trainer.max_batch(), trainer.max_batch());
  if (!batch) return fail(batch.error());
  Result<int64_t> repeat = options.integer("--repeat", 1, 100'000'000, 0);
  if (!repeat) return fail(repeat.error());
  if (Status status = apply_threads(trainer.program, options); !status) return fail(status.error());
  if (Status status = check_cpu(trainer.program); !status) return fail(status.error());
  Bench run{&trainer, static_cast<uint32_t>(*batch), {}, {}, {}, {}, {}, {}};
  if (Status status = run.set_up(); !status) return fail(status.error());

  // Warm-up: pages become resident, threads start, clocks rise.
  run.step();
  double fastest = run.step();
  for (double spent = fastest; spent < 0.05;) {
    const double seconds = run.step();
    fastest = std::min(fastest, seconds);
    spent += std::max(seconds, 1e-7);
  }
  const int64_t count =
      *repeat > 0 ? *repeat : static_cast<int64_t>(std::clamp(1.0 / std::max(fastest, 1e-7), 5.0, 1e4));
  std::vector<double> times;
  for (int64_t i = 0; i < count; ++i) times.push_back(run.step());
  const auto *kernels = trainer.metadata->train_kernels();
  std::vector<KernelTime> per_kernel;
  double flops = 0;
  if (kernels)
    for (const schema::Kernel *kernel : *kernels)
      flops += kernel->flops_per_sample() * run.n + kernel->fixed_flops();
  if (kernels && options.has("--per-kernel")) {
    std::vector<std::vector<double>> seconds(kernels->size());
    for (int64_t round = 0; round < count; ++round)
      for (uint32_t k = 0; k < kernels->size(); ++k) seconds[k].push_back(run.kernel(k));
    for (uint32_t k = 0; k < kernels->size(); ++k) {
      const schema::Kernel &kernel = *kernels->Get(k);
      per_kernel.push_back({kernel.name() ? kernel.name()->str() : format("%u", k),
                            std::max(quantile(seconds[k], 0.5), 1e-9),
                            kernel.flops_per_sample() * run.n + kernel.fixed_flops(),
                            kernel.bytes_per_sample() * run.n + kernel.fixed_bytes()});
    }
  }
  const double median = std::max(quantile(times, 0.5), 1e-9), p90 = quantile(times, 0.9);
  if (options.has("--json")) {
    JsonWriter json;
    json.begin_object().key("min_ms").value(times.front() * 1e3).key("median_ms").value(median * 1e3);
    json.key("p90_ms").value(p90 * 1e3).key("gflops").value(flops / median * 1e-9).key("batch").value(run.n);
    json.key("threads").value(sinter_threads()).key("repeat").value(count);
    json.key("images_per_s").value(run.n / median).key("kernels").begin_array();
    for (const KernelTime &kernel : per_kernel)
      json.begin_object()
          .key("name")
          .value(kernel.name)
          .key("median_us")
          .value(kernel.seconds * 1e6)
          .key("gflops")
          .value(kernel.flops / kernel.seconds * 1e-9)
          .key("gbytes_per_s")
          .value(kernel.bytes / kernel.seconds * 1e-9)
          .end_object();
    json.end_array().end_object();
    console.print(json.take() + "\n");
    return 0;
  }
  console.print(
      format("batch %u, %u threads, %lld steps\nmin %.4f ms, median %.4f ms, p90 %.4f ms, %.1f GFLOP/s, %.0f "
             "images/s\n",
             run.n, sinter_threads(), static_cast<long long>(count), times.front() * 1e3, median * 1e3,
             p90 * 1e3, flops / median * 1e-9, run.n / median));
  for (const KernelTime &kernel : per_kernel)
    console.print(format("%-40s %11.2f us %10.1f GFLOP/s %10.1f GB/s\n", printable(kernel.name).c_str(),
                         kernel.seconds * 1e6, kernel.flops / kernel.seconds * 1e-9,
                         kernel.bytes / kernel.seconds * 1e-9));
  return 0;
}

}  // namespace

const TrainerCommand bench_trainer_command = {
    "bench",
    "[--batch N] [--repeat R] [--threads N] [--per-kernel] [--json]",
    "the time that a training step takes",
    "Times steps (forward, backward, update) on made-up samples in memory, after a warm-up.\n",
    options_of_bench,
    bench};

}  // namespace sinter::runtime

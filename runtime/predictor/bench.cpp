// OUT bench: times the whole program, or each kernel, on made-up inputs.
#include <time.h>

#include <algorithm>

#include "formats/json/json_writer.h"
#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "runtime/predictor/runner.h"
#include "runtime/threads/threads.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

constexpr OptionSpec options_of_bench[] = {
    {"--batch", "N", "samples per run (default: the batch that was compiled)"},
    {"--repeat", "R", "runs to time (default: as many as take about a second, 5 to 10000)"},
    threads_option,
    {"--per-kernel", "", "also time each kernel"},
    {"--json", "", "print JSON"},
};

double now_seconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Work>
double seconds_of(Work work) {
  const double start = now_seconds();
  work();
  return now_seconds() - start;
}

// The nearest-rank quantile of sorted values.
double quantile(const std::vector<double> &sorted, double fraction) {
  const size_t rank = static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[rank];
}

void fill_inputs(const Program &program, Runner &runner) {
  uint32_t state = 1;
  for (size_t i = 0; i < program.inputs.size(); ++i)
    for (int64_t e = 0; e < program.inputs[i].elements * runner.batch(); ++e) {
      state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator: any values in [0, 1) will do
      runner.input(i)[e] = static_cast<float>(state >> 8) * 0x1p-24f;
    }
}

struct KernelTime {
  std::string name;
  double median_seconds, flops, bytes;
};

struct BenchResult {
  double min, median, p90, flops;  // seconds; operations of a run
  uint32_t batch, threads;
  int64_t repeat;
  std::vector<KernelTime> kernels;
};

std::string text_of(const BenchResult &result) {
  std::string text = format(
      "batch %u, %u threads, %lld runs\nmin %.4f ms, median %.4f ms, p90 %.4f ms, %.1f GFLOP/s, %.0f "
      "samples/s\n",
      result.batch, result.threads, static_cast<long long>(result.repeat), result.min * 1e3,
      result.median * 1e3, result.p90 * 1e3, result.flops / result.median * 1e-9,
      result.batch / result.median);
  if (result.kernels.empty()) return text;
  size_t width = 6;
  double total = 0;
  for (const KernelTime &kernel : result.kernels) {
    width = std::max(width, kernel.name.size());
    total += kernel.median_seconds;
  }
  text += format("\n%-*s %11s %6s %10s %10s\n", static_cast<int>(width), "kernel", "median us", "share",
                 "GFLOP/s", "GB/s");
  for (const KernelTime &kernel : result.kernels)
    text +=
        format("%-*s %11.2f %5.1f%% %10.1f %10.1f\n", static_cast<int>(width), printable(kernel.name).c_str(),
               kernel.median_seconds * 1e6, 100 * kernel.median_seconds / total,
               kernel.flops / kernel.median_seconds * 1e-9, kernel.bytes / kernel.median_seconds * 1e-9);
  return text;
}

// `kernels` is empty unless they were timed.
std::string json_of(const BenchResult &result) {
  JsonWriter json;
  json.begin_object()
      .key("min_ms")
      .value(result.min * 1e3)
      .key("median_ms")
      .value(result.median * 1e3)
      .key("p90_ms")
      .value(result.p90 * 1e3)
      .key("gflops")
      .value(result.flops / result.median * 1e-9)
      .key("batch")
      .value(result.batch)
      .key("threads")
      .value(result.threads)
      .key("repeat")
      .value(result.repeat);
  json.key("kernels").begin_array();
  for (const KernelTime &kernel : result.kernels)
    json.begin_object()
        .key("name")
        .value(kernel.name)
        .key("median_us")
        .value(kernel.median_seconds * 1e6)
        .key("gflops")
        .value(kernel.flops / kernel.median_seconds * 1e-9)
        .key("gbytes_per_s")
        .value(kernel.bytes / kernel.median_seconds * 1e-9)
        .end_object();
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

// Kernels run in program order in each round, so that each finds the caches as in a real run.
void time_kernels(const Program &program, Runner &runner, BenchResult &result) {
  const auto *kernels = program.metadata->kernels();
  const uint32_t count = kernels ? kernels->size() : 0;
  std::vector<std::vector<double>> times(count);
  for (int64_t round = 0; round < result.repeat; ++round)
    for (uint32_t k = 0; k < count; ++k)
      times[k].push_back(seconds_of([&] { runner.run_kernel(k, result.batch); }));
  for (uint32_t k = 0; k < count; ++k) {
    std::ranges::sort(times[k]);
    const schema::Kernel &kernel = *kernels->Get(k);
    result.kernels.push_back({kernel.name() ? kernel.name()->str() : format("%u", k),
                              std::max(quantile(times[k], 0.5), 1e-9),
                              kernel.flops_per_sample() * result.batch,
                              kernel.bytes_per_sample() * result.batch + kernel.fixed_bytes()});
  }
}

void bench(const Program &program, const Options &options, Console &console) {
  if (!options.positional().empty())
    return console.error(usage_error("bench takes no arguments", "see bench --help"));
  const int64_t max_batch = program.metadata->max_batch();
  Result<int64_t> batch = options.integer("--batch", 1, max_batch, max_batch);
  if (!batch) return console.error(batch.error());
  Result<int64_t> repeat = options.integer("--repeat", 1, 100'000'000, 0);
  if (!repeat) return console.error(repeat.error());
  if (Status status = apply_threads(program, options); !status) return console.error(status.error());
  BenchResult result{};
  result.batch = static_cast<uint32_t>(*batch);
  result.threads = sinter_threads();
  Result<Runner> runner = Runner::create(program, result.batch);
  if (!runner) return console.error(runner.error());
  fill_inputs(program, *runner);

  // Warm-up: pages become resident, threads start, clocks rise.
  const auto run = [&] { runner->run(result.batch); };
  run();
  double fastest = seconds_of(run);
  for (double spent = fastest; spent < 0.05;) {
    const double seconds = seconds_of(run);
    fastest = std::min(fastest, seconds);
    spent += std::max(seconds, 1e-7);
  }
  result.repeat =
      *repeat > 0 ? *repeat : static_cast<int64_t>(std::clamp(1.0 / std::max(fastest, 1e-7), 5.0, 1e4));
  std::vector<double> times;
  for (int64_t i = 0; i < result.repeat; ++i) times.push_back(seconds_of(run));
  std::ranges::sort(times);
  result.min = times.front();
  result.median = std::max(quantile(times, 0.5), 1e-9);
  result.p90 = quantile(times, 0.9);
  if (const auto *kernels = program.metadata->kernels())
    for (const schema::Kernel *kernel : *kernels) result.flops += kernel->flops_per_sample() * result.batch;
  if (options.has("--per-kernel")) time_kernels(program, *runner, result);
  console.print(options.has("--json") ? json_of(result) : text_of(result));
}

}  // namespace

const Command bench_command = {"bench",
                               "[--batch N] [--repeat R] [--threads N] [--per-kernel] [--json]",
                               "the time a run takes",
                               "Times runs of the whole program on made-up inputs after a warm-up: minimum, "
                               "median and 90th percentile, and\n"
                               "arithmetic operations per second of the median. --per-kernel times each "
                               "kernel on its own as well, in program\n"
                               "order; their sum exceeds a run by the cost of the clock.\n",
                               options_of_bench,
                               bench};

}  // namespace sinter::runtime

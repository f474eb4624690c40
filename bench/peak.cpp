// Measures what the machine can do at most, as JSON: f32 multiply-adds with the widest vectors this was
// compiled for (-march=native), and read bandwidth by the size of the data, on one thread and on all.
//   {"vector_bytes", "threads": [{"threads", "gflops", "read": [{"bytes", "gbytes_per_s"}]}]}
// With t threads, data of `bytes` is cut into t parts and each thread reads its own again and again: the
// bandwidth at which t threads share the reading of so many weights. Each figure is the best of many short
// samples: a limit is what the machine did at its quietest.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr size_t vector_bytes = 64;
#elif defined(__AVX__)
constexpr size_t vector_bytes = 32;
#else
constexpr size_t vector_bytes = 16;
#endif
using Vector [[gnu::vector_size(vector_bytes)]] = float;
constexpr size_t lanes = vector_bytes / sizeof(float);
constexpr int chains = 12;  // more than latency times issue width; fits 16 registers
constexpr int samples = 25;

std::atomic<float> sink;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

float sum(Vector vector) {
  float total = 0;
  for (size_t lane = 0; lane < lanes; ++lane) total += vector[lane];
  return total;
}

// Independent sums, each 2 * lanes operations a step.
[[gnu::noinline]] void multiply_add(size_t steps) {
  Vector sums[chains] = {}, factor, addend;
  for (size_t lane = 0; lane < lanes; ++lane) factor[lane] = 0.999f, addend[lane] = 1e-3f;
  asm volatile("" : "+m"(factor), "+m"(addend));  // not constants
  const Vector a = factor, b = addend;
  for (size_t i = 0; i < steps; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sums[c] = sums[c] * a + b;
  Vector total = sums[0];
  for (int c = 1; c < chains; ++c) total += sums[c];
  sink = sum(total);
}

[[gnu::noinline]] void read(const Vector *data, size_t vectors, size_t rounds) {
  Vector sums[8] = {};
  for (size_t round = 0; round < rounds; ++round)
    for (size_t i = 0; i + 8 <= vectors; i += 8)
#pragma GCC unroll 8
      for (size_t k = 0; k < 8; ++k) sums[k] += data[i + k];
  Vector total = sums[0];
  for (int k = 1; k < 8; ++k) total += sums[k];
  sink = sum(total);
}

// Least seconds in which `count` threads, started together, finish work(thread).
template <class Work>
double seconds_of(int count, Work work) {
  double least = 1e30;
  for (int s = 0; s < samples; ++s) {
    std::atomic<int> waiting{count};
    std::vector<double> begin(static_cast<size_t>(count)), end(static_cast<size_t>(count));
    const auto body = [&](int thread) {
      --waiting;
      while (waiting > 0) {
      }
      begin[static_cast<size_t>(thread)] = now_seconds();
      work(thread);
      end[static_cast<size_t>(thread)] = now_seconds();
    };
    std::vector<std::thread> others;
    for (int thread = 1; thread < count; ++thread) others.emplace_back(body, thread);
    body(0);
    for (std::thread &other : others) other.join();
    least = std::min(least, *std::ranges::max_element(end) - *std::ranges::min_element(begin));
  }
  return least;
}

}  // namespace

int main(int count, char **arguments) {
  const int max_threads = count > 1 ? std::max(1, std::atoi(arguments[1])) : 2;
  constexpr size_t largest = size_t{128} << 20;
  struct Free {
    void operator()(Vector *memory) const { std::free(memory); }
  };
  const std::unique_ptr<Vector, Free> data(
      static_cast<Vector *>(std::aligned_alloc(size_t{2} << 20, largest)));
  if (!data) return std::fputs("peak: no memory\n", stderr), 3;
  std::fill_n(data.get(), largest / vector_bytes, Vector{});
  std::printf("{\"vector_bytes\": %zu, \"threads\": [", vector_bytes);
  for (int threads = 1; threads <= max_threads; ++threads) {
    constexpr size_t steps = 400'000;
    const double operations = 2.0 * lanes * chains * steps * threads;
    std::printf("%s{\"threads\": %d, \"gflops\": %.1f, \"read\": [", threads > 1 ? ", " : "", threads,
                operations / seconds_of(threads, [](int) { multiply_add(steps); }) * 1e-9);
    for (const size_t kib : {16, 128, 384, 1024, 2048, 4096, 8192, 16384, 32768, 131072}) {
      const size_t bytes = kib << 10, part = bytes / vector_bytes / static_cast<size_t>(threads);
      const size_t rounds = std::max<size_t>(2, (size_t{32} << 20) / bytes);
      const double seconds = seconds_of(
          threads, [&](int thread) { read(data.get() + static_cast<size_t>(thread) * part, part, rounds); });
      std::printf("%s{\"bytes\": %zu, \"gbytes_per_s\": %.3f}", kib > 16 ? ", " : "", bytes,
                  static_cast<double>(bytes * rounds) / seconds * 1e-9);
    }
    std::printf("]}");
  }
  std::puts("]}");
  return 0;
}

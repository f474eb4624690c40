#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "runtime/program_abi.h"
#include "runtime/threads/threads.h"

namespace {

// Calls work(chunk) for every chunk in parallel.
template <class Work>
void parallel(uint32_t chunks, Work work) {
  sinter_parallel_for([](void *closure, uint32_t chunk) { (*static_cast<Work *>(closure))(chunk); }, &work,
                      chunks);
}

class ParallelFor : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override { sinter_set_threads(GetParam()); }
  void TearDown() override { sinter_set_threads(0); }
};

TEST_P(ParallelFor, RunsEveryChunkOnce) {
  EXPECT_EQ(sinter_threads(), GetParam());
  for (const uint32_t chunks : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) {
    std::vector<uint32_t> runs(chunks, 0);  // plain: chunks are disjoint, and the end of a region orders them
    parallel(chunks, [&](uint32_t chunk) { ++runs[chunk]; });
    EXPECT_EQ(runs, std::vector<uint32_t>(chunks, 1)) << chunks;
  }
}

// Regions follow each other as kernels of a program do: each reads what the one before wrote.
TEST_P(ParallelFor, StressOfDependentRegions) {
  constexpr uint32_t width = 37;
  std::vector<uint64_t> values(width), next(width);
  for (uint32_t i = 0; i < width; ++i) values[i] = i;
  std::vector<uint64_t> expected = values;
  for (int round = 0; round < 20'000; ++round) {
    const uint32_t chunks = 1 + static_cast<uint32_t>(round) % width;
    next = values;
    parallel(chunks, [&](uint32_t c) { next[c] = values[c] * 3 + values[(c + 1) % width]; });
    std::vector<uint64_t> reference = expected;
    for (uint32_t c = 0; c < chunks; ++c) reference[c] = expected[c] * 3 + expected[(c + 1) % width];
    expected = reference;
    values.swap(next);
    if (round % 1000 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // lets the workers park
  }
  EXPECT_EQ(values, expected);
}

TEST_P(ParallelFor, NestedRegionsRunOnTheirCaller) {
  std::atomic<int> inner{0}, on_other_threads{0};
  parallel(8, [&](uint32_t) {
    const std::thread::id me = std::this_thread::get_id();
    parallel(5, [&](uint32_t) {
      inner.fetch_add(1);
      if (std::this_thread::get_id() != me) on_other_threads.fetch_add(1);
    });
  });
  EXPECT_EQ(inner.load(), 40);
  EXPECT_EQ(on_other_threads.load(), 0);
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, testing::Values(1u, 2u, 3u, 8u));

TEST(ParallelForPool, UsesAllThreadsWhenChunksWait) {
  sinter_set_threads(3);
  std::atomic<int> arrived{0};
  parallel(3, [&](uint32_t) {
    arrived.fetch_add(1);
    while (arrived.load() < 3) std::this_thread::yield();  // ends only if three threads take a chunk each
  });
  EXPECT_EQ(arrived.load(), 3);
  sinter_set_threads(0);
}

TEST(ParallelForPool, SeveralHostThreadsAtOnce) {
  sinter_set_threads(4);
  std::vector<std::thread> hosts;
  std::atomic<uint64_t> total{0};
  for (int h = 0; h < 3; ++h)
    hosts.emplace_back([&] {
      for (int round = 0; round < 500; ++round) parallel(16, [&](uint32_t chunk) { total.fetch_add(chunk); });
    });
  for (std::thread &host : hosts) host.join();
  EXPECT_EQ(total.load(), 3u * 500 * 120);
  sinter_set_threads(0);
}

TEST(ParallelForPool, WorkersHaveRoomForTilesOnTheStack) {
  sinter_set_threads(2);
  std::atomic<int> arrived{0};
  std::atomic<unsigned> sum{0};
  parallel(2, [&](uint32_t) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();
    volatile char tile[7 << 20];
    for (size_t i = 0; i < sizeof tile; i += 4096) tile[i] = 1;
    unsigned local = 0;
    for (size_t i = 0; i < sizeof tile; i += 4096) local += static_cast<unsigned>(tile[i]);
    sum.fetch_add(local);
  });
  EXPECT_EQ(sum.load(), 2u * (7 << 20) / 4096);
  sinter_set_threads(0);
}

TEST(ParallelForPool, DefaultIsTheAffinityMask) {
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  sinter_set_threads(0);
  EXPECT_EQ(sinter_threads(), static_cast<uint32_t>(CPU_COUNT(&set)));
}

TEST(ParallelForPool, AForkedChildStillComputes) {
  sinter_set_threads(2);
  parallel(4, [](uint32_t) {});
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> runs{0};
    parallel(100, [&](uint32_t) { runs.fetch_add(1); });
    const int code = runs.load() == 100 ? 7 : 1;
#ifdef __SANITIZE_ADDRESS__
    _exit(code);  // LeakSanitizer's check at exit would wait for locks that other threads held at the fork
#else
    std::exit(code);  // exit handlers run too: they must not wait for absent workers
#endif
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  sinter_set_threads(0);
}

}  // namespace

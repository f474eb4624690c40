// sinter_parallel_for over a pool of parked workers. Only libc and pthread: no C++ runtime is linked with it
// in libraries, hence no static guards, no allocation, no exceptions.
//
// One region at a time owns the pool (`busy`). Its owner writes the job, opens the `gate`, and announces it
// by a new `epoch`. A worker may touch the job only between entering and leaving the gate. When all chunks
// are taken the owner closes the gate: nobody enters any more, and once the count of those inside is zero
// every chunk is done. So the owner never waits for workers that did not wake up in time.
//
// Each thread has a share of neighbouring chunks, which it takes first: what it computed in one region is in
// its core's cache in the next, whose chunks are mostly of the same samples. Then it helps the others.
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "runtime/program_abi.h"
#include "runtime/threads/threads.h"

namespace {

constexpr uint32_t open_bit = 1u << 31;           // workers may enter
constexpr uint32_t owner_waiting_bit = 1u << 30;  // the owner sleeps on the gate until the last worker leaves
constexpr uint32_t inside_mask = owner_waiting_bit - 1;

constexpr size_t worker_stack_bytes = 16u << 20;  // kernels keep tiles on the stack
constexpr int64_t spin_nanoseconds = 40'000;
constexpr int pauses_per_clock_read = 32;

struct Job {
  void (*body)(void *, uint32_t);
  void *closure;
  uint32_t chunks;
  uint32_t threads;
};

// Chunks taken of a thread's share. 64 bits: it runs past the share by up to one per thread.
struct alignas(64) Share {
  std::atomic<uint64_t> taken{0};
};
Share shares[SINTER_MAX_THREADS];
alignas(64) std::atomic<uint32_t> gate{0};
alignas(64) std::atomic<uint32_t> epoch{0};
alignas(64) std::atomic<uint32_t> parked{0};
alignas(64) std::atomic<bool> busy{false};
std::atomic<bool> stopping{false};
std::atomic<bool> may_spin{true};
std::atomic<uint32_t> wanted_threads{0};  // 0: not yet known

// Owned by whoever holds `busy`; the job is read by workers inside the gate.
Job job;
pthread_t workers[SINTER_MAX_THREADS];
uint32_t worker_count = 0;
bool started = false;
pid_t pool_process = 0;

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) &&
              std::atomic<uint32_t>::is_always_lock_free);

void futex_wait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<uint32_t> &word, uint32_t threads) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int64_t now_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Polls until ready() or the time to spin is over; returns the last ready().
template <class Ready>
bool spin(Ready ready) {
  if (ready()) return true;
  if (!may_spin.load(std::memory_order_relaxed)) return false;
  const int64_t end = now_nanoseconds() + spin_nanoseconds;
  do {
    for (int i = 0; i < pauses_per_clock_read; ++i) {
      pause_briefly();
      if (ready()) return true;
    }
  } while (now_nanoseconds() < end);
  return false;
}

uint32_t usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<uint32_t>(CPU_COUNT(&set));
  const long online = sysconf(_SC_NPROCESSORS_ONLN);  // more cores than a cpu_set_t holds
  return online > 0 ? static_cast<uint32_t>(online) : 1;
}

uint32_t clamped(uint32_t threads) {
  if (threads < 1) return 1;
  return threads > SINTER_MAX_THREADS ? uint32_t{SINTER_MAX_THREADS} : threads;
}

uint32_t threads_to_use() {
  uint32_t threads = wanted_threads.load(std::memory_order_relaxed);
  if (threads == 0) {
    threads = clamped(usable_cores());
    uint32_t unknown = 0;
    if (!wanted_threads.compare_exchange_strong(unknown, threads)) threads = unknown;
  }
  return threads;
}

void run_share(const Job &work, uint32_t share) {
  const uint64_t begin = uint64_t{work.chunks} * share / work.threads;
  const uint64_t end = uint64_t{work.chunks} * (share + 1) / work.threads;
  for (;;) {
    const uint64_t chunk = begin + shares[share].taken.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= end) return;
    work.body(work.closure, static_cast<uint32_t>(chunk));
  }
}

// thread: its number, the owner's is 0.
void run_chunks(const Job &work, uint32_t thread) {
  for (uint32_t i = 0; i < work.threads; ++i) run_share(work, (thread + i) % work.threads);
}

bool enter_gate() {
  uint32_t value = gate.load(std::memory_order_acquire);
  while (value & open_bit) {
    if (gate.compare_exchange_weak(value, value + 1, std::memory_order_acquire)) return true;
  }
  return false;
}

void leave_gate() {
  const uint32_t value = gate.fetch_sub(1, std::memory_order_release) - 1;
  if ((value & owner_waiting_bit) && (value & inside_mask) == 0) futex_wake(gate, 1);
}

void wait_until_gate_is_empty() {
  const auto empty = [] { return (gate.load(std::memory_order_acquire) & inside_mask) == 0; };
  if (spin(empty)) return;
  for (;;) {
    const uint32_t value = gate.fetch_or(owner_waiting_bit, std::memory_order_acquire) | owner_waiting_bit;
    if ((value & inside_mask) == 0) return;
    futex_wait(gate, value);
  }
}

uint32_t start_epoch = 0;  // a worker that comes up late still sees the first region as new

// `argument` is the worker's number, from 1 on.
void *worker(void *argument) {
  const auto number = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(argument));
  uint32_t seen = start_epoch;
  for (;;) {
    const auto announced = [seen] { return epoch.load(std::memory_order_acquire) != seen; };
    if (!spin(announced)) {
      parked.fetch_add(1, std::memory_order_seq_cst);
      while (epoch.load(std::memory_order_seq_cst) == seen) futex_wait(epoch, seen);
      parked.fetch_sub(1, std::memory_order_relaxed);
    }
    seen = epoch.load(std::memory_order_acquire);
    if (stopping.load(std::memory_order_acquire)) return nullptr;
    if (enter_gate()) {
      run_chunks(job, number);
      leave_gate();
    }
  }
}

void announce(uint32_t threads_to_wake) {
  epoch.fetch_add(1, std::memory_order_seq_cst);
  if (parked.load(std::memory_order_seq_cst) > 0) futex_wake(epoch, threads_to_wake);
}

void start_workers(uint32_t count) {
  started = true;
  pool_process = getpid();
  may_spin.store(count + 1 <= usable_cores(), std::memory_order_relaxed);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setstacksize(&attributes, worker_stack_bytes);
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  start_epoch = epoch.load(std::memory_order_relaxed);
  // With fewer threads than asked for (a limit of the system), regions still complete.
  while (worker_count < count && pthread_create(&workers[worker_count], &attributes, worker,
                                                reinterpret_cast<void *>(uintptr_t{worker_count + 1})) == 0)
    ++worker_count;
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  pthread_attr_destroy(&attributes);
  if (worker_count < count && sinter_threads_missing) sinter_threads_missing(count + 1, worker_count + 1);
}

void stop_workers() {
  if (pool_process == getpid()) {
    stopping.store(true, std::memory_order_release);
    announce(SINTER_MAX_THREADS);
    for (uint32_t i = 0; i < worker_count; ++i) pthread_join(workers[i], nullptr);
    stopping.store(false, std::memory_order_relaxed);
  }
  parked.store(0, std::memory_order_relaxed);
  worker_count = 0;
  started = false;
}

[[gnu::destructor]] void stop_at_exit() {
  // Another thread may be inside a region while the process exits: its workers cannot be joined then.
  if (!busy.exchange(true, std::memory_order_acquire) && started) stop_workers();
}

}  // namespace

extern "C" {

void sinter_set_threads(uint32_t threads) {
  while (busy.exchange(true, std::memory_order_acquire)) sched_yield();
  const uint32_t wanted = clamped(threads == 0 ? usable_cores() : threads);
  if (started && worker_count + 1 != wanted) stop_workers();
  wanted_threads.store(wanted, std::memory_order_relaxed);
  busy.store(false, std::memory_order_release);
}

uint32_t sinter_threads(void) {
  return threads_to_use();
}

void sinter_parallel_for(void (*body)(void *closure, uint32_t chunk), void *closure, uint32_t chunks) {
  if (chunks <= 1 || busy.exchange(true, std::memory_order_acquire)) {
    for (uint32_t chunk = 0; chunk < chunks; ++chunk) body(closure, chunk);
    return;
  }
  if (!started) start_workers(threads_to_use() - 1);
  if (worker_count == 0) {
    for (uint32_t chunk = 0; chunk < chunks; ++chunk) body(closure, chunk);
  } else {
    job = Job{body, closure, chunks, worker_count + 1};
    for (uint32_t i = 0; i <= worker_count; ++i) shares[i].taken.store(0, std::memory_order_relaxed);
    gate.store(open_bit, std::memory_order_release);
    announce(chunks - 1 < worker_count ? chunks - 1 : worker_count);
    run_chunks(job, 0);
    gate.fetch_and(~open_bit, std::memory_order_relaxed);
    wait_until_gate_is_empty();
    gate.store(0, std::memory_order_relaxed);
  }
  busy.store(false, std::memory_order_release);
}
}

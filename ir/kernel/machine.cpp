#include <fmt/format.h>

#include <algorithm>

#include "ir/kernel/bytecode.h"
#include "ir/kernel/text.h"

namespace sinter::kernel {

namespace {

// The element that a load or store begins at, or null after reporting.
std::byte *access(Machine &machine, const Instruction *at, int64_t index, std::string_view what) {
  Machine::Area &area = machine.areas[static_cast<size_t>(at->area)];
  if (index < 0 || index > area.elements - at->valid) {
    machine.fail(fmt::format("{} of {} at [{}] = {}, {} elements: the buffer has {}", what,
                             machine.kernel->buffers[static_cast<size_t>(at->area)].name,
                             print(*machine.kernel, at->source), index, at->valid, area.elements));
    return nullptr;
  }
  return area.data + index * at->element_bytes;
}

uint8_t *written_flag(Machine &machine, const Instruction *at, int64_t index) {
  const Machine::RegisterArea &registers = machine.registers[static_cast<size_t>(at->area)];
  if (index >= 0 && index < registers.count) return slot<uint8_t>(machine, registers.flags) + index;
  machine.fail(fmt::format("{}[{}] at {}: there are {} registers",
                           machine.kernel->registers[static_cast<size_t>(at->area)].name,
                           print(*machine.kernel, at->source), index, registers.count));
  return nullptr;
}

std::byte *register_slot(Machine &machine, const Instruction *at, int64_t index) {
  return machine.frame + machine.registers[static_cast<size_t>(at->area)].slot + index * at->element_bytes;
}

}  // namespace

void Machine::fresh() {
  for (Area &area : areas) std::fill(area.initialised.begin(), area.initialised.end(), uint8_t{0});
  for (const RegisterArea &area : registers) {
    std::memset(slot<uint8_t>(*this, area.flags), 0, static_cast<size_t>(area.count));
  }
}

void run(Machine &machine, const Instruction *first) {
  while (first != nullptr) first = first->step(machine, first);
}

const Instruction *load_step(Machine &machine, const Instruction *at) {
  const int64_t index = *slot<int64_t>(machine, at->a);
  const std::byte *from = access(machine, at, index, "load");
  if (from == nullptr) return nullptr;
  const Machine::Area &area = machine.areas[static_cast<size_t>(at->area)];
  if (area.local) {
    for (int i = 0; i < at->valid; ++i) {
      if (area.initialised[static_cast<size_t>(index + i)] != 0) continue;
      return machine.fail(fmt::format("load of {}[{}], which nothing was stored to",
                                      machine.kernel->buffers[static_cast<size_t>(at->area)].name,
                                      index + i));
    }
  }
  std::byte *to = machine.frame + at->out;
  const size_t bytes = static_cast<size_t>(at->valid) * static_cast<size_t>(at->element_bytes);
  std::memcpy(to, from, bytes);
  std::memset(to + bytes, 0,
              static_cast<size_t>(at->lanes - at->valid) * static_cast<size_t>(at->element_bytes));
  return at + 1;
}

const Instruction *store_step(Machine &machine, const Instruction *at) {
  const int64_t index = *slot<int64_t>(machine, at->a);
  std::byte *to = access(machine, at, index, "store");
  if (to == nullptr) return nullptr;
  Machine::Area &area = machine.areas[static_cast<size_t>(at->area)];
  if (area.local) std::fill_n(area.initialised.begin() + index, at->valid, uint8_t{1});
  std::memcpy(to, machine.frame + at->b,
              static_cast<size_t>(at->valid) * static_cast<size_t>(at->element_bytes));
  return at + 1;
}

const Instruction *read_register_step(Machine &machine, const Instruction *at) {
  const int64_t index = *slot<int64_t>(machine, at->a);
  const uint8_t *written = written_flag(machine, at, index);
  if (written == nullptr) return nullptr;
  if (*written == 0) {
    return machine.fail(fmt::format("read of {}[{}], which was never written",
                                    machine.kernel->registers[static_cast<size_t>(at->area)].name, index));
  }
  std::memcpy(machine.frame + at->out, register_slot(machine, at, index),
              static_cast<size_t>(at->element_bytes));
  return at + 1;
}

const Instruction *write_register_step(Machine &machine, const Instruction *at) {
  const int64_t index = *slot<int64_t>(machine, at->a);
  uint8_t *written = written_flag(machine, at, index);
  if (written == nullptr) return nullptr;
  *written = 1;
  std::memcpy(register_slot(machine, at, index), machine.frame + at->b,
              static_cast<size_t>(at->element_bytes));
  return at + 1;
}

const Instruction *copy_step(Machine &machine, const Instruction *at) {
  std::memcpy(machine.frame + at->out, machine.frame + at->a,
              static_cast<size_t>(at->lanes) * static_cast<size_t>(at->element_bytes));
  return at + 1;
}

const Instruction *fresh_step(Machine &machine, const Instruction *at) {
  machine.fresh();
  return at + 1;
}

const Instruction *jump_step(Machine &, const Instruction *at) {
  return at->target;
}

const Instruction *jump_unless_step(Machine &machine, const Instruction *at) {
  return *slot<uint8_t>(machine, at->a) != 0 ? at + 1 : at->target;
}

const Instruction *loop_enter_step(Machine &machine, const Instruction *at) {
  const int64_t begin = *slot<int64_t>(machine, at->a);
  *slot<int64_t>(machine, at->out) = begin;
  return begin < *slot<int64_t>(machine, at->b) ? at + 1 : at->target;
}

const Instruction *loop_next_step(Machine &machine, const Instruction *at) {
  int64_t &variable = *slot<int64_t>(machine, at->out);
  const int64_t end = *slot<int64_t>(machine, at->b);
  // variable < end here, so the distance is right even where the sum would overflow
  const uint64_t distance = static_cast<uint64_t>(end) - static_cast<uint64_t>(variable);
  if (distance <= static_cast<uint64_t>(at->number)) return at + 1;
  variable += at->number;
  return at->target;
}

// Every thread has a frame of its own and runs to the next barrier; then the next thread does.
const Instruction *threads_step(Machine &machine, const Instruction *at) {
  struct Thread {
    std::vector<std::byte> frame;
    const Instruction *next = nullptr;
  };
  constexpr int64_t max_threads = 1024;
  const int64_t end = *slot<int64_t>(machine, at->b);
  std::vector<Thread> threads;
  for (int64_t i = *slot<int64_t>(machine, at->a); i < end; i += at->number) {
    if (static_cast<int64_t>(threads.size()) == max_threads) {
      return machine.fail(fmt::format("more than {} threads in a block", max_threads));
    }
    Thread &thread = threads.emplace_back();
    thread.frame.assign(machine.frame, machine.frame + machine.frame_bytes);
    std::memcpy(thread.frame.data() + at->out, &i, sizeof(i));
    thread.next = at + 1;
    if (at->number >= end - i) break;
  }
  std::byte *const parent = machine.frame;
  for (bool waiting = !threads.empty(); waiting && machine.error.empty();) {
    size_t ended = 0;
    for (Thread &thread : threads) {
      machine.frame = thread.frame.data();
      machine.resume = nullptr;
      run(machine, thread.next);
      if (!machine.error.empty()) break;
      thread.next = machine.resume;
      ended += thread.next == nullptr ? 1 : 0;
    }
    waiting = ended == 0;
    if (machine.error.empty() && ended != 0 && ended != threads.size()) {
      machine.fail("some threads of a block end while others wait at a barrier");
    }
  }
  machine.frame = parent;
  return machine.error.empty() ? at->target : nullptr;
}

const Instruction *barrier_step(Machine &machine, const Instruction *at) {
  machine.resume = at + 1;
  return nullptr;
}

const Instruction *stop_step(Machine &, const Instruction *) {
  return nullptr;
}

}  // namespace sinter::kernel

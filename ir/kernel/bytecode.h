// The interpreter's program: one instruction a node, operating on slots of a frame. interpret.cpp compiles a
// kernel into it, bytecode.cpp selects the operations, machine.cpp runs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

struct Machine;
struct Instruction;
// Executes one instruction and returns the next; null stops the machine (the end, an error, or a thread's
// barrier).
using Step = const Instruction *(*)(Machine &, const Instruction *);

// Offsets are bytes into the frame. Elements in a slot: f32 float, i32 int32_t, u8 and boolean uint8_t, index
// int64_t.
struct Instruction {
  Step step = nullptr;
  uint32_t out = 0, a = 0, b = 0, c = 0;
  int lanes = 1;
  int valid = 0;                        // lanes that a load or store touches
  int area = 0;                         // the buffer or the registers
  int element_bytes = 0;                // of a buffer's element, or of one register
  int64_t number = 0;                   // the step of a loop
  const Instruction *target = nullptr;  // of a jump
  uint32_t target_index = 0;            // the same before the program is complete
  Expr source;                          // the index, for messages
};

struct Machine {
  struct Area {
    std::byte *data = nullptr;
    int64_t elements = 0;
    bool local = false;
    std::vector<std::byte> storage;    // of a local buffer
    std::vector<uint8_t> initialised;  // per element of a local buffer
  };
  struct RegisterArea {
    uint32_t slot = 0;   // of the first register
    uint32_t flags = 0;  // a byte a register: written
    int64_t count = 0;
  };

  const Kernel *kernel = nullptr;
  std::byte *frame = nullptr;
  size_t frame_bytes = 0;
  std::vector<Area> areas;
  std::vector<RegisterArea> registers;
  const Instruction *resume = nullptr;  // where a thread goes on after a barrier
  std::string error;

  void fresh();  // forgets what local buffers and registers held
  const Instruction *fail(std::string message) {
    error = std::move(message);
    return nullptr;
  }
};

void run(Machine &machine, const Instruction *first);

// Selection of operations; types and operators as in result_type.
Step unary_step(UnaryOp op, Type type);
Step binary_step(BinaryOp op, Type operands);
Step fma_step();
Step select_step(Type type);
Step convert_step(Base from, Base to);
Step broadcast_step(Type type);
Step horizontal_step(HorizontalOp op, Base base);

// Control, memory and registers.
const Instruction *load_step(Machine &machine, const Instruction *at);
const Instruction *store_step(Machine &machine, const Instruction *at);
const Instruction *read_register_step(Machine &machine, const Instruction *at);
const Instruction *write_register_step(Machine &machine, const Instruction *at);
const Instruction *copy_step(Machine &machine, const Instruction *at);  // lanes * element_bytes
const Instruction *fresh_step(Machine &machine, const Instruction *at);
const Instruction *jump_step(Machine &machine, const Instruction *at);
const Instruction *jump_unless_step(Machine &machine, const Instruction *at);  // a: boolean
const Instruction *loop_enter_step(Machine &machine,
                                   const Instruction *at);  // out = a; to target unless below b
const Instruction *loop_next_step(Machine &machine,
                                  const Instruction *at);  // out += number; to target while below b
const Instruction *threads_step(Machine &machine,
                                const Instruction *at);  // a gpu_thread loop; target: what follows
const Instruction *barrier_step(Machine &machine, const Instruction *at);
const Instruction *stop_step(Machine &machine, const Instruction *at);

template <class T>
T *slot(Machine &machine, uint32_t offset) {
  return reinterpret_cast<T *>(machine.frame + offset);
}

}  // namespace sinter::kernel

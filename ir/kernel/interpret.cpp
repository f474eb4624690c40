#include "ir/kernel/interpret.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "ir/kernel/bytecode.h"
#include "ir/kernel/math.h"
#include "ir/kernel/typing.h"
#include "ir/kernel/verify.h"

namespace sinter::kernel {

namespace {

class Compiler {
 public:
  explicit Compiler(const Kernel &kernel) : kernel_(kernel) {}

  // The program; its constants lie in frame, which is copied as the machine's first frame.
  void compile(Machine &machine, int64_t n) {
    for (const Registers &registers : kernel_.registers) {
      Machine::RegisterArea area;
      area.count = registers.count;
      area.slot = allocate(byte_size(registers.type.base) * registers.type.lanes * registers.count);
      area.flags = allocate(registers.count);
      machine.registers.push_back(area);
    }
    variables_[kernel_.n.id] = constant(n);
    body(kernel_.body);
    emit(stop_step);
    for (Instruction &instruction : program) instruction.target = program.data() + instruction.target_index;
  }

  std::vector<Instruction> program;
  std::vector<std::byte> frame;

 private:
  uint32_t allocate(int64_t bytes) {
    const size_t offset = frame.size();
    frame.resize(offset + (static_cast<size_t>(bytes) + 7) / 8 * 8);
    return static_cast<uint32_t>(offset);
  }

  uint32_t allocate(Type type) { return allocate(int64_t{byte_size(type.base)} * type.lanes); }

  template <class T>
  uint32_t constant(T value) {
    const uint32_t offset = allocate(int64_t{sizeof(T)});
    std::memcpy(frame.data() + offset, &value, sizeof(T));
    return offset;
  }

  Instruction &emit(Step step) {
    program.emplace_back().step = step;
    return program.back();
  }

  uint32_t here() const { return static_cast<uint32_t>(program.size()); }

  // Operands that a statement's expressions share are computed once.
  uint32_t expression(const Expr &expr) {
    if (const auto found = computed_.find(expr.get()); found != computed_.end()) return found->second;
    const uint32_t at = std::visit([&](const auto &node) { return compute(node, expr.type()); }, expr->node);
    computed_.emplace(expr.get(), at);
    return at;
  }

  uint32_t operation(Step step, Type type, uint32_t a, uint32_t b = 0, uint32_t c = 0) {
    const uint32_t out = allocate(type);
    Instruction &instruction = emit(step);
    instruction.out = out;
    instruction.a = a;
    instruction.b = b;
    instruction.c = c;
    instruction.lanes = type.lanes;
    instruction.element_bytes = byte_size(type.base);
    return out;
  }

  uint32_t compute(const IntConst &node, Type type) {
    switch (type.base) {
      case Base::i32:
        return constant(static_cast<int32_t>(node.value));
      case Base::u8:
      case Base::boolean:
        return constant(static_cast<uint8_t>(node.value));
      default:
        return constant(node.value);
    }
  }
  uint32_t compute(const FloatConst &node, Type) { return constant(node.value); }
  uint32_t compute(const VarRef &node, Type) { return variables_.at(node.var.id); }
  uint32_t compute(const Unary &node, Type type) {
    return operation(unary_step(node.op, type), type, expression(node.x));
  }
  uint32_t compute(const Binary &node, Type type) {
    const uint32_t a = expression(node.a);
    const uint32_t b = expression(node.b);
    return operation(binary_step(node.op, node.a.type()), type, a, b);
  }
  uint32_t compute(const Fma &node, Type type) {
    const uint32_t a = expression(node.a);
    const uint32_t b = expression(node.b);
    const uint32_t c = expression(node.c);
    return operation(fma_step(), type, a, b, c);
  }
  uint32_t compute(const Select &node, Type type) {
    const uint32_t condition = expression(node.condition);
    const uint32_t a = expression(node.a);
    const uint32_t b = expression(node.b);
    return operation(select_step(type), type, condition, a, b);
  }
  uint32_t compute(const Convert &node, Type type) {
    return operation(convert_step(node.x.type().base, type.base), type, expression(node.x));
  }
  uint32_t compute(const Bitcast &node, Type type) { return operation(copy_step, type, expression(node.x)); }
  uint32_t compute(const Broadcast &node, Type type) {
    return operation(broadcast_step(type), type, expression(node.x));
  }
  uint32_t compute(const LaneIndex &, Type type) {
    const uint32_t out = allocate(type);
    for (int32_t i = 0; i < type.lanes; ++i) std::memcpy(frame.data() + out + 4 * i, &i, sizeof(i));
    return out;
  }
  uint32_t compute(const Load &node, Type type) {
    const uint32_t out = operation(load_step, type, expression(node.index));
    address(program.back(), node.buffer, node.index, node.valid > 0 ? node.valid : type.lanes);
    return out;
  }
  uint32_t compute(const ReadRegister &node, Type type) {
    const uint32_t out = operation(read_register_step, type, expression(node.index));
    address(program.back(), node.registers, node.index, type.lanes);
    program.back().element_bytes *= type.lanes;
    return out;
  }
  uint32_t compute(const Horizontal &node, Type type) {
    const uint32_t out = operation(horizontal_step(node.op, type.base), type, expression(node.x));
    program.back().lanes = node.x.type().lanes;
    return out;
  }

  static void address(Instruction &instruction, int area, const Expr &index, int valid) {
    instruction.area = area;
    instruction.source = index;
    instruction.valid = valid;
  }

  void body(const Body &statements) {
    for (const Stmt &stmt : statements) {
      computed_.clear();
      std::visit([&](const auto &node) { statement(node); }, stmt.node);
    }
  }

  void statement(const For &loop) {
    const uint32_t begin = expression(loop.begin);
    const uint32_t end = expression(loop.end);
    const uint32_t variable = allocate(Type{Base::index, 1});
    variables_[loop.var.id] = variable;
    const bool threads = loop.kind == LoopKind::gpu_thread;
    const uint32_t entry = here();
    Instruction &enter = emit(threads ? threads_step : loop_enter_step);
    enter.out = variable;
    enter.a = begin;
    enter.b = end;
    enter.number = loop.step;
    if (loop.kind == LoopKind::parallel || loop.kind == LoopKind::gpu_block) emit(fresh_step);
    body(*loop.body);
    Instruction &next = emit(threads ? stop_step : loop_next_step);
    next.out = variable;
    next.b = end;
    next.number = loop.step;
    next.target_index = entry + 1;
    program[entry].target_index = here();
  }

  void statement(const Let &let) {
    // A variable of a loop may be bound, never changed while the let is in scope: no copy is needed.
    variables_[let.var.id] = expression(let.value);
  }

  void statement(const If &node) {
    const uint32_t condition = expression(node.condition);
    const uint32_t branch = here();
    emit(jump_unless_step).a = condition;
    body(*node.then_body);
    if (node.else_body != nullptr) {
      const uint32_t skip = here();
      emit(jump_step);
      program[branch].target_index = here();
      body(*node.else_body);
      program[skip].target_index = here();
    } else {
      program[branch].target_index = here();
    }
  }

  void statement(const Store &node) {
    const Type type = node.value.type();
    const uint32_t value = expression(node.value);
    operation_without_value(store_step, type, expression(node.index), value);
    address(program.back(), node.buffer, node.index, node.valid > 0 ? node.valid : type.lanes);
  }

  void statement(const WriteRegister &node) {
    const Type type = node.value.type();
    const uint32_t value = expression(node.value);
    operation_without_value(write_register_step, type, expression(node.index), value);
    address(program.back(), node.registers, node.index, type.lanes);
    program.back().element_bytes *= type.lanes;
  }

  void statement(const Prefetch &) {}  // changes no value
  void statement(const Barrier &) { emit(barrier_step); }

  void operation_without_value(Step step, Type type, uint32_t index, uint32_t value) {
    Instruction &instruction = emit(step);
    instruction.a = index;
    instruction.b = value;
    instruction.lanes = type.lanes;
    instruction.element_bytes = byte_size(type.base);
  }

  const Kernel &kernel_;
  std::unordered_map<int, uint32_t> variables_;
  std::unordered_map<const ExprNode *, uint32_t> computed_;
};

std::optional<std::string> bind_buffers(Machine &machine, const Kernel &kernel,
                                        std::span<const BufferMemory> memory) {
  constexpr int64_t max_local_bytes = int64_t{1} << 32;
  if (memory.size() != kernel.buffers.size()) {
    return fmt::format("{} buffers are given, the kernel has {}", memory.size(), kernel.buffers.size());
  }
  for (size_t i = 0; i < kernel.buffers.size(); ++i) {
    const Buffer &buffer = kernel.buffers[i];
    const int64_t size = byte_size(buffer.base);
    Machine::Area &area = machine.areas.emplace_back();
    if (buffer.kind == BufferKind::local) {
      if (buffer.elements > max_local_bytes / size)
        return fmt::format("{}: too large for a local", buffer.name);
      area.local = true;
      area.elements = buffer.elements;
      area.storage.resize(static_cast<size_t>(buffer.elements * size));
      area.initialised.resize(static_cast<size_t>(buffer.elements));
      area.data = area.storage.data();
    } else {
      area.data = static_cast<std::byte *>(memory[i].data);
      area.elements = area.data == nullptr ? 0 : std::min(buffer.elements, memory[i].bytes / size);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> interpret(const Kernel &kernel, std::span<const BufferMemory> memory, int64_t n) {
  const std::vector<std::string> problems = verify(kernel);
  if (!problems.empty()) return problems.front();
  int64_t register_bytes = 0;
  for (const Registers &registers : kernel.registers) {
    constexpr int64_t most = 1 << 20;
    register_bytes += std::min(registers.count, most) * registers.type.lanes * byte_size(registers.type.base);
    if (registers.count > most || register_bytes > 64 * most) return fmt::format("too many registers");
  }

  Kernel expanded = kernel;
  expand_math(expanded);
  Machine machine;
  machine.kernel = &expanded;
  if (auto problem = bind_buffers(machine, expanded, memory)) return problem;
  Compiler compiler(expanded);
  compiler.compile(machine, n);
  machine.frame = compiler.frame.data();
  machine.frame_bytes = compiler.frame.size();
  run(machine, compiler.program.data());
  if (!machine.error.empty()) return machine.error;
  return std::nullopt;
}

}  // namespace sinter::kernel

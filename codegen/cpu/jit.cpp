#include "codegen/cpu/jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <limits>

#include "codegen/cpu/emit_kernel.h"
#include "codegen/cpu/emit_passes.h"
#include "codegen/cpu/llvm_target.h"
#include "ir/kernel/math.h"
#include "support/check.h"

namespace sinter::codegen {
namespace {

// What compiled bodies receive.
struct Closure {
  void *const *buffers;
  int64_t n;
};
// Runs chunks from `begin` to before `end` and returns how many there are.
using RunKernel = uint32_t (*)(const Closure *, uint32_t begin, uint32_t end);

template <typename T>
T unwrap(llvm::Expected<T> value) {
  if (!value) check_failed(__FILE__, __LINE__, "LLJIT", llvm::toString(value.takeError()));
  return std::move(*value);
}

void unwrap(llvm::Error error) {
  if (error) check_failed(__FILE__, __LINE__, "LLJIT", llvm::toString(std::move(error)));
}

ClosureLayout closure_layout() {
  ClosureLayout layout;
  layout.buffer_pointer = [](llvm::IRBuilderBase &builder, llvm::Value *closure,
                             int buffer) -> llvm::Value * {
    llvm::Type *pointer = builder.getPtrTy();
    llvm::Value *table = builder.CreateLoad(pointer, closure);
    return builder.CreateLoad(
        pointer, builder.CreateConstInBoundsGEP1_64(pointer, table, static_cast<uint64_t>(buffer)));
  };
  layout.batch_size = [](llvm::IRBuilderBase &builder, llvm::Value *closure) -> llvm::Value * {
    llvm::Value *address =
        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), closure, offsetof(Closure, n));
    return builder.CreateLoad(builder.getInt64Ty(), address);
  };
  return layout;
}

// Memory comes from anywhere: only element alignment is assumed, and two arena buffers may be the same bytes.
std::vector<BufferPlace> places_of(const kernel::Kernel &kernel) {
  std::vector<BufferPlace> places;
  for (size_t b = 0; b < kernel.buffers.size(); ++b) {
    BufferPlace place;
    place.kind = kernel.buffers[b].kind;
    place.index = place.kind == kernel::BufferKind::arena ? 0 : static_cast<int>(b);
    place.end = std::numeric_limits<int64_t>::max();
    place.alignment =
        kernel.buffers[b].base == kernel::Base::u8 || kernel.buffers[b].base == kernel::Base::boolean ? 1 : 4;
    places.push_back(place);
  }
  return places;
}

std::string entry_symbol(size_t index) {
  return "sinter_run_" + std::to_string(index);
}

// i32 sinter_run_<index>(ptr closure, i32 begin, i32 end): chunks in order.
void emit_entry(llvm::Module &module, const kernel::Kernel &kernel, llvm::Function *body, size_t index,
                const Target &target) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> builder(context);
  llvm::Type *number = builder.getInt32Ty();
  auto *type = llvm::FunctionType::get(number, {builder.getPtrTy(), number, number}, false);
  auto *entry = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, entry_symbol(index), module);
  set_function_attributes(*entry, target);
  llvm::Value *closure = entry->getArg(0);
  auto *start = llvm::BasicBlock::Create(context, "entry", entry);
  auto *loop = llvm::BasicBlock::Create(context, "chunk", entry);
  auto *end = llvm::BasicBlock::Create(context, "end", entry);
  builder.SetInsertPoint(start);
  llvm::Value *chunks =
      emit_chunk_count(builder, kernel, target, closure_layout().batch_size(builder, closure));
  llvm::Value *first = entry->getArg(1), *wanted = entry->getArg(2);
  llvm::Value *limit = builder.CreateSelect(builder.CreateICmpULT(wanted, chunks), wanted, chunks);
  builder.CreateCondBr(builder.CreateICmpULT(first, limit), loop, end);
  builder.SetInsertPoint(loop);
  llvm::PHINode *chunk = builder.CreatePHI(number, 2);
  chunk->addIncoming(first, start);
  builder.CreateCall(body, {closure, chunk});
  llvm::Value *next = builder.CreateAdd(chunk, builder.getInt32(1));
  chunk->addIncoming(next, loop);
  builder.CreateCondBr(builder.CreateICmpULT(next, limit), loop, end);
  builder.SetInsertPoint(end);
  builder.CreateRet(chunks);
}

class Jit final : public JitModule {
 public:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<RunKernel> entries;

  void run(size_t index, std::span<const kernel::BufferMemory> memory, int64_t n,
           const ChunkOrder &order) override {
    SINTER_CHECK(index < entries.size());
    std::vector<void *> pointers;
    for (const kernel::BufferMemory &buffer : memory) pointers.push_back(buffer.data);
    const Closure closure{pointers.data(), n};
    const RunKernel entry = entries[index];
    if (!order) {
      entry(&closure, 0, std::numeric_limits<uint32_t>::max());
      return;
    }
    for (const uint32_t chunk : order(entry(&closure, 0, 0))) entry(&closure, chunk, chunk + 1);
  }
};

}  // namespace

std::unique_ptr<JitModule> JitModule::compile(const std::vector<const kernel::Kernel *> &kernels,
                                              const Target &target, int optimization_level) {
  const std::unique_ptr<llvm::TargetMachine> machine = create_target_machine(target, optimization_level);
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("kernels", *context);
  module->setTargetTriple(target.triple);
  module->setDataLayout(machine->createDataLayout());
  for (size_t i = 0; i < kernels.size(); ++i) {
    kernel::Kernel kernel = *kernels[i];
    kernel::expand_math(kernel);
    llvm::Function *body =
        emit_kernel_body(*module, kernel, kernel.name, target, places_of(kernel), closure_layout());
    emit_entry(*module, kernel, body, i, target);
  }
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(*module, &stream)) check_failed(__FILE__, __LINE__, "verifyModule", problems);
  optimize(*module, *machine, optimization_level);

  auto builder = llvm::orc::JITTargetMachineBuilder(llvm::Triple(target.triple));
  builder.setCPU(instruction_set_cpu(target));
  builder.setCodeGenOptLevel(machine->getOptLevel());
  auto jit = std::make_unique<Jit>();
  jit->jit = unwrap(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create());
  unwrap(jit->jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  for (size_t i = 0; i < kernels.size(); ++i)
    jit->entries.push_back(unwrap(jit->jit->lookup(entry_symbol(i))).toPtr<RunKernel>());
  return jit;
}

}  // namespace sinter::codegen

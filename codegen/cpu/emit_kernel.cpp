#include "codegen/cpu/emit_kernel.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

#include <algorithm>

#include "codegen/cpu/emit_expression.h"
#include "codegen/cpu/llvm_target.h"
#include "ir/kernel/typing.h"
#include "support/check.h"

namespace sinter::codegen {
namespace {

using namespace kernel;
using llvm::BasicBlock;
using llvm::IRBuilder;
using llvm::Value;

constexpr int64_t local_alignment = 64;

int64_t bytes_of(const Buffer &buffer) {
  return buffer.elements * byte_size(buffer.base);
}

bool may_overlap(const Kernel &kernel, const std::vector<BufferPlace> &places, size_t a, size_t b) {
  if (a == b) return true;
  const bool local =
      kernel.buffers[a].kind == BufferKind::local || kernel.buffers[b].kind == BufferKind::local;
  if (local || places[a].kind != places[b].kind || places[a].index != places[b].index) return false;
  return places[a].begin < places[b].end && places[b].begin < places[a].end;
}

// Statements of one kernel body.
class StatementEmitter {
 public:
  StatementEmitter(IRBuilder<> &builder, ExpressionEmitter &expressions)
      : builder_(builder), expressions_(expressions) {}

  void emit(const Body &body) {
    for (const Stmt &stmt : body) {
      expressions_.begin_statement();
      std::visit([this](const auto &node) { emit(node); }, stmt.node);
    }
  }

 private:
  void emit(const For &loop) {
    SINTER_CHECK(loop.kind != LoopKind::gpu_block && loop.kind != LoopKind::gpu_thread,
                 "a GPU loop in a CPU kernel");
    SINTER_CHECK(loop.kind != LoopKind::parallel, "a parallel loop inside a kernel");
    const IndexSum begin = expressions_.index(loop.begin), end = expressions_.index(loop.end);
    const bool constant = begin.is_constant() && end.is_constant();
    if (constant && begin.constant >= end.constant) return;
    if (loop.kind == LoopKind::unrolled || (constant && begin.constant + loop.step >= end.constant)) {
      SINTER_CHECK(constant, "the bounds of an unrolled loop are not constant");
      for (int64_t i = begin.constant; i < end.constant; i += loop.step) {
        expressions_.bind(loop.var, IndexSum{i, {}});
        emit(*loop.body);
      }
      return;
    }
    emit_loop(loop, begin, end);
  }

  // The test is at the end, behind a guard: what LLVM's loop passes expect of a rotated loop.
  void emit_loop(const For &loop, const IndexSum &begin, const IndexSum &end) {
    llvm::LLVMContext &context = builder_.getContext();
    llvm::Function *function = builder_.GetInsertBlock()->getParent();
    Value *first = expressions_.value(begin), *limit = expressions_.value(end);
    BasicBlock *before = builder_.GetInsertBlock();
    BasicBlock *body = BasicBlock::Create(context, loop.var.name, function);
    BasicBlock *after = BasicBlock::Create(context, loop.var.name + ".end", function);
    builder_.CreateCondBr(builder_.CreateICmpSLT(first, limit), body, after);

    builder_.SetInsertPoint(body);
    llvm::PHINode *i = builder_.CreatePHI(first->getType(), 2, loop.var.name);
    i->addIncoming(first, before);
    ++expressions_.depth;
    const int64_t multiple = begin.multiple() | loop.step;
    expressions_.bind(
        loop.var,
        IndexSum{0, {IndexTerm{i, 1, expressions_.depth, multiple & -multiple, begin.non_negative()}}});
    emit(*loop.body);
    --expressions_.depth;
    Value *step = llvm::ConstantInt::getSigned(first->getType(), loop.step);
    Value *next = builder_.CreateAdd(i, step, "", /*HasNUW=*/begin.non_negative(), /*HasNSW=*/true);
    i->addIncoming(next, builder_.GetInsertBlock());
    builder_.CreateCondBr(builder_.CreateICmpSLT(next, limit), body, after);
    builder_.SetInsertPoint(after);
  }

  void emit(const Let &let) {
    if (let.value.type() == kernel::Type{Base::index, 1})
      expressions_.bind(let.var, expressions_.index(let.value));
    else
      expressions_.bind(let.var, expressions_.value(let.value));
  }

  void emit(const If &branch) {
    Value *condition = expressions_.value(branch.condition);
    if (const auto *known = llvm::dyn_cast<llvm::ConstantInt>(condition)) {
      const auto &taken = known->isOne() ? branch.then_body : branch.else_body;
      if (taken) emit(*taken);
      return;
    }
    llvm::LLVMContext &context = builder_.getContext();
    llvm::Function *function = builder_.GetInsertBlock()->getParent();
    BasicBlock *then_block = BasicBlock::Create(context, "then", function);
    BasicBlock *else_block = branch.else_body ? BasicBlock::Create(context, "else", function) : nullptr;
    BasicBlock *after = BasicBlock::Create(context, "endif", function);
    builder_.CreateCondBr(condition, then_block, else_block ? else_block : after);
    builder_.SetInsertPoint(then_block);
    emit(*branch.then_body);
    builder_.CreateBr(after);
    if (else_block) {
      builder_.SetInsertPoint(else_block);
      emit(*branch.else_body);
      builder_.CreateBr(after);
    }
    builder_.SetInsertPoint(after);
  }

  void emit(const Store &node) { expressions_.store(node); }
  void emit(const Prefetch &node) { expressions_.prefetch(node); }
  void emit(const Barrier &) { check_failed(__FILE__, __LINE__, "a barrier in a CPU kernel"); }
  void emit(const WriteRegister &node) {
    Value *value = expressions_.value(node.value);
    builder_.CreateStore(value, expressions_.register_element(node.registers, node.index));
  }

  IRBuilder<> &builder_;
  ExpressionEmitter &expressions_;
};

void allocate_registers(IRBuilder<> &builder, const Kernel &kernel, ExpressionEmitter &expressions) {
  for (const Registers &array : kernel.registers) {
    std::vector<Value *> elements;
    for (int64_t i = 0; i < array.count; ++i)
      elements.push_back(builder.CreateAlloca(expressions.type(array.type), nullptr, array.name));
    expressions.registers.push_back(std::move(elements));
  }
}

void access_buffers(IRBuilder<> &builder, const Kernel &kernel, const std::vector<BufferPlace> &places,
                    const ClosureLayout &closure_layout, Value *closure, ExpressionEmitter &expressions) {
  llvm::MDBuilder metadata(builder.getContext());
  const size_t count = kernel.buffers.size();
  llvm::MDNode *domain = metadata.createAnonymousAliasScopeDomain();
  std::vector<llvm::MDNode *> scopes;
  for (size_t b = 0; b < count; ++b) scopes.push_back(metadata.createAnonymousAliasScope(domain));
  for (size_t b = 0; b < count; ++b) {
    const Buffer &buffer = kernel.buffers[b];
    BufferAccess access;
    if (buffer.kind == BufferKind::local) {
      auto *tile = builder.CreateAlloca(
          builder.getInt8Ty(), builder.getInt64(static_cast<uint64_t>(bytes_of(buffer))), buffer.name);
      tile->setAlignment(llvm::Align(local_alignment));
      access.base = tile;
      access.alignment = local_alignment;
    } else {
      access.base = closure_layout.buffer_pointer(builder, closure, static_cast<int>(b));
      access.alignment = places[b].alignment;
    }
    access.invariant = buffer.kind == BufferKind::constant;
    std::vector<llvm::Metadata *> disjoint;
    for (size_t other = 0; other < count; ++other)
      if (!may_overlap(kernel, places, b, other)) disjoint.push_back(scopes[other]);
    access.scope = llvm::MDNode::get(builder.getContext(), {scopes[b]});
    if (!disjoint.empty()) access.disjoint = llvm::MDNode::get(builder.getContext(), disjoint);
    expressions.buffers.push_back(access);
  }
}

const For *parallel_loop(const Kernel &kernel) {
  if (kernel.body.size() != 1) return nullptr;
  const auto *loop = std::get_if<For>(&kernel.body[0].node);
  return loop != nullptr && loop->kind == LoopKind::parallel ? loop : nullptr;
}

}  // namespace

bool is_parallel(const Kernel &kernel) {
  return parallel_loop(kernel) != nullptr;
}

llvm::Function *emit_kernel_body(llvm::Module &module, const Kernel &kernel, const std::string &symbol,
                                 const Target &target, const std::vector<BufferPlace> &places,
                                 const ClosureLayout &closure_layout) {
  SINTER_CHECK(places.size() == kernel.buffers.size(), "one place a buffer");
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                       {pointer, llvm::Type::getInt32Ty(context)}, false);
  auto *function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, symbol, module);
  set_function_attributes(*function, target);
  Value *closure = function->getArg(0), *chunk = function->getArg(1);
  closure->setName("closure");
  chunk->setName("chunk");

  IRBuilder<> builder(BasicBlock::Create(context, "entry", function));
  ExpressionEmitter expressions(builder, kernel, target);
  StatementEmitter statements(builder, expressions);
  allocate_registers(builder, kernel, expressions);
  access_buffers(builder, kernel, places, closure_layout, closure, expressions);
  Value *n = closure_layout.batch_size(builder, closure);
  expressions.bind(kernel.n, IndexSum{0, {IndexTerm{n, 1, 0, 1, true}}});

  if (const For *loop = parallel_loop(kernel)) {
    const IndexSum begin = expressions.index(loop->begin);
    Value *iteration = builder.CreateZExtOrTrunc(chunk, expressions.index_type());
    const IndexSum offset{0, {IndexTerm{iteration, loop->step, 0, 1, true}}};
    expressions.bind(loop->var, add(begin, offset));
    statements.emit(*loop->body);
  } else {
    statements.emit(kernel.body);
  }
  builder.CreateRetVoid();
  return function;
}

Value *emit_chunk_count(llvm::IRBuilderBase &builder, const Kernel &kernel, const Target &target, Value *n) {
  const For *loop = parallel_loop(kernel);
  if (loop == nullptr) return builder.getInt32(1);
  ExpressionEmitter expressions(builder, kernel, target);
  expressions.bind(kernel.n, IndexSum{0, {IndexTerm{n, 1, 0, 1, true}}});
  const IndexSum length = add(expressions.index(loop->end), scale(expressions.index(loop->begin), -1));
  Value *rounded = expressions.value(add(length, IndexSum{loop->step - 1, {}}));
  Value *step = llvm::ConstantInt::getSigned(rounded->getType(), loop->step);
  Value *zero = llvm::ConstantInt::getSigned(rounded->getType(), 0);
  Value *positive = builder.CreateSelect(builder.CreateICmpSLT(rounded, zero), zero, rounded);
  return builder.CreateZExtOrTrunc(builder.CreateUDiv(positive, step), builder.getInt32Ty());
}

int64_t kernel_stack_bytes(const Kernel &kernel) {
  int64_t bytes = 0;
  for (const Buffer &buffer : kernel.buffers)
    if (buffer.kind == BufferKind::local)
      bytes += (bytes_of(buffer) + local_alignment - 1) / local_alignment * local_alignment;
  for (const Registers &array : kernel.registers)
    bytes += array.count * array.type.lanes * byte_size(array.type.base);
  return bytes;
}

}  // namespace sinter::codegen

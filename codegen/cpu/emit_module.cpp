#include "codegen/cpu/emit_module.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/CodeGen.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include <map>
#include <string>

#include "codegen/cpu/emit_kernel.h"
#include "codegen/cpu/emit_metadata.h"
#include "codegen/cpu/emit_passes.h"
#include "codegen/cpu/llvm_target.h"
#include "ir/kernel/math.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"
#include "support/check.h"

namespace sinter::codegen {
namespace {

using kernel::BufferKind;
using llvm::BasicBlock;
using llvm::Function;
using llvm::IRBuilder;
using llvm::Value;

// What every kernel receives, on the stack of the function that calls it. The last three are a trainer's
// alone; `outputs` of its steps and evaluations are the sums.
enum ClosureField : unsigned {
  arena_field,
  inputs_field,
  outputs_field,
  n_field,
  targets_field,
  hyper_field,
  state_field
};
constexpr unsigned predictor_fields = targets_field, trainer_fields = state_field + 1;

constexpr int table_stride = 1 << 20;  // inputs of different tables do not overlap
// Code reaches this far by 32-bit displacements, less the code and data of the rest of the program.
constexpr int64_t near_bytes = (int64_t{1} << 31) - (int64_t{1} << 26);

class ModuleEmitter {
 public:
  ModuleEmitter(llvm::Module &module, const Program &program, const Target &target)
      : module_(module), program_(program), target_(target), builder_(module.getContext()) {
    size_type_ = module.getDataLayout().getIntPtrType(module.getContext());
    llvm::Type *pointer = builder_.getPtrTy();
    std::vector<llvm::Type *> fields(
        program.trainer || program.evaluation ? trainer_fields : predictor_fields, pointer);
    fields[n_field] = size_type_;
    closure_type_ = llvm::StructType::create(module.getContext(), fields, "closure");
  }

  void emit(bool for_executable) {
    declare_weights();
    runners_ = emit_runners(program_.kernels, program_.name);
    if (program_.trainer) return emit_trainer();
    Function *predict = emit_predict();
    if (!for_executable) return;
    llvm::GlobalAlias::create(predict->getFunctionType(), 0, llvm::GlobalValue::ExternalLinkage,
                              "sinter_program_predict", predict, &module_);
    emit_run_kernel();
    if (program_.evaluation) emit_evaluate(program_.evaluation->part, program_.evaluation->values);
    emit_metadata();
  }

 private:
  // The weights are a symbol that only the object writer defines: it gives NAME_weights the section, and the
  // section, which holds a placeholder of one alignment unit here, its content and size.
  void declare_weights() {
    if (program_.constant_bytes == 0) return;
    const bool far = program_.constant_bytes > near_bytes &&
                     llvm::Triple(target_.triple).getArch() == llvm::Triple::x86_64;
    auto *type = llvm::ArrayType::get(builder_.getInt8Ty(), static_cast<uint64_t>(program_.constant_bytes));
    weights_ = add_constant(weights_symbol(program_), type, nullptr);
    weights_->setVisibility(llvm::GlobalValue::HiddenVisibility);
    weights_->setDSOLocal(true);
    weights_->setAlignment(llvm::Align(section_alignment));

    auto *unit = llvm::ArrayType::get(builder_.getInt8Ty(), section_alignment);
    llvm::GlobalVariable *placeholder =
        add_constant("weights_placeholder", unit, llvm::ConstantAggregateZero::get(unit));
    placeholder->setLinkage(llvm::GlobalValue::PrivateLinkage);
    placeholder->setSection(weights_section(program_));
    placeholder->setAlignment(llvm::Align(section_alignment));
    llvm::appendToCompilerUsed(module_, {placeholder});
    for (llvm::GlobalVariable *variable : {weights_, placeholder})
      if (far) variable->setCodeModel(llvm::CodeModel::Large);
  }

  // External linkage; a declaration if there is no initializer.
  llvm::GlobalVariable *add_constant(const std::string &name, llvm::Type *type, llvm::Constant *initializer) {
    auto *variable = llvm::cast<llvm::GlobalVariable>(module_.getOrInsertGlobal(name, type));
    variable->setConstant(true);
    variable->setInitializer(initializer);
    return variable;
  }

  Value *closure_field(llvm::IRBuilderBase &builder, Value *closure, ClosureField field) const {
    llvm::Type *type = closure_type_->getElementType(field);
    return builder.CreateLoad(type, builder.CreateStructGEP(closure_type_, closure, field));
  }

  Value *buffer_pointer(llvm::IRBuilderBase &builder, Value *closure, const BufferBinding &binding) const {
    Value *base = nullptr;
    switch (binding.kind) {
      case BufferKind::arena:
        base = closure_field(builder, closure, arena_field);
        break;
      case BufferKind::constant:
        SINTER_CHECK(weights_ != nullptr, "a kernel reads constants, the program has none");
        base = weights_;
        break;
      case BufferKind::input:
      case BufferKind::output: {
        if (binding.kind == BufferKind::input && binding.table == InputTable::hyper) {
          base = closure_field(builder, closure, hyper_field);
          break;
        }
        if (binding.kind == BufferKind::output && outputs_are_sums_) {
          Value *sums = closure_field(builder, closure, outputs_field);
          base = builder.CreateConstInBoundsGEP1_64(builder.getFloatTy(), sums,
                                                    static_cast<uint64_t>(binding.index));
          break;
        }
        const bool is_target = binding.table == InputTable::targets;
        Value *table = closure_field(builder, closure,
                                     binding.kind == BufferKind::output ? outputs_field
                                     : is_target                        ? targets_field
                                                                        : inputs_field);
        Value *entry = builder.CreateConstInBoundsGEP1_64(builder.getPtrTy(), table,
                                                          static_cast<uint64_t>(binding.index));
        base = builder.CreateLoad(builder.getPtrTy(), entry);
        break;
      }
      case BufferKind::state:
        base = closure_field(builder, closure, state_field);
        break;
      case BufferKind::local:
        check_failed(__FILE__, __LINE__, "a local buffer has no binding");
    }
    if (binding.offset == 0) return base;
    return builder.CreateInBoundsGEP(builder.getInt8Ty(), base,
                                     llvm::ConstantInt::getSigned(size_type_, binding.offset));
  }

  // Functions of one program share a kernel that does the same to the same places.
  std::vector<Function *> emit_runners(const std::vector<ProgramKernel> &kernels, const std::string &prefix) {
    std::vector<Function *> runners;
    for (size_t k = 0; k < kernels.size(); ++k) {
      Function *&runner = by_content_[content_of(kernels[k])];
      if (!runner)
        runner = emit_runner(kernels[k], prefix + "_" + std::to_string(k) + "_" + kernels[k].kernel.name);
      runners.push_back(runner);
    }
    return runners;
  }

  // Equal for kernels of equal code.
  std::string content_of(const ProgramKernel &kernel) const {
    std::string text = kernel::print(kernel.kernel) + (kernel.use_threads ? "threads" : "serial");
    for (const BufferBinding &binding : kernel.bindings) {
      const bool is_sum = binding.kind == BufferKind::output && outputs_are_sums_;
      for (const int64_t part : {static_cast<int64_t>(binding.kind), static_cast<int64_t>(binding.index),
                                 binding.offset, static_cast<int64_t>(binding.table), int64_t{is_sum}})
        text += " " + std::to_string(part);
    }
    return text;
  }

  // void PREFIX_all(ptr closure): all chunks of a kernel, on threads if that is worth it.
  Function *emit_runner(const ProgramKernel &program_kernel, const std::string &prefix) {
    kernel::Kernel kernel = program_kernel.kernel;
    kernel::expand_math(kernel);
    SINTER_CHECK(program_kernel.bindings.size() == kernel.buffers.size(), "one binding a buffer");

    ClosureLayout layout;
    layout.buffer_pointer = [&](llvm::IRBuilderBase &builder, Value *closure, int buffer) {
      return buffer_pointer(builder, closure, program_kernel.bindings[static_cast<size_t>(buffer)]);
    };
    layout.batch_size = [&](llvm::IRBuilderBase &builder, Value *closure) {
      return closure_field(builder, closure, n_field);
    };
    Function *body = emit_kernel_body(module_, kernel, prefix, target_,
                                      places_of(kernel, program_kernel.bindings), layout);

    Function *runner = create_function(prefix + "_all", builder_.getVoidTy(), {builder_.getPtrTy()},
                                       llvm::GlobalValue::InternalLinkage);
    Value *closure = runner->getArg(0);
    builder_.SetInsertPoint(BasicBlock::Create(module_.getContext(), "entry", runner));
    if (is_parallel(kernel)) {
      Value *chunks = emit_chunk_count(builder_, kernel, target_, closure_field(builder_, closure, n_field));
      if (program_kernel.use_threads && target_.hosted) emit_parallel_region(body, closure, chunks);
      emit_chunk_loop(body, closure, chunks);
    } else {
      builder_.CreateCall(body, {closure, builder_.getInt32(0)});
    }
    builder_.CreateRetVoid();
    return runner;
  }

  // More than one chunk: the host's threads run them, and the function returns.
  void emit_parallel_region(Function *body, Value *closure, Value *chunks) {
    Function *function = builder_.GetInsertBlock()->getParent();
    auto *threads = BasicBlock::Create(module_.getContext(), "threads", function);
    auto *serial = BasicBlock::Create(module_.getContext(), "serial", function);
    builder_.CreateCondBr(builder_.CreateICmpUGT(chunks, builder_.getInt32(1)), threads, serial);
    builder_.SetInsertPoint(threads);
    llvm::Type *pointer = builder_.getPtrTy();
    auto *type =
        llvm::FunctionType::get(builder_.getVoidTy(), {pointer, pointer, builder_.getInt32Ty()}, false);
    builder_.CreateCall(module_.getOrInsertFunction("sinter_parallel_for", type), {body, closure, chunks});
    builder_.CreateRetVoid();
    builder_.SetInsertPoint(serial);
  }

  void emit_chunk_loop(Function *body, Value *closure, Value *chunks) {
    Function *function = builder_.GetInsertBlock()->getParent();
    BasicBlock *before = builder_.GetInsertBlock();
    auto *loop = BasicBlock::Create(module_.getContext(), "chunk", function);
    auto *end = BasicBlock::Create(module_.getContext(), "end", function);
    builder_.CreateCondBr(builder_.CreateICmpNE(chunks, builder_.getInt32(0)), loop, end);
    builder_.SetInsertPoint(loop);
    llvm::PHINode *chunk = builder_.CreatePHI(builder_.getInt32Ty(), 2);
    chunk->addIncoming(builder_.getInt32(0), before);
    builder_.CreateCall(body, {closure, chunk});
    Value *next = builder_.CreateAdd(chunk, builder_.getInt32(1));
    chunk->addIncoming(next, loop);
    builder_.CreateCondBr(builder_.CreateICmpULT(next, chunks), loop, end);
    builder_.SetInsertPoint(end);
  }

  static std::vector<BufferPlace> places_of(const kernel::Kernel &kernel,
                                            const std::vector<BufferBinding> &bindings) {
    std::vector<BufferPlace> places;
    for (size_t b = 0; b < bindings.size(); ++b) {
      BufferPlace place{bindings[b].kind, bindings[b].index, bindings[b].offset, 0, 4};
      if (place.kind == BufferKind::input) place.index += static_cast<int>(bindings[b].table) * table_stride;
      if (place.kind == BufferKind::arena || place.kind == BufferKind::constant ||
          place.kind == BufferKind::state) {
        place.index = 0;
        const int64_t bits = section_alignment | bindings[b].offset;
        place.alignment = bits & -bits;
      }
      place.end = place.begin + kernel.buffers[b].elements * kernel::byte_size(kernel.buffers[b].base);
      places.push_back(place);
    }
    return places;
  }

  Function *create_function(const std::string &name, llvm::Type *result,
                            const std::vector<llvm::Type *> &parameters,
                            llvm::GlobalValue::LinkageTypes linkage) {
    auto *type = llvm::FunctionType::get(result, parameters, false);
    Function *function = Function::Create(type, linkage, name, module_);
    set_function_attributes(*function, target_);
    return function;
  }

  // Fills a closure on the stack; n is an i32. The memory is taken in the entry block, which makes it part of
  // the frame.
  // The arguments that a function has not are null.
  struct Arguments {
    Value *inputs, *outputs, *n, *arena;
    Value *targets = nullptr, *hyper = nullptr, *state = nullptr;
  };
  Value *make_closure(const Arguments &arguments) {
    BasicBlock &entry = builder_.GetInsertBlock()->getParent()->getEntryBlock();
    Value *closure = IRBuilder<>(&entry, entry.begin()).CreateAlloca(closure_type_);
    Value *values[trainer_fields] = {arguments.arena,   arguments.inputs,
                                     arguments.outputs, builder_.CreateZExtOrTrunc(arguments.n, size_type_),
                                     arguments.targets, arguments.hyper,
                                     arguments.state};
    for (unsigned field = 0; field < closure_type_->getNumElements(); ++field)
      if (values[field])
        builder_.CreateStore(values[field], builder_.CreateStructGEP(closure_type_, closure, field));
    return closure;
  }

  // Begins a function's body: returns 1 from it unless 1 <= n <= max_batch.
  void check_batch(Function *function, Value *n) {
    auto *entry = BasicBlock::Create(module_.getContext(), "entry", function);
    auto *wrong = BasicBlock::Create(module_.getContext(), "out_of_range", function);
    auto *start = BasicBlock::Create(module_.getContext(), "start", function);
    builder_.SetInsertPoint(entry);
    Value *past_one = builder_.CreateSub(n, builder_.getInt32(1));
    Value *in_range =
        builder_.CreateICmpULT(past_one, builder_.getInt32(static_cast<uint32_t>(program_.max_batch)));
    builder_.CreateCondBr(in_range, start, wrong);
    builder_.SetInsertPoint(wrong);
    builder_.CreateRet(builder_.getInt32(1));
    builder_.SetInsertPoint(start);
  }

  Function *emit_predict() {
    llvm::Type *pointer = builder_.getPtrTy(), *i32 = builder_.getInt32Ty();
    Function *predict = create_function(program_.name + "_predict", i32, {pointer, pointer, i32, pointer},
                                        llvm::GlobalValue::ExternalLinkage);
    check_batch(predict, predict->getArg(2));
    Value *closure =
        make_closure({predict->getArg(0), predict->getArg(1), predict->getArg(2), predict->getArg(3)});
    for (Function *runner : runners_) builder_.CreateCall(runner, {closure});
    builder_.CreateRet(builder_.getInt32(0));
    return predict;
  }

  void emit_run_kernel() {
    llvm::Type *pointer = builder_.getPtrTy(), *i32 = builder_.getInt32Ty();
    Function *run = create_function("sinter_program_run_kernel", i32, {i32, pointer, pointer, i32, pointer},
                                    llvm::GlobalValue::ExternalLinkage);
    check_batch(run, run->getArg(3));
    Value *closure = make_closure({run->getArg(1), run->getArg(2), run->getArg(3), run->getArg(4)});
    emit_choice(run, runners_, closure, nullptr, nullptr);
  }

  // Runs the kernel whose number is the function's first argument; behind the last one come the sums.
  void emit_choice(Function *run, const std::vector<Function *> &runners, Value *closure, Value *sums,
                   Value *n) {
    auto *unknown = BasicBlock::Create(module_.getContext(), "unknown", run);
    llvm::SwitchInst *choose =
        builder_.CreateSwitch(run->getArg(0), unknown, static_cast<unsigned>(runners.size()));
    for (size_t k = 0; k < runners.size(); ++k) {
      auto *block = BasicBlock::Create(module_.getContext(), "kernel", run);
      choose->addCase(builder_.getInt32(static_cast<uint32_t>(k)), block);
      builder_.SetInsertPoint(block);
      builder_.CreateCall(runners[k], {closure});
      if (sums && k + 1 == runners.size()) scale_sums(sums, n, program_.trainer->values);
      builder_.CreateRet(builder_.getInt32(0));
    }
    builder_.SetInsertPoint(unknown);
    builder_.CreateRet(builder_.getInt32(1));
  }

  // A trainer's functions: runtime/trainer_abi.h.
  void emit_trainer() {
    const TrainerProgram &trainer = *program_.trainer;
    llvm::Type *pointer = builder_.getPtrTy(), *i32 = builder_.getInt32Ty();
    const auto external = llvm::GlobalValue::ExternalLinkage;
    Function *predict = create_function("sinter_program_predict_state", i32,
                                        {pointer, pointer, i32, pointer, pointer}, external);
    check_batch(predict, predict->getArg(2));
    call_all(runners_, make_closure({.inputs = predict->getArg(0),
                                     .outputs = predict->getArg(1),
                                     .n = predict->getArg(2),
                                     .arena = predict->getArg(3),
                                     .state = predict->getArg(4)}));
    builder_.CreateRet(builder_.getInt32(0));

    outputs_are_sums_ = true;
    const std::vector<Function *> step = emit_runners(trainer.step.kernels, program_.name + "_step");
    Function *train = create_function("sinter_program_train_step", i32,
                                      {pointer, pointer, i32, pointer, pointer, pointer, pointer}, external);
    check_batch(train, train->getArg(2));
    call_all(step, step_closure(train, 0));
    scale_sums(train->getArg(6), train->getArg(2), trainer.values);
    builder_.CreateRet(builder_.getInt32(0));

    Function *run =
        create_function("sinter_program_run_train_kernel", i32,
                        {i32, pointer, pointer, i32, pointer, pointer, pointer, pointer}, external);
    check_batch(run, run->getArg(3));
    emit_choice(run, step, step_closure(run, 1), run->getArg(7), run->getArg(3));

    emit_evaluate(trainer.evaluate, trainer.values);

    auto *constants = weights_ ? static_cast<llvm::Constant *>(weights_)
                               : llvm::ConstantPointerNull::get(builder_.getPtrTy());
    add_constant("sinter_program_constants", pointer, constants);
    emit_metadata();
  }

  // Of a trainer, and of a predictor with a loss, which has no state to look at.
  void emit_evaluate(const ProgramPart &part, int values) {
    llvm::Type *pointer = builder_.getPtrTy(), *i32 = builder_.getInt32Ty();
    outputs_are_sums_ = true;
    const std::vector<Function *> evaluation = emit_runners(part.kernels, program_.name + "_evaluate");
    Function *evaluate =
        create_function("sinter_program_evaluate", i32, {pointer, pointer, i32, pointer, pointer, pointer},
                        llvm::GlobalValue::ExternalLinkage);
    check_batch(evaluate, evaluate->getArg(2));
    call_all(evaluation, make_closure({.inputs = evaluate->getArg(0),
                                       .outputs = evaluate->getArg(5),
                                       .n = evaluate->getArg(2),
                                       .arena = evaluate->getArg(3),
                                       .targets = evaluate->getArg(1),
                                       .state = evaluate->getArg(4)}));
    scale_sums(evaluate->getArg(5), evaluate->getArg(2), values);
    builder_.CreateRet(builder_.getInt32(0));
  }

  // Arguments from `first` on: inputs, targets, n, hyper, arena, state, sums.
  Value *step_closure(Function *function, unsigned first) {
    const auto argument = [&](unsigned i) { return function->getArg(first + i); };
    return make_closure({.inputs = argument(0),
                         .outputs = argument(6),
                         .n = argument(2),
                         .arena = argument(4),
                         .targets = argument(1),
                         .hyper = argument(3),
                         .state = argument(5)});
  }

  void call_all(const std::vector<Function *> &runners, Value *closure) {
    for (Function *runner : runners) builder_.CreateCall(runner, {closure});
  }

  // Means of the batch to sums.
  void scale_sums(Value *sums, Value *n, int values) {
    Value *factor = builder_.CreateUIToFP(n, builder_.getFloatTy());
    for (int v = 0; v < values; ++v) {
      Value *at = builder_.CreateConstInBoundsGEP1_64(builder_.getFloatTy(), sums, static_cast<uint64_t>(v));
      builder_.CreateStore(builder_.CreateFMul(builder_.CreateLoad(builder_.getFloatTy(), at), factor), at);
    }
  }

  void emit_metadata() {
    const std::vector<uint8_t> bytes = program_metadata(program_, target_);
    llvm::Constant *data = llvm::ConstantDataArray::get(module_.getContext(), bytes);
    add_constant("sinter_program_metadata", data->getType(), data)->setAlignment(llvm::Align(16));
    add_constant("sinter_program_metadata_bytes", builder_.getInt64Ty(), builder_.getInt64(bytes.size()));
  }

  llvm::Module &module_;
  const Program &program_;
  const Target &target_;
  IRBuilder<> builder_;
  llvm::Type *size_type_ = nullptr;
  llvm::StructType *closure_type_ = nullptr;
  llvm::GlobalVariable *weights_ = nullptr;
  std::vector<Function *> runners_;
  std::map<std::string, Function *> by_content_;
  bool outputs_are_sums_ = false;
};

}  // namespace

std::string weights_symbol(const Program &program) {
  return program.name + "_weights";
}

std::string weights_section(const Program &program) {
  return (program.constant_bytes > near_bytes ? ".lrodata." : ".rodata.") + weights_symbol(program);
}

std::unique_ptr<llvm::Module> build_module(llvm::LLVMContext &context, llvm::TargetMachine &machine,
                                           const Program &program, const Target &target,
                                           const EmitOptions &options) {
  auto module = std::make_unique<llvm::Module>(program.name, context);
  module->setTargetTriple(target.triple);
  module->setDataLayout(machine.createDataLayout());
  module->setPICLevel(target.hosted ? llvm::PICLevel::BigPIC : llvm::PICLevel::NotPIC);
  if (!machine.Options.MCOptions.ABIName.empty())
    module->addModuleFlag(llvm::Module::Error, "target-abi",
                          llvm::MDString::get(context, machine.Options.MCOptions.ABIName));
  ModuleEmitter(*module, program, target).emit(options.for_executable);
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(*module, &stream)) check_failed(__FILE__, __LINE__, "verifyModule", problems);
  optimize(*module, machine, options.optimization_level);
  return module;
}

}  // namespace sinter::codegen

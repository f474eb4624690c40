#include "codegen/cpu/emit.h"

#include <llvm/ADT/SmallString.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include "codegen/cpu/emit_module.h"
#include "codegen/cpu/emit_object.h"
#include "codegen/cpu/llvm_target.h"
#include "codegen/elf_section.h"
#include "support/check.h"

namespace sinter::codegen {
namespace {

std::string generate(const Program &program, const Target &target, const EmitOptions &options,
                     llvm::CodeGenFileType kind) {
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::TargetMachine> machine =
      create_target_machine(target, options.optimization_level);
  const std::unique_ptr<llvm::Module> module = build_module(context, *machine, program, target, options);
  llvm::SmallString<0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  SINTER_CHECK(!machine->addPassesToEmitFile(passes, stream, nullptr, kind), "no code emitter");
  passes.run(*module);
  return code.str().str();
}

// Sizes that the target's code can address.
bool fits(const Program &program, const Target &target, Diagnostics &diagnostics) {
  const llvm::Triple triple(target.triple);
  constexpr int64_t two_gib = int64_t{1} << 31, four_gib = int64_t{1} << 32;
  // ADRP reaches 4 GiB, AUIPC 2 GiB; x86-64 has a code model for large sections.
  const int64_t limit = triple.isArch32Bit() ? two_gib
                        : triple.isAArch64() ? four_gib
                        : triple.isRISCV()   ? two_gib
                                             : INT64_MAX;
  const Location where{.path = "--target"};
  bool ok = true;
  if (program.constant_bytes >= limit) {
    diagnostics.error(where, "the weights take " + std::to_string(program.constant_bytes) +
                                 " bytes, code for " + target.triple + " reaches " + std::to_string(limit));
    ok = false;
  }
  if (triple.isArch32Bit() && program.arena_bytes >= two_gib) {
    diagnostics.error(where,
                      "the arena takes " + std::to_string(program.arena_bytes) + " bytes, more than " +
                          target.triple + " addresses",
                      "lower --batch");
    ok = false;
  }
  return ok;
}

// The constants: blocks in order, zeros between them.
void write_constants(const Program &program, uint64_t section_bytes, OutputFile &file) {
  const size_t start = file.size();
  for (const ConstantBlock &block : program.constants) {
    const size_t offset = static_cast<size_t>(block.offset);
    SINTER_CHECK(file.size() - start <= offset, "constant blocks overlap");
    file.write_zeros(offset - (file.size() - start));
    block.fill([&](const void *data, size_t bytes) { file.write(data, bytes); });
    SINTER_CHECK(file.size() - start == offset + static_cast<size_t>(block.bytes),
                 "a constant block has another size than stated");
  }
  SINTER_CHECK(file.size() - start <= section_bytes, "constant blocks are longer than stated");
  file.write_zeros(section_bytes - (file.size() - start));
}

}  // namespace

std::string emit_llvm_ir(const Program &program, const Target &target, const EmitOptions &options) {
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::TargetMachine> machine =
      create_target_machine(target, options.optimization_level);
  const std::unique_ptr<llvm::Module> module = build_module(context, *machine, program, target, options);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, nullptr);
  return text;
}

std::string emit_assembly(const Program &program, const Target &target, const EmitOptions &options) {
  return generate(program, target, options, llvm::CodeGenFileType::AssemblyFile);
}

bool write_object_to(const Program &program, const Target &target, const EmitOptions &options,
                     OutputFile &file, Diagnostics &diagnostics) {
  if (!fits(program, target, diagnostics)) return false;
  std::string object = generate(program, target, options, llvm::CodeGenFileType::ObjectFile);
  uint64_t section_bytes = 0;
  if (program.constant_bytes > 0) {
    section_bytes = (static_cast<uint64_t>(program.constant_bytes) + section_alignment - 1) /
                    section_alignment * section_alignment;
    const bool moved = move_section_to_end(object, weights_section(program), weights_symbol(program),
                                           section_bytes, section_alignment);
    SINTER_CHECK(moved, "the object has no section for the weights");
  }
  if (options.on_stage) options.on_stage("writing");
  file.write(object.data(), object.size());
  write_constants(program, section_bytes, file);
  return true;
}

bool write_object(const Program &program, const Target &target, const EmitOptions &options,
                  const std::string &path, Diagnostics &diagnostics) {
  OutputFile file(path);
  return write_object_to(program, target, options, file, diagnostics) && file.commit(diagnostics);
}

}  // namespace sinter::codegen

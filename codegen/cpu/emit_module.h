// A Program as an LLVM module: one internal function a kernel, NAME_predict, and for executables the symbols
// of runtime/program_abi.h.
#pragma once

#include <memory>
#include <string>

#include "codegen/cpu/emit.h"

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
}  // namespace llvm

namespace sinter::codegen {

// The symbol and the section of the constants. The module refers to the symbol without defining it, and has
// the section with a placeholder: write_object completes both. Above 2 GiB it is a section for large data,
// which x86-64 alone can address.
constexpr uint64_t section_alignment = 64;  // bytes
std::string weights_symbol(const Program &program);
std::string weights_section(const Program &program);

// Verified and optimized at the level of the options.
std::unique_ptr<llvm::Module> build_module(llvm::LLVMContext &context, llvm::TargetMachine &machine,
                                           const Program &program, const Target &target,
                                           const EmitOptions &options);

}  // namespace sinter::codegen

#include "codegen/cpu/llvm_target.h"

#include <llvm/IR/Function.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>

#include "support/check.h"

namespace sinter::codegen {
namespace {

llvm::Triple::ArchType arch(const Target &target) {
  return llvm::Triple(target.triple).getArch();
}

// The floating-point calling convention that C compilers of the triple use by default.
std::string riscv_abi(const Target &target) {
  const bool has_double =
      std::find(target.features.begin(), target.features.end(), "d") != target.features.end();
  const bool is_64 = arch(target) == llvm::Triple::riscv64;
  return std::string(is_64 ? "lp64" : "ilp32") + (has_double ? "d" : "f");
}

}  // namespace

void initialize_llvm() {
  static const bool once = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTarget();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMAsmPrinter();
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
    return true;
  }();
  (void)once;
}

std::string instruction_set_cpu(const Target &target) {
  switch (arch(target)) {
    case llvm::Triple::x86_64:
      return "x86-64";
    case llvm::Triple::aarch64:
      return "generic";
    default:
      return target.cpu;
  }
}

std::string feature_string(const Target &target) {
  std::string text;
  for (const std::string &feature : target.features) {
    if (!text.empty()) text += ',';
    text += '+' + feature;
    // LLVM 19 splits the 512-bit registers from AVX-512 into a feature of their own.
    if (feature == "avx512f") text += ",+evex512";
  }
  return text;
}

std::unique_ptr<llvm::TargetMachine> create_target_machine(const Target &target, int level) {
  initialize_llvm();
  std::string error;
  const llvm::Target *llvm_target = llvm::TargetRegistry::lookupTarget(target.triple, error);
  SINTER_CHECK(llvm_target != nullptr, error);
  llvm::TargetOptions options;
  options.UniqueSectionNames = true;
  options.FunctionSections = true;
  const llvm::Triple triple(target.triple);
  if (triple.isRISCV()) options.MCOptions.ABIName = riscv_abi(target);
  const llvm::CodeGenOptLevel levels[] = {llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Less,
                                          llvm::CodeGenOptLevel::Default, llvm::CodeGenOptLevel::Aggressive};
  return std::unique_ptr<llvm::TargetMachine>(llvm_target->createTargetMachine(
      target.triple, instruction_set_cpu(target), feature_string(target), options,
      target.hosted ? llvm::Reloc::PIC_ : llvm::Reloc::Static,
      triple.isRISCV() ? llvm::CodeModel::Medium : llvm::CodeModel::Small, levels[std::clamp(level, 0, 3)]));
}

void set_function_attributes(llvm::Function &function, const Target &target) {
  function.addFnAttr("target-cpu", instruction_set_cpu(target));
  function.addFnAttr("tune-cpu", target.cpu);
  function.addFnAttr("target-features", feature_string(target));
  function.addFnAttr("no-builtins");
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr("frame-pointer", "none");
  if (arch(target) == llvm::Triple::x86_64) {
    // Server parts with AVX-512 are tuned to 256 bits by default, for the sake of code that has little vector
    // work.
    const std::string bits = std::to_string(target.vector_lanes * 32);
    function.addFnAttr("prefer-vector-width", bits);
    function.addFnAttr("min-legal-vector-width", bits);
  }
}

bool has_floor_instruction(const Target &target) {
  switch (arch(target)) {
    case llvm::Triple::x86_64:
      return std::find(target.features.begin(), target.features.end(), "sse4.1") != target.features.end();
    case llvm::Triple::aarch64:
      return true;
    default:
      return false;
  }
}

}  // namespace sinter::codegen

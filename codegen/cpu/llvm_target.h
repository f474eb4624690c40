// LLVM's view of a Target. Forward declarations only: LLVM headers are slow, and stay in .cpp files.
#pragma once

#include <memory>
#include <string>

#include "codegen/target.h"

namespace llvm {
class Function;
class TargetMachine;
}  // namespace llvm

namespace sinter::codegen {

// Registers the back ends that parse_target accepts: x86-64, AArch64, ARM and RISC-V. Cheap to call again.
void initialize_llvm();

// The CPU whose instructions may be used. On x86-64 and AArch64 this is the baseline, and Target::features
// names everything beyond it, so that the run-time check is exact; Target::cpu then only tunes. Elsewhere it
// is Target::cpu.
std::string instruction_set_cpu(const Target &target);
// "+avx2,+fma,…" for LLVM.
std::string feature_string(const Target &target);

// level: 0 … 3. Position independent, small code model. The target comes from parse_target.
std::unique_ptr<llvm::TargetMachine> create_target_machine(const Target &target, int level);

// Instruction set, tuning, full-width vectors, no unwinding and no calls of C library functions behind our
// back.
void set_function_attributes(llvm::Function &function, const Target &target);

// The floor instruction exists; otherwise floor is made from conversions.
bool has_floor_instruction(const Target &target);

}  // namespace sinter::codegen

// The LLVM passes that kernels need, and no others.
#pragma once

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace sinter::codegen {

// level 0: as emitted. 1: registers and cleanup. 2 and 3: redundancy elimination and loop-invariant code
// motion too. There is no vectorizer, unroller or idiom recognition: kernels come vectorized and unrolled,
// and nothing may turn into a call.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, int level);

}  // namespace sinter::codegen

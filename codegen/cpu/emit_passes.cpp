#include "codegen/cpu/emit_passes.h"

#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/DCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Mem2Reg.h>

namespace sinter::codegen {
namespace {

llvm::FunctionPassManager function_passes(int level) {
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::PromotePass());  // register arrays
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  if (level >= 2) {
    const llvm::LICMOptions options;
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(options), /*UseMemorySSA=*/true));
    passes.addPass(
        llvm::SROAPass(llvm::SROAOptions::PreserveCFG));  // local tiles whose accesses are all constant
    passes.addPass(llvm::GVNPass());
    passes.addPass(llvm::InstCombinePass());
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(options), /*UseMemorySSA=*/true));
    passes.addPass(llvm::SimplifyCFGPass());
  }
  passes.addPass(llvm::DCEPass());
  return passes;
}

}  // namespace

void optimize(llvm::Module &module, llvm::TargetMachine &machine, int level) {
  if (level <= 0) return;
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager call_graph;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(call_graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, call_graph, modules);
  llvm::ModulePassManager passes;
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(function_passes(level)));
  passes.run(module, modules);
}

}  // namespace sinter::codegen

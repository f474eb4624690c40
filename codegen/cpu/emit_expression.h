// Expressions of Kernel IR as LLVM values.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "codegen/cpu/emit_index.h"
#include "codegen/target.h"
#include "ir/kernel/kernel.h"

namespace llvm {
class IRBuilderBase;
class Instruction;
class MDNode;
class Type;
class Value;
}  // namespace llvm

namespace sinter::codegen {

// How a buffer of the kernel is reached in the function that is being emitted.
struct BufferAccess {
  llvm::Value *base = nullptr;
  int64_t alignment = 4;             // bytes, a power of two
  llvm::MDNode *scope = nullptr;     // !alias.scope of its accesses
  llvm::MDNode *disjoint = nullptr;  // !noalias: the scopes of all buffers that it does not overlap
  bool invariant = false;            // nobody writes it while the program runs
};

// Lanes first, first + 1, … of a vector; a scalar if there is one lane.
llvm::Value *slice(llvm::IRBuilderBase &builder, llvm::Value *x, int first, int lanes);

class ExpressionEmitter {
 public:
  // Emits at the builder's insertion point. All references outlive the emitter.
  ExpressionEmitter(llvm::IRBuilderBase &builder, const kernel::Kernel &kernel, const Target &target);

  std::vector<BufferAccess> buffers;                  // one a buffer
  std::vector<std::vector<llvm::Value *>> registers;  // an alloca an element, which mem2reg removes
  int depth = 0;                                      // number of loops around the insertion point

  void bind(const kernel::Var &var, IndexSum sum);
  void bind(const kernel::Var &var, llvm::Value *value);
  // A statement begins: loads of earlier statements are not reused, values are computed again.
  void begin_statement() { emitted_.clear(); }

  llvm::Value *value(const kernel::Expr &expr);
  IndexSum index(const kernel::Expr &expr);  // of a scalar index
  llvm::Value *value(const IndexSum &sum);
  llvm::Type *index_type() const;  // as wide as a pointer
  llvm::Type *type(kernel::Type type) const;

  void store(const kernel::Store &store);
  void prefetch(const kernel::Prefetch &prefetch);
  llvm::Value *register_element(int registers_index, const kernel::Expr &index);

 private:
  struct Address {
    llvm::Value *pointer;
    int64_t alignment;
  };
  Address address(int buffer, const kernel::Expr &index, bool may_be_outside = false);
  llvm::Value *load(const kernel::Load &load, kernel::Type type);
  llvm::Value *load_piece(int buffer, Address address, int first, int lanes);
  void annotate(llvm::Instruction *access, int buffer);

  llvm::Value *compute(const kernel::Expr &expr);
  llvm::Value *unary(const kernel::Unary &node, kernel::Type type);
  llvm::Value *binary(const kernel::Binary &node);
  llvm::Value *arithmetic(kernel::BinaryOp op, kernel::Base base, llvm::Value *a, llvm::Value *b);
  llvm::Value *choose(kernel::Base base, bool greater, llvm::Value *a, llvm::Value *b);
  llvm::Value *divide_or_modulo(bool modulo, llvm::Value *a, llvm::Value *b, bool non_negative);
  llvm::Value *convert(llvm::Value *x, kernel::Base from, kernel::Type to);
  llvm::Value *floor(llvm::Value *x);
  llvm::Value *horizontal(kernel::HorizontalOp op, kernel::Base base, llvm::Value *x, int lanes);
  IndexSum opaque(const kernel::Expr &expr, int depth, bool non_negative);
  llvm::Type *memory_type(kernel::Base base) const;

  llvm::IRBuilderBase &builder_;
  const kernel::Kernel &kernel_;
  const Target &target_;
  std::unordered_map<int, IndexSum> indices_;      // variables of type index, by id
  std::unordered_map<int, llvm::Value *> values_;  // the other variables
  std::unordered_map<const kernel::ExprNode *, llvm::Value *> emitted_;
};

}  // namespace sinter::codegen

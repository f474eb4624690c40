// Memory accesses of ExpressionEmitter: addresses, alignment, alias scopes, partial vectors.
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include <algorithm>
#include <bit>

#include "codegen/cpu/emit_expression.h"

namespace sinter::codegen {
namespace {

using namespace kernel;
using llvm::IRBuilderBase;
using llvm::Value;

// x with its lanes first, first + 1, … replaced by those of piece.
Value *insert_slice(IRBuilderBase &builder, Value *x, Value *piece, int first, int piece_lanes) {
  if (piece_lanes == 1) return builder.CreateInsertElement(x, piece, static_cast<uint64_t>(first));
  const int lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(x->getType())->getNumElements());
  std::vector<int> widen(lanes, -1), mask(lanes);
  for (int i = 0; i < piece_lanes; ++i) widen[i] = i;
  for (int i = 0; i < lanes; ++i) mask[i] = i >= first && i < first + piece_lanes ? lanes + i - first : i;
  return builder.CreateShuffleVector(x, builder.CreateShuffleVector(piece, widen), mask);
}

// Calls fn(first, lanes) for powers of two that add up to `valid`, the largest first.
template <typename Fn>
void for_each_piece(int valid, Fn fn) {
  for (int first = 0; first < valid;) {
    const int lanes = static_cast<int>(std::bit_floor(static_cast<unsigned>(valid - first)));
    fn(first, lanes);
    first += lanes;
  }
}

Value *first_lanes_mask(IRBuilderBase &builder, int lanes, int valid) {
  std::vector<llvm::Constant *> bits(lanes);
  for (int i = 0; i < lanes; ++i) bits[i] = builder.getInt1(i < valid);
  return llvm::ConstantVector::get(bits);
}

bool four_bytes(Base base) {
  return base == Base::f32 || base == Base::i32;
}

}  // namespace

llvm::Type *ExpressionEmitter::memory_type(Base base) const {
  if (base == Base::boolean) return builder_.getInt8Ty();
  if (base == Base::index) return builder_.getInt64Ty();
  return type({base, 1});
}

ExpressionEmitter::Address ExpressionEmitter::address(int buffer, const Expr &index, bool may_be_outside) {
  const BufferAccess &access = buffers[buffer];
  const IndexSum sum = this->index(index);
  llvm::Type *element = memory_type(kernel_.buffers[buffer].base);
  const int64_t element_bytes = static_cast<int64_t>(element->getScalarSizeInBits()) / 8;
  const int64_t alignment = lowest_bit(access.alignment | (sum.multiple() * element_bytes));
  // Partial sums of non-negative terms stay inside the buffer if the whole does.
  const bool in_bounds = !may_be_outside && sum.non_negative();
  const auto advance = [&](Value *pointer, Value *offset) {
    return in_bounds ? builder_.CreateInBoundsGEP(element, pointer, offset)
                     : builder_.CreateGEP(element, pointer, offset);
  };
  Value *pointer = access.base;
  for (size_t first = 0; first < sum.terms.size();) {
    IndexSum level;
    for (const int level_depth = sum.terms[first].depth;
         first < sum.terms.size() && sum.terms[first].depth == level_depth;)
      level.terms.push_back(sum.terms[first++]);
    pointer = advance(pointer, value(level));
  }
  if (sum.constant != 0) pointer = advance(pointer, llvm::ConstantInt::getSigned(index_type(), sum.constant));
  return {pointer, alignment};
}

void ExpressionEmitter::annotate(llvm::Instruction *access, int buffer) {
  const BufferAccess &target = buffers[buffer];
  if (target.scope != nullptr) access->setMetadata(llvm::LLVMContext::MD_alias_scope, target.scope);
  if (target.disjoint != nullptr) access->setMetadata(llvm::LLVMContext::MD_noalias, target.disjoint);
  if (target.invariant && llvm::isa<llvm::LoadInst>(access))
    access->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder_.getContext(), {}));
}

// Elements first … first + lanes of the vector at the address, as they are in memory.
Value *ExpressionEmitter::load_piece(int buffer, Address address, int first, int lanes) {
  llvm::Type *element = memory_type(kernel_.buffers[buffer].base);
  llvm::Type *piece =
      lanes == 1 ? element : llvm::FixedVectorType::get(element, static_cast<unsigned>(lanes));
  const int64_t offset = first * static_cast<int64_t>(element->getScalarSizeInBits()) / 8;
  Value *pointer = first == 0 ? address.pointer
                              : builder_.CreateInBoundsGEP(element, address.pointer,
                                                           builder_.getInt32(static_cast<uint32_t>(first)));
  auto *load = builder_.CreateAlignedLoad(
      piece, pointer, llvm::Align(static_cast<uint64_t>(lowest_bit(address.alignment | offset))));
  annotate(load, buffer);
  return load;
}

Value *ExpressionEmitter::load(const Load &load, kernel::Type type) {
  const Address from = address(load.buffer, load.index);
  const Base base = kernel_.buffers[load.buffer].base;
  const int valid = load.valid > 0 ? std::min(load.valid, type.lanes) : type.lanes;
  Value *result = nullptr;
  if (valid == type.lanes) {
    result = load_piece(load.buffer, from, 0, type.lanes);
  } else {
    auto *memory = llvm::FixedVectorType::get(memory_type(base), static_cast<unsigned>(type.lanes));
    result = llvm::Constant::getNullValue(memory);
    if (target_.vector_lanes >= 8 && four_bytes(base) && type.lanes >= 4) {
      auto *masked =
          builder_.CreateMaskedLoad(memory, from.pointer, llvm::Align(static_cast<uint64_t>(from.alignment)),
                                    first_lanes_mask(builder_, type.lanes, valid), result);
      annotate(masked, load.buffer);
      result = masked;
    } else {
      for_each_piece(valid, [&](int first, int lanes) {
        result = insert_slice(builder_, result, load_piece(load.buffer, from, first, lanes), first, lanes);
      });
    }
  }
  if (base == Base::boolean) return builder_.CreateTrunc(result, this->type(type));
  return base == Base::index ? builder_.CreateSExtOrTrunc(result, this->type(type)) : result;
}

void ExpressionEmitter::store(const Store &store) {
  const kernel::Type type = store.value.type();
  Value *x = value(store.value);
  const Address to = address(store.buffer, store.index);
  const Base base = kernel_.buffers[store.buffer].base;
  llvm::Type *element = memory_type(base);
  const int valid = store.valid > 0 ? std::min(store.valid, type.lanes) : type.lanes;
  if (base == Base::boolean || base == Base::index) {
    llvm::Type *memory = element;
    if (type.lanes > 1) memory = llvm::FixedVectorType::get(element, static_cast<unsigned>(type.lanes));
    x = base == Base::boolean ? builder_.CreateZExt(x, memory) : builder_.CreateSExtOrTrunc(x, memory);
  }
  if (valid < type.lanes && target_.has_masked_access && four_bytes(base) && type.lanes >= 4) {
    auto *masked = builder_.CreateMaskedStore(x, to.pointer, llvm::Align(static_cast<uint64_t>(to.alignment)),
                                              first_lanes_mask(builder_, type.lanes, valid));
    annotate(masked, store.buffer);
    return;
  }
  // Masked stores of AVX are slow on several machines (AMD's take some 20 operations): pieces are not.
  for_each_piece(valid, [&](int first, int lanes) {
    const int64_t offset = first * static_cast<int64_t>(element->getScalarSizeInBits()) / 8;
    Value *piece = lanes == type.lanes ? x : slice(builder_, x, first, lanes);
    Value *pointer = first == 0 ? to.pointer
                                : builder_.CreateInBoundsGEP(element, to.pointer,
                                                             builder_.getInt32(static_cast<uint32_t>(first)));
    annotate(builder_.CreateAlignedStore(
                 piece, pointer, llvm::Align(static_cast<uint64_t>(lowest_bit(to.alignment | offset)))),
             store.buffer);
  });
}

void ExpressionEmitter::prefetch(const Prefetch &prefetch) {
  const Address at = address(prefetch.buffer, prefetch.index, true);
  builder_.CreateIntrinsic(llvm::Intrinsic::prefetch, {at.pointer->getType()},
                           {at.pointer, builder_.getInt32(0), builder_.getInt32(3), builder_.getInt32(1)});
}

}  // namespace sinter::codegen

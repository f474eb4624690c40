#include "codegen/cpu/emit_expression.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "codegen/cpu/llvm_target.h"
#include "support/check.h"

namespace sinter::codegen {
namespace {

using namespace kernel;
using llvm::IRBuilderBase;
using llvm::Value;

bool is_vector(const Value *value) {
  return value->getType()->isVectorTy();
}

bool is_unsigned(Base base) {
  return base == Base::u8 || base == Base::boolean;
}

// A constant of floats in all lanes, neither NaN nor -0.
bool is_plain_number(const Value *value) {
  const auto *constant = llvm::dyn_cast<llvm::Constant>(value);
  if (constant != nullptr && is_vector(value)) constant = constant->getSplatValue();
  const auto *number = llvm::dyn_cast_or_null<llvm::ConstantFP>(constant);
  return number != nullptr && !number->isNaN() && !number->getValueAPF().isNegZero();
}

}  // namespace

// Lanes first, first + 1, … of x.
Value *slice(IRBuilderBase &builder, Value *x, int first, int lanes) {
  if (lanes == 1) return builder.CreateExtractElement(x, static_cast<uint64_t>(first));
  std::vector<int> mask(lanes);
  std::iota(mask.begin(), mask.end(), first);
  return builder.CreateShuffleVector(x, mask);
}

ExpressionEmitter::ExpressionEmitter(IRBuilderBase &builder, const Kernel &kernel, const Target &target)
    : builder_(builder), kernel_(kernel), target_(target) {}

llvm::Type *ExpressionEmitter::index_type() const {
  const llvm::Module *module = builder_.GetInsertBlock()->getModule();
  return module->getDataLayout().getIntPtrType(builder_.getContext());
}

llvm::Type *ExpressionEmitter::type(kernel::Type type) const {
  llvm::Type *scalar = nullptr;
  switch (type.base) {
    case Base::f32:
      scalar = builder_.getFloatTy();
      break;
    case Base::i32:
      scalar = builder_.getInt32Ty();
      break;
    case Base::u8:
      scalar = builder_.getInt8Ty();
      break;
    case Base::index:
      scalar = index_type();
      break;
    case Base::boolean:
      scalar = builder_.getInt1Ty();
      break;
  }
  return type.lanes == 1 ? scalar : llvm::FixedVectorType::get(scalar, static_cast<unsigned>(type.lanes));
}

void ExpressionEmitter::bind(const Var &var, IndexSum sum) {
  indices_[var.id] = std::move(sum);
}
void ExpressionEmitter::bind(const Var &var, Value *value) {
  values_[var.id] = value;
}

Value *ExpressionEmitter::value(const Expr &expr) {
  if (const auto found = emitted_.find(expr.get()); found != emitted_.end()) return found->second;
  Value *result = expr.type() == kernel::Type{Base::index, 1} ? value(index(expr)) : compute(expr);
  emitted_[expr.get()] = result;
  return result;
}

Value *ExpressionEmitter::value(const IndexSum &sum) {
  llvm::Type *type = index_type();
  Value *total = nullptr;
  for (const IndexTerm &term : sum.terms) {
    Value *scaled =
        term.coefficient == 1
            ? term.value
            : builder_.CreateMul(term.value, llvm::ConstantInt::getSigned(type, term.coefficient));
    total = total == nullptr ? scaled : builder_.CreateAdd(total, scaled);
  }
  Value *constant = llvm::ConstantInt::getSigned(type, sum.constant);
  if (total == nullptr) return constant;
  return sum.constant == 0 ? total : builder_.CreateAdd(total, constant);
}

// A term of its own: one value, however often the expression is met in the statement.
IndexSum ExpressionEmitter::opaque(const Expr &expr, int depth, bool non_negative) {
  const auto found = emitted_.find(expr.get());
  Value *result = found != emitted_.end() ? found->second : compute(expr);
  emitted_[expr.get()] = result;
  if (const auto *constant = llvm::dyn_cast<llvm::ConstantInt>(result)) return {constant->getSExtValue(), {}};
  return {0, {IndexTerm{result, 1, depth, 1, non_negative}}};
}

IndexSum ExpressionEmitter::index(const Expr &expr) {
  if (const auto *constant = std::get_if<IntConst>(&expr->node)) return {constant->value, {}};
  if (const auto *variable = std::get_if<VarRef>(&expr->node)) {
    const auto found = indices_.find(variable->var.id);
    SINTER_CHECK(found != indices_.end(), variable->var.name);
    return found->second;
  }
  if (const auto *node = std::get_if<Unary>(&expr->node)) {
    if (node->op == UnaryOp::neg) return scale(index(node->x), -1);
    return opaque(expr, index(node->x).depth(), node->op == UnaryOp::abs);
  }
  if (const auto *node = std::get_if<Select>(&expr->node)) {
    const IndexSum a = index(node->a), b = index(node->b);
    return opaque(expr, depth, a.non_negative() && b.non_negative());
  }
  if (const auto *node = std::get_if<Convert>(&expr->node)) {
    if (node->x.type().base == Base::index) return index(node->x);
    return opaque(expr, depth, is_unsigned(node->x.type().base));
  }
  const auto *node = std::get_if<Binary>(&expr->node);
  if (node == nullptr) return opaque(expr, depth, false);

  const IndexSum a = index(node->a), b = index(node->b);
  const int both_depth = std::max(a.depth(), b.depth());
  const bool both_non_negative = a.non_negative() && b.non_negative();
  switch (node->op) {
    case BinaryOp::add:
      return add(a, b);
    case BinaryOp::sub:
      return add(a, scale(b, -1));
    case BinaryOp::mul:
      if (b.is_constant()) return scale(a, b.constant);
      if (a.is_constant()) return scale(b, a.constant);
      return opaque(expr, both_depth, both_non_negative);
    case BinaryOp::div:
    case BinaryOp::mod: {
      if (!b.is_constant()) return opaque(expr, both_depth, both_non_negative || node->op == BinaryOp::mod);
      const int64_t divisor = b.constant;
      SINTER_CHECK(divisor > 0, "division by a constant that is not positive");
      IndexSum quotient;
      const IndexSum rest = divide(a, divisor, &quotient);
      const bool modulo = node->op == BinaryOp::mod;
      if (rest.is_constant()) return modulo ? rest : quotient;
      Value *divisor_value = llvm::ConstantInt::getSigned(index_type(), divisor);
      IndexTerm term{divide_or_modulo(modulo, value(rest), divisor_value, rest.non_negative()), 1,
                     rest.depth(), 1, modulo || rest.non_negative()};
      if (modulo) term.multiple = lowest_bit(rest.multiple() | divisor);
      return modulo ? IndexSum{0, {term}} : add(quotient, {0, {term}});
    }
    case BinaryOp::min:
      if (a.is_constant() && b.is_constant()) return a.constant < b.constant ? a : b;
      return opaque(expr, both_depth, both_non_negative);
    case BinaryOp::max:
      if (a.is_constant() && b.is_constant()) return a.constant > b.constant ? a : b;
      return opaque(expr, both_depth, a.non_negative() || b.non_negative());
    case BinaryOp::bit_and:
      return opaque(expr, both_depth, a.non_negative() || b.non_negative());
    default:
      return opaque(expr, both_depth, false);
  }
}

Value *ExpressionEmitter::compute(const Expr &expr) {
  const kernel::Type type = expr.type();
  llvm::Type *llvm_type = this->type(type);
  struct Visitor {
    ExpressionEmitter &self;
    kernel::Type type;
    llvm::Type *llvm_type;
    IRBuilderBase &builder;

    Value *operator()(const IntConst &node) const {
      return llvm::ConstantInt::getSigned(llvm_type, node.value);
    }
    Value *operator()(const FloatConst &node) const {
      return llvm::ConstantFP::get(llvm_type, llvm::APFloat(node.value));
    }
    Value *operator()(const VarRef &node) const {
      if (const auto sum = self.indices_.find(node.var.id); sum != self.indices_.end())
        return self.value(sum->second);
      const auto found = self.values_.find(node.var.id);
      SINTER_CHECK(found != self.values_.end(), node.var.name);
      return found->second;
    }
    Value *operator()(const Unary &node) const { return self.unary(node, type); }
    Value *operator()(const Binary &node) const { return self.binary(node); }
    Value *operator()(const Fma &node) const {
      Value *a = self.value(node.a), *b = self.value(node.b), *c = self.value(node.c);
      // Without the instruction llvm.fma is a call of libm: two roundings instead.
      if (!self.target_.has_fma) return builder.CreateFAdd(builder.CreateFMul(a, b), c);
      return builder.CreateIntrinsic(llvm::Intrinsic::fma, {llvm_type}, {a, b, c});
    }
    Value *operator()(const Select &node) const {
      Value *condition = self.value(node.condition), *a = self.value(node.a), *b = self.value(node.b);
      return builder.CreateSelect(condition, a, b);
    }
    Value *operator()(const Convert &node) const {
      return self.convert(self.value(node.x), node.x.type().base, type);
    }
    Value *operator()(const Bitcast &node) const {
      return builder.CreateBitCast(self.value(node.x), llvm_type);
    }
    Value *operator()(const Broadcast &node) const {
      Value *x = self.value(node.x);
      return type.lanes == 1 ? x : builder.CreateVectorSplat(static_cast<unsigned>(type.lanes), x);
    }
    Value *operator()(const LaneIndex &) const {
      std::vector<llvm::Constant *> lanes(type.lanes);
      for (int i = 0; i < type.lanes; ++i)
        lanes[i] = llvm::ConstantInt::getSigned(llvm_type->getScalarType(), i);
      return type.lanes == 1 ? lanes[0] : llvm::ConstantVector::get(lanes);
    }
    Value *operator()(const Load &node) const { return self.load(node, type); }
    Value *operator()(const ReadRegister &node) const {
      return builder.CreateLoad(llvm_type, self.register_element(node.registers, node.index));
    }
    Value *operator()(const Horizontal &node) const {
      return self.horizontal(node.op, type.base, self.value(node.x), node.x.type().lanes);
    }
  };
  return std::visit(Visitor{*this, type, llvm_type, builder_}, expr->node);
}

Value *ExpressionEmitter::unary(const Unary &node, kernel::Type type) {
  Value *x = value(node.x);
  const bool is_float = type.base == Base::f32;
  switch (node.op) {
    case UnaryOp::neg:
      return is_float ? builder_.CreateFNeg(x) : builder_.CreateNeg(x);
    case UnaryOp::abs:
      if (is_float) return builder_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
      return builder_.CreateBinaryIntrinsic(llvm::Intrinsic::abs, x, builder_.getFalse());
    case UnaryOp::sqrt:
      return builder_.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
    case UnaryOp::floor:
      return floor(x);
    case UnaryOp::logical_not:
      return builder_.CreateNot(x);
    default:
      break;
  }
  check_failed(__FILE__, __LINE__, "math functions are expanded before emission");
}

// Exact for all finite values, and x itself for NaN, infinity and everything from 2^23, where f32 has no
// fractions.
Value *ExpressionEmitter::floor(Value *x) {
  if (has_floor_instruction(target_)) return builder_.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x);
  llvm::Type *integer = builder_.getInt32Ty();
  if (const auto *vector = llvm::dyn_cast<llvm::VectorType>(x->getType()))
    integer = llvm::VectorType::get(integer, vector);
  Value *truncated =
      builder_.CreateSIToFP(builder_.CreateFreeze(builder_.CreateFPToSI(x, integer)), x->getType());
  Value *lower = builder_.CreateFSub(truncated, llvm::ConstantFP::get(x->getType(), 1.0));
  Value *floored = builder_.CreateSelect(builder_.CreateFCmpOGT(truncated, x), lower, truncated);
  Value *with_sign = builder_.CreateCopySign(floored, x);  // -0 stays -0
  Value *magnitude = builder_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
  return builder_.CreateSelect(
      builder_.CreateFCmpOLT(magnitude, llvm::ConstantFP::get(x->getType(), 8388608.0)), with_sign, x);
}

Value *ExpressionEmitter::binary(const Binary &node) {
  Value *a = value(node.a), *b = value(node.b);
  return arithmetic(node.op, node.a.type().base, a, b);
}

Value *ExpressionEmitter::arithmetic(BinaryOp op, Base base, Value *a, Value *b) {
  IRBuilderBase &builder = builder_;
  const bool is_float = base == Base::f32;
  const bool without_sign = is_unsigned(base);
  switch (op) {
    case BinaryOp::add:
      return is_float ? builder.CreateFAdd(a, b) : builder.CreateAdd(a, b);
    case BinaryOp::sub:
      return is_float ? builder.CreateFSub(a, b) : builder.CreateSub(a, b);
    case BinaryOp::mul:
      return is_float ? builder.CreateFMul(a, b) : builder.CreateMul(a, b);
    case BinaryOp::div:
      return is_float ? builder.CreateFDiv(a, b) : divide_or_modulo(false, a, b, without_sign);
    case BinaryOp::mod:
      return divide_or_modulo(true, a, b, without_sign);
    case BinaryOp::min:
      return choose(base, false, a, b);
    case BinaryOp::max:
      return choose(base, true, a, b);
    case BinaryOp::bit_and:
    case BinaryOp::logical_and:
      return builder.CreateAnd(a, b);
    case BinaryOp::bit_or:
    case BinaryOp::logical_or:
      return builder.CreateOr(a, b);
    case BinaryOp::bit_xor:
      return builder.CreateXor(a, b);
    case BinaryOp::shl:
      return builder.CreateShl(a, b);
    case BinaryOp::shr:
      return builder.CreateLShr(a, b);
    case BinaryOp::mul_high: {
      llvm::Type *narrow = a->getType();
      llvm::Type *wide = narrow->getWithNewBitWidth(64);
      Value *product = builder.CreateMul(builder.CreateZExt(a, wide), builder.CreateZExt(b, wide));
      return builder.CreateTrunc(builder.CreateLShr(product, 32), narrow);
    }
    case BinaryOp::lt:
      return is_float       ? builder.CreateFCmpOLT(a, b)
             : without_sign ? builder.CreateICmpULT(a, b)
                            : builder.CreateICmpSLT(a, b);
    case BinaryOp::le:
      return is_float       ? builder.CreateFCmpOLE(a, b)
             : without_sign ? builder.CreateICmpULE(a, b)
                            : builder.CreateICmpSLE(a, b);
    case BinaryOp::eq:
      return is_float ? builder.CreateFCmpOEQ(a, b) : builder.CreateICmpEQ(a, b);
    case BinaryOp::ne:
      return is_float ? builder.CreateFCmpUNE(a, b) : builder.CreateICmpNE(a, b);
  }
  check_failed(__FILE__, __LINE__, "unknown operator");
}

// max if `greater`, else min. `a > b ? a : b` is one instruction of x86, and b where one is NaN: right for a
// constant a. Else it is done both ways: the results have the same bits but where an operand is NaN, or both
// are zeros, and the union of NaN and other bits is NaN. No other way is as fast, with masks least of all.
Value *ExpressionEmitter::choose(Base base, bool greater, Value *a, Value *b) {
  const auto first_if_beyond = [&](Value *x, Value *y) {
    return builder_.CreateSelect(
        greater ? arithmetic(BinaryOp::lt, base, y, x) : arithmetic(BinaryOp::lt, base, x, y), x, y);
  };
  Value *chosen = first_if_beyond(a, b);
  if (base != Base::f32 || is_plain_number(a)) return chosen;
  llvm::Type *integer = a->getType()->getWithNewType(builder_.getInt32Ty());
  Value *bits = builder_.CreateOr(builder_.CreateBitCast(chosen, integer),
                                  builder_.CreateBitCast(first_if_beyond(b, a), integer));
  return builder_.CreateBitCast(bits, a->getType());
}

// Rounds toward minus infinity. b > 0. For powers of two shift and mask do that for both signs of a.
Value *ExpressionEmitter::divide_or_modulo(bool modulo, Value *a, Value *b, bool non_negative) {
  if (!is_vector(b)) {
    if (const auto *constant = llvm::dyn_cast<llvm::ConstantInt>(b);
        constant && constant->getValue().isPowerOf2()) {
      if (modulo) return builder_.CreateAnd(a, constant->getSExtValue() - 1);
      return builder_.CreateAShr(a, constant->getValue().logBase2());
    }
  }
  if (non_negative) return modulo ? builder_.CreateURem(a, b) : builder_.CreateUDiv(a, b);
  Value *remainder = builder_.CreateSRem(a, b);
  Value *zero = llvm::Constant::getNullValue(a->getType());
  Value *below = builder_.CreateICmpSLT(remainder, zero);
  if (modulo) return builder_.CreateSelect(below, builder_.CreateAdd(remainder, b), remainder);
  Value *quotient = builder_.CreateSDiv(a, b);
  return builder_.CreateAdd(quotient, builder_.CreateSExt(below, a->getType()));
}

// Out of range f32 -> integer gives some value, not undefined behaviour: hence freeze.
Value *ExpressionEmitter::convert(Value *x, Base from, kernel::Type to) {
  llvm::Type *to_type = type(to);
  if (from == to.base) return x;
  if (to.base == Base::f32)
    return is_unsigned(from) ? builder_.CreateUIToFP(x, to_type) : builder_.CreateSIToFP(x, to_type);
  if (to.base == Base::boolean) {
    Value *zero = llvm::Constant::getNullValue(x->getType());
    return from == Base::f32 ? builder_.CreateFCmpUNE(x, zero) : builder_.CreateICmpNE(x, zero);
  }
  if (from == Base::f32) {
    if (to.base != Base::u8) return builder_.CreateFreeze(builder_.CreateFPToSI(x, to_type));
    llvm::Type *wide = type({Base::i32, to.lanes});
    return builder_.CreateTrunc(builder_.CreateFreeze(builder_.CreateFPToSI(x, wide)), to_type);
  }
  return is_unsigned(from) ? builder_.CreateZExtOrTrunc(x, to_type) : builder_.CreateSExtOrTrunc(x, to_type);
}

Value *ExpressionEmitter::horizontal(HorizontalOp op, Base base, Value *x, int lanes) {
  const BinaryOp combine = op == HorizontalOp::add   ? BinaryOp::add
                           : op == HorizontalOp::max ? BinaryOp::max
                                                     : BinaryOp::min;
  while (lanes > 1) {
    lanes /= 2;
    x = arithmetic(combine, base, slice(builder_, x, 0, lanes), slice(builder_, x, lanes, lanes));
  }
  return x;
}

Value *ExpressionEmitter::register_element(int registers_index, const Expr &index) {
  const IndexSum element = this->index(index);
  SINTER_CHECK(element.is_constant(), "a register index is not constant after unrolling");
  const auto &elements = registers[registers_index];
  SINTER_CHECK(element.constant >= 0 && element.constant < static_cast<int64_t>(elements.size()),
               "register index");
  return elements[element.constant];
}

}  // namespace sinter::codegen

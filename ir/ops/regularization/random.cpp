#include "ir/ops/regularization/random.h"

#include "support/philox.h"

namespace sinter::ir::rules {

namespace {

using kernel::BinaryOp;

Expr constant(uint32_t bits) {
  return kernel::i32_constant(static_cast<int32_t>(bits));
}
Expr exclusive_or(const Expr &a, const Expr &b) {
  return kernel::binary(BinaryOp::bit_xor, a, b);
}

}  // namespace

std::array<Expr, 4> philox(std::array<Expr, 4> counter, std::array<Expr, 2> key) {
  constexpr uint32_t a = 0xD2511F53u, b = 0xCD9E8D57u;
  for (int round = 0; round < 10; ++round) {
    const Expr low_a = constant(a) * counter[0], low_b = constant(b) * counter[2];
    counter = {
        exclusive_or(exclusive_or(kernel::binary(BinaryOp::mul_high, constant(b), counter[2]), counter[1]),
                     key[0]),
        low_b,
        exclusive_or(exclusive_or(kernel::binary(BinaryOp::mul_high, constant(a), counter[0]), counter[3]),
                     key[1]),
        low_a};
    key[0] = key[0] + constant(0x9E3779B9u);
    key[1] = key[1] + constant(0xBB67AE85u);
  }
  return counter;
}

Expr dropout_bits(std::array<Expr, 2> seed, uint32_t stream, std::array<Expr, 2> step, Expr element) {
  const Expr block = kernel::binary(BinaryOp::shr, element, constant(2));
  const Expr high = kernel::binary(BinaryOp::bit_and, step[1], constant(0x00FFFFFF));
  const uint32_t domain = static_cast<uint32_t>(RandomDomain::dropout) << 24;
  const std::array<Expr, 4> words = philox(
      {block, constant(stream), step[0], kernel::binary(BinaryOp::bit_or, high, constant(domain))}, seed);
  const Expr word = kernel::binary(BinaryOp::bit_and, element, constant(3));
  return kernel::select(word < constant(2),
                        kernel::select(kernel::equal(word, constant(0)), words[0], words[1]),
                        kernel::select(kernel::equal(word, constant(2)), words[2], words[3]));
}

Expr uniform(Expr bits) {
  return kernel::convert(kernel::binary(BinaryOp::shr, bits, constant(8)), kernel::Base::f32) *
         Expr(0x1p-24f);
}

}  // namespace sinter::ir::rules

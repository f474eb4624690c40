#include "codegen/cpu/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "ir/kernel/build.h"
#include "ir/kernel/text.h"
#include "ir/kernel/typing.h"
#include "ir/kernel/verify.h"
#include "tests/codegen/emit_test_kernels.h"

namespace sinter::codegen {
namespace {

using namespace kernel;

// Small random kernels that use every node. Integers stay small, so that no arithmetic overflows; divisors
// are positive.
class RandomKernel {
 public:
  RandomKernel(unsigned seed, bool fused) : random_(seed), fused_(fused) {}

  Kernel make(const std::string &name) {
    kernel_.name = name;
    kernel_.n = index_var("n");
    kernel_.buffers = {{"x", Base::f32, BufferKind::input, elements, false},
                       {"w", Base::f32, BufferKind::constant, elements, false},
                       {"i", Base::i32, BufferKind::arena, elements, false},
                       {"b", Base::u8, BufferKind::arena, elements, false},
                       {"y", Base::f32, BufferKind::output, out_elements, true},
                       {"yi", Base::i32, BufferKind::arena, out_elements, true},
                       {"yb", Base::u8, BufferKind::arena, out_elements, true},
                       {"t", Base::f32, BufferKind::local, tile, true}};
    lanes_ = 1 << pick(5);
    kernel_.registers = {{"r", {Base::f32, lanes_}, 4}, {"q", {Base::i32, lanes_}, 2}};
    const Var chunk = index_var("chunk");
    scope_.push_back(ref(kernel_.n));
    scope_.push_back(ref(chunk));
    Body body;
    // The local tile and the registers are written before anything reads them.
    const Var z = index_var("z");
    body.push_back(for_loop(z, 0, tile, LoopKind::serial, {store(7, ref(z), f32(1, 1))}));
    const Var u = index_var("u");
    body.push_back(for_loop(u, 0, 4, LoopKind::unrolled, {write(0, ref(u), f32(2, lanes_))}));
    body.push_back(write(1, 0, i32(2, lanes_)));
    body.push_back(write(1, 1, i32(2, lanes_)));
    registers_ready_ = true;
    append(body, 3);
    const int64_t step = 1 + pick(3);
    kernel_.body = {
        for_loop(chunk, pick(2), ref(kernel_.n) * 2 + pick(3), LoopKind::parallel, std::move(body), step)};
    if (pick(4) == 0) {  // serial kernels too
      Body serial;
      serial.push_back(let(chunk, index_constant(pick(3))));
      for (const Stmt &stmt : *std::get<For>(kernel_.body[0].node).body) serial.push_back(stmt);
      kernel_.body = std::move(serial);
    }
    return kernel_;
  }

  static constexpr int64_t elements = 97, out_elements = 203, tile = 72;

 private:
  int pick(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  // Within [0, size - lanes].
  Expr bounded(int64_t size, int lanes) {
    const int64_t places = size - lanes + 1;
    return pick(3) == 0 ? index_constant(pick(static_cast<int>(places))) : index(2) % index_constant(places);
  }

  Expr index(int depth) {
    if (depth == 0 || pick(6) == 0) {
      if (pick(3) == 0) return index_constant(pick(9) - 4);
      return scope_[static_cast<size_t>(pick(static_cast<int>(scope_.size())))];
    }
    switch (pick(11)) {
      case 0:
        return index(depth - 1) + index(depth - 1);
      case 1:
        return index(depth - 1) - index(depth - 1);
      case 2:
        return index(depth - 1) * index_constant(pick(13) - 6);
      case 3:
        return index(depth - 1) / index_constant(1 + pick(9));
      case 4:
        return index(depth - 1) % index_constant(1 + pick(9));
      case 5:
        return min(index(depth - 1), index(depth - 1));
      case 6:
        return max(index(depth - 1), index(depth - 1));
      case 7:
        return select(boolean(depth - 1, 1), index(depth - 1), index(depth - 1));
      case 8:
        return convert(i32(depth - 1, 1), Base::index);
      case 9:
        return index(depth - 1) / max(index(depth - 1), index_constant(1));
      default:
        return abs(index(depth - 1)) * -3 + index(depth - 1);
    }
  }

  Expr i32(int depth, int lanes) {
    if (depth == 0) {
      if (pick(4) == 0) return broadcast(i32_constant(pick(41) - 20), lanes);
      if (pick(5) == 0) return lane_index(lanes);
      return load(kernel_, 2, bounded(elements, lanes), lanes, valid(lanes));
    }
    const auto positive = [&] { return max(i32(0, lanes), broadcast(i32_constant(1), lanes)); };
    const Expr low_bits = broadcast(i32_constant(7), lanes);
    switch (pick(14)) {
      case 0:
        return i32(depth - 1, lanes) + i32(depth - 1, lanes);
      case 1:
        return i32(depth - 1, lanes) - i32(depth - 1, lanes);
      case 2:
        return binary(BinaryOp::bit_and, i32(depth - 1, lanes), low_bits) * i32(0, lanes);
      case 3:
        return i32(depth - 1, lanes) / positive();
      case 4:
        return i32(depth - 1, lanes) % positive();
      case 5:
        return i32(depth - 1, lanes) / broadcast(i32_constant(1 + pick(16)), lanes);
      case 6:
        return i32(depth - 1, lanes) % broadcast(i32_constant(1 + pick(16)), lanes);
      case 7:
        return min(i32(depth - 1, lanes), i32(depth - 1, lanes));
      case 8:
        return abs(i32(depth - 1, lanes)) - (-i32(depth - 1, lanes));
      case 9:
        return binary(BinaryOp::shr, i32(depth - 1, lanes),
                      binary(BinaryOp::bit_and, i32(0, lanes), low_bits));
      case 10:
        return select(boolean(depth - 1, lanes), i32(depth - 1, lanes), i32(depth - 1, lanes));
      case 11:
        return convert(load(kernel_, 3, bounded(elements, lanes), lanes, valid(lanes)), Base::i32);
      case 12:
        if (registers_ready_ && lanes == lanes_) return read(kernel_, 1, pick(2));
        return binary(BinaryOp::bit_xor, i32(depth - 1, lanes),
                      binary(BinaryOp::bit_or, i32(depth - 1, lanes), low_bits));
      default:
        return convert(f32(0, lanes) * broadcast(float_constant(9.0), lanes), Base::i32);
    }
  }

  Expr boolean(int depth, int lanes) {
    switch (pick(7)) {
      case 0:
        return f32(depth, lanes) < f32(depth, lanes);
      case 1:
        return f32(depth, lanes) <= f32(depth, lanes);
      case 2:
        return i32(depth, lanes) < i32(depth, lanes);
      case 3:
        return equal(i32(depth, lanes), i32(depth, lanes));
      case 4:
        return depth == 0 ? f32(0, lanes) > f32(0, lanes)
                          : boolean(depth - 1, lanes) && boolean(depth - 1, lanes);
      case 5:
        return depth == 0
                   ? binary(BinaryOp::ne, i32(0, lanes), i32(0, lanes))
                   : boolean(depth - 1, lanes) || unary(UnaryOp::logical_not, boolean(depth - 1, lanes));
      default:
        return load(kernel_, 3, bounded(elements, lanes), lanes) <=
               load(kernel_, 3, bounded(elements, lanes), lanes);
    }
  }

  Expr f32(int depth, int lanes) {
    if (depth == 0) {
      if (pick(5) == 0) return broadcast(float_constant((pick(21) - 10) * 0.37), lanes);
      if (pick(6) == 0 && registers_ready_)
        return load(kernel_, 7, bounded(tile, lanes), lanes, valid(lanes));
      return load(kernel_, pick(2), bounded(elements, lanes), lanes, valid(lanes));
    }
    switch (pick(16)) {
      case 0:
        return f32(depth - 1, lanes) + f32(depth - 1, lanes);
      case 1:
        return f32(depth - 1, lanes) - f32(depth - 1, lanes);
      case 2:
        return f32(depth - 1, lanes) * f32(depth - 1, lanes);
      case 3:
        return f32(depth - 1, lanes) / f32(depth - 1, lanes);
      case 4:
        return min(f32(depth - 1, lanes), f32(depth - 1, lanes));
      case 5:
        return max(f32(depth - 1, lanes), f32(depth - 1, lanes));
      case 6:
        return sqrt(abs(f32(depth - 1, lanes)));
      case 7:
        return floor(f32(depth - 1, lanes));
      case 8:
        return select(boolean(depth - 1, lanes), f32(depth - 1, lanes), f32(depth - 1, lanes));
      case 9:
        return convert(i32(depth - 1, lanes), Base::f32);
      case 10:
        return bitcast(
            binary(BinaryOp::bit_and, bitcast(f32(depth - 1, lanes), Base::i32), i32_constant(0x7ffffff0)),
            Base::f32);
      case 11:
        return broadcast(horizontal(HorizontalOp(pick(3)), f32(depth - 1, 1 << pick(4))), lanes);
      case 12:
        if (registers_ready_ && lanes == lanes_) return read(kernel_, 0, pick(4));
        return -f32(depth - 1, lanes);
      case 13:
        return convert(load(kernel_, 3, bounded(elements, lanes), lanes, valid(lanes)), Base::f32);
      case 14:
        return lanes == 1 ? convert(index(2), Base::f32) : broadcast(f32(depth - 1, 1), lanes);
      default:
        if (!fused_) return -f32(depth - 1, lanes);
        return fma(f32(depth - 1, lanes), f32(depth - 1, lanes), f32(depth - 1, lanes));
    }
  }

  int valid(int lanes) { return lanes > 1 && pick(3) == 0 ? 1 + pick(lanes - 1) : 0; }

  void append(Body &body, int depth) {
    const size_t outer_scope = scope_.size();
    for (int i = 0, count = 1 + pick(3); i < count; ++i) {
      switch (depth == 0 ? pick(6) : pick(9)) {
        case 0:
          body.push_back(write(0, pick(4), f32(3, lanes_)));
          break;
        case 1:
          body.push_back(store(5, bounded(out_elements, lanes_), i32(3, lanes_), valid(lanes_)));
          break;
        case 2: {
          const Expr byte = convert(binary(BinaryOp::bit_and, i32(2, lanes_), i32_constant(255)), Base::u8);
          body.push_back(store(6, bounded(out_elements, lanes_), byte, valid(lanes_)));
          break;
        }
        case 3:
          body.push_back(store(7, bounded(tile, lanes_), f32(2, lanes_), valid(lanes_)));
          break;
        case 4: {
          const Var v = index_var("v");
          body.push_back(let(v, index(3)));
          scope_.push_back(ref(v));
          break;
        }
        case 5:
          body.push_back(store(4, bounded(out_elements, lanes_), f32(4, lanes_), valid(lanes_)));
          break;
        case 6:
        case 7: {
          const Var v = index_var("l");
          const bool unrolled = pick(2) == 0;
          const int64_t begin = pick(4) - 2, step = 1 + pick(3);
          const Expr end = unrolled ? index_constant(begin + pick(5)) : index(1) % index_constant(6);
          scope_.push_back(ref(v));
          Body inner;
          append(inner, depth - 1);
          scope_.resize(scope_.size() - 1);
          body.push_back(for_loop(v, begin, end, unrolled ? LoopKind::unrolled : LoopKind::serial,
                                  std::move(inner), step));
          break;
        }
        default: {
          Body then_body, else_body;
          append(then_body, depth - 1);
          if (pick(2) == 0) append(else_body, depth - 1);
          body.push_back(if_then(boolean(2, 1), std::move(then_body), std::move(else_body)));
        }
      }
    }
    // What a kernel computes is seen in the output.
    body.push_back(store(4, bounded(out_elements, lanes_), f32(2, lanes_), valid(lanes_)));
    scope_.resize(outer_scope);
  }

  std::mt19937 random_;
  bool fused_;
  Kernel kernel_;
  int lanes_ = 1;
  bool registers_ready_ = false;
  std::vector<Expr> scope_;
};

// The memory of a kernel, with a guard after each buffer.
struct Memory {
  std::vector<std::vector<uint8_t>> storage;

  explicit Memory(const Kernel &kernel) {
    std::mt19937 random(7);
    for (const Buffer &buffer : kernel.buffers) {
      std::vector<uint8_t> bytes(static_cast<size_t>(buffer.elements * byte_size(buffer.base)) + 64, 0xAB);
      for (int64_t i = 0; i < buffer.elements; ++i) {
        if (buffer.base == Base::f32) {
          const float value = static_cast<float>(static_cast<int>(random() % 4001) - 2000) / 512.0f;
          std::memcpy(bytes.data() + i * 4, &value, 4);
        } else if (buffer.base == Base::i32) {
          const int32_t value = static_cast<int32_t>(random() % 101) - 50;
          std::memcpy(bytes.data() + i * 4, &value, 4);
        } else {
          bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(random());
        }
      }
      storage.push_back(std::move(bytes));
    }
  }

  std::vector<BufferMemory> spans() {
    std::vector<BufferMemory> list;
    for (auto &bytes : storage) list.push_back({bytes.data(), static_cast<int64_t>(bytes.size()) - 64});
    return list;
  }
};

// Bit for bit, but any NaN equals any other.
testing::AssertionResult same(const Kernel &kernel, const Memory &expected, const Memory &actual) {
  for (size_t b = 0; b < kernel.buffers.size(); ++b) {
    if (kernel.buffers[b].kind == BufferKind::local || expected.storage[b] == actual.storage[b]) continue;
    for (size_t i = 0; i + 4 <= expected.storage[b].size(); i += 4) {
      float want, got;
      std::memcpy(&want, expected.storage[b].data() + i, 4);
      std::memcpy(&got, actual.storage[b].data() + i, 4);
      const bool both_nan = kernel.buffers[b].base == Base::f32 && std::isnan(want) && std::isnan(got);
      if (!both_nan && std::memcmp(&want, &got, 4) != 0)
        return testing::AssertionFailure()
               << kernel.buffers[b].name << " differs at byte " << i << ": " << want << " and " << got << "\n"
               << print(kernel);
    }
  }
  return testing::AssertionSuccess();
}

Target target_of(std::string_view spec) {
  Diagnostics diagnostics;
  std::optional<Target> target = parse_target(spec, diagnostics);
  EXPECT_TRUE(target) << diagnostics.render_all();
  return *target;
}

bool host_runs(const Target &target) {
  const Target host = target_of("native");
  return target.is_host &&
         std::all_of(target.features.begin(), target.features.end(), [&](const std::string &feature) {
           return std::find(host.features.begin(), host.features.end(), feature) != host.features.end();
         });
}

void expect_like_interpreter(const std::vector<Kernel> &kernels, const Target &target, int level) {
  std::vector<const Kernel *> pointers;
  for (const Kernel &kernel : kernels) pointers.push_back(&kernel);
  const auto module = JitModule::compile(pointers, target, level);
  for (size_t k = 0; k < kernels.size(); ++k) {
    for (const int64_t n : {1, 3}) {
      Memory expected(kernels[k]), actual(kernels[k]);
      const auto problem = interpret(kernels[k], expected.spans(), n);
      ASSERT_FALSE(problem) << *problem << "\n" << print(kernels[k]);
      module->run(k, actual.spans(), n);
      ASSERT_TRUE(same(kernels[k], expected, actual)) << "n = " << n << ", -O" << level << ", " << target.cpu;
    }
  }
}

struct RandomCase {
  const char *target;
  int level;
  friend std::ostream &operator<<(std::ostream &out, const RandomCase &c) {
    return out << c.target << " -O" << c.level;
  }
};

class RandomKernels : public testing::TestWithParam<RandomCase> {};

TEST_P(RandomKernels, EqualTheInterpreter) {
  const Target target = target_of(GetParam().target);
  if (!host_runs(target)) GTEST_SKIP() << "this CPU lacks features of " << GetParam().target;
  std::vector<Kernel> kernels;
  for (unsigned seed = 0; seed < 60; ++seed) {
    kernels.push_back(RandomKernel(seed + 1000u * static_cast<unsigned>(GetParam().level), target.has_fma)
                          .make("k" + std::to_string(seed)));
    ASSERT_EQ(verify(kernels.back()), std::vector<std::string>()) << print(kernels.back());
  }
  expect_like_interpreter(kernels, target, GetParam().level);
}

INSTANTIATE_TEST_SUITE_P(Jit, RandomKernels,
                         testing::Values(RandomCase{"native", 0}, RandomCase{"native", 1},
                                         RandomCase{"native", 2}, RandomCase{"native", 3},
                                         RandomCase{"x86_64-linux-gnu:x86-64", 3},
                                         RandomCase{"x86_64-linux-gnu:x86-64-v2", 2},
                                         RandomCase{"x86_64-linux-gnu:x86-64-v3", 3},
                                         RandomCase{"x86_64-linux-gnu:x86-64-v4", 3}));

TEST(Jit, ConvolutionEqualsTheInterpreter) {
  const Target target = target_of("native");
  if (!target.has_fma) GTEST_SKIP() << "no fused multiply-add";
  expect_like_interpreter({convolution_kernel(8, 6, 2, 2, 12, 5), convolution_kernel(16, 4, 1, 2, 8, 3)},
                          target, 3);
}

// Math functions are expanded by compile().
TEST(Jit, MathFunctionsEqualTheInterpreter) {
  const Target target = target_of("native");
  if (!target.has_fma) GTEST_SKIP() << "no fused multiply-add";
  std::vector<Kernel> kernels;
  for (const UnaryOp op : {UnaryOp::exp, UnaryOp::log, UnaryOp::tanh, UnaryOp::sigmoid, UnaryOp::erf}) {
    Kernel k;
    k.name = "math" + std::to_string(kernels.size());
    k.n = index_var("n");
    k.buffers = {{"x", Base::f32, BufferKind::input, 800, false},
                 {"y", Base::f32, BufferKind::output, 800, true}};
    const Var i = index_var("i");
    const Expr x = load(k, 0, ref(i), 8);
    k.body = {for_loop(i, 0, 800, LoopKind::parallel,
                       {store(1, ref(i), unary(op, op == UnaryOp::log ? abs(x) : x * 8.0))}, 8)};
    kernels.push_back(std::move(k));
  }
  expect_like_interpreter(kernels, target, 3);
}

// Overlap of two arena buffers, which in-place kernels have, is respected: nothing moves across the stores.
TEST(Jit, ArenaBuffersMayOverlap) {
  Kernel k;
  k.name = "shift";
  k.n = index_var("n");
  k.buffers = {{"a", Base::f32, BufferKind::arena, 64, false}, {"b", Base::f32, BufferKind::arena, 64, true}};
  const Var i = index_var("i");
  k.body = {for_loop(i, 0, 63, LoopKind::serial, {store(1, ref(i), load(k, 0, ref(i)) + float_constant(1))})};
  const auto module = JitModule::compile({&k}, target_of("native"));
  std::vector<float> memory(65, 0.0f);
  const BufferMemory spans[] = {{memory.data(), 256}, {memory.data() + 1, 256}};
  module->run(0, spans, 1);
  EXPECT_EQ(memory[63], 63.0f);
}

}  // namespace
}  // namespace sinter::codegen

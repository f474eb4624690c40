#include "codegen/cpu/emit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "codegen/target.h"
#include "ir/kernel/verify.h"
#include "tests/codegen/emit_test_kernels.h"

namespace sinter::codegen {
namespace {

Target target_of(std::string_view spec) {
  Diagnostics diagnostics;
  std::optional<Target> target = parse_target(spec, diagnostics);
  EXPECT_TRUE(target) << diagnostics.render_all();
  return target ? *target : Target{};
}

std::vector<std::string> lines_of(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The loops of the assembly that contain no other label: from a label to the jump back to it.
std::vector<std::vector<std::string>> innermost_loops(const std::string &assembly) {
  static const std::regex label(R"((\.LBB\d+_\d+):.*)"),
      jump(R"(\s+(?:j[a-z]+|b(?:\.[a-z]+)?|cbnz|tbz)\s+(\.LBB\d+_\d+))");
  std::vector<std::vector<std::string>> loops;
  std::vector<std::string> block;
  std::string name;
  for (const std::string &line : lines_of(assembly)) {
    std::smatch match;
    if (std::regex_match(line, match, label)) {
      name = match[1];
      block.clear();
    } else {
      block.push_back(line);
      if (std::regex_match(line, match, jump) && match[1] == name) loops.push_back(block);
    }
  }
  return loops;
}

size_t count(const std::vector<std::string> &lines, const std::string &pattern) {
  const std::regex regex(pattern);
  return static_cast<size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const std::string &line) { return std::regex_search(line, regex); }));
}

struct Tile {
  const char *target;
  int lanes, pixels, vectors;
  const char *multiply_add;  // a regular expression
  friend std::ostream &operator<<(std::ostream &out, const Tile &c) {
    return out << c.target << " " << c.lanes << "x" << c.pixels << "x" << c.vectors;
  }
};

class RegisterTile : public testing::TestWithParam<Tile> {};

// The tile lives in registers: the inner loop has its multiply-adds, at full width, and does not touch the
// stack.
TEST_P(RegisterTile, InnerLoopIsClean) {
  const Tile &tile = GetParam();
  const Target target = target_of(tile.target);
  const Program program = convolution_program(tile.lanes, tile.pixels, tile.vectors);
  ASSERT_EQ(kernel::verify(program.kernels[0].kernel), std::vector<std::string>());
  const std::string assembly = emit_assembly(program, target, {});
  std::vector<std::string> inner;
  for (const auto &loop : innermost_loops(assembly))
    if (count(loop, tile.multiply_add) > 0) inner = loop;
  EXPECT_EQ(count(inner, tile.multiply_add), static_cast<size_t>(tile.pixels * tile.vectors)) << assembly;
  EXPECT_EQ(count(inner, R"(\(%r[sb]p|\[sp|\[x29)"), 0u) << assembly;
  // One load a weight vector and pixel, and the loop's own arithmetic.
  EXPECT_LE(inner.size(), static_cast<size_t>(tile.pixels * tile.vectors + tile.pixels + tile.vectors + 6))
      << assembly;
}

INSTANTIATE_TEST_SUITE_P(Emit, RegisterTile,
                         testing::Values(Tile{"x86_64-linux-gnu:x86-64-v3", 8, 6, 2, "vfmadd.*ymm.*ymm.*ymm"},
                                         Tile{"x86_64-linux-gnu:x86-64-v3", 8, 4, 3, "vfmadd.*ymm.*ymm"},
                                         Tile{"x86_64-linux-gnu:znver3", 8, 6, 2, "vfmadd.*ymm.*ymm.*ymm"},
                                         Tile{"x86_64-linux-gnu:znver4", 16, 28, 1, "vfmadd.*zmm"},
                                         Tile{"x86_64-linux-gnu:znver4", 16, 14, 2, "vfmadd.*zmm"},
                                         Tile{"x86_64-linux-gnu:znver4", 16, 9, 3, "vfmadd.*zmm"},
                                         Tile{"x86_64-linux-gnu:skylake-avx512", 16, 28, 1, "vfmadd.*zmm"},
                                         Tile{"x86_64-linux-gnu:skylake-avx512", 16, 14, 2, "vfmadd.*zmm"},
                                         Tile{"aarch64-linux-gnu:cortex-a72", 4, 8, 3, "fmla.*v.*4s"}));

TEST(Emit, NoInstructionBeyondTheFeatures) {
  // Without FMA and AVX: two roundings, 128-bit registers.
  const std::string assembly =
      emit_assembly(convolution_program(4, 6, 2), target_of("x86_64-linux-gnu:x86-64-v2"), {});
  EXPECT_EQ(assembly.find("vfmadd"), std::string::npos);
  EXPECT_EQ(assembly.find("ymm"), std::string::npos);
  EXPECT_NE(assembly.find("mulps"), std::string::npos);
}

TEST(Emit, BareMetalCallsNothing) {
  for (const char *spec :
       {"aarch64-none-elf", "thumbv7em-none-eabi", "riscv64-unknown-elf", "x86_64-none-elf"}) {
    const Target target = target_of(spec);
    const std::string assembly = emit_assembly(convolution_program(4, 2, 2), target, {});
    EXPECT_EQ(assembly.find("sinter_parallel_for"), std::string::npos) << spec;
    EXPECT_EQ(assembly.find("__aeabi"), std::string::npos) << spec;
  }
}

TEST(Emit, ParallelLoopsCallTheHost) {
  Program program = convolution_program(8, 6, 2);
  const Target target = target_of("x86_64-linux-gnu:x86-64-v3");
  EXPECT_NE(emit_assembly(program, target, {}).find("sinter_parallel_for"), std::string::npos);
  program.kernels[0].use_threads = false;
  EXPECT_EQ(emit_assembly(program, target, {}).find("sinter_parallel_for"), std::string::npos);
}

TEST(Emit, SameInputSameText) {
  const Program program = convolution_program(8, 6, 2);
  const Target target = target_of("x86_64-linux-gnu:x86-64-v3");
  for (int level = 0; level <= 3; ++level) {
    const EmitOptions options{.optimization_level = level, .for_executable = true};
    EXPECT_EQ(emit_llvm_ir(program, target, options), emit_llvm_ir(program, target, options));
    EXPECT_EQ(emit_assembly(program, target, options), emit_assembly(program, target, options));
  }
}

// out[i] += scale[0] in a loop: the load of scale leaves the loop if, and only if, the bindings show that out
// is elsewhere.
Program scaling_program(BufferBinding scale, BufferBinding out) {
  using namespace kernel;
  Program program;
  program.name = "scaling";
  ProgramKernel scaling;
  Kernel &k = scaling.kernel;
  k.name = "scale";
  k.n = index_var("n");
  k.buffers = {{"scale", Base::f32, scale.kind, 1, false}, {"out", Base::f32, out.kind, 640, true}};
  const Var i = index_var("i");
  k.body = {for_loop(i, 0, 640, LoopKind::serial,
                     {store(1, ref(i), load(k, 1, ref(i), 8) + broadcast(load(k, 0, 0), 8))}, 8)};
  scaling.bindings = {scale, out};
  program.kernels.push_back(std::move(scaling));
  program.arena_bytes = 8192;
  program.constant_bytes = 64;
  return program;
}

size_t broadcasts_in_loop(const BufferBinding &scale, const BufferBinding &out) {
  const std::string assembly =
      emit_assembly(scaling_program(scale, out), target_of("x86_64-linux-gnu:x86-64-v3"), {});
  const auto loops = innermost_loops(assembly);
  EXPECT_EQ(loops.size(), 1u) << assembly;
  return loops.empty() ? 99 : count(loops[0], "vbroadcastss");
}

TEST(Emit, LoadsLeaveLoopsWhereBuffersAreApart) {
  using kernel::BufferKind;
  const BufferBinding arena{BufferKind::arena, 0, 64};
  EXPECT_EQ(broadcasts_in_loop({BufferKind::arena, 0, 0}, arena), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::arena, 0, 60}, arena), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::arena, 0, 64 + 2560}, arena), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::constant, 0, 0}, arena), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::input, 0, 0}, arena), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::input, 0, 0}, {BufferKind::output, 0, 0}), 0u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::arena, 0, 64}, arena), 1u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::arena, 0, 64 + 2556}, arena), 1u);
  EXPECT_EQ(broadcasts_in_loop({BufferKind::output, 0, 0}, {BufferKind::output, 0, 0}), 1u);
}

TEST(Emit, AlignmentFollowsTheBinding) {
  using kernel::BufferKind;
  const Target target = target_of("x86_64-linux-gnu:x86-64-v3");
  const auto text = [&](int64_t offset) {
    return emit_assembly(scaling_program({BufferKind::constant, 0, 0}, {BufferKind::arena, 0, offset}),
                         target, {});
  };
  EXPECT_NE(text(64).find("vmovaps"), std::string::npos);
  EXPECT_NE(text(32).find("vmovaps"), std::string::npos);
  EXPECT_EQ(text(48).find("vmovaps"), std::string::npos);
  EXPECT_EQ(text(4).find("vmovaps"), std::string::npos);
}

TEST(Emit, Prefetch) {
  Program program = scaling_program({kernel::BufferKind::constant, 0, 0}, {kernel::BufferKind::arena, 0, 0});
  program.kernels[0].kernel.body.push_back({kernel::Prefetch{0, kernel::index_constant(4096)}});
  EXPECT_NE(emit_assembly(program, target_of("x86_64-linux-gnu"), {}).find("prefetcht0"), std::string::npos);
}

TEST(Emit, WeightsAreNotInTheModule) {
  const std::string ir = emit_llvm_ir(convolution_program(8, 6, 2), target_of("x86_64-linux-gnu"), {});
  EXPECT_NE(ir.find("@conv_weights = external hidden constant"), std::string::npos) << ir;
}

TEST(Emit, StackBoundHolds) {
  Program program = convolution_program(8, 6, 2);
  const int64_t without = program_stack_bytes(program);
  kernel::Kernel &kernel = program.kernels[0].kernel;
  kernel.buffers.push_back({"tile", kernel::Base::f32, kernel::BufferKind::local, 100'000, true});
  program.kernels[0].bindings.push_back({});
  kernel::Body &body = *std::get<kernel::For>(kernel.body[0].node).body;
  body.push_back(kernel::store(3, ref(kernel.n), kernel::load(kernel, 0, ref(kernel.n))));
  body.push_back(kernel::store(2, 0, kernel::load(kernel, 3, ref(kernel.n) * 3)));
  EXPECT_EQ(program_stack_bytes(program), without + 400'000);

  // At every level, frames of functions that call each other fit into it together.
  static const std::regex frame(R"(\s+(?:subq|andq)\s+\$(\d+), %rsp)");
  for (int level = 0; level <= 3; ++level) {
    const std::string assembly =
        emit_assembly(program, target_of("x86_64-linux-gnu:x86-64-v3"), {.optimization_level = level});
    int64_t total = 0;
    for (const std::string &line : lines_of(assembly)) {
      std::smatch match;
      if (std::regex_match(line, match, frame)) total += std::stoll(match[1]);
    }
    EXPECT_GE(total, 400'000) << "-O" << level;
    EXPECT_LE(total, program_stack_bytes(program)) << "-O" << level;
  }
}

}  // namespace
}  // namespace sinter::codegen

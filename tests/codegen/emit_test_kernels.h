// Kernels and programs that several tests of emission use.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "codegen/program.h"
#include "ir/kernel/build.h"

namespace sinter::codegen {

inline kernel::Var index_var(const std::string &name) { return kernel::make_var(name, {kernel::Base::index, 1}); }

// A direct 3x3 convolution of a padded image as schedules write it: a tile of `pixels` x `vectors` accumulators, the weights
// of one tap and channel in vectors, the pixels broadcast. in [height + 2, width + 2, channels], weights [3, 3, channels,
// vectors * lanes], out [height, width, vectors * lanes]. width is a multiple of pixels.
inline kernel::Kernel convolution_kernel(int lanes, int pixels, int vectors, int64_t height = 14, int64_t width = 504,
                                         int64_t channels = 64) {
  using namespace kernel;
  Kernel k;
  k.name = "conv";
  k.n = index_var("n");
  const int64_t row = (width + 2) * channels, filters = vectors * lanes;
  k.buffers = {{"in", Base::f32, BufferKind::arena, (height + 2) * row, false},
               {"weights", Base::f32, BufferKind::constant, 9 * channels * filters, false},
               {"out", Base::f32, BufferKind::arena, height * width * filters, true}};
  k.registers = {{"acc", {Base::f32, lanes}, pixels * vectors}, {"w", {Base::f32, lanes}, vectors}};
  const Var y = index_var("y"), x = index_var("x"), ky = index_var("ky"), kx = index_var("kx"), c = index_var("c");
  const auto each = [&](const Var &p, const Var &v, Body body) {
    return for_loop(p, 0, pixels, LoopKind::unrolled, {for_loop(v, 0, vectors, LoopKind::unrolled, std::move(body))});
  };
  const Var p0 = index_var("p"), v0 = index_var("v"), p1 = index_var("p"), v1 = index_var("v"), p2 = index_var("p"),
            v2 = index_var("v"), v3 = index_var("v");
  const Expr tap = (ref(ky) * 3 + ref(kx)) * channels + ref(c);
  const Expr pixel = load(k, 0, (ref(y) + ref(ky)) * row + (ref(x) + ref(p1) + ref(kx)) * channels + ref(c));
  const Expr element = ref(p1) * vectors + ref(v1);
  Body inner = {for_loop(v3, 0, vectors, LoopKind::unrolled,
                         {write(1, ref(v3), load(k, 1, tap * filters + ref(v3) * lanes, lanes))}),
                each(p1, v1, {write(0, element, fma(broadcast(pixel, lanes), read(k, 1, ref(v1)), read(k, 0, element)))})};
  Body tile = {each(p0, v0, {write(0, ref(p0) * vectors + ref(v0), broadcast(float_constant(0), lanes))}),
               for_loop(ky, 0, 3, LoopKind::serial,
                        {for_loop(kx, 0, 3, LoopKind::serial, {for_loop(c, 0, channels, LoopKind::serial, std::move(inner))})}),
               each(p2, v2, {store(2, (ref(y) * width + ref(x) + ref(p2)) * filters + ref(v2) * lanes,
                                   read(k, 0, ref(p2) * vectors + ref(v2)))})};
  k.body = {for_loop(y, 0, height, LoopKind::parallel, {for_loop(x, 0, width, LoopKind::serial, std::move(tile), pixels)})};
  return k;
}

// A program of that kernel alone, for emission; it has neither inputs nor outputs.
inline Program convolution_program(int lanes, int pixels, int vectors) {
  Program program;
  program.name = "conv";
  ProgramKernel kernel{.kernel = convolution_kernel(lanes, pixels, vectors)};
  const int64_t in_bytes = kernel.kernel.buffers[0].elements * 4, out_bytes = kernel.kernel.buffers[2].elements * 4;
  kernel.bindings = {{kernel::BufferKind::arena, 0, 0}, {kernel::BufferKind::constant, 0, 0}, {kernel::BufferKind::arena, 0, in_bytes}};
  program.constant_bytes = kernel.kernel.buffers[1].elements * 4;
  program.kernels.push_back(std::move(kernel));
  program.arena_bytes = in_bytes + out_bytes;
  return program;
}

}  // namespace sinter::codegen

// Kernels and programs that several tests of emission use.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "codegen/program.h"
#include "ir/kernel/build.h"

namespace sinter::codegen {

inline kernel::Var index_var(const std::string &name) {
  return kernel::make_var(name, {kernel::Base::index, 1});
}

// A direct 3x3 convolution of a padded image as schedules write it: a tile of `pixels` x `vectors`
// accumulators, the weights of one tap and channel in vectors, the pixels broadcast. in [height + 2, width +
// 2, channels], weights [3, 3, channels, vectors * lanes], out [height, width, vectors * lanes]. width is a
// multiple of pixels.
inline kernel::Kernel convolution_kernel(int lanes, int pixels, int vectors, int64_t height = 14,
                                         int64_t width = 504, int64_t channels = 64) {
  using namespace kernel;
  Kernel k;
  k.name = "conv";
  k.n = index_var("n");
  const int64_t row = (width + 2) * channels, filters = vectors * lanes;
  k.buffers = {{"in", Base::f32, BufferKind::arena, (height + 2) * row, false},
               {"weights", Base::f32, BufferKind::constant, 9 * channels * filters, false},
               {"out", Base::f32, BufferKind::arena, height * width * filters, true}};
  k.registers = {{"acc", {Base::f32, lanes}, pixels * vectors}, {"w", {Base::f32, lanes}, vectors}};
  const Var y = index_var("y"), x = index_var("x"), ky = index_var("ky"), kx = index_var("kx"),
            c = index_var("c");
  const auto each = [&](const Var &p, const Var &v, Body body) {
    return for_loop(p, 0, pixels, LoopKind::unrolled,
                    {for_loop(v, 0, vectors, LoopKind::unrolled, std::move(body))});
  };
  const Var p0 = index_var("p"), v0 = index_var("v"), p1 = index_var("p"), v1 = index_var("v"),
            p2 = index_var("p"), v2 = index_var("v"), v3 = index_var("v");
  const Expr tap = (ref(ky) * 3 + ref(kx)) * channels + ref(c);
  const Expr pixel = load(k, 0, (ref(y) + ref(ky)) * row + (ref(x) + ref(p1) + ref(kx)) * channels + ref(c));
  const Expr element = ref(p1) * vectors + ref(v1);
  Body inner = {
      for_loop(v3, 0, vectors, LoopKind::unrolled,
               {write(1, ref(v3), load(k, 1, tap * filters + ref(v3) * lanes, lanes))}),
      each(p1, v1,
           {write(0, element, fma(broadcast(pixel, lanes), read(k, 1, ref(v1)), read(k, 0, element)))})};
  Body tile = {each(p0, v0, {write(0, ref(p0) * vectors + ref(v0), broadcast(float_constant(0), lanes))}),
               for_loop(ky, 0, 3, LoopKind::serial,
                        {for_loop(kx, 0, 3, LoopKind::serial,
                                  {for_loop(c, 0, channels, LoopKind::serial, std::move(inner))})}),
               each(p2, v2,
                    {store(2, (ref(y) * width + ref(x) + ref(p2)) * filters + ref(v2) * lanes,
                           read(k, 0, ref(p2) * vectors + ref(v2)))})};
  k.body = {for_loop(y, 0, height, LoopKind::parallel,
                     {for_loop(x, 0, width, LoopKind::serial, std::move(tile), pixels)})};
  return k;
}

// A program of that kernel alone, for emission; it has neither inputs nor outputs.
inline Program convolution_program(int lanes, int pixels, int vectors) {
  Program program;
  program.name = "conv";
  ProgramKernel kernel{.kernel = convolution_kernel(lanes, pixels, vectors)};
  const int64_t in_bytes = kernel.kernel.buffers[0].elements * 4,
                out_bytes = kernel.kernel.buffers[2].elements * 4;
  kernel.bindings = {{kernel::BufferKind::arena, 0, 0},
                     {kernel::BufferKind::constant, 0, 0},
                     {kernel::BufferKind::arena, 0, in_bytes}};
  program.constant_bytes = kernel.kernel.buffers[1].elements * 4;
  program.kernels.push_back(std::move(kernel));
  program.arena_bytes = in_bytes + out_bytes;
  return program;
}

// A network of two kernels. Input [n, 16], outputs [n, 2] and [n, 16]:
//   t = max(x * w + b, 0) with w[i] = i / 4 - 1 and b[i] = 0.5 - i / 8 (second output), then
//   y[0] = sum of the first eight of t, y[1] = maximum of the last eight (first output).
inline Program tiny_program(std::string name = "tiny", std::vector<int64_t> input_dims = {16}) {
  using namespace kernel;
  Program program;
  program.name = std::move(name);
  program.max_batch = 5;
  const Var n = index_var("n"), chunk = index_var("chunk"), sample = index_var("sample");

  ProgramKernel affine;
  Kernel &k = affine.kernel;
  k.name = "affine";
  k.n = n;
  k.buffers = {{"x", Base::f32, BufferKind::input, 80, false},
               {"w", Base::f32, BufferKind::constant, 16, false},
               {"b", Base::f32, BufferKind::constant, 16, false},
               {"t", Base::f32, BufferKind::arena, 80, true},
               {"copy", Base::f32, BufferKind::output, 80, true}};
  const Expr parameter = ref(chunk) % index_constant(2) * 8, at = ref(chunk) * 8;
  const Var t = make_var("t", {Base::f32, 8});
  k.body = {for_loop(chunk, 0, ref(n) * 2, LoopKind::parallel,
                     {let(t, max(load(k, 0, at, 8) * load(k, 1, parameter, 8) + load(k, 2, parameter, 8),
                                 float_constant(0))),
                      store(3, at, ref(t)), store(4, at, ref(t))})};
  affine.bindings = {{BufferKind::input, 0, 0},
                     {BufferKind::constant, 0, 0},
                     {BufferKind::constant, 0, 128},
                     {BufferKind::arena, 0, 64},
                     {BufferKind::output, 1, 0}};
  affine.layers = {"dense"};
  program.kernels.push_back(std::move(affine));

  ProgramKernel reduce;
  Kernel &r = reduce.kernel;
  r.name = "reduce";
  r.n = n;
  r.buffers = {{"t", Base::f32, BufferKind::arena, 80, false},
               {"y", Base::f32, BufferKind::output, 10, true}};
  r.body = {for_loop(
      sample, 0, ref(n), LoopKind::serial,
      {store(1, ref(sample) * 2, horizontal(HorizontalOp::add, load(r, 0, ref(sample) * 16, 8))),
       store(1, ref(sample) * 2 + 1, horizontal(HorizontalOp::max, load(r, 0, ref(sample) * 16 + 8, 8)))})};
  reduce.bindings = {{BufferKind::arena, 0, 64}, {BufferKind::output, 0, 0}};
  program.kernels.push_back(std::move(reduce));

  program.arena_bytes = program.arena_lower_bound = 64 + 320;
  program.constant_bytes = 192;
  const auto block = [](int64_t offset, float first, float step) {
    return ConstantBlock{offset, 64, [=](const auto &sink) {
                           for (int i = 0; i < 16; ++i) {
                             const float value = first + step * static_cast<float>(i);
                             sink(&value, sizeof value);
                           }
                         }};
  };
  program.constants = {block(0, -1.0f, 0.25f), block(128, 0.5f, -0.125f)};
  program.parameter_count = 32;
  program.parameter_bytes = 128;
  program.inputs = {{"x \"in\"", std::move(input_dims), {}}};
  program.outputs = {{"y", {2}, {}}, {"t", {16}, {}}};
  return program;
}

// What it computes for one sample.
inline void tiny_reference(const float *x, float *y, float *t) {
  y[0] = y[1] = 0;
  for (int i = 0; i < 16; ++i) {
    const float value = x[i] * (static_cast<float>(i) / 4 - 1) + (0.5f - static_cast<float>(i) / 8);
    t[i] = value > 0 ? value : 0;
    if (i < 8) y[0] += t[i];
    if (i >= 8 && t[i] > y[1]) y[1] = t[i];
  }
}

}  // namespace sinter::codegen

#include "codegen/lower/halo.h"

#include <functional>

namespace sinter::codegen {

using kernel::Body;
using kernel::LoopKind;
using kernel::Var;

namespace {

// `count` zeros from `at` on.
void zero_run(const Place &place, const Expr &at, int64_t count, int lanes, Body &body) {
  const int64_t whole = count / lanes * lanes;
  const Expr zero = kernel::broadcast(Expr(0.0f), lanes);
  if (whole == lanes) {
    body.push_back(kernel::store(place.buffer, at, zero));
  } else if (whole > 0) {
    const Var i = KernelBuilder::index_var("z");
    body.push_back(kernel::for_loop(i, 0, Expr(whole), LoopKind::serial,
                                    {kernel::store(place.buffer, at + kernel::ref(i), zero)}, lanes));
  }
  if (whole < count)
    body.push_back(kernel::store(place.buffer, at + Expr(whole), zero, static_cast<int>(count - whole)));
}

// Pixels [first, first + pixels) of the row whose pixel 0 is at `row`.
void zero_pixels(const Place &place, const Expr &row, int64_t first, int64_t pixels, int64_t channels,
                 int lanes, Body &body) {
  if (pixels == 0) return;
  const int64_t pixel_stride = place.strides[2];
  const Expr begin = row + Expr(first * pixel_stride);
  if (channels == pixel_stride) return zero_run(place, begin, pixels * channels, lanes, body);
  if (pixels == 1) return zero_run(place, begin, channels, lanes, body);
  const Var w = KernelBuilder::index_var("w");
  Body loop;
  zero_run(place, begin + kernel::ref(w) * Expr(pixel_stride), channels, lanes, loop);
  body.push_back(kernel::for_loop(w, 0, Expr(pixels), LoopKind::serial, std::move(loop)));
}

}  // namespace

void emit_halo(KernelBuilder &, const Place &place, const passes::Halo &halo, int64_t height, int64_t width,
               const Range &samples, const Range &rows, const Range &channels, int lanes, Body &body) {
  if (halo.empty()) return;
  const Expr corner = Expr(place.offset) + channels.begin * Expr(place.strides[3]);
  const auto over = [](Body &out, const Expr &begin, const Expr &end,
                       const std::function<void(Body &, Expr)> &fn) {
    const Var i = KernelBuilder::index_var("h");
    Body loop;
    fn(loop, kernel::ref(i));
    out.push_back(kernel::for_loop(i, begin, end, LoopKind::serial, std::move(loop)));
  };
  const auto whole_rows = [&](Body &out, const Expr &sample, int64_t first, int64_t count) {
    over(out, 0, Expr(count), [&](Body &b, Expr h) {
      const Expr row = KernelBuilder::let("at", sample + (h + Expr(first)) * Expr(place.strides[1]), b);
      zero_pixels(place, row, -halo.left, halo.left + width + halo.right, channels.extent, lanes, b);
    });
  };
  over(body, 0, samples.extent_expr(), [&](Body &b, Expr s) {
    const Expr sample = KernelBuilder::let("at", corner + (samples.begin + s) * Expr(place.strides[0]), b);
    if (halo.left + halo.right > 0) {
      over(b, rows.begin, rows.begin + rows.extent_expr(), [&](Body &inner, Expr h) {
        const Expr row = KernelBuilder::let("at", sample + h * Expr(place.strides[1]), inner);
        zero_pixels(place, row, -halo.left, halo.left, channels.extent, lanes, inner);
        zero_pixels(place, row, width, halo.right, channels.extent, lanes, inner);
      });
    }
    if (halo.top > 0) {
      Body top;
      whole_rows(top, sample, -halo.top, halo.top);
      b.push_back(kernel::if_then(kernel::equal(rows.begin, 0), std::move(top)));
    }
    if (halo.bottom > 0) {
      Body bottom;
      whole_rows(bottom, sample, height, halo.bottom);
      b.push_back(
          kernel::if_then(kernel::equal(rows.begin + rows.extent_expr(), Expr(height)), std::move(bottom)));
    }
  });
}

}  // namespace sinter::codegen

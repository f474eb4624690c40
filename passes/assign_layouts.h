// Layouts: where the elements of every value lie. A value lives in a buffer at an offset with a stride a
// dimension. A buffer that padded convolutions read carries a halo of zeros, which its producers write in
// every run. Values that a concatenation places along the last dimension are written straight into the
// concatenation's buffer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/kernel/kernel.h"
#include "passes/fuse.h"

namespace sinter::passes {

struct Halo {
  int64_t top = 0, bottom = 0, left = 0, right = 0;  // rows and pixels of zeros around [H, W]
  bool operator==(const Halo &) const = default;
  bool empty() const { return *this == Halo{}; }
};

struct BufferLayout {
  std::string name;
  kernel::BufferKind kind = kernel::BufferKind::arena;
  int index = 0;                // input, output or variable number
  bool has_batch = true;        // then it holds max_batch samples, sample_elements apart
  int64_t sample_elements = 0;  // with the halo, and as packed
  int64_t block =
      0;  // > 0: packed in blocks of so many along the last dimension; then strides of views do not hold
  kernel::Base base = kernel::Base::f32;
  Halo halo;
};

struct View {
  int buffer = -1;
  int64_t offset = 0;            // elements, of the value's first element within a sample
  std::vector<int64_t> strides;  // elements, one a dimension of the value
};

struct LaidOutGraph {
  FusedGraph fused;  // concatenation stages that need no code are gone, and groups left without stages
  std::vector<BufferLayout> buffers;
  std::vector<View> views;  // by value; buffer -1 for values that never reach memory
  std::vector<std::pair<ir::ValueId, ir::ValueId>>
      placed;  // a part of a concatenation, and the value in whose memory it lies
};

LaidOutGraph assign_layouts(FusedGraph fused);

// "%pool: buffer 3 + 0, strides [1024, 64, 8, 1], halo 1 1 1 1", for tests and --print-after.
std::string print(const LaidOutGraph &graph);

}  // namespace sinter::passes

// The tile nest: one loop structure for all five forms. The last output axis is cut into vectors, the one
// before it into pixels; a register tile of pixels x vectors accumulates over the reduction axes, goes
// through the maps that follow, and is stored. A convolution is a nest whose data varies by pixel and whose
// weights vary by vector; a pooling one whose operand varies by both; an elementwise map one without
// reduction axes.
#pragma once

#include <vector>

#include "codegen/lower/kernel_builder.h"
#include "codegen/lower/linear.h"

namespace sinter::codegen {

struct NestOperand {
  LinearAccess access;
  int stage = -1;             // of a map: it is the result of the anchor (0) or of map stage - 1, not memory
  std::vector<Guard> guards;  // empty: all elements exist
  float fill = 0;             // value of an element that does not exist, in forms without reduction
};

// A position, as a variable of a body: its value is an address without a buffer.
struct NestIndex {
  kernel::Var var;
  LinearAccess value;
};

// A map on what the anchor and earlier maps give. operands[k] belongs to parameters[k].
struct NestMap {
  Expr body;
  std::vector<kernel::Var> parameters;
  kernel::Var batch_size;  // as in ir::Form
  std::vector<NestOperand> operands;
  std::vector<NestIndex> indices;
  LinearAccess stored;  // where the map's value is written too; without a buffer: nowhere
};

struct TileShape {
  int pixels = 1;
  int vectors = 1;
  int lanes = 1;
};

struct Nest {
  std::vector<Range> axes;  // output axes, then reduction axes
  int output_axes = 0;
  const ir::Form *form = nullptr;  // body, parameters, monoid, accumulators and finish of the anchor
  std::vector<NestOperand> operands;
  std::vector<NestIndex> indices;  // of the anchor
  std::vector<NestMap> maps;
  LinearAccess anchor_stored;  // as NestMap::stored, of the anchor's value
  LinearAccess result;         // of the last map, or of the anchor if there is none
  TileShape tile;
  bool vectors_outermost = false;  // loop over vector blocks outside the pixels: weights stay in cache
  // Weights of one vector block that are larger than this are used in sweeps over the outermost reduction
  // axis: all tiles of the region go through one sweep before the next begins, and partial sums wait in a
  // local buffer. The order of summation stays.
  int64_t sweep_bytes = 0;
};

void emit_nest(KernelBuilder &builder, Nest nest, kernel::Body &body);

}  // namespace sinter::codegen

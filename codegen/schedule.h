// Scheduling: how a fused group is cut. Segments are the parts of its chain that run as one tile nest each
// and hand their result on through a local tile; chunks are the independent units of the parallel loop. All
// choices follow from static shapes and the target, so equal input gives equal code, and no choice depends on
// the number of threads.
#pragma once

#include <vector>

#include "codegen/lower/nest.h"
#include "codegen/target.h"
#include "passes/pipeline.h"

namespace sinter::codegen {

// Stages [first, last] of a group: an anchor and the maps on its result.
struct Segment {
  int first = 0, last = 0;
  TileShape tile;
  // > 0: operand 1 of the anchor (weights) is packed in blocks of so many output channels.
  int64_t weight_block = 0;
};

// Roles of the output axes of the last segment's anchor; -1: there is none.
struct AxisRoles {
  int batch = -1, row = -1, channel = -1;
};

struct GroupSchedule {
  std::vector<Segment> segments;
  AxisRoles roles;
  int64_t samples = 1;        // a chunk covers so many samples,
  int64_t rows = 0;           // so many rows of the result (0: all), dividing their number,
  int64_t channel_block = 0;  // and channels in blocks of this size (0: all at once),
  int second_axis = -1;  // and another output axis in blocks of second_block, one after the other (-1: none),
  int64_t second_block = 0;
  int64_t blocks_per_chunk = 0;  // so many blocks a chunk
  bool use_threads = true;
  double flops_per_sample = 0;  // 2 per multiply-accumulate; 1 per element and operand otherwise
  bool is_contraction = false;
};

// How a trainer packs its variables: in blocks of the tile of the first contraction that reads one as
// weights, or that wants a copy.
passes::StorageChoice storage_choice(const Target &target, int64_t max_batch);

GroupSchedule choose_schedule(const passes::LaidOutGraph &graph, const passes::Group &group,
                              const Target &target, int64_t max_batch);

// The axes of a form: which output axis is the batch, which the rows, which the channels.
AxisRoles roles_of(const ir::Form &form);

}  // namespace sinter::codegen

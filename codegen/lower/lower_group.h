// From a fused group to a kernel: cuts it into chunks as the schedule says, finds which part of every segment
// a chunk needs, and emits the segments one after the other, through local tiles.
#pragma once

#include <vector>

#include "codegen/schedule.h"

namespace sinter::codegen {

// What a kernel buffer stands for.
struct BufferSource {
  int layout_buffer = -1;  // index into LaidOutGraph::buffers
  int variable = -1;       // packed weights of this variable (graph variable number)
  int64_t block = 0;       // packed: channels a block
};

struct LoweredGroup {
  kernel::Kernel kernel;
  std::vector<BufferSource> sources;  // one a buffer of the kernel; local tiles have neither
};

LoweredGroup lower_group(const passes::LaidOutGraph &graph, const passes::Group &group,
                         const GroupSchedule &schedule, const Target &target, int64_t max_batch);

}  // namespace sinter::codegen

// Local tiles live on the stack of the thread that runs a chunk: how a group is cut so that they fit.
#pragma once

#include "codegen/lower/lower_group.h"

namespace sinter::codegen {

inline constexpr int64_t max_local_bytes = 1 << 20;  // of a kernel's tiles and rows

// Bytes of the kernel's local buffers.
int64_t local_bytes(const kernel::Kernel &kernel);

// choose_schedule's, with fewer rows a chunk where the local buffers were larger than max_local_bytes. They
// may still be: such a group must be taken apart before it gets here.
GroupSchedule fit_schedule(const passes::LaidOutGraph &graph, const passes::Group &group,
                           const Target &target, int64_t max_batch);

// For the pipeline.
passes::FitsLocally fits_locally(const Target &target, int64_t max_batch);

}  // namespace sinter::codegen

#include "codegen/lower/fit_schedule.h"

#include "ir/kernel/typing.h"

namespace sinter::codegen {

namespace {

int64_t rows_of(const passes::Group &group, const GroupSchedule &schedule) {
  const ir::Form &form = group.stages[static_cast<size_t>(schedule.segments.back().first)].form;
  return form.axes[static_cast<size_t>(schedule.roles.row)].value();
}

// The largest divisor of `rows` below `limit`.
int64_t divisor_below(int64_t rows, int64_t limit) {
  int64_t divisor = limit - 1;
  while (rows % divisor != 0) --divisor;
  return divisor;
}

}  // namespace

int64_t local_bytes(const kernel::Kernel &kernel) {
  int64_t bytes = 0;
  for (const kernel::Buffer &buffer : kernel.buffers)
    if (buffer.kind == kernel::BufferKind::local) bytes += buffer.elements * kernel::byte_size(buffer.base);
  return bytes;
}

GroupSchedule fit_schedule(const passes::LaidOutGraph &graph, const passes::Group &group,
                           const Target &target, int64_t max_batch) {
  GroupSchedule schedule = choose_schedule(graph, group, target, max_batch);
  if (schedule.segments.size() == 1) return schedule;
  while (schedule.rows > 1 &&
         local_bytes(lower_group(graph, group, schedule, target, max_batch).kernel) > max_local_bytes)
    schedule.rows = divisor_below(rows_of(group, schedule), schedule.rows);
  return schedule;
}

passes::FitsLocally fits_locally(const Target &target, int64_t max_batch) {
  return [=](const passes::LaidOutGraph &graph, const passes::Group &group) {
    const GroupSchedule schedule = fit_schedule(graph, group, target, max_batch);
    return schedule.segments.size() == 1 ||
           local_bytes(lower_group(graph, group, schedule, target, max_batch).kernel) <= max_local_bytes;
  };
}

}  // namespace sinter::codegen

#include "frontend/script/data_memory.h"

#include <fmt/format.h>

namespace sinter::script {

namespace {

bool disjoint(const SampleRegion &a, const SampleRegion &b) {
  if (!a.known || !b.known) return false;
  return (a.end && *a.end <= b.begin) || (b.end && *b.end <= a.begin);
}

bool contains(const SampleRegion &outer, const SampleRegion &inner) {
  if (!outer.known || !inner.known) return false;
  if (outer.begin == inner.begin && outer.end == inner.end && outer.step == inner.step) return true;
  return outer.step == 1 && outer.begin <= inner.begin &&
         (!outer.end || (inner.end && *inner.end <= *outer.end));
}

void lose(Evaluator &evaluator, DataValue &data, std::string_view what, Position at) {
  if (!data.changed) data.changed = std::get<const Opaque *>(evaluator.opaque(at, std::string(what)));
}

}  // namespace

DataValue *new_view(Evaluator &evaluator, DataValue &data, std::optional<SampleRegion> region) {
  if (!data.memory) {
    data.memory = evaluator.make<DataMemory>();
    data.memory->views.push_back(&data);
  }
  auto *view = evaluator.make<DataValue>();
  evaluator.allocate(data.array.steps.size() * sizeof(DataStep) + sizeof(void *));
  *view = data;
  if (region) view->region = *region;
  data.memory->views.push_back(view);
  return view;
}

SampleRegion slice_of(const SampleRegion &region, const SampleRangeStep &slice) {
  SampleRegion result = region;
  const std::int64_t begin = slice.begin.value_or(0);
  result.known = region.known && begin >= 0 && slice.end.value_or(0) >= 0;
  result.begin = region.begin + begin * region.step;
  if (slice.end) result.end = region.begin + *slice.end * region.step;
  if (region.end && result.end) result.end = std::min(*region.end, *result.end);
  result.step = region.step * slice.step;
  return result;
}

bool covers(const DataValue &part, const DataValue &whole) {
  return part.samples_lead && contains(part.region, whole.region);
}

void change_in_place(Evaluator &evaluator, DataValue &data, const DataStep &step,
                     std::optional<std::pair<double, double>> bounds, Position at) {
  if (!evaluator.certain())
    return lose_contents(evaluator, data, "a change in place that may or may not happen", at);
  const std::vector<DataValue *> views = data.memory ? data.memory->views : std::vector<DataValue *>{&data};
  evaluator.charge(static_cast<std::int64_t>(views.size()));
  for (DataValue *view : views) {
    if (!view->samples_lead || (view != &data && data.samples_lead && disjoint(data.region, view->region)))
      continue;
    if (view != &data && !covers(data, *view)) {
      lose(evaluator, *view, "a change in place of a part of the data", at);
      continue;
    }
    evaluator.allocate(sizeof(DataStep));
    view->array.steps.push_back(step);
    view->bounds = bounds;
  }
}

void lose_contents(Evaluator &evaluator, DataValue &data, std::string_view what, Position at) {
  for (DataValue *view : data.memory ? data.memory->views : std::vector<DataValue *>{&data})
    if (view == &data || !data.samples_lead || !disjoint(data.region, view->region))
      lose(evaluator, *view, what, at);
}

void lose_contents(Evaluator &evaluator, const Value &value, std::string_view what, Position at) {
  if (auto *const *data = std::get_if<DataValue *>(&value)) lose_contents(evaluator, **data, what, at);
  if (const auto *opaque = std::get_if<const Opaque *>(&value); opaque && (*opaque)->data)
    lose_contents(evaluator, *(*opaque)->data, what, at);
  if (auto *const *list = std::get_if<List *>(&value); list && !(*list)->unknown)
    (*list)->unknown = std::get<const Opaque *>(evaluator.opaque(at, std::string(what)));
}

}  // namespace sinter::script

// Data arrays that share memory, as numpy's views do: what changes one in place changes the others.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// A copy of `data` in the same memory, of the region given (that of `data` unless said).
DataValue *new_view(Evaluator &evaluator, DataValue &data, std::optional<SampleRegion> region = std::nullopt);

// The samples of `region` that the slice takes.
SampleRegion slice_of(const SampleRegion &region, const SampleRangeStep &slice);

// Whether a change of `part` changes all of `whole`.
bool covers(const DataValue &part, const DataValue &whole);

// An elementwise change of the array: of all views of its region. Those that are changed in a part only are
// lost, and so are all if it is not certain that the code runs.
void change_in_place(Evaluator &evaluator, DataValue &data, const DataStep &step,
                     std::optional<std::pair<double, double>> bounds, Position at);

// The contents of the array and of all that share its memory are not known any more: `what` changed them.
void lose_contents(Evaluator &evaluator, DataValue &data, std::string_view what, Position at);

// The same for any value that is changed by a call: data, parts of data, lists.
void lose_contents(Evaluator &evaluator, const Value &value, std::string_view what, Position at);

}  // namespace sinter::script

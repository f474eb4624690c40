// Building and changing symbolic data.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// The same data in memory of its own.
DataValue *copy_of(Evaluator &evaluator, const DataValue &data);

// A copy of `data` with one more step; shape and dtype as given.
DataValue *with_step(Evaluator &evaluator, const DataValue &data, DataStep step,
                     std::optional<std::vector<std::int64_t>> shape, std::string dtype);

// data.reshape(sizes): -1 is worked out; opaque if samples would be mixed.
Value reshape_data(Evaluator &evaluator, DataValue &data, const std::vector<Value> &sizes, Position at);
Value cast_data(Evaluator &evaluator, const DataValue &data, const Value &dtype, Position at);
// np.expand_dims; axis counts as numpy does.
Value expand_data(Evaluator &evaluator, DataValue &data, std::int64_t axis, Position at);
// Drops dimensions of size 1 except the samples.
Value squeeze_data(Evaluator &evaluator, DataValue &data, Position at);
Value one_hot_data(Evaluator &evaluator, const DataValue &data, std::int64_t classes, Position at);

// The argument `order` of reshape: an error unless it is C's.
bool accept_order(Evaluator &evaluator, const Argument &argument);

}  // namespace sinter::script

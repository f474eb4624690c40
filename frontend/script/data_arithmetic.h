// Arithmetic of data arrays with numbers, by numpy's rules.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// The numbers of an integer type: 0 to 255 for "uint8"; nullopt for other types.
std::optional<std::pair<double, double>> integer_range(std::string_view dtype);

// data op number, number op data
Value data_binary(Evaluator &evaluator, std::string_view op, const Value &left, const Value &right,
                  Position at);
// data op= value: changes the array in place, also under its other names.
void augment_data(Evaluator &evaluator, DataValue &data, std::string_view op, const Value &value,
                  Position at);

}  // namespace sinter::script

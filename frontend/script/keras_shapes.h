// Shapes of symbolic tensors, as Keras reports them: layer.output_shape, K.int_shape(x).
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// A tuple with the batch first, None for sizes that are open: (None, 7, 7, 512). Opaque where the shape
// cannot be worked out; what is wrong with the layers is reported when the model is imported.
Value shape_of(Evaluator &evaluator, SymbolicTensor *tensor, Position at);

// The shape of one tensor, or a list of them.
Value shapes_of(Evaluator &evaluator, const std::vector<SymbolicTensor *> &tensors, Position at);

}  // namespace sinter::script

#include <fmt/format.h>

#include "frontend/keras/layers/layer_import.h"

namespace sinter::keras {

// y = activation(x W + b) over the last dimension of x [N, ..., in]; W is [in, units].
std::optional<Tensor> import_dense(LayerImport &layer) {
  if (!layer.expect_inputs(1)) return std::nullopt;
  const auto units = layer.integer("units");
  if (!units) return std::nullopt;
  const Tensor x = layer.stored(layer.inputs[0], false);
  if (layer.dims(x).size() < 2)
    return layer.fail(fmt::format("expects at least 2 dimensions, but gets {}", layer.shape(x)));
  const ir::Dim in = layer.dims(x).back();
  if (!in.is_constant())
    return layer.fail(fmt::format("needs a known last dimension, but gets {}", layer.shape(x)),
                      "give the model's input sizes, in its first layer or with --input-shape");
  const auto kernel = layer.weight("kernel", {in.value(), *units}, "kernel_initializer");
  if (!kernel) return std::nullopt;
  const auto product = layer.node("matmul", {}, {x.value, *kernel});
  if (!product) return std::nullopt;
  return bias_and_activation(layer, {*product}, *units);
}

}  // namespace sinter::keras

#include "codegen/program_constants.h"

#include "codegen/pack_weights.h"
#include "support/check.h"

namespace sinter::codegen {

int64_t ProgramConstants::offset_of(const ir::Graph &graph,
                                    const std::shared_ptr<const passes::Weights> &weights,
                                    ir::VariableId variable, int64_t block) {
  const ir::ValueId value = graph.variables[variable].value;
  const auto [entry, is_new] = offsets_.try_emplace({graph.variables[variable].key, block}, end_);
  if (!is_new) return entry->second;
  const ir::TensorType &type = graph.type(value);
  const int64_t elements = type.elements(1);
  const int64_t channels = type.dims.empty() ? 1 : type.dims.back().value();
  ConstantBlock constant;
  constant.offset = end_;
  constant.bytes = 4 * (block > 0 ? packed_elements(elements, channels, block) : elements);
  constant.fill = [weights, variable, channels, block](const auto &sink) {
    const std::optional<ir::TensorData> &data = (*weights)[variable.index()];
    SINTER_CHECK(data.has_value());
    if (block > 0)
      pack(data->values, channels, block, sink);
    else
      sink(data->values.data(), data->values.size() * sizeof(float));
  };
  end_ += (constant.bytes + 63) / 64 * 64;
  blocks_.push_back(std::move(constant));
  return entry->second;
}

}  // namespace sinter::codegen

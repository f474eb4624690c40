// What a model costs: operations and bytes a layer, the kernel a layer was fused into, and the memory of its
// program.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "codegen/target.h"
#include "driver/load_model.h"
#include "frontend/keras/summary.h"

namespace sinter::driver {

struct LayerCost {
  int64_t macs = 0;  // multiply-accumulates of contractions, a sample
  int64_t parameter_bytes = 0;
  int64_t activation_bytes = 0;  // of its output, a sample
  std::string kernel;            // that computes it; "" if it needs none
};

struct Costs {
  int64_t batch = 1;
  std::map<std::string, LayerCost> layers;  // by layer name
  int64_t arena_bytes = 0, lower_bound_bytes = 0, parameter_bytes = 0;
  // Of a training step, if the model file says how to train: its state is variables and the optimizer's
  // slots.
  struct TrainStep {
    int64_t arena_bytes = 0, lower_bound_bytes = 0, variable_bytes = 0, slot_bytes = 0;
  };
  std::optional<TrainStep> train_step;
};

Costs compute_costs(const LoadedModel &loaded, const codegen::Target &target, int64_t batch);
std::string print_costs(const LoadedModel &loaded, const Costs &costs);
std::string costs_json(const LoadedModel &loaded, const keras::Summary &summary,
                       const std::optional<Costs> &costs);

}  // namespace sinter::driver

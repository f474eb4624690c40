// How a model is trained, as Keras's files say it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "frontend/keras/model_config.h"
#include "frontend/script/training_plan.h"
#include "support/optimizer_hyper.h"

namespace sinter::driver {

// The attribute training_config of `.h5` files. `optimizer` has all settings that `call` leaves at their
// defaults.
nlohmann::json training_config_json(const script::CompileCall &call, const OptimizerConfig &optimizer,
                                    keras::Semantics dialect);

// compile_config in config.json of Keras 3's `.keras`.
nlohmann::json compile_config_json(const script::CompileCall &call, const OptimizerConfig &optimizer);

}  // namespace sinter::driver

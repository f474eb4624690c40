// LearningRateScheduler: the script's schedule function, evaluated for every epoch.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// The callback with `schedule` replaced by "learning_rates": a list, one number an epoch, for epochs 0 …
// epochs-1. nullopt after an error: the schedule gives no known number.
std::optional<Configured> learning_rate_table(Evaluator &evaluator, const ModelObject *model,
                                              const ConfigObject &callback, std::int64_t epochs);

}  // namespace sinter::script

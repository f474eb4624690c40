// LearningRateScheduler: the script's schedule function, evaluated for every epoch.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// The callback with `schedule` replaced by "learning_rates": a list, one number an epoch that the fit may
// train, and "takes_rate" if each depends on the one before. nullopt after an error: the schedule gives no
// known number.
std::optional<Configured> learning_rate_table(Evaluator &evaluator, const ModelObject *model,
                                              const ConfigObject &callback, const FitCall &fit);

}  // namespace sinter::script

// What the metadata of a trainer says about the script: fit, callbacks, data, layers, optimizer.
#pragma once

#include "driver/load_model.h"
#include "frontend/script/training_plan.h"
#include "support/optimizer_hyper.h"

namespace sinter::schema {
struct TrainerT;
}

namespace sinter::driver {

// fit, train, validation and test of the script's plan for the model `main`; without a fit() the defaults of
// Keras. has_target: the outputs that a loss or metric compares. What a trainer cannot do as the script says
// (image generators, arrays that do not fit the model) is reported, and false.
bool describe_fit(const script::TrainingPlan &plan, int main, const keras::ImportedModel &model,
                  std::vector<bool> has_target, schema::TrainerT &trainer, Diagnostics &diagnostics);

// Layers and the names of their variables in Keras's files; trainer.variables is filled.
void describe_layers(const keras::ImportedModel &model, schema::TrainerT &trainer);

// The optimizer's slots in the order in which Keras 3 stores them behind iterations and learning rate, with
// their names in its files; empty: Keras stores more than the trainer has. After describe_layers.
std::vector<uint32_t> keras3_slots(const OptimizerConfig &config, const schema::TrainerT &trainer);

void describe_optimizer(const OptimizerConfig &config, schema::TrainerT &trainer);

}  // namespace sinter::driver

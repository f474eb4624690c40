// What the metadata of a program says about the data of a script: arrays and the steps that are applied to
// them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/load_model.h"
#include "driver/training/check_fit.h"

namespace sinter::codegen {
struct Program;
}
namespace sinter::schema {
struct TrainerT;
}

namespace sinter::driver {

enum class Generators {
  refused,
  left_out,  // as if the script had said nothing of that data
};

// trainer.train, validation and test: the data of the script's first fit() and last evaluate() of the
// model `main`. What does not fit the model is reported, and false.
bool describe_data(const script::TrainingPlan &plan, int main, const FitModel &model, Generators generators,
                   schema::TrainerT &trainer, Diagnostics &diagnostics);

// Whether one of them has an array of sample weights.
bool has_sample_weights(const schema::TrainerT &trainer);

// What the script does to pictures, for the pictures that the program is given.
void describe_pixels(const LoadedModel &loaded, codegen::Program &program);

}  // namespace sinter::driver

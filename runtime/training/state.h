// The training state in memory, and its variables in the layout of files.
#pragma once

#include <vector>

#include "runtime/arena.h"
#include "runtime/training/trainer.h"

namespace sinter::runtime {

class TrainingState {
 public:
  // Zeroed. The Trainer must outlive it.
  static Result<TrainingState> create(const Trainer &trainer);

  void *data() const { return memory_.data(); }
  // All variables to their first values: data of the program, or what their initializers draw.
  void initialize(uint64_t seed);
  // variable.elements values of 4 bytes, dense in the order of its dims; `data` does not overlap the state.
  void read(const VariableInfo &variable, void *data) const;
  void write(const VariableInfo &variable, const void *data);
  // The first NaN or infinity among the floats of the variable: its index in the canonical layout; -1 if
  // there is none.
  int64_t first_non_finite(const VariableInfo &variable) const;

 private:
  TrainingState(const Trainer &trainer, Arena memory) : trainer_(&trainer), memory_(std::move(memory)) {}
  const Trainer *trainer_;
  Arena memory_;
};

// Room for canonical copies of some variables, made once.
class VariableCopies {
 public:
  // Copies of the variables for which `wanted` holds.
  template <class Wanted>
  static Result<VariableCopies> create(const Trainer &trainer, Wanted wanted) {
    std::vector<size_t> chosen;
    for (size_t i = 0; i < trainer.variables.size(); ++i)
      if (wanted(trainer.variables[i])) chosen.push_back(i);
    return allocate(trainer, std::move(chosen));
  }

  void read_from(const TrainingState &state);
  void write_to(TrainingState &state) const;
  // One blob a variable; they point into this object.
  void append_blobs(BlobRole role, std::vector<CheckpointBlob> &blobs) const;
  // What the checkpoint has under `role`: all variables must be there with type and dims.
  Status take(const Checkpoint &checkpoint, BlobRole role, const std::string &file);
  // Null if the variable has no copy.
  const void *find(const VariableInfo &variable) const;
  void *find(const VariableInfo &variable);

 private:
  VariableCopies(const Trainer &trainer, std::vector<size_t> chosen, Arena memory)
      : trainer_(&trainer), chosen_(std::move(chosen)), memory_(std::move(memory)) {}
  static Result<VariableCopies> allocate(const Trainer &trainer, std::vector<size_t> chosen);

  const Trainer *trainer_;
  std::vector<size_t> chosen_;  // indices of variables
  std::vector<size_t> offsets_;
  Arena memory_;
};

}  // namespace sinter::runtime

#include "runtime/training/state.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/text.h"
#include "schema/program_generated.h"
#include "support/initialize.h"

namespace sinter::runtime {
namespace {

constexpr size_t item_bytes = 4;

// Visits runs of neighbouring elements: visit(canonical index, storage index, length).
template <class Visit>
void for_each_run(const VariableInfo &variable, Visit visit) {
  const int64_t channels = variable.dims.empty() ? 1 : variable.dims.back();
  if (variable.block == 0 || channels == 0) return visit(int64_t{0}, int64_t{0}, variable.elements);
  const int64_t rows = variable.elements / channels;
  for (int64_t first = 0; first < channels; first += variable.block) {
    const int64_t valid = std::min(variable.block, channels - first);
    for (int64_t row = 0; row < rows; ++row)
      visit(row * channels + first, first * rows + row * variable.block, valid);
  }
}

}  // namespace

Result<TrainingState> TrainingState::create(const Trainer &trainer) {
  Result<Arena> memory = Arena::create(trainer.metadata->state_bytes());
  if (!memory) return memory.error();
  std::memset(memory->data(), 0, memory->size());
  return TrainingState(trainer, std::move(*memory));
}

void TrainingState::initialize(uint64_t seed) {
  std::memset(memory_.data(), 0, memory_.size());
  std::vector<float> values;
  for (const VariableInfo &variable : trainer_->variables) {
    const schema::Variable &metadata = *variable.metadata;
    if (metadata.initial() >= 0 && trainer_->code.constants) {
      write(variable, trainer_->code.constants + metadata.initial());
      continue;
    }
    if (variable.type != BlobType::f32 || !metadata.initializer()) continue;
    values.resize(static_cast<size_t>(variable.elements));
    const auto argument = [&](std::string_view name, double fallback) {
      if (metadata.arguments())
        for (const schema::Argument *given : *metadata.arguments())
          if (given->name() && given->name()->string_view() == name) return given->number();
      return fallback;
    };
    // The compiler has checked that it knows the initializer.
    sinter::initialize(metadata.initializer()->string_view(), argument, variable.dims, variable.name, seed,
                       trainer_->semantics == Semantics::keras3, values);
    write(variable, values.data());
  }
}

void TrainingState::read(const VariableInfo &variable, void *data) const {
  const std::byte *from = memory_.data() + variable.offset;
  for_each_run(variable, [&](int64_t canonical, int64_t storage, int64_t count) {
    std::memcpy(static_cast<std::byte *>(data) + canonical * static_cast<int64_t>(item_bytes),
                from + storage * static_cast<int64_t>(item_bytes), static_cast<size_t>(count) * item_bytes);
  });
}

void TrainingState::write(const VariableInfo &variable, const void *data) {
  std::byte *to = memory_.data() + variable.offset;
  for_each_run(variable, [&](int64_t canonical, int64_t storage, int64_t count) {
    std::memcpy(to + storage * static_cast<int64_t>(item_bytes),
                static_cast<const std::byte *>(data) + canonical * static_cast<int64_t>(item_bytes),
                static_cast<size_t>(count) * item_bytes);
  });
}

int64_t TrainingState::first_non_finite(const VariableInfo &variable) const {
  if (variable.type != BlobType::f32) return -1;
  const auto *from = reinterpret_cast<const float *>(memory_.data() + variable.offset);
  int64_t found = -1;
  for_each_run(variable, [&](int64_t canonical, int64_t storage, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      if (!std::isfinite(from[storage + i]) && (found < 0 || canonical + i < found)) found = canonical + i;
  });
  return found;
}

Result<VariableCopies> VariableCopies::allocate(const Trainer &trainer, std::vector<size_t> chosen) {
  size_t bytes = 0;
  std::vector<size_t> offsets;
  for (const size_t i : chosen) {
    offsets.push_back(bytes);
    bytes += static_cast<size_t>(trainer.variables[i].elements) * item_bytes;
  }
  Result<Arena> memory = Arena::create(bytes);
  if (!memory) return memory.error();
  VariableCopies copies(trainer, std::move(chosen), std::move(*memory));
  copies.offsets_ = std::move(offsets);
  return copies;
}

void VariableCopies::read_from(const TrainingState &state) {
  for (size_t i = 0; i < chosen_.size(); ++i)
    state.read(trainer_->variables[chosen_[i]], memory_.data() + offsets_[i]);
}

void VariableCopies::write_to(TrainingState &state) const {
  for (size_t i = 0; i < chosen_.size(); ++i)
    state.write(trainer_->variables[chosen_[i]], memory_.data() + offsets_[i]);
}

void VariableCopies::append_blobs(BlobRole role, std::vector<CheckpointBlob> &blobs) const {
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const VariableInfo &variable = trainer_->variables[chosen_[i]];
    blobs.push_back({variable.name, role, variable.type, variable.dims, memory_.data() + offsets_[i]});
  }
}

Status VariableCopies::take(const Checkpoint &checkpoint, BlobRole role, const std::string &file) {
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const VariableInfo &variable = trainer_->variables[chosen_[i]];
    const CheckpointBlob *blob = checkpoint.find(variable.name, role);
    if (!blob)
      return rejected(file, "the checkpoint has no variable '" + printable(variable.name) + "'",
                      "it is of another model");
    if (blob->dims != variable.dims || blob->type != variable.type)
      return rejected(file,
                      "the checkpoint's '" + printable(variable.name) + "' is " + shape_text(blob->dims) +
                          ", the program's " + shape_text(variable.dims),
                      "it is of another model");
    std::memcpy(memory_.data() + offsets_[i], blob->data, blob->bytes());
  }
  return {};
}

void *VariableCopies::find(const VariableInfo &variable) {
  for (size_t i = 0; i < chosen_.size(); ++i)
    if (&trainer_->variables[chosen_[i]] == &variable) return memory_.data() + offsets_[i];
  return nullptr;
}

const void *VariableCopies::find(const VariableInfo &variable) const {
  return const_cast<VariableCopies *>(this)->find(variable);
}

}  // namespace sinter::runtime

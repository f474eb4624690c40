#include "runtime/data/training_sets.h"

#include "formats/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

// 0: the script gives none, or validates on data of their own.
double validation_split(const Trainer &trainer) {
  const schema::Trainer &metadata = *trainer.metadata;
  return metadata.fit() && !metadata.validation() ? metadata.fit()->validation_split() : 0;
}

// Keras: split_at = int(n * (1. - split)); samples from there on are for validation.
Result<SampleSet> split_off(SampleSet &train, double split) {
  const int64_t count = train.count();
  const auto at = static_cast<int64_t>(static_cast<double>(count) * (1.0 - split));
  if (at < 1 || at == count)
    return rejected(train.file(), format("validation_split %g of %lld samples leaves none for %s", split,
                                         static_cast<long long>(count), at < 1 ? "training" : "validation"));
  return train.split_at(at);
}

std::string classes_text(const std::vector<int64_t> &classes) {
  std::string text = classes.size() == 1 ? "class " : "classes ";
  for (size_t i = 0; i < classes.size() && i < 10; ++i)
    text += (i > 0 ? ", " : "") + format("%lld", static_cast<long long>(classes[i]));
  return text + (classes.size() > 10 ? ", …" : "");
}

void warn_of_missing_classes(const SampleSet &here, const SampleSet &there, const char *purpose,
                             Console &console) {
  const std::vector<int64_t> missing = here.missing_classes(there);
  if (missing.empty()) return;
  console.warning("validation_split takes the last samples as they lie in the file: " +
                  classes_text(missing) + (missing.size() == 1 ? " is" : " are") +
                  " missing in the samples for " + purpose + "; shuffle the data first");
}

}  // namespace

Result<TrainingSets> load_training_sets(const Trainer &trainer, DataLoader &loader, Console &console) {
  Result<std::optional<SampleSet>> train = SampleSet::load(trainer, loader, "train");
  if (!train) return train.error();
  if (!*train) return loader.nothing_for("train");
  TrainingSets sets{std::move(**train), std::nullopt};
  const schema::Trainer &metadata = *trainer.metadata;
  if (const double split = validation_split(trainer); split > 0) {
    Result<SampleSet> validation = split_off(sets.train, split);
    if (!validation) return validation.error();
    sets.validation = std::move(*validation);
    warn_of_missing_classes(*sets.validation, sets.train, "validation", console);
    warn_of_missing_classes(sets.train, *sets.validation, "training", console);
  } else if (metadata.validation() || !metadata.train()) {
    Result<std::optional<SampleSet>> validation = SampleSet::load(trainer, loader, "valid");
    if (!validation) return validation.error();
    if (!*validation && metadata.validation())
      return system_error(loader.given(),
                          "the data set has no samples for validation, which the script asks for");
    sets.validation = std::move(*validation);
  }
  if (metadata.fit() && metadata.fit()->class_weight() && metadata.fit()->class_weight()->size() > 0) {
    std::vector<std::pair<int64_t, double>> weights;
    for (const schema::ClassWeight *one : *metadata.fit()->class_weight())
      weights.emplace_back(one->class_number(), one->weight());
    if (Status status = sets.train.set_class_weights(std::move(weights)); !status) return status.error();
  }
  return sets;
}

Result<std::optional<SampleSet>> load_split(const Trainer &trainer, DataLoader &loader,
                                            const std::string &split) {
  const double part = split == "test" ? 0 : validation_split(trainer);
  Result<std::optional<SampleSet>> samples = SampleSet::load(trainer, loader, part > 0 ? "train" : split);
  if (!samples || !*samples || part == 0) return samples;
  Result<SampleSet> rest = split_off(**samples, part);
  if (!rest) return rest.error();
  if (split == "valid") return std::optional<SampleSet>(std::move(*rest));
  return samples;
}

}  // namespace sinter::runtime

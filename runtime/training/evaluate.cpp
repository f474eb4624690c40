#include "runtime/training/evaluate.h"

#include "formats/json/json_writer.h"
#include "formats/text.h"
#include "runtime/data/training_sets.h"
#include "runtime/training/evaluator.h"
#include "schema/program_generated.h"

namespace sinter::runtime {

Result<std::string> evaluated_split(const Options &options) {
  const std::string split = options.get("--split").value_or("test");
  if (split == "test" || split == "train" || split == "valid") return split;
  return usage_error("--split " + printable(split) + ": expected test, valid or train");
}

Status evaluate_state(const Trainer &trainer, const TrainingState &state, const Options &options,
                      const std::string &split, Console &console) {
  DataLoader loader(trainer, options.get("--data"));
  Result<std::optional<SampleSet>> samples = load_split(trainer, loader, split);
  if (!samples) return samples.error();
  if (!*samples) return loader.nothing_for(split);
  constexpr int64_t keras_batch = 32;  // of evaluate()
  if (Status status = (*samples)->share_weights_by(keras_batch); !status) return status;
  Result<Arena> arena = Arena::create(trainer.metadata->arena_bytes());
  if (!arena) return arena.error();
  auto evaluator = Evaluator::create(trainer, **samples, trainer.max_batch(), arena->data(), true);
  if (!evaluator) return evaluator.error();
  std::vector<double> means(trainer.values.size());
  if (Status status = (*evaluator)->run(state, 0, means); !status) return status;
  means[0] += trainer.metadata->penalty();
  JsonWriter json;
  std::string text;
  json.begin_object();
  for (size_t v = 0; v < means.size(); ++v) {
    json.key(trainer.values[v].name).value(means[v]);
    text += printable(trainer.values[v].name) + format(": %.6f  ", means[v]);
  }
  json.key("samples").value((*samples)->count()).end_object();
  console.print(options.has("--json")
                    ? json.take() + "\n"
                    : text + format("samples: %lld\n", static_cast<long long>((*samples)->count())));
  return {};
}

}  // namespace sinter::runtime

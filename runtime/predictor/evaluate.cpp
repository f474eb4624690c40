// OUT evaluate: loss and accuracy over a data set, summed in double in the order of the samples.
#include <algorithm>
#include <cmath>

#include "runtime/data/dataset.h"
#include "runtime/json_writer.h"
#include "runtime/predictor/commands.h"
#include "runtime/predictor/losses.h"
#include "runtime/predictor/runner.h"
#include "runtime/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

constexpr OptionSpec options_of_evaluate[] = {
    {"--data", "DIR", "where the data set lies; also a .npz or CIFAR-10 .bin file"},
    {"--split", "NAME", "test (default), valid or train"},
    {"--json", "", "print JSON"},
    threads_option,
};

// Running sums for one output.
struct Score {
  const TensorInfo *output;
  const LossInfo *loss;
  bool loss_is_a_guess;  // the model states none
  bool are_probabilities = true;
  double loss_sum = 0, accuracy_sum = 0;

  void add(std::span<const float> prediction, std::span<const float> target);
};

bool sums_to_one(std::span<const float> row) {
  double total = 0;
  for (const float p : row) {
    if (!(p >= 0)) return false;
    total += p;
  }
  return std::abs(total - 1) < 1e-3;
}

// One sample, [dims]. Losses and accuracies are means over its rows.
void Score::add(std::span<const float> prediction, std::span<const float> target) {
  const size_t row = output->dims.empty() ? 1 : static_cast<size_t>(output->dims.back());
  double loss_of_rows = 0, accuracy_of_rows = 0;
  for (size_t at = 0; at < prediction.size(); at += row) {
    const auto p = prediction.subspan(at, row), t = target.subspan(at, row);
    loss_of_rows += loss->loss(p, t);
    if (loss->accuracy) accuracy_of_rows += loss->accuracy(p, t);
    are_probabilities = are_probabilities && (row == 1 ? p[0] >= 0 && p[0] <= 1 : sums_to_one(p));
  }
  const double rows = static_cast<double>(prediction.size() / row);
  loss_sum += loss_of_rows / rows;
  accuracy_sum += accuracy_of_rows / rows;
}

Result<std::vector<Score>> make_scores(const Program &program) {
  const auto *stated = program.metadata->loss();
  const std::string name = stated ? stated->str() : "";
  std::vector<Score> scores;
  for (const TensorInfo &output : program.outputs) {
    const bool scalar = output.dims.empty() || output.dims.back() == 1;
    const LossInfo *loss = find_loss(!name.empty() ? std::string_view(name)
                                     : scalar      ? "binary_crossentropy"
                                                   : "categorical_crossentropy");
    if (!loss)
      return rejected("", "the model's loss '" + printable(name) + "' is not known here",
                      "known: " + known_losses());
    scores.push_back({&output, loss, name.empty()});
  }
  return scores;
}

struct Value {
  std::string name;
  double value;
};

// One output: loss, acc. Several: loss (their sum), then NAME_loss and NAME_acc each, as Keras has them.
std::vector<Value> values_of(const std::vector<Score> &scores, int64_t samples) {
  std::vector<Value> values{{"loss", 0}};
  for (const Score &score : scores) {
    const bool no_loss = score.loss_is_a_guess && !score.are_probabilities;
    const double loss = no_loss ? std::nan("") : score.loss_sum / static_cast<double>(samples);
    values[0].value += loss;
    const std::string prefix = scores.size() > 1 ? score.output->name + "_" : "";
    if (scores.size() > 1) values.push_back({prefix + "loss", loss});
    if (score.loss->accuracy)
      values.push_back({prefix + "acc", score.accuracy_sum / static_cast<double>(samples)});
  }
  return values;
}

Status run_all(Dataset &dataset, Runner &runner, std::vector<Score> &scores) {
  std::vector<TargetValues> targets(scores.size());
  for (int64_t done = 0; done < dataset.count();) {
    const int64_t n = std::min<int64_t>(runner.batch(), dataset.count() - done);
    if (Status status = dataset.read(n, runner.inputs(), targets); !status) return status;
    runner.run(static_cast<uint32_t>(n));
    for (size_t i = 0; i < scores.size(); ++i) {
      const size_t elements = static_cast<size_t>(scores[i].output->elements);
      for (size_t s = 0; s < static_cast<size_t>(n); ++s)
        scores[i].add({runner.output(i) + s * elements, elements},
                      std::span(targets[i]).subspan(s * elements, elements));
    }
    done += n;
  }
  return {};
}

void evaluate(const Program &program, const Options &options, Console &console) {
  if (!options.positional().empty())
    return console.error(usage_error("evaluate takes no arguments but options", "see evaluate --help"));
  const auto data = options.get("--data");
  if (!data) return console.error(usage_error("evaluate: --data DIR is needed", "see evaluate --help"));
  const std::string split = options.get("--split").value_or("test");
  if (split != "test" && split != "train" && split != "valid")
    return console.error(usage_error("--split " + printable(split) + ": expected test, valid or train"));
  if (Status status = apply_threads(options); !status) return console.error(status.error());
  Result<std::vector<Score>> scores = make_scores(program);
  if (!scores) return console.error(scores.error());
  const DatasetUse use{program.inputs,
                       program.outputs,
                       program.labels,
                       {program.metadata->input_scale(), program.metadata->input_offset()}};
  DatasetResult dataset = open_dataset(*data, split, use);
  if (!dataset) return console.error(dataset.error());
  for (const std::string &warning : (*dataset)->warnings()) console.warning(printable(warning));
  if ((*dataset)->count() == 0) return console.error(rejected(*data, "the data set has no samples"));
  Result<Runner> runner = Runner::create(program);
  if (!runner) return console.error(runner.error());
  if (Status status = run_all(**dataset, *runner, *scores); !status) return console.error(status.error());

  for (const Score &score : *scores)
    if (score.loss_is_a_guess && !score.are_probabilities)
      console.warning("the model states no loss, and output '" + printable(score.output->name) +
                      "' is not a vector of probabilities: no loss is computed");
  const int64_t samples = (*dataset)->count();
  JsonWriter json;
  std::string text;
  json.begin_object();
  for (const Value &value : values_of(*scores, samples)) {
    json.key(value.name).value(value.value);
    text += printable(value.name) + ": " + (std::isnan(value.value) ? "none" : format("%.6f", value.value)) +
            "  ";
  }
  json.key("samples").value(samples).end_object();
  console.print(options.has("--json") ? json.take() + "\n"
                                      : text + format("samples: %lld\n", static_cast<long long>(samples)));
}

}  // namespace

const Command evaluate_command = {
    "evaluate",
    "--data DIR [--split test] [--json] [--threads N]",
    "loss and accuracy on a data set",
    "DIR holds MNIST-style IDX files (t10k-images-idx3-ubyte …, also .gz), CIFAR-10 binary files\n"
    "(test_batch.bin …), a .npz with x_test and y_test (several inputs: x_test.<input>, y_test.<output>), or "
    "a\n"
    "folder of pictures test/CLASS/*.png|jpg. Bytes are scaled as predict scales pictures. Prints the "
    "model's\n"
    "loss (crossentropy where the model states none) and the accuracy.\n",
    options_of_evaluate,
    evaluate};

}  // namespace sinter::runtime

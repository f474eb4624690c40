#include "driver/training/callback_arguments.h"

#include <algorithm>

namespace sinter::driver {

namespace {

struct Obeyed {
  std::string_view callback;
  std::string_view arguments;  // each between spaces
};

constexpr Obeyed obeyed[] = {
    {"ModelCheckpoint",
     " filepath monitor verbose save_best_only save_weights_only mode period save_freq "
     "initial_value_threshold "},
    {"EarlyStopping",
     " monitor min_delta patience verbose mode baseline restore_best_weights start_from_epoch "},
    {"ReduceLROnPlateau", " monitor factor patience verbose mode min_delta cooldown min_lr "},
    {"LearningRateScheduler", " verbose learning_rates takes_rate "},
    {"CSVLogger", " filename separator append "},
    {"TensorBoard", " log_dir "},
};

// Where the files of BackupAndRestore lie, which --checkpoint replaces; what only the graph and the
// embeddings of TensorBoard use.
constexpr std::string_view harmless[] = {"backup_dir",  "delete_checkpoint",      "batch_size",
                                         "write_graph", "embeddings_layer_names", "embeddings_metadata"};

}  // namespace

bool is_obeyed(std::string_view callback, std::string_view argument) {
  const std::string word = " " + std::string(argument) + " ";
  return std::ranges::any_of(obeyed, [&](const Obeyed &each) {
    return each.callback == callback && each.arguments.find(word) != std::string_view::npos;
  });
}

bool changes_nothing(std::string_view argument, const script::ConfigValue &value) {
  if (std::ranges::find(harmless, argument) != std::end(harmless)) return true;
  const std::string *text = value.text();
  const auto *flag = std::get_if<bool>(&value.value);
  return value.is_none() || (flag && !*flag) || value.number() == 0.0 ||
         (text && (*text == "epoch" || *text == "samples"));
}

}  // namespace sinter::driver

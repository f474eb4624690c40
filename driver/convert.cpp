// `sinter convert`: weights from one kind of file to another.
#include <CLI/CLI.hpp>
#include <memory>

#include "driver/commands.h"
#include "driver/console.h"
#include "driver/weights/weight_set.h"

namespace sinter::driver {

namespace {

struct Files {
  std::string in, out;
};

int run(const Files &files) {
  Diagnostics diagnostics;
  const auto weights = read_weights(files.in, diagnostics);
  if (!weights) return report(diagnostics);
  if (const int code = refuse_input(files.out)) return code;
  write_weights(files.out, *weights, diagnostics);
  return report(diagnostics);
}

}  // namespace

Command add_convert(CLI::App &app) {
  CLI::App *command = app.add_subcommand("convert", "Convert weights and checkpoints between kinds of files");
  auto files = std::make_shared<Files>();
  command->add_option("IN", files->in, ".h5 or .hdf5 of Keras, .npz, .sinter, .safetensors; recognised by content")->required();
  command->add_option("OUT", files->out, "the same; chosen by the suffix")->required();
  command->footer("Of a checkpoint the weights and statistics are taken, not the optimizer's slots.");
  return [files] { return run(*files); };
}

}  // namespace sinter::driver

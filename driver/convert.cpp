// `sinter convert`: weights from one kind of file to another.
#include <CLI/CLI.hpp>
#include <memory>

#include "driver/commands.h"
#include "driver/console.h"
#include "driver/weights/model_file.h"
#include "driver/weights/weight_set.h"
#include "formats/weights/read_weights.h"

namespace sinter::driver {

namespace {

struct Files {
  std::string in, out;
};

int run(const Files &files) {
  Diagnostics diagnostics;
  // A whole model stays one where the other file can hold it.
  if (is_model_suffix(files.out) && sinter::is_keras_model(files.in)) {
    const auto loaded = load_model(files.in, {}, diagnostics);
    if (!loaded) return report(diagnostics);
    if (const int code = refuse_input(files.out)) return code;
    write_model(files.out, *loaded, diagnostics);
  } else {
    const auto weights = read_named_weights(files.in, diagnostics);
    if (!weights) return report(diagnostics);
    if (const int code = refuse_input(files.out)) return code;
    write_weights(files.out, *weights, diagnostics);
  }
  return report(diagnostics);
}

}  // namespace

Command add_convert(CLI::App &app) {
  CLI::App *command = app.add_subcommand("convert", "Convert weights and checkpoints between kinds of files");
  auto files = std::make_shared<Files>();
  command
      ->add_option("IN", files->in,
                   ".h5, .hdf5 or .keras of Keras, .npz, .sinter, .safetensors; recognised by content")
      ->required();
  command->add_option("OUT", files->out, "the same; chosen by the suffix. A .keras needs a whole model as IN")
      ->required();
  command->footer(
      "Of a checkpoint the weights and statistics are taken, not the optimizer's slots. A whole model stays "
      "one in .h5 and .keras.");
  return {[files] { return run(*files); }};
}

}  // namespace sinter::driver

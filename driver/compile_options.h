// The options of `sinter compile`, which `sinter predict` shares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/diagnostic.h"

namespace CLI {
class App;
}

namespace sinter::driver {

struct CompileOptions {
  std::string model;
  std::string output;  // -o; "" : from the model's name
  std::string weights;
  std::string model_name;  // --model
  std::optional<uint64_t> random_seed;
  std::vector<int64_t> input_shape;
  int64_t batch = 0;  // 0: not said
  std::string target = "native";
  std::vector<std::string> emit = {"exe"};
  std::string name;
  std::string semantics;
  std::string labels;
  std::optional<float> input_scale, input_offset;
  std::string codecs;      // --codecs; "": as the inputs need
  bool is_serial = false;  // --threads 1
  bool quiet = false;
  bool is_cached = false;  // for `sinter train` and `sinter predict`: nothing is said of what was written
  bool train = false;
  bool allow_paths = false;         // --train: callbacks may write anywhere
  std::string loss, optimizer;      // --train
  std::vector<std::string> freeze;  // --train: patterns of layer names
  int optimization_level = 3;
  std::vector<std::string> print_after;
  bool print_after_all = false;
  bool time_passes = false;
  std::vector<std::string> stated;  // as given, for the binary's `info`
};

// Adds the options that say how to compile (not MODEL, -o, --emit).
void add_compile_options(CLI::App &command, CompileOptions &options);

// Compiles options.model and writes what options.emit asks for. Returns the exit code; diagnostics go to
// standard error.
int compile(const CompileOptions &options);

}  // namespace sinter::driver

// The subcommands of a predictor. Each takes its arguments (without its own name), prints to the console, and
// leaves errors there. `…_help` are the texts of `COMMAND --help`.
#pragma once

#include <span>
#include <string>

#include "runtime/options.h"
#include "runtime/predictor/console.h"
#include "runtime/program.h"

namespace sinter::runtime {

struct Command {
  std::string_view name;
  std::string_view synopsis;     // "INPUT... [options]"
  std::string_view summary;      // one line
  std::string_view description;  // paragraphs
  std::span<const OptionSpec> options;
  void (*run)(const Program &program, const Options &options, Console &console);
};

extern const Command predict_command, evaluate_command, bench_command, info_command;

// Reads --threads and sets up the pool; a program of serial code takes no number above 1.
Status apply_threads(const Program &program, const Options &options);

// What `main` of a predictor does; returns the exit code.
int run_predictor(const Program &program, int argc, const char *const *argv);

}  // namespace sinter::runtime

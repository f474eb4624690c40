// `sinter train MODEL …` and `sinter predict MODEL INPUT…`: compile into the cache, then run the binary with
// the remaining arguments.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include "codegen/digest.h"
#include "codegen/link_command.h"
#include "driver/build.h"
#include "driver/cache/compile_cache.h"
#include "driver/commands.h"
#include "driver/compile_options.h"
#include "driver/console.h"
#include "driver/option_names.h"
#include "driver/run_arguments.h"
#include "runtime/predictor/predict_options.h"
#include "runtime/training/train_options.h"
#include "support/temporary_files.h"
#include "support/version.h"

namespace sinter::driver {

namespace {

// What was asked for: the options, the model, the compiler and the machine that it compiles for.
std::string request_of(const CompileOptions &options, const codegen::Target &target) {
  std::error_code error;
  codegen::Digest digest;
  digest.add(version);
  digest.add_file("/proc/self/exe");
  Diagnostics ignored;
  for (const char *library : {"runtime", "threads"})
    if (const auto path = codegen::find_runtime_library(library, ignored)) digest.add_file(*path);
  digest.add(fmt::format("{} {} {} {} {}", target.triple, target.cpu, fmt::join(target.features, ","),
                         target.l1_bytes, target.l2_bytes));
  digest.add(std::filesystem::current_path(error).string());
  for (const std::string &option : options.stated) digest.add(option);
  digest.add(options.model);
  digest.add_file(options.model);
  return digest.hex();
}

std::vector<std::string> absolute_paths_read() {
  std::vector<std::string> paths;
  std::error_code error;
  for (const std::string &path : paths_read())
    paths.push_back(std::filesystem::absolute(path, error).string());
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

// Only returns if the program cannot be started. A program that is not kept is removed before: the open file
// stays.
int execute(const std::string &executable, const std::string &to_remove, const CompileOptions &options,
            const std::vector<std::string> &arguments) {
  std::string name = executable;
  std::vector<char *> argv = {name.data(), const_cast<char *>(options.train ? "train" : "predict")};
  for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);
  const int descriptor = open(executable.c_str(), O_RDONLY | O_CLOEXEC);
  std::error_code error;
  if (!to_remove.empty()) std::filesystem::remove_all(to_remove, error);
  if (descriptor >= 0) fexecve(descriptor, argv.data(), environ);
  fmt::print(stderr, "sinter: error: {} cannot be started: {}\n", executable, std::strerror(errno));
  return 3;
}

int run(CompileOptions options, const std::vector<std::string> &arguments) {
  Diagnostics diagnostics;
  const std::optional<codegen::Target> target = codegen::parse_target(options.target, diagnostics);
  if (!target) return report(diagnostics);
  std::string problem;
  const std::optional<CompileCache> cache = CompileCache::open(problem);
  if (!problem.empty()) diagnostics.warning({}, "programs are not kept: " + problem);
  report(diagnostics);
  const std::string name = identifier(std::filesystem::path(options.model).stem().string());
  const std::string request = cache ? request_of(options, *target) : "";
  if (cache)
    if (const auto found = cache->find(request, name)) return execute(*found, "", options, arguments);

  std::error_code error;
  std::string temporary = std::filesystem::temp_directory_path(error).string() + "/sinter-XXXXXX";
  std::optional<std::string> workplace = cache                       ? cache->make_workplace()
                                         : mkdtemp(temporary.data()) ? std::optional(temporary)
                                                                     : std::nullopt;
  if (!workplace) {
    fmt::print(stderr, "sinter: error: no folder can be made to compile in: {}\n", std::strerror(errno));
    return 3;
  }
  note_temporary(*workplace);
  options.output = *workplace + "/" + name;
  if (const int code = compile(options); code != 0) {
    std::filesystem::remove_all(*workplace, error);
    return code;
  }
  if (!cache) return execute(options.output, *workplace, options, arguments);
  return execute(cache->keep(*workplace, request, name, absolute_paths_read()), "", options, arguments);
}

Command add(CLI::App &app, const char *name, const char *what, bool train,
            std::span<const runtime::OptionSpec> binary_options, const char *footer) {
  CLI::App *command = app.add_subcommand(name, what);
  auto options = std::make_shared<CompileOptions>();
  auto binary_arguments = std::make_shared<std::vector<std::string>>();
  options->train = train;
  options->is_cached = true;
  command->add_option("MODEL", options->model, "Keras script, Keras .h5 or .keras, or .graph file")
      ->required();
  add_compile_options(*command, *options);
  command->footer(
      footer + std::string("\n\nOptions of the binary:\n") + runtime::options_help(binary_options) +
      "\nOptions before -- are the compiler's, what stands behind it is the binary's. Without -- each "
      "option goes to the\none that knows it, to the compiler if both do: --batch, …");
  return {[command, options, name, binary_arguments] {
            options->stated = stated_options(*command);
            options->stated.insert(options->stated.begin(), name);
            return run(*options, *binary_arguments);
          },
          [command, train, binary_options, binary_arguments](std::vector<std::string> &arguments) {
            std::optional<RunArguments> split =
                split_run_arguments(std::span(arguments).subspan(1), *command, binary_options, !train);
            if (!split) return 2;
            *binary_arguments = std::move(split->binary);
            arguments.resize(1);
            arguments.insert(arguments.end(), split->compiler.begin(), split->compiler.end());
            return 0;
          }};
}

}  // namespace

Command add_predict(CLI::App &app) {
  return add(app, "predict", "Compile a model into the cache and run it on inputs", false,
             runtime::options_of_predict, "After MODEL come the binary's inputs: INPUT...");
}

Command add_train(CLI::App &app) {
  return add(app, "train", "Compile a model's training into the cache and run it", true,
             runtime::options_of_train, "The trainer takes its data set with --data DIR.");
}

}  // namespace sinter::driver

// `sinter train MODEL …` and `sinter predict MODEL INPUT…`: compile into the cache directory, then run the binary with the remaining arguments.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "driver/build.h"
#include "driver/commands.h"
#include "driver/compile_options.h"
#include "support/version.h"

namespace sinter::driver {

namespace {

std::string cache_folder() {
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return std::string(cache) + "/sinter";
  if (const char *home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/sinter";
  return std::filesystem::temp_directory_path().string() + "/sinter";
}

// Names a compilation: paths, sizes and modification times of what it reads, and its options.
std::string cache_key(const CompileOptions &options) {
  std::string text = std::string(version) + "|" + fmt::format("{}", fmt::join(options.stated, "|"));
  for (const std::string &path : {options.model, options.weights, options.labels}) {
    struct stat status {};
    if (path.empty() || stat(path.c_str(), &status) != 0) continue;
    std::error_code error;
    text += fmt::format("|{}|{}|{}.{}", std::filesystem::absolute(path, error).string(), status.st_size,
                        status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:016x}", hash);
}

int run(CompileOptions options, const std::vector<std::string> &arguments) {
  std::error_code error;
  const std::string folder = cache_folder();
  std::filesystem::create_directories(folder, error);
  options.output = folder + "/" + identifier(std::filesystem::path(options.model).stem().string()) + "-" + cache_key(options);
  if (!std::filesystem::exists(options.output, error)) {
    const int code = compile(options);
    if (code != 0) return code;
  }
  std::vector<char *> argv = {options.output.data(), const_cast<char *>(options.train ? "train" : "predict")};
  for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);
  execv(options.output.c_str(), argv.data());
  fmt::print(stderr, "sinter: error: {} cannot be started: {}\n", options.output, std::strerror(errno));
  return 3;
}

}  // namespace

namespace {

Command add(CLI::App &app, const char *name, const char *what, bool train, const char *footer) {
  CLI::App *command = app.add_subcommand(name, what);
  auto options = std::make_shared<CompileOptions>();
  options->train = train;
  command->add_option("MODEL", options->model, "Keras script, Keras .h5, or .graph file")->required();
  add_compile_options(*command, *options);
  command->prefix_command();
  command->footer(footer);
  return [command, options, name] {
    options->stated.emplace_back(name);
    for (const CLI::Option *option : command->get_options())
      if (option->count() > 0 && option->get_name() != "MODEL")
        options->stated.push_back(option->get_name() + "=" + fmt::format("{}", fmt::join(option->results(), ",")));
    return run(*options, command->remaining());
  };
}

}  // namespace

Command add_predict(CLI::App &app) {
  return add(app, "predict", "Compile a model into the cache and run it on inputs", false,
             "Everything from the first INPUT on goes to the binary: INPUT... [--top K] [--out FILE.npy] [--json] [--threads N]");
}

Command add_train(CLI::App &app) {
  return add(app, "train", "Compile a model's training into the cache and run it", true,
             "What is no option of compile goes to the trainer: --data DIR [--epochs N] [--checkpoint FILE] …; a -- before it helps where both "
             "have an option of the same name");
}

}  // namespace sinter::driver

#include "codegen/link.h"

#include <unistd.h>

#include <filesystem>
#include <optional>

#include "codegen/cpu/emit_object.h"
#include "codegen/link_archive.h"
#include "codegen/link_command.h"
#include "codegen/object_stream.h"

namespace sinter::codegen {
namespace {

// Linked output does not depend on the time, the folder or the build that made it.
const std::vector<std::string> common_flags = {"-s", "-static-libgcc", "-Wl,--gc-sections",
                                               "-Wl,--build-id=none", "-Wl,-z,relro,-z,now,-z,noexecstack"};

ImageCodecs codecs_of(const Program &program, const EmitOptions &options) {
  const bool reads_pictures = takes_pictures(program);
  return options.codecs.value_or(ImageCodecs{.png = reads_pictures, .jpeg = reads_pictures});
}

bool can_link(const Target &target, const std::string &what, Diagnostics &diagnostics) {
  if (target.is_host && target.hosted) return true;
  diagnostics.error({.path = "--target"},
                    what + " can be linked for the machine that Sinter runs on, not for " + target.triple,
                    "use --emit object,header and link with the target's tools");
  return false;
}

void append(std::vector<std::string> &command, const std::vector<std::string> &arguments) {
  command.insert(command.end(), arguments.begin(), arguments.end());
}

// A file's path that no tool takes for an option or a response file, whatever its name.
std::string file_argument(const std::string &path) {
  return path.starts_with('/') ? path : "./" + path;
}

// Of a sanitized build of Sinter, whose runtime library needs them too.
void append_sanitizer_flags(std::vector<std::string> &command) {
  if constexpr (sizeof(SINTER_SANITIZER_FLAG) > 1) command.push_back(SINTER_SANITIZER_FLAG);
}

// For the object: beside `path`, where there is room for the result too, unless that is no file.
std::string object_path(const std::string &path) {
  if (!output_place(path).in_place) return path + ".object";
  std::error_code ignored;
  return (std::filesystem::temp_directory_path(ignored) / ("sinter-" + std::to_string(getpid()) + ".object"))
      .string();
}

// Writes the object and links it into `path`.
bool link_with(const Program &program, const Target &target, const EmitOptions &options,
               const std::string &path, const std::vector<std::string> &before_object,
               const std::vector<std::string> &after_object, Diagnostics &diagnostics) {
  const std::optional<std::string> linker = find_linker(diagnostics);
  if (!linker) return false;
  OutputFile object(object_path(path)), result(path, /*executable=*/true);
  if (!write_object_to(program, target, options, object, diagnostics) || !object.finish(diagnostics) ||
      !result.finish(diagnostics))
    return false;
  if (options.on_stage) options.on_stage("linking");
  std::vector<std::string> command = {*linker, "-o", file_argument(result.temporary_path())};
  append(command, before_object);
  append(command, common_flags);
  append_sanitizer_flags(command);
  command.push_back(file_argument(object.temporary_path()));
  append(command, after_object);
  return run_linker(command, diagnostics) && result.commit(diagnostics);
}

}  // namespace

bool write_executable(const Program &program, const Target &target, const EmitOptions &options,
                      const std::string &path, Diagnostics &diagnostics) {
  if (!can_link(target, "an executable", diagnostics)) return false;
  const std::optional<std::string> runtime = find_runtime_library("runtime", diagnostics);
  if (!runtime) return false;
  EmitOptions with_symbols = options;
  with_symbols.for_executable = true;
  std::vector<std::string> libraries;
  if (program.trainer) libraries.push_back("-Wl,-u,sinter_trainer_main");
  if (program.evaluation) libraries.push_back("-Wl,-u,sinter_predictor_evaluate");
  const ImageCodecs codecs = codecs_of(program, options);
  if (codecs.png) libraries.push_back("-Wl,-u,sinter_decode_png");
  if (codecs.jpeg) libraries.push_back("-Wl,-u,sinter_decode_jpeg");
  append(libraries, {file_argument(*runtime), "-l:libstdc++.a"});
  if (codecs.png) libraries.push_back("-l:libpng16.a");
  if (codecs.jpeg) libraries.push_back("-l:libjpeg.a");
  append(libraries, {"-l:libz.a", "-lm", "-lpthread"});
  return link_with(program, target, with_symbols, path, {"-pie"}, libraries, diagnostics);
}

bool write_shared_library(const Program &program, const Target &target, const EmitOptions &options,
                          const std::string &path, Diagnostics &diagnostics) {
  if (!can_link(target, "a shared library", diagnostics)) return false;
  const std::optional<std::string> threads = find_runtime_library("threads", diagnostics);
  if (!threads) return false;
  const std::string name =
      output_place(path).in_place ? program.name + ".so" : std::filesystem::path(path).filename().string();
  // Only the object's own functions are exported. -Wl would split a name at its commas.
  const std::vector<std::string> flags = {"-shared", "-Wl,--exclude-libs,ALL", "-Xlinker", "-soname=" + name};
  return link_with(program, target, options, path, flags, {file_argument(*threads), "-lpthread"},
                   diagnostics);
}

bool write_static_library(const Program &program, const Target &target, const EmitOptions &options,
                          const std::string &path, Diagnostics &diagnostics) {
  OutputFile object(object_path(path)), result(path);
  if (!write_object_to(program, target, options, object, diagnostics) || !object.finish(diagnostics))
    return false;
  std::vector<std::string> archives;
  if (target.hosted && !program.serial) {
    if (!target.is_host) {
      diagnostics.warning({.path = "--target"}, "the library has no sinter_parallel_for for " + target.triple,
                          "define it in the program that links the library; the header says what it does");
    } else if (std::optional<std::string> threads = find_runtime_library("threads", diagnostics)) {
      archives.push_back(std::move(*threads));
    } else {
      return false;
    }
  }
  return write_archive(object.temporary_path(), program.name + ".o", archives, result, diagnostics) &&
         result.commit(diagnostics);
}

bool write_file(const std::string &path, std::string_view contents, Diagnostics &diagnostics) {
  OutputFile file(path);
  file.write(contents.data(), contents.size());
  return file.commit(diagnostics);
}

}  // namespace sinter::codegen

// `sinter compile`.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ranges>
#include <sstream>

#include "codegen/cpu/emit.h"
#include "codegen/link.h"
#include "driver/build.h"
#include "driver/commands.h"
#include "driver/compile_options.h"
#include "driver/console.h"
#include "driver/option_names.h"
#include "driver/progress.h"
#include "driver/training/check_single_fit.h"
#include "driver/training/plan_trainer.h"
#include "driver/weights/script_weights.h"
#include "formats/text.h"
#include "ir/kernel/text.h"
#include "ir/objectives.h"
#include "ir/text.h"
#include "passes/initialize_weights.h"
#include "support/optimizer_table.h"
#include "support/output_place.h"

namespace sinter::driver {

namespace {

bool is_text(const std::string &emit) {
  return emit == "graph" || emit == "kernels" || emit == "llvm-ir" || emit == "asm" || emit == "plan";
}
bool needs_weights(const std::string &emit) {
  return !is_text(emit) && emit != "header";
}

const char *extension(const std::string &emit) {
  if (emit == "object") return ".o";
  if (emit == "header") return ".h";
  if (emit == "static-lib") return ".a";
  if (emit == "shared-lib") return ".so";
  if (emit == "graph") return ".graph";
  if (emit == "kernels") return ".kernels";
  if (emit == "llvm-ir") return ".ll";
  if (emit == "asm") return ".s";
  if (emit == "plan") return ".plan";
  return "";
}

// Weights from the model file, --weights, the script's load_weights, or --random-weights.
bool provide_weights(LoadedModel &loaded, const CompileOptions &options, Diagnostics &diagnostics) {
  keras::ImportedModel &model = loaded.model;
  if (!options.weights.empty()) {
    if (!load_weights(loaded, options.weights, diagnostics)) return false;
  } else if (!options.random_seed && !model.has_all_weights()) {
    const std::vector<script::LoadWeightsCall> loads = standing_loads(loaded, false);
    for (const script::LoadWeightsCall &load : loads) note_path(file_of(load, options.model));
    const bool exist = std::ranges::all_of(
        loads, [&](const auto &load) { return std::filesystem::exists(file_of(load, options.model)); });
    if (exist && !load_script_weights(loaded, loads, options.model, diagnostics)) return false;
  }
  if (options.random_seed) {
    const std::vector<std::string> unknown =
        passes::initialize_weights(model.graph, model.weights, *options.random_seed, model.keras3);
    for (const std::string &name : unknown)
      diagnostics.error({options.model}, "no such initializer: " + name);
    if (!unknown.empty()) return false;
  }
  const bool wanted = std::any_of(options.emit.begin(), options.emit.end(), needs_weights);
  if (!wanted || model.graph.variables.empty() || model.has_all_weights()) return true;
  std::string missing;
  for (size_t i = 0; i < model.graph.variables.size() && missing.empty(); ++i)
    if (i >= model.weights.size() || !model.weights[i])
      missing = model.graph.value(model.graph.variables[i].value).name;
  diagnostics.error(
      {options.model}, fmt::format("the model has no weights (first without: {})", missing),
      loaded.weights_path.empty() || std::filesystem::exists(loaded.weights_path)
          ? "give a file with --weights FILE, or ask for initial weights with --random-weights"
          : fmt::format(
                "the script loads {}, which does not exist; give a file with --weights FILE, or ask for "
                "initial weights with --random-weights",
                loaded.weights_path));
  return false;
}

// A trainer's first weights: those of --weights, of the model file, or that the script loads before fit();
// else each starts as its initializer says.
bool provide_first_weights(LoadedModel &loaded, const CompileOptions &options, Diagnostics &diagnostics) {
  if (options.random_seed) {
    diagnostics.error({.path = "--random-weights"}, "a trainer draws its first weights at its start",
                      "its --seed says which");
    return false;
  }
  if (!options.weights.empty()) return load_weights(loaded, options.weights, diagnostics);
  const std::vector<script::LoadWeightsCall> loads = standing_loads(loaded, true);
  const bool loads_all = !loads.empty() && !loads.front().by_name;
  if (!loads_all && loaded.plan.published_weights && !loaded.model.has_all_weights()) {
    diagnostics.error(
        *loaded.plan.published_weights,
        "training is to start from a published network's weights, which are not downloaded",
        "give a file with weights of all layers with --weights FILE, or build the network with weights=None");
    return false;
  }
  return load_script_weights(loaded, loads, options.model, diagnostics);
}

bool read_labels(const CompileOptions &options, codegen::Program &program, Diagnostics &diagnostics) {
  if (options.labels.empty()) return true;
  const std::optional<std::string> text = read_file(options.labels, diagnostics);
  if (!text) return false;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    program.labels.push_back(line);
  }
  while (!program.labels.empty() && program.labels.back().empty()) program.labels.pop_back();
  int64_t classes = 1;
  if (!program.outputs.empty())
    for (const int64_t dim : program.outputs[0].dims) classes *= dim;
  if (static_cast<int64_t>(program.labels.size()) != classes) {
    diagnostics.error({options.labels},
                      fmt::format("{} labels for an output of {} classes", program.labels.size(), classes),
                      "one class name a line, in the order of the outputs");
    return false;
  }
  return true;
}

std::string kernels_text(const codegen::Program &program) {
  std::string text;
  const auto add = [&](const std::vector<codegen::ProgramKernel> &kernels) {
    for (const codegen::ProgramKernel &kernel : kernels) text += kernel::print(kernel.kernel) + "\n";
  };
  if (program.trainer) add(program.trainer->step.kernels), add(program.trainer->evaluate.kernels);
  add(program.kernels);
  return text;
}

// What a compilation made, and its text forms.
struct Built {
  codegen::Program program;
  std::vector<std::pair<std::string, passes::PlannedGraph>>
      graphs;  // by function; of a predictor one, without a name
};

// Executables alone evaluate.
std::optional<Built> make_predictor(LoadedModel loaded, const CompileOptions &options,
                                    const codegen::Target &target, const passes::PipelineOptions &pipeline,
                                    Diagnostics &diagnostics) {
  const bool evaluates = std::ranges::find(options.emit, "exe") != options.emit.end();
  std::optional<BuiltProgram> built =
      evaluates ? build_evaluated(std::move(loaded), options, target, pipeline, diagnostics)
                : build(std::move(loaded), target, pipeline);
  if (!built) return std::nullopt;
  Built result{std::move(built->program), {}};
  result.graphs.emplace_back("", std::move(built->planned));
  return result;
}

std::optional<Built> make_trainer(LoadedModel loaded, const CompileOptions &options,
                                  const codegen::Target &target, const passes::PipelineOptions &pipeline,
                                  Diagnostics &diagnostics) {
  for (const std::string &emit : options.emit)
    if (emit != "exe" && !is_text(emit))
      diagnostics.error({.path = "--emit"}, "a trainer is an executable in this version, not: " + emit,
                        "leave --emit out");
  if (diagnostics.has_errors()) return std::nullopt;
  std::optional<BuiltTrainer> built =
      build_trainer(std::move(loaded), options, target, pipeline, diagnostics);
  if (!built) return std::nullopt;
  Built result{std::move(built->program), {}};
  result.graphs.emplace_back("train_step", std::move(built->planned.step));
  result.graphs.emplace_back("evaluate", std::move(built->planned.evaluate));
  result.graphs.emplace_back("predict", std::move(built->planned.predict));
  return result;
}

// The functions' texts one after the other, each under its name.
template <class Print>
std::string each_function(const Built &built, Print print) {
  std::string text;
  for (const auto &[name, planned] : built.graphs) {
    if (!name.empty()) text += (text.empty() ? "# " : "\n# ") + name + "\n";
    text += print(planned);
  }
  return text;
}

// By --codecs.
std::optional<codegen::ImageCodecs> image_codecs(const std::string &name) {
  if (name.empty()) return std::nullopt;
  return codegen::ImageCodecs{.png = name == "all" || name == "png", .jpeg = name == "all" || name == "jpeg"};
}

// `sinter: wrote net: 2.9 MiB, 550,570 parameters, arena 66.0 KiB, 0.4 s`. Text on standard output speaks for
// itself.
std::string written_text(const std::string &emit, const std::string &path, const codegen::Program &program,
                         double seconds) {
  const OutputPlace place = output_place(path);
  if (path.empty() || (place.descriptor == STDOUT_FILENO && !needs_weights(emit))) return {};
  std::error_code error;
  std::vector<std::string> facts;
  if (!place.in_place) facts.push_back(bytes_text(std::filesystem::file_size(path, error)));
  if (needs_weights(emit)) {
    facts.push_back(thousands(program.parameter_count) + " parameters");
    int64_t arena = program.arena_bytes;
    if (const auto &trainer = program.trainer) {
      facts.push_back("state " + bytes_text(static_cast<uint64_t>(trainer->state_bytes)));
      arena = std::max({arena, trainer->step.arena_bytes, trainer->evaluate.arena_bytes});
    }
    facts.push_back("arena " + bytes_text(static_cast<uint64_t>(arena)));
  }
  facts.push_back(fmt::format("{:.1f} s", seconds));
  return fmt::format("sinter: wrote {}: {}\n", printable(place.in_place ? place.path : path),
                     fmt::join(facts, ", "));
}

bool emit_one(const std::string &emit, const std::string &path, const Built &built,
              const codegen::Target &target, codegen::EmitOptions options, Diagnostics &diagnostics) {
  options.for_executable = emit == "exe";
  const codegen::Program &program = built.program;
  if (emit == "exe") return codegen::write_executable(program, target, options, path, diagnostics);
  if (emit == "object") return codegen::write_object(program, target, options, path, diagnostics);
  if (emit == "static-lib") return codegen::write_static_library(program, target, options, path, diagnostics);
  if (emit == "shared-lib") return codegen::write_shared_library(program, target, options, path, diagnostics);
  std::string text;
  if (emit == "header") text = codegen::emit_header(program);
  if (emit == "graph")
    text = each_function(built, [](const auto &planned) { return ir::print(planned.graph.fused.graph); });
  if (emit == "kernels") text = kernels_text(program);
  if (emit == "plan")
    text =
        each_function(built, [](const auto &planned) { return passes::print(planned.plan, planned.graph); });
  if (emit == "llvm-ir") text = codegen::emit_llvm_ir(program, target, options);
  if (emit == "asm") text = codegen::emit_assembly(program, target, options);
  if (path.empty()) {
    std::fputs(text.c_str(), stdout);
    return true;
  }
  return codegen::write_file(path, text, diagnostics);
}

}  // namespace

int compile(const CompileOptions &options) {
  const auto start = std::chrono::steady_clock::now();
  Diagnostics diagnostics;
  if (options.emit.size() > 1 && !options.output.empty() && output_place(options.output).in_place)
    return usage_error("-o " + options.output + ": several outputs cannot go to one place",
                       "name a file; each gets its suffix");
  const bool makes_executable = std::ranges::find(options.emit, "exe") != options.emit.end();
  if (!options.codecs.empty() && !makes_executable)
    return usage_error("--codecs " + options.codecs + ": no executable is made that could read pictures",
                       "leave the option out, or add --emit exe");
  // What passes print goes to the same place.
  Progress progress(!options.quiet && !options.print_after_all && !options.time_passes &&
                    options.print_after.empty());
  const auto end = [&] {
    progress.clear();
    return report(diagnostics);
  };
  progress.enter("loading the model");
  const std::optional<codegen::Target> target = codegen::parse_target(options.target, diagnostics);
  LoadOptions load;
  load.input_shape = options.input_shape;
  load.model_name = options.model_name;
  if (!options.semantics.empty()) load.keras3_semantics = options.semantics == "keras3";
  std::optional<LoadedModel> loaded = load_model(options.model, load, diagnostics);
  if (!loaded || !target) return end();
  if (!options.train && !(options.optimizer.empty() && options.freeze.empty()))
    diagnostics.error({.path = "--optimizer, --freeze"},
                      "they say how to train, but the binary is no trainer", "add --train");
  if (options.train) check_single_fit(*loaded, !options.weights.empty(), diagnostics);
  const bool known = require_compilable(*loaded, options.model, diagnostics);
  const bool has_weights = options.train ? provide_first_weights(*loaded, options, diagnostics)
                                         : provide_weights(*loaded, options, diagnostics);
  if (!known || !has_weights || diagnostics.has_errors()) return end();

  passes::PipelineOptions pipeline;
  pipeline.max_batch = options.batch > 0 || options.train ? options.batch : 1;
  pipeline.print_after = options.print_after;
  pipeline.print_after_all = options.print_after_all;
  pipeline.time_passes = options.time_passes;
  pipeline.report = [](const std::string &text) { std::fputs(text.c_str(), stderr); };
  const std::string stem = loaded->stem;
  progress.enter("planning");
  std::optional<Built> made =
      options.train ? make_trainer(std::move(*loaded), options, *target, pipeline, diagnostics)
                    : make_predictor(std::move(*loaded), options, *target, pipeline, diagnostics);
  if (!made) return end();
  Built &built = *made;
  built.program.name = options.name.empty() ? identifier(stem) : options.name;
  built.program.model_file = std::filesystem::path(options.model).filename().string();
  built.program.options = options.stated;
  if (options.input_scale) built.program.input_scale = *options.input_scale;
  if (options.input_offset) built.program.input_offset = *options.input_offset;
  if (options.input_scale || options.input_offset) {
    built.program.pixel_steps.clear();
    built.program.pixels.clear();
  }
  if (!read_labels(options, built.program, diagnostics)) return end();
  if (options.is_serial) codegen::run_serially(built.program);

  std::vector<std::string> paths;
  for (const std::string &emit : options.emit) {
    std::string path = options.output;
    if (path.empty() && !is_text(emit)) path = stem + extension(emit);
    if (!options.output.empty() && options.emit.size() > 1) path += extension(emit);
    progress.clear();
    if (const int code = refuse_input(path)) return code;
    paths.push_back(path);
  }
  codegen::EmitOptions emission;
  emission.optimization_level = options.optimization_level;
  emission.codecs = image_codecs(options.codecs);
  emission.on_stage = [&](const char *stage) { progress.enter(stage); };
  std::string written;
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.enter("generating code");
    if (!emit_one(options.emit[i], paths[i], built, *target, emission, diagnostics)) break;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (!options.quiet && !options.is_cached)
      written += written_text(options.emit[i], paths[i], built.program, taken.count());
  }
  const int code = end();
  std::fputs(written.c_str(), stderr);
  return code;
}

void add_compile_options(CLI::App &command, CompileOptions &options) {
  command.add_option("--weights", options.weights,
                     "parameters to build in: .h5, .hdf5, .keras, .npz, .sinter, .safetensors");
  command.add_option(
      "--model", options.model_name,
      "which of a script's models (a variable or a model's name), where several could be meant");
  command.add_option(
      "--loss", options.loss,
      fmt::format("what evaluate computes and --train minimises, where the model does not say: {}",
                  fmt::join(ir::losses() | std::views::transform(&ir::Objective::name), ", ")));
  command.add_option("--optimizer", options.optimizer,
                     fmt::format("with --train: NAME[:key=value,...], NAME one of {}",
                                 fmt::join(optimizers | std::views::transform(&OptimizerEntry::name), ", ")));
  command
      .add_option("--freeze", options.freeze,
                  "with --train: layers that are not trained, by names with * and ?")
      ->allow_extra_args(false);
  command.add_flag("--allow-paths", options.allow_paths,
                   "with --train: let callbacks write to absolute or .. paths that the script names");
  command
      .add_option("--random-weights", options.random_seed,
                  "initial weights by the model's initializers; seed default 0")
      ->type_name("[SEED]");
  command.add_option("--input-shape", options.input_shape, "H,W,C of an input with open dimensions")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option(
          "--batch", options.batch,
          "the largest batch that the code handles (default: the script's batch_size with --train, else 1)")
      ->check(CLI::Range(1, 65536));
  command.add_option("--target", options.target, "native, or TRIPLE[:CPU]");
  command.add_option("--name", options.name, "prefix of exported symbols")
      ->check([](const std::string &name) {
        return identifier(name) == name ? std::string() : "a C identifier is needed, got \"" + name + "\"";
      });
  command.add_option("--semantics", options.semantics, "whose defaults hold")
      ->check(CLI::IsMember({"keras2", "keras3"}));
  command.add_option("--labels", options.labels, "class names, one a line, built in");
  command.add_option("--input-scale", options.input_scale, "x = A * pixel + B for image inputs: A");
  command.add_option("--input-offset", options.input_offset, "x = A * pixel + B for image inputs: B");
  command
      .add_option(
          "--codecs", options.codecs,
          "image readers that the binary holds: all, none, png or jpeg (default: all if an input is a "
          "picture)")
      ->check(CLI::IsMember({"all", "none", "png", "jpeg"}));
  command.add_flag("--quiet", options.quiet, "no line about progress and what was written");
  command.add_option("-O", options.optimization_level, "optimization level 0 to 3")->check(CLI::Range(0, 3));
  command
      .add_option("--print-after", options.print_after, "print the program after a pass, to standard error")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(passes::pass_names()));
  command.add_flag("--print-after-all", options.print_after_all, "print the program after every pass");
  command.add_flag("--time-passes", options.time_passes, "print the time of every pass");
}

Command add_compile(CLI::App &app) {
  CLI::App *command = app.add_subcommand("compile", "Compile a model to native code");
  auto options = std::make_shared<CompileOptions>();
  command->add_option("MODEL", options->model, "Keras script, Keras .h5 or .keras, or .graph file")
      ->required();
  command->add_option("-o", options->output, "output file; - is standard output");
  command
      ->add_option("--emit", options->emit,
                   "exe (default), object, header, static-lib, shared-lib, graph, kernels, llvm-ir, asm, "
                   "plan; several may be given")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"exe", "object", "header", "static-lib", "shared-lib", "graph", "kernels",
                             "llvm-ir", "asm", "plan"}));
  command->add_flag("--train", options->train, "the binary is a trainer; without it a predictor");
  command
      ->add_option_function<std::string>(
          "--threads", [options](const std::string &) { options->is_serial = true; },
          "1: code that runs on its caller's thread and calls no sinter_parallel_for")
      ->check([](const std::string &number) {
        return number == "1" ? std::string()
                             : "only 1 is taken here, not " + number +
                                   "; the number of threads is the binary's: OUT … --threads N";
      });
  add_compile_options(*command, *options);
  return {[command, options] {
    options->stated = stated_options(*command);
    return compile(*options);
  }};
}

}  // namespace sinter::driver

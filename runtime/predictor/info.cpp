// OUT info: what the binary contains. Runs none of the generated code, so it also answers on a foreign CPU.
#include "formats/json/json_writer.h"
#include "formats/text.h"
#include "runtime/predictor/commands.h"
#include "schema/program_generated.h"
#include "support/callback_outputs.h"

namespace sinter::runtime {
namespace {

constexpr OptionSpec options_of_info[] = {{"--json", "", "print JSON"}};

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

std::vector<std::string> strings(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>> *vector) {
  std::vector<std::string> result;
  if (vector)
    for (const auto *text : *vector) result.push_back(text->str());
  return result;
}

// What the callbacks of a trainer write.
std::vector<std::string> outputs_of(const schema::Trainer &trainer) {
  std::vector<std::string> paths;
  if (!trainer.fit() || !trainer.fit()->callbacks()) return paths;
  for (const schema::Callback *callback : *trainer.fit()->callbacks()) {
    const std::string name = text_of(callback->class_name());
    const char *wanted = output_argument(name);
    if (!wanted) continue;
    std::string path = name == "TensorBoard" ? "logs" : "";
    if (callback->arguments())
      for (const schema::Argument *argument : *callback->arguments())
        if (text_of(argument->name()) == wanted && argument->is_text()) path = text_of(argument->text());
    if (!path.empty()) paths.push_back(std::move(path));
  }
  return paths;
}

std::string info_text(const Program &program) {
  const schema::Program &m = *program.metadata;
  std::string text;
  const auto line = [&](const char *name, const std::string &value) {
    if (!value.empty()) text += format("%-15s ", name) + printable(value) + "\n";
  };
  const auto number = [](uint64_t value) { return format("%llu", static_cast<unsigned long long>(value)); };
  line("model", text_of(m.name()));
  line("model file", text_of(m.model_file()));
  line("compiled by", "sinter " + text_of(m.sinter_version()));
  line("target", text_of(m.target_triple()) + (m.target_cpu() ? ", " + m.target_cpu()->str() : ""));
  line("cpu features", joined(cpu_features_of(program), " "));
  line("max batch", number(m.max_batch()));
  line("parameters", number(m.parameter_count()) + " (" + bytes_text(m.parameter_bytes()) + ")");
  line("arena", number(m.arena_bytes()) + " bytes (lower bound " + number(m.arena_lower_bound()) + ")");
  for (const TensorInfo &tensor : program.inputs)
    line("input", tensor.name + " " + shape_text(tensor.source_dims, true) + " f32");
  for (const TensorInfo &tensor : program.outputs)
    line("output", tensor.name + " " + shape_text(tensor.source_dims, true) + " f32");
  const std::string pixels = text_of(m.pixels());
  line("pixels", !pixels.empty() ? pixels
                                 : format("x = %.9g * pixel + %.9g", static_cast<double>(m.input_scale()),
                                          static_cast<double>(m.input_offset())));
  line("labels", joined(program.labels));
  line("loss", text_of(m.loss()));
  line("metrics", joined(strings(m.metrics())));
  if (const schema::Trainer *trainer = m.trainer()) {
    line("optimizer", text_of(trainer->optimizer()) +
                          format(", learning rate %.9g", static_cast<double>(trainer->learning_rate())));
    line("state", number(trainer->state_bytes()) + " bytes");
    line("training arena", number(trainer->arena_bytes()) + " bytes (lower bound " +
                               number(trainer->arena_lower_bound()) + ")");
    line("semantics", trainer->semantics() == schema::Semantics::keras2 ? "keras2" : "keras3");
    for (const std::string &path : outputs_of(*trainer)) line("writes", path);
    line("fingerprint", format("%016llx", static_cast<unsigned long long>(trainer->fingerprint())));
  }
  line("kernels", number(m.kernels() ? m.kernels()->size() : 0));
  line("options", joined(strings(m.options()), " "));
  return text;
}

void tensors(JsonWriter &json, const char *key, const std::vector<TensorInfo> &list) {
  json.key(key).begin_array();
  for (const TensorInfo &tensor : list) {
    json.begin_object().key("name").value(tensor.name).key("shape").begin_array();
    for (const int64_t extent : tensor.source_dims) json.value(extent);
    json.end_array().key("dtype").value("f32").end_object();
  }
  json.end_array();
}

void list(JsonWriter &json, const char *key, const std::vector<std::string> &values) {
  json.key(key).begin_array();
  for (const std::string &value : values) json.value(value);
  json.end_array();
}

std::string info_json(const Program &program) {
  const schema::Program &m = *program.metadata;
  JsonWriter json;
  json.begin_object()
      .key("model")
      .value(text_of(m.name()))
      .key("model_file")
      .value(text_of(m.model_file()))
      .key("sinter_version")
      .value(text_of(m.sinter_version()))
      .key("target")
      .value(text_of(m.target_triple()))
      .key("cpu")
      .value(text_of(m.target_cpu()));
  list(json, "cpu_features", cpu_features_of(program));
  json.key("max_batch")
      .value(m.max_batch())
      .key("parameters")
      .value(uint64_t{m.parameter_count()})
      .key("parameter_bytes")
      .value(uint64_t{m.parameter_bytes()})
      .key("arena_bytes")
      .value(uint64_t{m.arena_bytes()})
      .key("arena_lower_bound")
      .value(uint64_t{m.arena_lower_bound()});
  tensors(json, "inputs", program.inputs);
  tensors(json, "outputs", program.outputs);
  if (const std::string pixels = text_of(m.pixels()); !pixels.empty())
    json.key("pixels").value(pixels);
  else
    json.key("input_scale").value(m.input_scale()).key("input_offset").value(m.input_offset());
  list(json, "labels", program.labels);
  json.key("loss").value(text_of(m.loss()));
  list(json, "metrics", strings(m.metrics()));
  json.key("kernels").begin_array();
  if (m.kernels())
    for (const schema::Kernel *kernel : *m.kernels()) {
      json.begin_object().key("name").value(text_of(kernel->name()));
      list(json, "layers", strings(kernel->layers()));
      json.key("flops_per_sample").value(kernel->flops_per_sample()).end_object();
    }
  json.end_array();
  list(json, "options", strings(m.options()));
  if (const schema::Trainer *trainer = m.trainer()) {
    json.key("trainer")
        .begin_object()
        .key("optimizer")
        .value(text_of(trainer->optimizer()))
        .key("learning_rate")
        .value(trainer->learning_rate())
        .key("state_bytes")
        .value(uint64_t{trainer->state_bytes()})
        .key("arena_bytes")
        .value(uint64_t{trainer->arena_bytes()})
        .key("arena_lower_bound")
        .value(uint64_t{trainer->arena_lower_bound()})
        .key("semantics")
        .value(trainer->semantics() == schema::Semantics::keras2 ? "keras2" : "keras3")
        .key("fingerprint")
        .value(format("%016llx", static_cast<unsigned long long>(trainer->fingerprint())));
    list(json, "writes", outputs_of(*trainer));
    json.end_object();
  }
  json.end_object();
  return json.take() + "\n";
}

void info(const Program &program, const Options &options, Console &console) {
  if (!options.positional().empty())
    return console.error(usage_error("info takes no arguments", "see info --help"));
  console.print(options.has("--json") ? info_json(program) : info_text(program));
}

}  // namespace

const Command info_command = {
    "info",
    "[--json]",
    "model, target, parameters, memory, inputs and outputs, compile options",
    "Prints what the binary was compiled from and for: model, target, CPU features, parameters, arena, "
    "inputs and\n"
    "outputs (in the layout that the model file declares), labels, and the compile options.\n",
    options_of_info,
    info};

}  // namespace sinter::runtime

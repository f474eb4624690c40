#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codegen/cpu/emit.h"
#include "codegen/cpu/emit_kernel.h"

namespace sinter::codegen {
namespace {

constexpr int abi_version = 1;
// Saved registers, the closure and spilled values, on top of local tiles.
constexpr int64_t stack_allowance = 8 << 10;

std::string c_string(const std::string &text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) {
      // Octal escapes end after three digits; hexadecimal ones would swallow what follows.
      quoted += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + (byte >> 3 & 7)),
                 static_cast<char>('0' + (byte & 7))};
    } else {
      if (c == '"' || c == '\\' || c == '?') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + '"';
}

int64_t elements_of(const ProgramTensor &tensor) {
  int64_t elements = 1;
  for (const int64_t dim : tensor.dims) elements *= dim;
  return elements;
}

std::string tensor_macros(const std::string &prefix, const std::vector<ProgramTensor> &tensors) {
  std::string text = "#define " + prefix + "_COUNT " + std::to_string(tensors.size()) + "\n";
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string name = "#define " + prefix + "_" + std::to_string(i);
    text += name + "_NAME " + c_string(tensors[i].name) + "\n";
    text += name + "_ELEMENTS " + std::to_string(elements_of(tensors[i])) + "\n";
    text += name + "_RANK " + std::to_string(tensors[i].dims.size()) + "\n";
    if (tensors[i].dims.empty()) continue;
    std::string dims;
    for (const int64_t dim : tensors[i].dims) dims += (dims.empty() ? "" : ", ") + std::to_string(dim);
    text += name + "_DIMS {" + dims + "}\n";
  }
  return text;
}

// A float constant of C that has exactly this value.
std::string c_float(float value) {
  std::string text = fmt::format("{:.9g}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

// How bytes of pictures become input, and what the outputs are called, where the model says so.
std::string picture_macros(const Program &program) {
  const Program defaults;
  const std::string define = "#define " + program.name + "_";
  std::string text;
  // Vectors that are taken as they are, or as by default, are no pixels as far as one knows.
  const std::pair scaling(program.input_scale, program.input_offset);
  const bool is_scaled =
      std::ranges::any_of(program.inputs, [](const ProgramTensor &input) { return input.dims.size() > 1; }) ||
      (scaling != std::pair(1.0f, 0.0f) && scaling != std::pair(defaults.input_scale, defaults.input_offset));
  if (is_scaled && program.pixels.empty())  // else it takes more than a scale and an offset
    text += "\n/* Inputs made of pixels 0 to 255: x = SCALE * pixel + OFFSET. */\n" + define +
            "INPUT_SCALE " + c_float(program.input_scale) + "\n" + define + "INPUT_OFFSET " +
            c_float(program.input_offset) + "\n";
  if (program.labels.empty()) return text;
  text += "\n/* The names of the classes, an initializer of const char *[LABELS_COUNT]. */\n" + define +
          "LABELS_COUNT " + std::to_string(program.labels.size()) + "\n" + define + "LABELS {";
  for (size_t i = 0; i < program.labels.size(); ++i)
    text += (i == 0 ? " \\\n  " : ", \\\n  ") + c_string(program.labels[i]);
  return text + "}\n";
}

std::string threads_text(const Program &program) {
  if (program.serial) return "\n/* All work is done on the thread that calls. */\n";
  return "\n/* Calls body(closure, c) once for each c in [0, chunks), on any threads and in any order, and "
         "returns "
         "when all calls have\n"
         " * returned. Programs that link the object file alone define it (a plain loop will do); the static "
         "and "
         "the shared library\n"
         " * contain a thread pool. Code for bare metal does not call it. */\n"
         "void sinter_parallel_for(void (*body)(void *closure, uint32_t chunk), void *closure, uint32_t "
         "chunks);\n";
}

}  // namespace

int64_t program_stack_bytes(const Program &program) {
  int64_t bytes = 0;
  for (const ProgramKernel &kernel : program.kernels)
    bytes = std::max(bytes, kernel_stack_bytes(kernel.kernel));
  return bytes + stack_allowance;
}

std::string emit_header(const Program &program) {
  const std::string &name = program.name;
  const auto define = [&](const std::string &what, int64_t value) {
    return "#define " + name + "_" + what + " " + std::to_string(value) + "\n";
  };
  std::string text = "/* " + name + ": a network compiled by Sinter to freestanding code. */\n";
  text +=
      "#ifndef " + name + "_HEADER_INCLUDED\n#define " + name + "_HEADER_INCLUDED\n\n#include <stdint.h>\n\n";
  text += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text += define("ABI_VERSION", abi_version);
  text += "\n/* Samples in one call: 1 to this many. */\n" + define("MAX_BATCH", program.max_batch);
  text +=
      "\n/* The arena: memory of the caller, any content, at this alignment. A call keeps nothing in it. "
      "*/\n";
  text += define("ARENA_BYTES", std::max<int64_t>(program.arena_bytes, 1)) + define("ARENA_ALIGN", 64);
  text += "\n/* Stack that each thread needs at most; the size of the read-only weights. */\n";
  text += define("STACK_BYTES", program_stack_bytes(program)) +
          define("PARAMETER_BYTES", program.parameter_bytes);
  text +=
      "\n/* Inputs and outputs: float arrays [n, DIMS], dense, the last dimension fastest. ELEMENTS: floats "
      "a sample. */\n";
  text += tensor_macros(name + "_INPUT", program.inputs) + tensor_macros(name + "_OUTPUT", program.outputs);
  text += picture_macros(program);
  text +=
      "\n/* Runs the network on n samples. inputs[i] and outputs[i] are aligned to 4 bytes; outputs, inputs "
      "and the arena do not\n"
      " * overlap. Returns 0, or 1 if n is 0 or above " +
      name +
      "_MAX_BATCH. Any number of calls may run at once, each with its own\n"
      " * arena. */\n";
  text += "int " + name +
          "_predict(const float *const *inputs, float *const *outputs, uint32_t n, void *arena);\n";
  text += threads_text(program);
  text += "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

}  // namespace sinter::codegen

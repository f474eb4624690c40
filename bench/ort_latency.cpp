// Times an ONNX model in ONNX Runtime through its C API, for bench/compare. Prints JSON:
//   {"min_ms", "median_ms", "p90_ms", "repeat", "version"}
// All graph optimizations, sequential execution, the given number of intra-op threads with the library's own
// waiting policy; input and output are allocated once. The process ends after its measurement, so that no
// thread of the library spins while something else is measured.
//
// The library is loaded by path; only OrtGetApiBase is looked up. The function table that it returns is
// append-only by ONNX Runtime's promise, so that positions of the functions used here hold in every version
// (positions: order of declarations in struct OrtApi of onnxruntime_c_api.h, version 1).
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

enum Position {
  get_error_message = 2,
  create_env = 3,
  create_session = 7,
  run_session = 9,
  create_session_options = 10,
  set_graph_optimization_level = 23,
  set_intra_op_threads = 24,
  set_inter_op_threads = 25,
  create_tensor_with_data = 49,
  create_cpu_memory_info = 69,
};

using Function = void (*)();
struct Api {
  Function functions[create_cpu_memory_info + 1];
};
struct ApiBase {
  const Api *(*get_api)(uint32_t version);
  const char *(*get_version)();
};
using Status = void *;  // null: success

// Opaque objects of the library.
using Handle = void *;

const Api *api = nullptr;

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "ort_latency: %s\n", message.c_str());
  std::exit(3);
}

// Calls the function at `position` and ends the program with its message if it fails.
template <class... Arguments>
void call(Position position, Arguments... arguments) {
  const auto function = reinterpret_cast<Status (*)(Arguments...)>(api->functions[position]);
  if (const Status status = function(arguments...)) {
    const auto message = reinterpret_cast<const char *(*)(Status)>(api->functions[get_error_message]);
    fail(message(status));
  }
}

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::vector<int64_t> parse_shape(const char *text) {
  std::vector<int64_t> shape;
  for (const char *at = text; *at;) {
    char *end = nullptr;
    shape.push_back(std::strtoll(at, &end, 10));
    if (end == at || shape.back() < 1) fail(std::string("not a shape: ") + text);
    at = *end == ',' ? end + 1 : end;
  }
  return shape;
}

struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> data;
  Handle value = nullptr;
};

Tensor make_tensor(const char *shape, Handle memory) {
  Tensor tensor;
  tensor.shape = parse_shape(shape);
  size_t elements = 1;
  for (const int64_t size : tensor.shape) elements *= static_cast<size_t>(size);
  tensor.data.resize(elements);
  uint32_t state = 1;
  for (float &x : tensor.data) {
    state = state * 1664525u + 1013904223u;  // any values in [0, 1) will do
    x = static_cast<float>(state >> 8) * 0x1p-24f;
  }
  constexpr int element_type_float = 1;
  call(create_tensor_with_data, memory, static_cast<void *>(tensor.data.data()), elements * sizeof(float),
       static_cast<const int64_t *>(tensor.shape.data()), tensor.shape.size(), element_type_float,
       &tensor.value);
  return tensor;
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 7)
    fail(
        "usage: ort_latency LIBRARY MODEL.onnx INPUT_SHAPE OUTPUT_SHAPE THREADS SECONDS\n"
        "shapes with commas, as 1,3,224,224; the model's input is named \"input\", its output \"output\"");
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(dlerror());
  const auto get_base = reinterpret_cast<const ApiBase *(*)()>(dlsym(library, "OrtGetApiBase"));
  if (!get_base) fail(std::string(arguments[1]) + " has no OrtGetApiBase: it is not ONNX Runtime");
  constexpr uint32_t api_version = 1;
  api = get_base()->get_api(api_version);
  if (!api) fail("the library does not serve API version 1");

  Handle env = nullptr, options = nullptr, session = nullptr, memory = nullptr;
  constexpr int severity_error = 3, enable_all = 99, arena_allocator = 1, default_memory = 0;
  call(create_env, severity_error, "bench", &env);
  call(create_session_options, &options);
  call(set_graph_optimization_level, options, enable_all);
  call(set_intra_op_threads, options, std::atoi(arguments[5]));
  call(set_inter_op_threads, options, 1);
  call(create_session, env, static_cast<const char *>(arguments[2]), options, &session);
  call(create_cpu_memory_info, arena_allocator, default_memory, &memory);
  Tensor input = make_tensor(arguments[3], memory), output = make_tensor(arguments[4], memory);

  const char *input_name = "input", *output_name = "output";
  const auto run = [&] {
    call(run_session, session, Handle{}, &input_name, const_cast<const Handle *>(&input.value), size_t{1},
         &output_name, size_t{1}, &output.value);
  };
  const auto timed = [&] {
    const double start = now_ms();
    run();
    return now_ms() - start;
  };
  for (double spent = timed(), rounds = 1; spent < 50 || rounds < 2; ++rounds) spent += timed();
  std::vector<double> times;
  const double end = now_ms() + 1e3 * std::atof(arguments[6]);
  while (now_ms() < end || times.size() < 5) times.push_back(timed());
  std::ranges::sort(times);
  const auto quantile = [&](double fraction) {
    return times[static_cast<size_t>(fraction * static_cast<double>(times.size() - 1) + 0.5)];
  };
  std::printf(
      "{\"min_ms\": %.5f, \"median_ms\": %.5f, \"p90_ms\": %.5f, \"repeat\": %zu, \"version\": \"%s\"}\n",
      times.front(), quantile(0.5), quantile(0.9), times.size(), get_base()->get_version());
  std::fflush(stdout);
  std::_Exit(0);  // the library's threads and tables need no orderly end
}

// Small inputs that every reader accepts, made by Sinter's own writers.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "formats/hdf5/keras_files.h"
#include "formats/npy/npy.h"
#include "formats/safetensors/safetensors.h"
#include "formats/zip/zip_writer.h"
#include "ir/graph.h"
#include "support/check.h"
#include "tests/formats/checkpoint_samples.h"
#include "tests/fuzz/targets/pictures.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

namespace {

std::string content_of(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// What a writer of files writes.
std::string written(const std::function<Status(const std::string &path)> &write) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("sinter-seed-" + std::to_string(getpid()))).string();
  SINTER_CHECK(static_cast<bool>(write(path)));
  std::string bytes = content_of(path);
  std::filesystem::remove(path);
  return bytes;
}

// Files of the source tree.
std::vector<std::string> files(const char *folder, const char *extension) {
  std::vector<std::string> texts;
  for (const auto &entry : std::filesystem::directory_iterator(SINTER_SOURCE_DIR + std::string("/") + folder))
    if (entry.path().extension() == extension) texts.push_back(content_of(entry.path()));
  return texts;
}

constexpr const char *sequential = R"({"class_name": "Sequential", "keras_version": "2.1.6", "config": [
  {"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": [3, 3], "padding": "same",
    "batch_input_shape": [null, 8, 8, 3], "activation": "relu", "kernel_initializer": {"class_name": "Zeros", "config": {}}}},
  {"class_name": "MaxPooling2D", "config": {"name": "p", "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}},
  {"class_name": "BatchNormalization", "config": {"name": "b", "axis": -1, "epsilon": 0.001}},
  {"class_name": "Flatten", "config": {"name": "f"}},
  {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "softmax"}}]})";

constexpr const char *functional =
    R"({"class_name": "Functional", "keras_version": "3.0.0", "config": {"name": "m", "layers": [
  {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 4, 4, 1]}, "inbound_nodes": []},
  {"class_name": "DepthwiseConv2D", "name": "w", "config": {"name": "w", "kernel_size": [3, 3], "padding": "same"},
   "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, 4, 4, 1], "keras_history": ["i", 0, 0]}}], "kwargs": {}}]},
  {"class_name": "Add", "name": "a", "config": {"name": "a"},
   "inbound_nodes": [{"args": [[{"class_name": "__keras_tensor__", "config": {"shape": [null, 4, 4, 1], "keras_history": ["w", 0, 0]}},
    {"class_name": "__keras_tensor__", "config": {"shape": [null, 4, 4, 1], "keras_history": ["i", 0, 0]}}]], "kwargs": {}}]}],
  "input_layers": [["i", 0, 0]], "output_layers": [["a", 0, 0]]}})";

// A model of a dense layer, and the numbers it points to.
struct SampleModel {
  float values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  KerasModel model;

  SampleModel() {
    model.keras_version = "2.1.6";
    model.model_config = sequential;
    model.archive_config = functional;
    model.training_config =
        R"({"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1}}, "loss": "mse"})";
    model.layers = {{"d", "Dense", {{"d/kernel:0", {3, 4}, values}, {"d/bias:0", {4}, values}}, {}},
                    {"e", "Dense", {{"e/kernel:0", {4, 2}, values}}, {}}};
  }
};

std::vector<std::string> hdf5_seeds() {
  const SampleModel sample;
  std::vector<std::string> seeds = files("tests/formats/hdf5", ".h5");
  for (const auto write : {write_keras_weights, write_keras_model, write_keras3_weights})
    seeds.push_back(written([&](const std::string &path) { return write(path, sample.model); }));
  return seeds;
}

std::vector<std::string> zip_seeds() {
  const SampleModel sample;
  std::vector<std::string> seeds = {written([](const std::string &path) -> Status {
    auto writer = ZipWriter::create(path);
    if (!writer) return writer.error();
    for (const char *name : {"a.txt", "folder/b"})
      if (Status status = writer->add(name, [&](const ZipWriter::Sink &sink) { return sink("some text\n"); });
          !status)
        return status;
    return writer->finish();
  })};
  seeds.push_back(written([&](const std::string &path) { return write_keras_archive(path, sample.model); }));
  return seeds;
}

std::vector<std::string> npz_seeds() {
  const SampleModel sample;
  const int64_t dims[] = {3, 4};
  std::string array = npy_float32_header(dims);
  array.append(reinterpret_cast<const char *>(sample.values), sizeof sample.values);
  return {array, written([&](const std::string &path) -> Status {
            auto writer = ZipWriter::create(path);
            if (!writer) return writer.error();
            for (const char *name : {"x_train", "y_train"})
              if (Status status = writer->add_array(name, dims, sample.values); !status) return status;
            return writer->finish();
          })};
}

std::vector<std::string> safetensors_seeds() {
  const SampleModel sample;
  const int64_t dims[] = {3, 4};
  const NamedArray arrays[] = {{"d.kernel", dims, sample.values},
                               {"d.bias", std::span(dims + 1, 1), sample.values}};
  return {written([&](const std::string &path) { return write_safetensors(path, arrays); })};
}

std::vector<std::string> idx_seeds() {
  using namespace std::string_literals;
  return {"\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03"s + "abcdefghijkl",
          "\0\0\x08\x01\0\0\0\x03"s + "\1\2\3"};
}

// A record, and the dictionary of one picture as Python 3 pickles it with protocol 3.
std::vector<std::string> cifar_seeds() {
  using namespace std::string_literals;
  const std::string picture(3072, '\x05');
  const std::string before =
      "\x80\x03}q\x00(C\x06labelsq\x01]q\x02K\x03"
      "aC\x04"
      "dataq\x03"
      "cnumpy.core.multiarray\n_reconstruct\nq\x04"
      "cnumpy\n"
      "ndarray\nq\x05K\x00\x85q\x06"
      "C\x01"
      "bq\x07\x87q\x08Rq\x09(K\x01K\x01M\x00\x0c\x86q\x0a"
      "cnumpy\ndtype\nq\x0b"
      "X\x02\x00\x00\x00u1q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\x00\x00\x00|"
      "q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
      "K\x00tq\x10"
      "b\x89"
      "B\x00\x0c\x00\x00"s;
  return {"\3" + picture, before + picture +
                              "q\x11tq\x12"
                              "bu."};
}

// Of every op its first example, as a graph of one node.
std::vector<std::string> graph_seeds() {
  std::vector<std::string> seeds;
  for (const ir::OpInfo &op : ir::all_ops()) {
    const auto examples = op.examples();
    if (examples.empty()) continue;
    std::string text = "graph \"g\" {\n", operands;
    for (size_t i = 0; i < examples[0].inputs.size(); ++i) {
      const ir::TensorType &type = examples[0].inputs[i];
      const std::string name = "%x" + std::to_string(i);
      text += (type.has_batch() ? "  input " : "  weight ") + name + ": " + ir::print(type) + "\n";
      operands += (i > 0 ? ", " : "") + name;
    }
    seeds.push_back(text + "  %y = " + std::string(op.name) + "(" + operands + ") {" +
                    examples[0].attributes + "}\n  output %y\n}\n");
  }
  return seeds;
}

}  // namespace

std::vector<std::string> seeds(std::string_view target) {
  static const std::map<std::string_view, std::function<std::vector<std::string>()>> makers = {
      {"script", [] { return files("examples", ".py"); }},
      {"json", [] { return std::vector<std::string>{sequential, functional}; }},
      {"hdf5", hdf5_seeds},
      {"zip", zip_seeds},
      {"npz", npz_seeds},
      {"safetensors", safetensors_seeds},
      {"checkpoint",
       [] {
         const SampleCheckpoint sample;
         return std::vector<std::string>{
             written([&](const std::string &path) { return write_checkpoint(path, sample.content); })};
       }},
      {"idx", idx_seeds},
      {"cifar", cifar_seeds},
      {"image", picture_seeds},
      {"graph", graph_seeds},
      {"kernel", [] { return files("tests/kernel/cases", ".kernel"); }}};
  return makers.at(target)();
}

}  // namespace sinter::fuzz

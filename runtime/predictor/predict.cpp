// OUT predict: inputs are gathered into batches of up to max_batch samples, whatever files they come from.
#include <algorithm>
#include <cmath>
#include <optional>

#include "formats/json/json_writer.h"
#include "formats/npy/npy_writer.h"
#include "formats/text.h"
#include "runtime/data/input.h"
#include "runtime/data/output_check.h"
#include "runtime/predictor/commands.h"
#include "runtime/predictor/predict_options.h"
#include "runtime/predictor/ranking.h"
#include "runtime/predictor/runner.h"
#include "schema/program_generated.h"
#include "support/output_place.h"

namespace sinter::runtime {
namespace {

// Where results go: text or JSON on the console, and arrays.
class Report {
 public:
  // silent: standard output is for the array.
  Report(const Program &program, Console &console, size_t top, bool json, bool silent)
      : program_(program), console_(console), top_(top), json_(json), silent_(silent) {}

  Status open_files(const std::string &out, std::span<const std::string> inputs);
  Status sample(const std::string &name, const Runner &runner, size_t position);
  // Makes the files appear unless there were errors; closes the JSON.
  Status finish(bool write_files);

 private:
  std::string text_of(const TensorInfo &output, std::span<const float> values) const;
  void json_of(JsonWriter &json, const TensorInfo &output, std::span<const float> values) const;

  const Program &program_;
  Console &console_;
  size_t top_;
  bool json_, silent_;
  bool first_ = true;
  std::vector<NpyWriter> files_;
  std::vector<float> source_;
};

// FILE.npy for one output, FILE.<name>.npy for several; characters that a file name cannot have become '_'.
std::string file_name(const std::string &out, const std::vector<TensorInfo> &outputs, size_t index) {
  if (outputs.size() == 1) return out;
  const auto safe = [](std::string name) {
    for (char &c : name)
      if (c == '/' || c == ':' || c == '\0') c = '_';
    return name;
  };
  std::string name = safe(outputs[index].name);
  for (size_t i = 0; i < index; ++i)
    if (safe(outputs[i].name) == name) name += format("_%zu", index);
  return (ends_with(out, ".npy") ? out.substr(0, out.size() - 4) : out) + "." + name + ".npy";
}

Status Report::open_files(const std::string &out, std::span<const std::string> inputs) {
  for (size_t i = 0; i < program_.outputs.size(); ++i) {
    const std::string name = file_name(out, program_.outputs, i);
    if (Status status = check_no_input("--out", name, inputs); !status) return status;
    Result<NpyWriter> writer = NpyWriter::create(name, program_.outputs[i].source_dims);
    if (!writer) return writer.error();
    files_.push_back(std::move(*writer));
  }
  return {};
}

struct Range {
  float low, high;
};

Range range_of(std::span<const float> values) {
  Range range{values[0], values[0]};
  for (const float value : values) range = {std::fmin(range.low, value), std::fmax(range.high, value)};
  return range;
}

std::string Report::text_of(const TensorInfo &output, std::span<const float> values) const {
  const std::string indent = program_.outputs.size() > 1 ? "    " : "  ";
  std::string text;
  if (program_.outputs.size() > 1) text += "  " + printable(output.name) + "\n";
  if (!is_class_scores(output)) {
    const Range range = range_of(values);
    return text + indent +
           format("%s, values from %g to %g\n", shape_text(output.source_dims).c_str(), range.low,
                  range.high);
  }
  std::vector<RankedClass> classes = rank_classes(output, program_.labels, values, top_);
  for (RankedClass &entry : classes) entry.label = printable(entry.label);
  size_t width = 0;
  for (const RankedClass &entry : classes) width = std::max(width, entry.label.size());
  for (const RankedClass &entry : classes) {
    const bool probability = entry.probability >= 0 && entry.probability <= 1;
    text += indent + entry.label + std::string(width - entry.label.size() + 2, ' ') +
            format(probability ? "%.6f\n" : "%.6g\n", static_cast<double>(entry.probability));
  }
  return text;
}

void Report::json_of(JsonWriter &json, const TensorInfo &output, std::span<const float> values) const {
  if (!is_class_scores(output)) {
    const Range range = range_of(values);
    json.key("shape").begin_array();
    for (const int64_t extent : output.source_dims) json.value(extent);
    json.end_array().key("min").value(range.low).key("max").value(range.high);
    return;
  }
  json.key("classes").begin_array();
  for (const RankedClass &entry : rank_classes(output, program_.labels, values, top_))
    json.begin_object()
        .key("class")
        .value(entry.label)
        .key("index")
        .value(entry.index)
        .key("probability")
        .value(entry.probability)
        .end_object();
  json.end_array();
}

Status Report::sample(const std::string &name, const Runner &runner, size_t position) {
  JsonWriter json;
  std::string text = printable(name) + "\n";
  json.begin_object().key("input").value(name);
  const bool several = program_.outputs.size() > 1;
  if (several) json.key("outputs").begin_array();
  for (size_t i = 0; i < program_.outputs.size(); ++i) {
    const TensorInfo &output = program_.outputs[i];
    const size_t elements = static_cast<size_t>(output.elements);
    source_.resize(elements);
    to_source_layout(output, runner.output(i) + position * elements, source_.data(), 1);
    if (!files_.empty())
      if (Status status = files_[i].append(source_, 1); !status) return status;
    if (!json_) {
      text += text_of(output, source_);
      continue;
    }
    if (several) json.begin_object().key("name").value(output.name);
    json_of(json, output, source_);
    if (several) json.end_object();
  }
  if (several) json.end_array();
  json.end_object();
  if (silent_) return {};
  if (json_)
    console_.print((first_ ? "[" : ",\n ") + json.text());
  else
    console_.print(text);
  first_ = false;
  return {};
}

Status Report::finish(bool write_files) {
  if (json_ && !silent_) console_.print(first_ ? "[]\n" : "]\n");
  if (write_files)
    for (NpyWriter &file : files_)
      if (Status status = file.finish(); !status) return status;
  return {};
}

class Predictor {
 public:
  Predictor(const Program &program, Runner &runner, Report &report)
      : program_(program), runner_(runner), report_(report) {}

  // One file for each of the program's inputs.
  Status add(std::span<const std::string> files);
  Status flush();

 private:
  Status add_image(const std::string &path, FileStream &stream);
  Status add_arrays(std::span<const std::string> files, std::vector<std::unique_ptr<FileStream>> streams);
  Status added(uint32_t samples);
  float *slot(size_t input) {
    return runner_.input(input) + names_.size() * static_cast<size_t>(program_.inputs[input].elements);
  }

  const Program &program_;
  Runner &runner_;
  Report &report_;
  std::optional<ValueSteps> picture_steps_;  // once there is a picture
  std::vector<std::string> names_;           // of the samples in the buffers
};

Status Predictor::flush() {
  if (names_.empty()) return {};
  runner_.run(static_cast<uint32_t>(names_.size()));
  for (size_t i = 0; i < names_.size(); ++i)
    if (Status status = report_.sample(names_[i], runner_, i); !status) return status;
  names_.clear();
  return {};
}

Status Predictor::add(std::span<const std::string> files) {
  std::vector<std::unique_ptr<FileStream>> streams;
  for (const std::string &file : files) {
    Result<std::unique_ptr<FileStream>> stream = FileStream::open(file);
    if (!stream) return stream.error();
    Result<std::string> first = (*stream)->peek(8);
    if (!first) return first.error();
    if (is_png(*first) || is_jpeg(*first)) {
      if (files.size() > 1)
        return rejected(file, "a picture, but the model has several inputs", "give every input as .npy");
      if (!program_.inputs[0].is_image())
        return rejected(
            file, "a picture, but the model's input is " + shape_text(program_.inputs[0].source_dims, true),
            "give the input as .npy");
      return add_image(file, **stream);
    }
    if (!starts_with(*first, "\x93NUMPY"))
      return (*stream)->damaged(0, "expected a PNG or JPEG picture or an .npy array");
    streams.push_back(std::move(*stream));
  }
  return add_arrays(files, std::move(streams));
}

Status Predictor::add_image(const std::string &path, FileStream &stream) {
  Result<Image> image = read_image(stream);
  if (!image) return image.error();
  const std::vector<int64_t> &dims = program_.inputs[0].dims;
  if (!picture_steps_) {
    ValueSteps steps(ValueSteps::Source::floats);
    if (Status status = steps.add_pixel_steps(*program_.metadata, dims[2], stream.name()); !status)
      return status;
    picture_steps_ = std::move(steps);
  }
  fill_from_image(*image, dims, *picture_steps_, slot(0));
  names_.push_back(path);
  return names_.size() == runner_.batch() ? flush() : Status{};
}

Status Predictor::add_arrays(std::span<const std::string> files,
                             std::vector<std::unique_ptr<FileStream>> streams) {
  std::vector<ArrayInput> arrays;
  for (size_t i = 0; i < streams.size(); ++i) {
    Result<ArrayInput> array =
        ArrayInput::open(std::move(streams[i]), program_.inputs[i], *program_.metadata);
    if (!array) return array.error();
    arrays.push_back(std::move(*array));
    if (arrays[i].count() != arrays[0].count())
      return rejected(files[i],
                      format("%lld samples, but %s has %lld", static_cast<long long>(arrays[i].count()),
                             printable(files[0]).c_str(), static_cast<long long>(arrays[0].count())));
  }
  const int64_t count = arrays[0].count();
  for (int64_t done = 0; done < count;) {
    const int64_t now = std::min(count - done, static_cast<int64_t>(runner_.batch() - names_.size()));
    for (size_t i = 0; i < arrays.size(); ++i)
      if (Status status = arrays[i].read(now, slot(i)); !status) return status;
    for (int64_t n = 0; n < now; ++n)
      names_.push_back(arrays[0].is_batch()
                           ? format("%s[%lld]", files[0].c_str(), static_cast<long long>(done + n))
                           : files[0]);
    done += now;
    if (names_.size() == runner_.batch())
      if (Status status = flush(); !status) return status;
  }
  return {};
}

void predict(const Program &program, const Options &options, Console &console) {
  const std::vector<std::string> &files = options.positional();
  const size_t inputs = program.inputs.size();
  Result<int64_t> top = options.integer("--top", 1, 1'000'000, 5);
  if (!top) return console.error(top.error());
  if (files.empty())
    return console.error(usage_error("predict: expected at least one INPUT", "see predict --help"));
  if (std::ranges::count(files, "-") > 1)
    return console.error(usage_error("predict: standard input can be read once"));
  if (files.size() % inputs != 0)
    return console.error(
        usage_error(format("predict: the model has %zu inputs, so files are taken in groups of %zu; "
                           "%zu were given",
                           inputs, inputs, files.size())));
  if (Status status = apply_threads(program, options); !status) return console.error(status.error());
  Result<Runner> runner = Runner::create(program);
  if (!runner) return console.error(runner.error());

  const auto out = options.get("--out");
  const OutputPlace place = out ? output_place(*out) : OutputPlace();
  if (place.in_place && program.outputs.size() > 1)
    return console.error(usage_error(format("--out %s: the arrays of %zu outputs cannot go to one place",
                                            printable(*out).c_str(), program.outputs.size()),
                                     "name a file; each gets its output's name"));
  Report report(program, console, static_cast<size_t>(*top), options.has("--json"),
                place.descriptor == STDOUT_FILENO);
  if (out)
    if (Status status = report.open_files(*out, files); !status) return console.error(status.error());
  Predictor predictor(program, *runner, report);
  bool good = true;
  for (size_t first = 0; first < files.size(); first += inputs) {
    Status status = predictor.add(std::span(files).subspan(first, inputs));
    if (status) continue;
    console.error(status.error());
    good = false;
  }
  if (Status status = predictor.flush(); !status) {
    console.error(status.error());
    good = false;
  }
  if (Status status = report.finish(good); !status) console.error(status.error());
}

}  // namespace

const Command predict_command = {
    "predict",
    "INPUT... [--top K] [--out FILE.npy] [--json] [--threads N]",
    "the classes of pictures or arrays",
    "INPUT is a PNG or JPEG picture (resized to the model's input, bilinear, and converted to its "
    "channels),\n"
    "an .npy array (one sample or a batch, in the layout that the model file declares; float32 and float64 "
    "are\n"
    "taken as they are, uint8 is scaled as pictures are), or - for .npy on standard input. Prints per input "
    "its\n"
    "name, then class and probability, best first. A model of several inputs takes .npy files in groups, "
    "one\n"
    "file per input in the order that `info` lists; a group is printed under the name of its first file.\n"
    "--out writes one array per output: with several outputs FILE.<output name>.npy each. It is written "
    "only\n"
    "if every INPUT was good.\n",
    options_of_predict,
    predict};

}  // namespace sinter::runtime

// TrainingPlan: what a script does with its models besides building them, as plain values: compile, fit,
// evaluate, weights read and files written, in the script's order, and the data with the steps the script
// applies to them. Nothing has been loaded or computed: the trainer reads the data and applies the steps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::script {

// A value of a configuration: None, bool, int, float, str, list or dict.
struct ConfigValue {
  struct Entry;
  using List = std::vector<ConfigValue>;
  using Dict = std::vector<Entry>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Dict> value;
  bool operator==(const ConfigValue &) const;

  bool is_none() const { return std::holds_alternative<std::monostate>(value); }
  // The number, of either kind; nullopt if it is none.
  std::optional<double> number() const;
  const std::string *text() const { return std::get_if<std::string>(&value); }
  // The entry of a dict, or nullptr.
  const ConfigValue *find(std::string_view key) const;
};
// Of a dict. A std::pair would have to be complete before its second part is.
struct ConfigValue::Entry {
  std::string first;
  ConfigValue second;
  bool operator==(const Entry &) const = default;
};
inline bool ConfigValue::operator==(const ConfigValue &) const = default;
using ConfigDict = ConfigValue::Dict;
const ConfigValue *find(const ConfigDict &dict, std::string_view key);

// An optimizer, loss, metric, callback or image generator: its class or name, and the arguments that the
// script gives (names of today's Keras; what is absent has the default of the plan's semantics).
struct Configured {
  std::string class_name;  // "RMSprop", "categorical_crossentropy", "ModelCheckpoint"
  ConfigDict config;
  Location where;
};

// Where an array lies.
struct DataSource {
  enum class Kind {
    builtin,       // keras.datasets.<name>
    npz,           // member of the archive at path `name`
    npy,           // the file at path `name`
    image_folder,  // flow_from_directory: a folder per class under path `name`
  };
  Kind kind = Kind::builtin;
  std::string name;    // "mnist", "fashion_mnist", "cifar10", "cifar100"; or a path as the script writes it
  std::string member;  // "x_train", "y_train", "x_test", "y_test", "coarse/x_train"…; the npz key; "x" or "y"
                       // of a folder
  bool operator==(const DataSource &) const = default;
};

// Steps, applied in order. `samples` is the leading dimension.
struct CastStep {
  std::string dtype;  // "float32"
  bool operator==(const CastStep &) const = default;
};
struct ArithmeticStep {  // x op constant, elementwise; reversed: constant op x
  enum class Operator { add, subtract, multiply, divide } op;
  double constant = 0;
  bool reversed = false;
  bool integer = false;  // the constant is an int: integers stay integers
  bool operator==(const ArithmeticStep &) const = default;
};
struct SampleRangeStep {  // x[begin:end:step], resolved to 0 <= begin <= end where the count is known
  std::optional<std::int64_t> begin, end;
  std::int64_t step = 1;
  bool operator==(const SampleRangeStep &) const = default;
};
struct ReshapeStep {  // the shape of one sample; -1 where it is not known
  std::vector<std::int64_t> sample_shape;
  bool operator==(const ReshapeStep &) const = default;
};
struct OneHotStep {  // integer labels -> [classes]; 0: the largest label plus one
  std::int64_t classes = 0;
  bool operator==(const OneHotStep &) const = default;
};
struct ReverseChannelsStep {  // x[..., ::-1]
  bool operator==(const ReverseChannelsStep &) const = default;
};
struct PreprocessStep {  // keras.applications.<name>.preprocess_input
  std::string name;      // "vgg16"
  bool operator==(const PreprocessStep &) const = default;
};
using DataStep = std::variant<CastStep, ArithmeticStep, SampleRangeStep, ReshapeStep, OneHotStep,
                              ReverseChannelsStep, PreprocessStep>;

struct DataArray {
  DataSource source;
  std::vector<DataStep> steps;
  // After the steps; -1 for a dimension not known before the data is read, nullopt if not even the rank is.
  std::optional<std::vector<std::int64_t>> shape;
  std::string dtype;  // "uint8", "float32", …; empty if not known
  Location where;
};

// x = scale * pixel + offset as the steps compute it; nullopt if they do more than that to the values.
std::optional<std::pair<float, float>> affine_of(const DataArray &array);

// The steps that change values: all but slices, reshapes and one-hot encoding.
std::vector<DataStep> value_steps(const DataArray &array);

std::string describe(const DataStep &step);
// One text line per array, for tests and reports: `mnist.x_train | cast float32 | divide 255 | samples
// 5000:`.
std::string describe(const DataArray &array);

// A set of samples: several inputs or outputs make several arrays; names where the script gives a dict.
struct DataSet {
  std::vector<std::pair<std::string, DataArray>> inputs, targets;
  std::optional<DataArray> sample_weight;
  // An ImageDataGenerator between the arrays and the model, with the arguments of .flow besides the arrays.
  std::optional<Configured> generator;
  ConfigDict flow;
};

struct CompileCall {
  int model = 0;  // index into ScriptResult::models
  Configured optimizer;
  std::vector<std::pair<std::string, Configured>>
      losses;  // by output name; one with an empty name: for all outputs
  std::vector<std::pair<std::string, Configured>> metrics;  // likewise
  ConfigValue loss_weights;
  std::vector<std::string> frozen_layers;  // not trainable at this compile
  Location where;
};

struct FitCall {
  int model = 0;
  DataSet train;
  std::optional<DataSet> validation;
  std::optional<double> validation_split;
  std::optional<std::int64_t> batch_size, epochs, initial_epoch, steps_per_epoch, validation_steps, verbose;
  std::optional<bool> shuffle;
  std::vector<std::pair<std::int64_t, double>> class_weight;
  std::vector<Configured> callbacks;
  Location where;
};

struct EvaluateCall {
  int model = 0;
  DataSet data;
  std::optional<std::int64_t> batch_size, steps;
  Location where;
};

struct LoadWeightsCall {
  int model = 0;
  std::string path;  // as the script writes it
  bool by_name = false, skip_mismatch = false;
  bool is_nested = false;  // the model holds others, whose weights Keras's files keep under their names
  Location where;
};

struct SaveCall {
  int model = 0;
  std::string path;
  bool weights_only = false;
  Location where;
};

// What a trainer cannot do as the script writes it: a change of an optimizer that a model is compiled with,
// …. It stands in the way of a fit() that comes after it.
struct UnsupportedCall {
  int model = 0;
  std::string what, hint;
  Location where;
};

using TrainingAction =
    std::variant<CompileCall, FitCall, EvaluateCall, LoadWeightsCall, SaveCall, UnsupportedCall>;

struct TrainingPlan {
  std::vector<TrainingAction> actions;  // in the script's order
  // Where the script builds a published network with its weights, which nothing here has, and uses its layers
  // in the main model.
  std::optional<Location> published_weights;
  // By model: the other models that share layers with it.
  std::vector<std::vector<int>> relatives;

  bool are_related(int a, int b) const;
  // The compile() whose settings hold in the model's first fit(): the last before it; nullptr if there is
  // none.
  const CompileCall *last_compile(int model) const;
  const FitCall *first_fit(int model) const;
};

}  // namespace sinter::script

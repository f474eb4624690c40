// The op table. An op is one file, ir/ops/<family>/<op>.cpp, that defines a struct with the hooks below; one line in
// ir/ops/list.h registers it. Passes ask through OpInfo; no pass lists ops. docs/adding-an-op.md leads
// through it.
//
//   static constexpr std::string_view name, doc, keras, onnx;   // keras, onnx: names there, comma-separated, may be ""
//   static constexpr KerasObjective losses[], metrics[];        // instead of keras: the op computes these of Keras
//   struct Attrs { …; static constexpr auto fields = std::tuple{field(…), …}; };   // or NoAttrs
//   static std::optional<TensorType> infer(const Attrs &, Types in, Checker &);
//   static void lower(const Attrs &, FormBuilder &);
//   static void reference(const Attrs &, ReferenceTensors &);
//   static std::vector<Case> examples();
//   static void gradient(const Attrs &, GradientBuilder &);     // or: static constexpr bool differentiable = false;
// Optional:
//   static constexpr int differentiable_inputs    // gradients are those of the first so many inputs; the others are data (targets)
//   static constexpr bool batch_dependent         // a sample of the output depends on other samples, or on its place among them
//   static constexpr bool identity_in_inference   // the predict program drops it (dropout)
//   static constexpr bool non_negative            // no output element is below 0
//   static constexpr int linear_weight            // this input enters linearly, and per output channel
//   static std::vector<int64_t> channel_shape(const Attrs &, const TensorType &weight)   // with linear_weight: shape in which a
//                                       // per-channel factor of the output [C] broadcasts against the weight
//   static constexpr std::string_view pads_attribute   // name of the attribute (ints[4]: top, bottom, left, right) by which the op
//                                       // itself pads height and width of input 0, with zeros or with nothing
//   using Gradient = …   // an op of its own that the table lists behind this one (ir/ops/shared/elementwise_op.h)
//   static ScaleShift scale_shift(const Attrs &, GraphRewriter &, inputs)  // y = x * scale + shift per channel (batch norm)
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/attributes.h"
#include "ir/form.h"
#include "ir/ids.h"
#include "ir/types.h"

namespace sinter::ir {

// Collects what is wrong with an op's inputs. infer() returns nullopt after a failure.
class Checker {
 public:
  void fail(std::string message, std::string hint = {});
  bool require(bool condition,
               std::string_view message);  // fails with the message unless the condition holds
  bool inputs(Types in, size_t count);
  bool rank(Types in, size_t index, int rank);
  bool ok() const { return message_.empty(); }
  const std::string &message() const { return message_; }
  const std::string &hint() const { return hint_; }

 private:
  std::string message_, hint_;
};

// Inputs and outputs of a reference evaluation, in double, row-major in the canonical layout. Batch
// dimensions are numbers here.
struct ReferenceTensor {
  std::vector<int64_t> dims;
  std::vector<double> data;
  int64_t elements() const;
};
struct ReferenceTensors {
  std::vector<ReferenceTensor> inputs;
  std::vector<ReferenceTensor>
      outputs;  // dims and data sized beforehand, zero-filled; reference() fills data
};

// An example for the conformance test: attributes in text form and input types. Values are drawn from [low,
// high].
struct Case {
  std::string attributes;  // "strides=[2, 2], groups=2"; "" for defaults
  std::vector<TensorType> inputs;
  float low = -1, high = 1;
};

// What a loss or metric is compared with.
enum class Targets : uint8_t {
  rows,         // in the shape of the prediction
  ids_as_rows,  // class ids [N, .., 1], given to the op as rows of ones and zeros
  ids,          // class ids, given to the op as they are
};

// A loss or metric of Keras that an op computes: all that the rest of the compiler knows of it
// (ir/objectives.h).
struct KerasObjective {
  std::string_view names;  // comma-separated: the function, other names of it, the class
  // Of the class, in order. An attribute of the op's is set; all else may only have the values of `fixed_arguments`.
  // A metric that is a loss has name and dtype before, and no reduction. Empty: "reduction name", "name dtype".
  std::string_view arguments = {};
  Targets targets = Targets::rows;
  // A loss of probabilities: the op that computes it of the operand of `activation`, which has the same arguments.
  std::string_view of_logits = {}, activation = {};
  std::string_view metric_class = {};  // where a metric that is a loss has another class
};

class Graph;
class GradientBuilder;
class TrainingBuilder;
struct ScaleShift;

struct OpInfo {
  std::string_view name, doc, onnx;
  std::string keras;
  std::span<const KerasObjective> losses, metrics;
  std::vector<AttributeField> fields;
  bool identity_in_inference = false;
  bool non_negative = false;
  bool batch_dependent = false;
  int differentiable_inputs = std::numeric_limits<int>::max();
  int linear_weight = -1;
  int pads_attribute = -1;  // index into fields, or -1

  Attributes (*default_attributes)() = nullptr;
  std::vector<AttributeValue> (*attribute_values)(const Attributes &) = nullptr;  // in the order of `fields`
  // Sets one field; false if the value is of another kind.
  bool (*with_attribute)(Attributes &, size_t field, const AttributeValue &value) = nullptr;
  std::optional<std::vector<TensorType>> (*infer)(const Attributes &, Types, Checker &) = nullptr;
  void (*lower)(const Attributes &, FormBuilder &) = nullptr;
  void (*reference)(const Attributes &, ReferenceTensors &) = nullptr;
  std::vector<Case> (*examples)() = nullptr;
  void (*gradient)(const Attributes &, GradientBuilder &) = nullptr;  // nullptr: not differentiable
  std::vector<int64_t> (*channel_shape)(const Attributes &, const TensorType &weight) = nullptr;
  // What the op is in a training step, where that differs; nullptr: the op itself.
  void (*training)(const Attributes &, TrainingBuilder &) = nullptr;
  OpInfo (*gradient_op)() = nullptr;  // the op that its gradient is, if that follows from it
  // y = x * scale + shift per channel: adds the nodes that compute scale and shift [C] from the other inputs.
  ScaleShift (*scale_shift)(const Attributes &, Graph &, const std::vector<ValueId> &inputs) = nullptr;
};

const std::vector<OpInfo> &all_ops();  // in the order of ir/ops/list.h, each with its gradient_op behind it
const OpInfo *find_op(std::string_view name);  // nullptr if there is none
const OpInfo &op(std::string_view name);       // CHECKs that it exists

// "strides=[2, 2], groups=2": fields that differ from their defaults.
std::string print_attributes(const OpInfo &op, const Attributes &attributes);
std::optional<Attributes> parse_attributes(const OpInfo &op, std::string_view text, std::string *error);
bool equal_attributes(const OpInfo &op, const Attributes &a, const Attributes &b);

template <class Op>
concept HasGradient = requires(const typename Op::Attrs &attrs, GradientBuilder &gradient) {
  { Op::gradient(attrs, gradient) } -> std::same_as<void>;
};
template <class Op>
concept HasNoGradient = requires { requires !Op::differentiable; };

template <class Op>
concept HasKerasNames = requires {
  { Op::keras } -> std::convertible_to<std::string_view>;
};
template <class Op>
concept HasObjectives = requires { std::span<const KerasObjective>(Op::losses); } ||
                        requires { std::span<const KerasObjective>(Op::metrics); };

// An op either has a gradient or says that it has none; its names in Keras are of layers or of losses and metrics.
template <class Op>
concept OpDefinition = HasGradient<Op> != HasNoGradient<Op> && HasKerasNames<Op> != HasObjectives<Op> &&
                       requires(const typename Op::Attrs &attrs, Types types, Checker &checker,
                                FormBuilder &forms, ReferenceTensors &tensors) {
                         { Op::name } -> std::convertible_to<std::string_view>;
                         { Op::doc } -> std::convertible_to<std::string_view>;
                         { Op::onnx } -> std::convertible_to<std::string_view>;
                         Op::Attrs::fields;
                         { Op::infer(attrs, types, checker) };
                         { Op::lower(attrs, forms) } -> std::same_as<void>;
                         { Op::reference(attrs, tensors) } -> std::same_as<void>;
                         { Op::examples() } -> std::same_as<std::vector<Case>>;
                       };

// Builds the table entry of an op (ir/ops/list.h calls it once an op).
template <OpDefinition Op>
OpInfo describe();

}  // namespace sinter::ir

#include "ir/op_describe.h"

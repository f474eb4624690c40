// Forms: what an op computes, as index maps plus a scalar body. Schedules and fusion know forms, never ops.
//
// A form iterates over axes: output axes first, then reduction axes. Operand k is read at access[k] (an
// affine index a dimension), its value enters `body`; the bodies over the reduction axes are combined by the
// monoid; `finish` makes the result, which is written at `placement`. Five kinds differ in what holds of
// them:
//   map       no reduction axes; out[i] = body(x0[..], x1[..], …) with broadcasting (coefficient 0); may have no operand
//   reduce    monoid over whole axes of the operands; no guards; the batch may be a reduction axis
//   contract  sum of x * w over reduction axes; operand 0 data, operand 1 weights; body is x * w; the batch may be a reduction axis
//   window    monoid over a sliding window of its operands; guarded at the edges: where one has no element, none counts
//   move      one operand, body is the value itself: permutation, padding, slicing, placement into a larger tensor
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ir/kernel/build.h"
#include "ir/types.h"

namespace sinter::ir {

using kernel::Expr;
using kernel::Var;

struct Affine {
  std::vector<int64_t> coefficients;  // one an axis of the form
  int64_t offset = 0;
  bool operator==(const Affine &) const = default;
};

using Access = std::vector<Affine>;  // one an dimension of the tensor

enum class FormKind : uint8_t { map, reduce, contract, window, move };
std::string_view name(FormKind kind);

// What reductions combine with. The accumulator is a tuple of `width` scalars.
enum class MonoidKind : uint8_t { none, sum, max, min, value_index, max_sumexp, welford };

struct Monoid {
  MonoidKind kind = MonoidKind::none;
  int width() const;
  std::vector<float> identity() const;
  // The tuple of one element x (index: its number within the reduction, as f32).
  std::vector<Expr> lift(Expr x, Expr index) const;
  std::vector<Expr> combine(const std::vector<Expr> &a, const std::vector<Expr> &b) const;
};
std::string_view name(MonoidKind kind);

struct FormOperand {
  int source = 0;  // below the number of op inputs: that input; else inputs + s: the result of stage s
  Access access;
  bool guarded =
      false;  // indices may fall outside the tensor; such an element is not there (window), or is `fill`
  float fill = 0;
};

// The value of an affine function of the axes, as a variable of the body: positions, and numbers of elements.
struct IndexParameter {
  Var var;  // index; or i32, if the number fits: then vectors of positions are vectors
  Affine value;
};

struct Form {
  FormKind kind = FormKind::map;
  std::vector<Dim> axes;  // extents: output axes, then reduction axes
  int output_axes = 0;
  std::vector<FormOperand> operands;
  std::vector<Var> parameters;          // scalars of `body`, one an operand, of the operand's element type
  std::vector<IndexParameter> indices;  // further variables of `body`
  Var batch_size;  // the run-time n as f32, a variable of `body` and `finish`; id -1: not used
  Expr body;       // f32 if a monoid follows, else of the result's element type
  Monoid monoid;
  std::vector<Var>
      accumulators;  // parameters of `finish`: the monoid's tuple, then the count of elements (f32)
  Expr finish;       // null: the first component; of the result's element type
  TensorType result;
  Access placement;  // where the result of an iteration is written: one Affine a dimension of `result`
  int output = -1;   // the op output written; -1: a value between stages
  bool is_reduction() const { return output_axes < static_cast<int>(axes.size()); }
};

// A value inside the lowering of one op: an input or the result of an earlier stage.
struct StageValue {
  int source = 0;
  int64_t element = -1;  // of a vector: the one element that is read; -1: the whole value
};

// Collects the forms of one op. The op's lower() hook describes its outputs with it.
class FormBuilder {
 public:
  FormBuilder(Types inputs, Types outputs);

  StageValue input(int i) const { return {i}; }
  const TensorType &type(StageValue value) const;
  const TensorType &input_type(int i) const { return inputs_[static_cast<size_t>(i)]; }
  const TensorType &output_type(int i) const { return outputs_[static_cast<size_t>(i)]; }
  int inputs() const { return static_cast<int>(inputs_.size()); }
  int outputs() const { return static_cast<int>(outputs_.size()); }

  // The run-time n as f32, for bodies and finishes.
  Expr batch_size();
  // Element i of a vector [K], as an operand that broadcasts to any shape.
  static StageValue element(StageValue vector, int64_t i) { return {vector.source, i}; }

  // Elementwise over `result`; operands broadcast as numpy does (aligned at the last dimension, 1 stretches).
  StageValue map(const std::vector<StageValue> &operands, const TensorType &result,
                 const std::function<Expr(const std::vector<Expr> &)> &body);
  // y = body(x), the whole lowering of a unary op.
  void map(const std::function<Expr(Expr)> &body);
  // y = body(a, b), the whole lowering of a binary op.
  void map(const std::function<Expr(Expr, Expr)> &body);

  // Over `axes` of x, kept in the result as size 1 (keep) or dropped. finish(tuple, count).
  StageValue reduce(StageValue x, const std::vector<int> &axes, bool keep, MonoidKind monoid,
                    const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});
  // The same over body(operands), which broadcast to `shape`.
  StageValue reduce(const std::vector<StageValue> &operands, const std::vector<Dim> &shape,
                    const std::function<Expr(const std::vector<Expr> &)> &body, const std::vector<int> &axes,
                    bool keep, MonoidKind monoid,
                    const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});

  // out[placement] = sum over the reduction axes of data[..] * weights[..]. Data may be guarded (padding with
  // zeros).
  StageValue contract(std::vector<Dim> axes, int output_axes, StageValue data, Access data_access,
                      bool guarded, StageValue weights, Access weights_access, const TensorType &result,
                      Access placement = {});

  // A sliding window over dimensions 1 and 2 of x [N, H, W, C]; elements outside do not count.
  struct WindowSpec {
    std::array<int64_t, 2> size, stride;
    int64_t pad_top = 0, pad_left = 0;
  };
  StageValue window(StageValue x, const WindowSpec &spec, const TensorType &result, MonoidKind monoid,
                    const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});

  // Copies: iterates over `axes`; result[placement] = x[access], or fill where x has no such element.
  StageValue move(StageValue x, std::vector<Dim> axes, Access access, bool guarded, float fill,
                  const TensorType &result, Access placement = {});

  // A form that no builder above makes. Its parameters are new variables; parameters_of makes them.
  StageValue add(Form form);
  std::vector<Var> parameters_of(const std::vector<StageValue> &operands) const;

  // The value is the op's output. A stage that places its result into a part of an output (concatenation)
  // says so with part_of_output = true; then several stages name the same output and together cover it.
  void output(int index, StageValue value, bool part_of_output = false);

  // The output is the input's elements in the same order: no code (reshape).
  void alias(int output, int input);

  std::vector<Form> take_stages() { return std::move(stages_); }
  int alias_of(int output) const { return aliases_[static_cast<size_t>(output)]; }  // input, or -1

 private:
  std::vector<TensorType> inputs_, outputs_;
  std::vector<Form> stages_;
  std::vector<int> aliases_;
  Var batch_size_;
};

// Unit affine maps: axis i of `axes` axes.
Affine axis(int i, int axes, int64_t coefficient = 1, int64_t offset = 0);
Access identity_access(int rank, int axes);

}  // namespace sinter::ir

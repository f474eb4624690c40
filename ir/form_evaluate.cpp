#include "ir/form_evaluate.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "ir/ops/shared/nan.h"
#include "support/check.h"

namespace sinter::ir {

namespace {

using Variables = std::map<int, double>;

double evaluate_unary(kernel::UnaryOp op, double x) {
  using kernel::UnaryOp;
  switch (op) {
    case UnaryOp::neg:
      return -x;
    case UnaryOp::abs:
      return std::abs(x);
    case UnaryOp::sqrt:
      return std::sqrt(x);
    case UnaryOp::floor:
      return std::floor(x);
    case UnaryOp::logical_not:
      return x == 0 ? 1 : 0;
    case UnaryOp::exp:
      return std::exp(x);
    case UnaryOp::log:
      return std::log(x);
    case UnaryOp::tanh:
      return std::tanh(x);
    case UnaryOp::sigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryOp::erf:
      return std::erf(x);
  }
  return 0;
}

double evaluate_binary(kernel::BinaryOp op, double a, double b) {
  using kernel::BinaryOp;
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::sub:
      return a - b;
    case BinaryOp::mul:
      return a * b;
    case BinaryOp::div:
      return a / b;
    case BinaryOp::min:
      return rules::min_or_nan(a, b);
    case BinaryOp::max:
      return rules::max_or_nan(a, b);
    case BinaryOp::lt:
      return a < b;
    case BinaryOp::le:
      return a <= b;
    case BinaryOp::eq:
      return a == b;
    case BinaryOp::ne:
      return a != b;
    case BinaryOp::logical_and:
      return a != 0 && b != 0;
    case BinaryOp::logical_or:
      return a != 0 || b != 0;
    default:
      break;
  }
  SINTER_CHECK(false, "an integer operator on f32");
  return 0;
}

// An integer as its type holds it: i32 and u8 keep the low bits.
double wrap(int64_t x, kernel::Base base) {
  if (base == kernel::Base::i32) return static_cast<int32_t>(static_cast<uint32_t>(x));
  if (base == kernel::Base::u8) return static_cast<uint8_t>(x);
  return static_cast<double>(x);
}

// Operators on index and i32; comparisons are those of f32.
double evaluate_integer(kernel::BinaryOp op, double left, double right, kernel::Base base) {
  using kernel::BinaryOp;
  const auto a = static_cast<int64_t>(left), b = static_cast<int64_t>(right);
  const auto bits = base == kernel::Base::i32 ? static_cast<uint32_t>(a) : static_cast<uint64_t>(a);
  const int64_t remainder = op == BinaryOp::div || op == BinaryOp::mod ? (a % b + b) % b : 0;
  switch (op) {
    case BinaryOp::add:
      return wrap(a + b, base);
    case BinaryOp::sub:
      return wrap(a - b, base);
    case BinaryOp::mul:
      return wrap(static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b)), base);
    case BinaryOp::div:
      return wrap((a - remainder) / b, base);
    case BinaryOp::mod:
      return wrap(remainder, base);
    case BinaryOp::bit_and:
      return wrap(a & b, base);
    case BinaryOp::bit_or:
      return wrap(a | b, base);
    case BinaryOp::bit_xor:
      return wrap(a ^ b, base);
    case BinaryOp::mul_high:
      return wrap(static_cast<int64_t>(uint64_t{static_cast<uint32_t>(a)} * static_cast<uint32_t>(b) >> 32),
                  base);
    case BinaryOp::shl:
      return wrap(static_cast<int64_t>(bits << b), base);
    case BinaryOp::shr:
      return wrap(static_cast<int64_t>(bits >> b), base);
    default:
      return evaluate_binary(op, left, right);
  }
}

bool is_integer(kernel::Base base) {
  return base == kernel::Base::i32 || base == kernel::Base::index || base == kernel::Base::u8;
}

class Evaluator {
 public:
  explicit Evaluator(const Variables &variables) : variables_(variables) {}

  // Integer expressions are evaluated once: those of random numbers share operands, many levels deep.
  double value(const Expr &expr) {
    const bool is_kept = is_integer(expr->type.base) && std::holds_alternative<kernel::Binary>(expr->node);
    if (is_kept)
      if (const auto found = known_.find(expr.get()); found != known_.end()) return found->second;
    const double result = compute(expr);
    if (is_kept) known_.emplace(expr.get(), result);
    return result;
  }

 private:
  double compute(const Expr &expr) {
    const kernel::Base base = expr->type.base;
    if (const auto *e = std::get_if<kernel::IntConst>(&expr->node)) return wrap(e->value, base);
    if (const auto *e = std::get_if<kernel::FloatConst>(&expr->node)) return e->value;
    if (const auto *e = std::get_if<kernel::VarRef>(&expr->node)) return variables_.at(e->var.id);
    if (const auto *e = std::get_if<kernel::Unary>(&expr->node)) return evaluate_unary(e->op, value(e->x));
    if (const auto *e = std::get_if<kernel::Binary>(&expr->node)) {
      const kernel::Base operand = e->a->type.base;
      if (is_integer(operand)) return evaluate_integer(e->op, value(e->a), value(e->b), operand);
      return evaluate_binary(e->op, value(e->a), value(e->b));
    }
    if (const auto *e = std::get_if<kernel::Fma>(&expr->node)) return value(e->a) * value(e->b) + value(e->c);
    if (const auto *e = std::get_if<kernel::Select>(&expr->node))
      return value(value(e->condition) != 0 ? e->a : e->b);
    if (const auto *e = std::get_if<kernel::Convert>(&expr->node)) {
      const double x = value(e->x);
      return is_integer(base) ? wrap(static_cast<int64_t>(x), base) : x;
    }
    SINTER_CHECK(false, "not a scalar expression of the body of a form");
    return 0;
  }

  const Variables &variables_;
  std::unordered_map<const kernel::ExprNode *, double> known_;
};

// The monoid of a form on tuples of numbers.
class Combiner {
 public:
  explicit Combiner(const Monoid &monoid) {
    const auto width = static_cast<size_t>(monoid.width());
    const auto variables = [](size_t count) {
      std::vector<Var> vars;
      while (vars.size() < count) vars.push_back(kernel::make_var("v", {kernel::Base::f32, 1}));
      return vars;
    };
    const auto refs = [](const std::vector<Var> &vars) {
      std::vector<Expr> exprs;
      for (const Var &var : vars) exprs.push_back(kernel::ref(var));
      return exprs;
    };
    element_ = variables(2);
    left_ = variables(width);
    right_ = variables(width);
    lift_ = monoid.lift(kernel::ref(element_[0]), kernel::ref(element_[1]));
    combine_ = monoid.combine(refs(left_), refs(right_));
  }

  void add(std::vector<double> &tuple, double x, int64_t index) const {
    Variables variables = {{element_[0].id, x}, {element_[1].id, static_cast<double>(index)}};
    for (size_t i = 0; i < tuple.size(); ++i) variables[left_[i].id] = tuple[i];
    for (size_t i = 0; i < tuple.size(); ++i) variables[right_[i].id] = evaluate(lift_[i], variables);
    for (size_t i = 0; i < tuple.size(); ++i) tuple[i] = evaluate(combine_[i], variables);
  }

 private:
  std::vector<Var> element_, left_, right_;
  std::vector<Expr> lift_, combine_;
};

int64_t index_of(const Affine &affine, const std::vector<int64_t> &position) {
  SINTER_CHECK(affine.coefficients.size() == position.size());
  int64_t index = affine.offset;
  for (size_t a = 0; a < position.size(); ++a) index += affine.coefficients[a] * position[a];
  return index;
}

// Row-major offset of `access` at `position`; nullopt if it is outside.
std::optional<size_t> offset_of(const Access &access, const std::vector<int64_t> &position,
                                const std::vector<int64_t> &dims) {
  SINTER_CHECK(access.size() == dims.size());
  int64_t offset = 0;
  for (size_t d = 0; d < dims.size(); ++d) {
    const int64_t index = index_of(access[d], position);
    if (index < 0 || index >= dims[d]) return std::nullopt;
    offset = offset * dims[d] + index;
  }
  return static_cast<size_t>(offset);
}

// Steps through axes begin..end of the position in row-major order; false after the last.
bool next_position(std::vector<int64_t> &position, const std::vector<int64_t> &extents, size_t begin,
                   size_t end) {
  for (size_t a = end; a-- > begin;) {
    if (++position[a] < extents[a]) return true;
    position[a] = 0;
  }
  return false;
}

// The body at one position; nullopt where a window has no element.
std::optional<double> body_value(const Form &form, const std::vector<ReferenceTensor> &sources,
                                 const std::vector<int64_t> &position, int64_t n) {
  Variables variables = {{form.batch_size.id, static_cast<double>(n)}};
  for (const IndexParameter &index : form.indices)
    variables[index.var.id] = static_cast<double>(index_of(index.value, position));
  for (size_t k = 0; k < form.operands.size(); ++k) {
    const FormOperand &operand = form.operands[k];
    const ReferenceTensor &source = sources[static_cast<size_t>(operand.source)];
    const std::optional<size_t> offset = offset_of(operand.access, position, source.dims);
    SINTER_CHECK(offset || operand.guarded, "an index without a guard is outside the tensor");
    if (!offset && form.kind == FormKind::window) return std::nullopt;
    variables[form.parameters[k].id] = offset ? source.data[*offset] : double{operand.fill};
  }
  return evaluate(form.body, variables);
}

}  // namespace

double evaluate(const Expr &expr, const Variables &variables) {
  return Evaluator(variables).value(expr);
}

EvaluatedForm evaluate(const Form &form, const std::vector<ReferenceTensor> &sources, int64_t n) {
  EvaluatedForm evaluated;
  for (const Dim dim : form.result.dims) evaluated.result.dims.push_back(dim.at(n));
  evaluated.result.data.assign(static_cast<size_t>(evaluated.result.elements()), 0.0);
  evaluated.writes.assign(evaluated.result.data.size(), 0);

  std::vector<int64_t> extents;
  for (const Dim dim : form.axes) extents.push_back(dim.at(n));
  const auto output_axes = static_cast<size_t>(form.output_axes);
  std::optional<Combiner> combiner;
  if (form.is_reduction()) combiner.emplace(form.monoid);
  std::vector<int64_t> position(extents.size(), 0);
  do {
    double value = 0;
    if (combiner) {
      const std::vector<float> identity = form.monoid.identity();
      std::vector<double> tuple(identity.begin(), identity.end());
      int64_t index = 0, count = 0;
      do {
        if (const std::optional<double> x = body_value(form, sources, position, n)) {
          combiner->add(tuple, *x, index);
          ++count;
        }
        ++index;
      } while (next_position(position, extents, output_axes, extents.size()));
      value = tuple[0];
      if (form.finish) {
        Variables variables = {{form.batch_size.id, static_cast<double>(n)},
                               {form.accumulators.back().id, static_cast<double>(count)}};
        for (size_t i = 0; i < tuple.size(); ++i) variables[form.accumulators[i].id] = tuple[i];
        value = evaluate(form.finish, variables);
      }
    } else {
      value = body_value(form, sources, position, n).value();
    }
    const std::optional<size_t> offset = offset_of(form.placement, position, evaluated.result.dims);
    SINTER_CHECK(offset.has_value(), "a result is placed outside its tensor");
    evaluated.result.data[*offset] = value;
    ++evaluated.writes[*offset];
  } while (next_position(position, extents, 0, output_axes));
  return evaluated;
}

std::vector<EvaluatedForm> evaluate_lowering(const OpInfo &op, const Attributes &attributes, Types types,
                                             const std::vector<ReferenceTensor> &inputs, int64_t n) {
  Checker checker;
  const std::optional<std::vector<TensorType>> results = op.infer(attributes, types, checker);
  SINTER_CHECK(results.has_value(), checker.message());
  FormBuilder builder(types, *results);
  op.lower(attributes, builder);

  std::vector<EvaluatedForm> outputs;
  for (size_t i = 0; i < results->size(); ++i) {
    EvaluatedForm output;
    for (const Dim dim : (*results)[i].dims) output.result.dims.push_back(dim.at(n));
    output.result.data.assign(static_cast<size_t>(output.result.elements()), 0.0);
    output.writes.assign(output.result.data.size(), 0);
    if (const int input = builder.alias_of(static_cast<int>(i)); input >= 0) {
      SINTER_CHECK(inputs[static_cast<size_t>(input)].data.size() == output.result.data.size());
      output.result.data = inputs[static_cast<size_t>(input)].data;
      std::ranges::fill(output.writes, 1);
    }
    outputs.push_back(std::move(output));
  }
  std::vector<ReferenceTensor> sources = inputs;
  for (const Form &form : builder.take_stages()) {
    EvaluatedForm stage = evaluate(form, sources, n);
    if (form.output >= 0) {
      EvaluatedForm &output = outputs[static_cast<size_t>(form.output)];
      for (size_t i = 0; i < stage.writes.size(); ++i) {
        if (stage.writes[i] > 0) output.result.data[i] = stage.result.data[i];
        output.writes[i] += stage.writes[i];
      }
    }
    sources.push_back(std::move(stage.result));
  }
  return outputs;
}

}  // namespace sinter::ir

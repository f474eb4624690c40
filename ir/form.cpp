#include "ir/form.h"

#include <limits>

#include "ir/kernel/adjoint.h"
#include "support/check.h"

namespace sinter::ir {

std::string_view name(FormKind kind) {
  switch (kind) {
    case FormKind::map:
      return "map";
    case FormKind::reduce:
      return "reduce";
    case FormKind::contract:
      return "contract";
    case FormKind::window:
      return "window";
    case FormKind::move:
      return "move";
  }
  return "?";
}

Affine axis(int i, int axes, int64_t coefficient, int64_t offset) {
  Affine affine;
  affine.coefficients.assign(static_cast<size_t>(axes), 0);
  if (i >= 0) affine.coefficients[static_cast<size_t>(i)] = coefficient;
  affine.offset = offset;
  return affine;
}

Access identity_access(int rank, int axes) {
  Access access;
  for (int i = 0; i < rank; ++i) access.push_back(axis(i, axes));
  return access;
}

FormBuilder::FormBuilder(Types inputs, Types outputs)
    : inputs_(inputs.begin(), inputs.end()),
      outputs_(outputs.begin(), outputs.end()),
      aliases_(outputs.size(), -1) {}

const TensorType &FormBuilder::type(StageValue value) const {
  const size_t source = static_cast<size_t>(value.source);
  return source < inputs_.size() ? inputs_[source] : stages_[source - inputs_.size()].result;
}

namespace {

std::vector<Var> scalar_parameters(size_t count, const char *prefix) {
  std::vector<Var> vars;
  for (size_t i = 0; i < count; ++i)
    vars.push_back(kernel::make_var(prefix + std::to_string(i), {kernel::Base::f32, 1}));
  return vars;
}

kernel::Base base_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return kernel::Base::f32;
    case DType::i32:
      return kernel::Base::i32;
    case DType::u8:
      return kernel::Base::u8;
  }
  return kernel::Base::f32;
}

std::vector<Expr> refs(const std::vector<Var> &vars, size_t begin, size_t end) {
  std::vector<Expr> exprs;
  for (size_t i = begin; i < end; ++i) exprs.push_back(kernel::ref(vars[i]));
  return exprs;
}

// Reads x of type `type` while iterating over `dims`: numpy broadcasting, or one element.
Access broadcast_access(StageValue x, const TensorType &type, const std::vector<Dim> &dims) {
  const int rank = static_cast<int>(dims.size());
  if (x.element >= 0) {
    SINTER_CHECK(type.rank() == 1 && x.element < type.dims[0].value());
    return {axis(-1, rank, 1, x.element)};
  }
  SINTER_CHECK(type.rank() <= rank);
  Access access;
  const int shift = rank - type.rank();
  for (int d = 0; d < type.rank(); ++d) {
    const Dim dim = type.dims[static_cast<size_t>(d)];
    const bool stretches = dim == Dim(1) && dims[static_cast<size_t>(d + shift)] != Dim(1);
    access.push_back(stretches ? axis(-1, rank) : axis(d + shift, rank));
  }
  return access;
}

void set_reduction(Form &form, MonoidKind monoid,
                   const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  form.monoid.kind = monoid;
  if (!finish) return;
  const size_t width = static_cast<size_t>(form.monoid.width());
  form.accumulators = scalar_parameters(width + 1, "a");
  form.finish = finish(refs(form.accumulators, 0, width), kernel::ref(form.accumulators.back()));
}

}  // namespace

StageValue FormBuilder::map(const std::vector<StageValue> &operands, const TensorType &result,
                            const std::function<Expr(const std::vector<Expr> &)> &body) {
  Form form;
  form.kind = FormKind::map;
  form.axes = result.dims;
  form.output_axes = result.rank();
  for (const StageValue operand : operands)
    form.operands.push_back({operand.source, broadcast_access(operand, type(operand), result.dims)});
  form.parameters = parameters_of(operands);
  form.body = body(refs(form.parameters, 0, operands.size()));
  form.result = result;
  form.placement = identity_access(result.rank(), result.rank());
  return add(std::move(form));
}

void FormBuilder::map(const std::function<Expr(Expr)> &body) {
  output(0, map({input(0)}, output_type(0), [&](const std::vector<Expr> &x) { return body(x[0]); }));
}

void FormBuilder::map(const std::function<Expr(Expr, Expr)> &body) {
  output(0, map({input(0), input(1)}, output_type(0),
                [&](const std::vector<Expr> &x) { return body(x[0], x[1]); }));
}

StageValue FormBuilder::reduce(StageValue x, const std::vector<int> &axes, bool keep, MonoidKind monoid,
                               const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  const std::vector<Dim> shape = type(x).dims;
  return reduce({x}, shape, [](const std::vector<Expr> &v) { return v[0]; }, axes, keep, monoid, finish);
}

StageValue FormBuilder::reduce(const std::vector<StageValue> &operands, const std::vector<Dim> &shape,
                               const std::function<Expr(const std::vector<Expr> &)> &body,
                               const std::vector<int> &axes, bool keep, MonoidKind monoid,
                               const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  std::vector<bool> reduced(shape.size(), false);
  for (const int a : axes) reduced[static_cast<size_t>(a)] = true;
  const int rank = static_cast<int>(shape.size());
  Form form;
  form.kind = FormKind::reduce;
  std::vector<int> axis_of_dim(shape.size());
  for (const bool reduction : {false, true}) {
    for (size_t d = 0; d < shape.size(); ++d) {
      if (reduced[d] != reduction) continue;
      axis_of_dim[d] = static_cast<int>(form.axes.size());
      form.axes.push_back(shape[d]);
    }
    if (!reduction) form.output_axes = static_cast<int>(form.axes.size());
  }
  for (const StageValue operand : operands) {
    const bool is_whole = operand.element < 0 && type(operand).dims == shape;
    // Over the dimensions of `shape`, then over the axes of the form.
    Access access = is_whole ? identity_access(rank, rank) : broadcast_access(operand, type(operand), shape);
    for (Affine &index : access) {
      Affine by_axis = axis(-1, rank, 1, index.offset);
      for (size_t d = 0; d < shape.size(); ++d)
        by_axis.coefficients[static_cast<size_t>(axis_of_dim[d])] = index.coefficients[d];
      index = std::move(by_axis);
    }
    form.operands.push_back({operand.source, std::move(access)});
  }
  form.parameters = parameters_of(operands);
  form.body = body(refs(form.parameters, 0, operands.size()));
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!reduced[d]) {
      form.result.dims.push_back(shape[d]);
      form.placement.push_back(axis(axis_of_dim[d], rank));
    } else if (keep) {
      form.result.dims.push_back(1);
      form.placement.push_back(axis(-1, rank));
    }
  }
  set_reduction(form, monoid, finish);
  return add(std::move(form));
}

StageValue FormBuilder::contract(std::vector<Dim> axes, int output_axes, StageValue data, Access data_access,
                                 bool guarded, StageValue weights, Access weights_access,
                                 const TensorType &result, Access placement) {
  Form form;
  form.kind = FormKind::contract;
  const int count = static_cast<int>(axes.size());
  form.axes = std::move(axes);
  form.output_axes = output_axes;
  form.operands.push_back({data.source, std::move(data_access), guarded, 0.0f});
  form.operands.push_back({weights.source, std::move(weights_access)});
  form.parameters = scalar_parameters(2, "x");
  form.body = kernel::ref(form.parameters[0]) * kernel::ref(form.parameters[1]);
  form.monoid.kind = MonoidKind::sum;
  form.result = result;
  form.placement = placement.empty() ? identity_access(result.rank(), count) : std::move(placement);
  return add(std::move(form));
}

StageValue FormBuilder::window(StageValue x, const WindowSpec &spec, const TensorType &result,
                               MonoidKind monoid,
                               const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  SINTER_CHECK(result.rank() == 4);
  Form form;
  form.kind = FormKind::window;
  form.axes = result.dims;
  form.output_axes = 4;
  form.axes.push_back(spec.size[0]);
  form.axes.push_back(spec.size[1]);
  Affine row = axis(1, 6, spec.stride[0], -spec.pad_top);
  row.coefficients[4] = 1;
  Affine column = axis(2, 6, spec.stride[1], -spec.pad_left);
  column.coefficients[5] = 1;
  const TensorType &in = type(x);
  // Windows that stay inside need no guard.
  const auto outside = [&](int dim, int64_t pad, int64_t size, int64_t stride) {
    const int64_t last = (result.dims[static_cast<size_t>(dim)].value() - 1) * stride - pad + size - 1;
    return pad > 0 || last >= in.dims[static_cast<size_t>(dim)].value();
  };
  const bool guarded = outside(1, spec.pad_top, spec.size[0], spec.stride[0]) ||
                       outside(2, spec.pad_left, spec.size[1], spec.stride[1]);
  form.operands.push_back({x.source, {axis(0, 6), row, column, axis(3, 6)}, guarded});
  form.parameters = scalar_parameters(1, "x");
  form.body = kernel::ref(form.parameters[0]);
  form.result = result;
  form.placement = identity_access(4, 6);
  set_reduction(form, monoid, finish);
  return add(std::move(form));
}

StageValue FormBuilder::move(StageValue x, std::vector<Dim> axes, Access access, bool guarded, float fill,
                             const TensorType &result, Access placement) {
  Form form;
  form.kind = FormKind::move;
  form.axes = std::move(axes);
  form.output_axes = static_cast<int>(form.axes.size());
  form.operands.push_back({x.source, std::move(access), guarded, fill});
  form.parameters = parameters_of({x});
  form.body = kernel::ref(form.parameters[0]);
  form.result = result;
  form.placement =
      placement.empty() ? identity_access(result.rank(), form.output_axes) : std::move(placement);
  return add(std::move(form));
}

StageValue FormBuilder::add(Form form) {
  const auto uses_batch_size = [&](const Expr &expr) {
    return static_cast<bool>(expr) && kernel::depends_on(expr, batch_size_);
  };
  if (batch_size_.id >= 0 && (uses_batch_size(form.body) || uses_batch_size(form.finish)))
    form.batch_size = batch_size_;
  stages_.push_back(std::move(form));
  return {static_cast<int>(inputs_.size() + stages_.size()) - 1};
}

std::vector<Var> FormBuilder::parameters_of(const std::vector<StageValue> &operands) const {
  std::vector<Var> vars;
  for (const StageValue operand : operands)
    vars.push_back(kernel::make_var("x" + std::to_string(vars.size()), {base_of(type(operand).dtype), 1}));
  return vars;
}

Expr FormBuilder::batch_size() {
  if (batch_size_.id < 0) batch_size_ = kernel::make_var("n", {kernel::Base::f32, 1});
  return kernel::ref(batch_size_);
}

void FormBuilder::output(int index, StageValue value, bool part_of_output) {
  const size_t source = static_cast<size_t>(value.source);
  SINTER_CHECK(source >= inputs_.size());
  Form &form = stages_[source - inputs_.size()];
  SINTER_CHECK(part_of_output || form.result.dims == outputs_[static_cast<size_t>(index)].dims);
  form.output = index;
}

void FormBuilder::alias(int output, int input) {
  aliases_[static_cast<size_t>(output)] = input;
}

}  // namespace sinter::ir

// Operations on symbolic data: each records a step.
#include "frontend/script/data_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/script/call_signatures.h"
#include "frontend/script/data_arithmetic.h"
#include "frontend/script/data_memory.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"
#include "frontend/script/operators.h"

namespace sinter::script {

namespace {

using Shape = std::optional<std::vector<std::int64_t>>;

// A sample taken out of the data: no step is recorded, only its shape is known.
Value sample_of(Evaluator &evaluator, DataValue &data, Shape shape) {
  DataValue *view = new_view(evaluator, data);
  view->samples_lead = false;
  view->array.shape = std::move(shape);
  return view;
}

// The same elements in another shape or order, or a range of samples.
Value view_after(Evaluator &evaluator, DataValue &data, DataStep step, Shape shape,
                 std::optional<SampleRegion> region = std::nullopt) {
  DataValue *view = new_view(evaluator, data, region);
  view->array.steps.push_back(std::move(step));
  view->array.shape = std::move(shape);
  return view;
}

// Elements of which no step can be made; changing them changes the data.
Value part_of(Evaluator &evaluator, DataValue &data, Position at, std::string_view what) {
  Opaque *part = evaluator.new_opaque(at, fmt::format("data after {}", what));
  part->data = &data;
  return part;
}

bool is_full_slice(const Value &value) {
  const auto *slice = std::get_if<const Slice *>(&value);
  return slice && is_none((*slice)->start) && is_none((*slice)->stop) && is_none((*slice)->step);
}

bool is_reversing(const Value &value) {
  const auto *slice = std::get_if<const Slice *>(&value);
  return slice && is_none((*slice)->start) && is_none((*slice)->stop) && integer_of((*slice)->step) == -1;
}

}  // namespace

DataValue *copy_of(Evaluator &evaluator, const DataValue &data) {
  auto *copy = evaluator.make<DataValue>();
  evaluator.allocate(data.array.steps.size() * sizeof(DataStep));
  *copy = data;
  copy->memory = nullptr;
  copy->region = {};
  return copy;
}

DataValue *with_step(Evaluator &evaluator, const DataValue &data, DataStep step, Shape shape,
                     std::string dtype) {
  DataValue *copy = copy_of(evaluator, data);
  if (copy->samples_lead) copy->array.steps.push_back(std::move(step));
  copy->array.shape = std::move(shape);
  copy->array.dtype = std::move(dtype);
  return copy;
}

Value cast_data(Evaluator &evaluator, const DataValue &data, const Value &dtype, Position at) {
  std::string name;
  if (const std::string *text = text_of(dtype))
    name = *text;
  else if (const auto *native = std::get_if<const Native *>(&dtype))
    name = (*native)->name;
  if (name == "float") name = "float64";
  if (name == "int") name = "int64";
  static constexpr std::string_view known[] = {"float32", "float64", "int8",   "uint8", "int16",
                                               "uint16",  "int32",   "uint32", "int64", "uint64"};
  if (std::ranges::find(known, name) == std::end(known))
    return evaluator.error(at,
                           fmt::format("{} is no element type that Sinter knows", repr(dtype).substr(0, 60)),
                           "use 'float32'");
  const auto range = integer_range(name);
  auto bounds = data.bounds;
  if (range && bounds) bounds = std::pair{std::trunc(bounds->first), std::trunc(bounds->second)};
  if (data.samples_lead && range && bounds &&
      (bounds->first < range->first || bounds->second > range->second))
    return evaluator.error(
        at,
        fmt::format("the numbers from {:g} to {:g} wrap around in {}", bounds->first, bounds->second, name),
        "use 'float32'");
  DataValue *result = with_step(evaluator, data, CastStep{name}, data.array.shape, name);
  result->bounds = bounds;
  return result;
}

Value reshape_data(Evaluator &evaluator, DataValue &data, const std::vector<Value> &sizes, Position at) {
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (is_poison(sizes[i])) return Poison{};
    const auto size = integer_of(sizes[i]);
    // x.reshape(x.shape[0], …) where the count is not known
    if (!size && i == 0 && opaque_of(sizes[i])) {
      shape.push_back(data.array.shape && !data.array.shape->empty() ? data.array.shape->front() : -1);
      continue;
    }
    if (!size) return evaluator.error_unknown(at, "a size of reshape()", sizes[i]);
    if (*size < -1 || *size > 1'000'000'000)
      return evaluator.error(at, fmt::format("reshape() to a size of {}", *size));
    shape.push_back(*size);
  }
  const auto &old = data.array.shape;
  const bool known = old && std::ranges::find(*old, -1) == old->end();
  if (known) {
    std::int64_t total = 1, given = 1;
    int open = 0;
    for (const std::int64_t size : *old)
      if (__builtin_mul_overflow(total, size, &total)) return part_of(evaluator, data, at, "reshape()");
    for (const std::int64_t size : shape) {
      if (size == -1)
        ++open;
      else if (__builtin_mul_overflow(given, size, &given))
        return evaluator.error(at, "reshape() to more elements than there are");
    }
    if (open > 1) return evaluator.error(at, "reshape() with more than one -1");
    if (open == 0 ? given != total : given == 0 || total % given != 0)
      return evaluator.error(
          at,
          fmt::format("an array of shape {} ({} elements) cannot be reshaped to {} elements",
                      fmt::format("({})", fmt::join(*old, ", ")), total, given),
          "the product of the sizes must stay the same");
    for (std::int64_t &size : shape)
      if (size == -1) size = total / given;
  }
  if (!data.samples_lead) return sample_of(evaluator, data, shape);
  if (old && !old->empty() && !shape.empty() && old->front() >= 0 && shape.front() >= 0 &&
      old->front() != shape.front())
    return part_of(evaluator, data, at, "a reshape() that mixes samples");
  if (shape.empty()) return part_of(evaluator, data, at, "reshape()");
  return view_after(evaluator, data, ReshapeStep{{shape.begin() + 1, shape.end()}}, shape);
}

Value expand_data(Evaluator &evaluator, DataValue &data, std::int64_t axis, Position at) {
  if (!data.array.shape) return part_of(evaluator, data, at, "expand_dims()");
  std::vector<std::int64_t> shape = *data.array.shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < 0) axis += rank + 1;
  if (axis < 0 || axis > rank)
    return evaluator.error(at, fmt::format("expand_dims() of {} dimensions has no axis {}", rank, axis));
  shape.insert(shape.begin() + axis, 1);
  if (!data.samples_lead || axis == 0) return sample_of(evaluator, data, shape);
  return view_after(evaluator, data, ReshapeStep{{shape.begin() + 1, shape.end()}}, shape);
}

Value squeeze_data(Evaluator &evaluator, DataValue &data, Position at) {
  if (!data.array.shape) return part_of(evaluator, data, at, "squeeze()");
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < data.array.shape->size(); ++i)
    if ((*data.array.shape)[i] != 1 || (i == 0 && data.samples_lead)) shape.push_back((*data.array.shape)[i]);
  if (!data.samples_lead) return sample_of(evaluator, data, shape);
  return view_after(evaluator, data, ReshapeStep{{shape.begin() + 1, shape.end()}}, shape);
}

Value one_hot_data(Evaluator &evaluator, const DataValue &data, std::int64_t classes, Position) {
  Shape shape;
  if (data.array.shape) {
    shape = data.array.shape;
    if (shape->size() > 1 && shape->back() == 1) shape->pop_back();
    shape->push_back(classes > 0 ? classes : -1);
  }
  DataValue *result = with_step(evaluator, data, OneHotStep{classes}, shape, "float32");
  result->bounds = {0, 1};
  return result;
}

Value data_subscript(Evaluator &evaluator, DataValue *data, const Value &index, Position at) {
  const Shape &shape = data->array.shape;
  if (data->is_archive) {
    const std::string *key = text_of(index);
    if (!key) return evaluator.error(at, "an .npz archive is indexed with the name of an array");
    auto *member = evaluator.make<DataValue>();
    *member = *data;
    member->memory = nullptr;
    member->is_archive = false;
    member->array.source.member = *key;
    return static_cast<DataValue *>(member);
  }
  std::vector<Value> parts = {index};
  if (auto *const *tuple = std::get_if<Tuple *>(&index)) parts = (*tuple)->items;
  for (const Value &part : parts)
    if (is_poison(part)) return Poison{};
  const auto *slice = std::get_if<const Slice *>(&parts.front());
  const auto rest_is_full = [&](std::size_t from) {
    return std::all_of(parts.begin() + static_cast<std::ptrdiff_t>(from), parts.end(), is_full_slice);
  };
  // x[5000:], x[:5000], x[a:b, :, :]
  if (slice && rest_is_full(1) && data->samples_lead) {
    for (const Value &bound : {(*slice)->start, (*slice)->stop, (*slice)->step})
      if (opaque_of(bound)) return part_of(evaluator, *data, at, "a slice by run-time values");
    if (is_full_slice(parts.front())) return data;
    SampleRangeStep step;
    Shape new_shape = shape;
    if (shape && !shape->empty() && shape->front() >= 0) {
      const auto bounds = slice_bounds(evaluator, **slice, shape->front(), at);
      if (!bounds) return Poison{};
      if (bounds->step < 0) return part_of(evaluator, *data, at, "a reversal");
      step.begin = bounds->start;
      step.end = std::max(bounds->start, bounds->stop);
      step.step = bounds->step;
      new_shape->front() = bounds->count;
    } else {
      step.begin = integer_of((*slice)->start);
      step.end = integer_of((*slice)->stop);
      step.step = integer_of((*slice)->step).value_or(1);
      if (step.step < 1) return part_of(evaluator, *data, at, "a reversal");
      if (new_shape && !new_shape->empty()) new_shape->front() = -1;
    }
    return view_after(evaluator, *data, step, new_shape, slice_of(data->region, step));
  }
  if (!shape) return part_of(evaluator, *data, at, "indexing");
  // An ellipsis stands for full slices.
  const auto ellipsis =
      std::ranges::find_if(parts, [](const Value &part) { return std::holds_alternative<Ellipsis>(part); });
  const auto new_axes = static_cast<std::size_t>(std::ranges::count_if(parts, is_none));
  if (ellipsis != parts.end()) {
    const std::size_t given = parts.size() - 1 - new_axes;
    const auto at_index = ellipsis - parts.begin();
    parts.erase(ellipsis);
    auto *full = evaluator.make<Slice>();
    if (given < shape->size())
      parts.insert(parts.begin() + at_index, shape->size() - given, static_cast<const Slice *>(full));
  }
  if (parts.size() - new_axes > shape->size())
    return evaluator.error(at, fmt::format("an array of {} dimensions is indexed with {}", shape->size(),
                                           parts.size() - new_axes));
  std::vector<std::int64_t> result;
  std::size_t axis = 0;
  bool reshaped = false, reversed = false, picked_sample = false;
  for (const Value &part : parts) {
    if (is_none(part)) {
      result.push_back(1);
      reshaped = true;
    } else if (is_full_slice(part)) {
      result.push_back((*shape)[axis++]);
    } else if (is_reversing(part) && axis + 1 == shape->size() && axis > 0) {
      reversed = true;
      result.push_back((*shape)[axis++]);
    } else if (integer_of(part) && axis == 0) {
      picked_sample = true;
      ++axis;
    } else if (integer_of(part) && (*shape)[axis] == 1) {
      reshaped = true;
      ++axis;
    } else {
      return part_of(evaluator, *data, at, "a selection of elements");
    }
  }
  result.insert(result.end(), shape->begin() + static_cast<std::ptrdiff_t>(axis), shape->end());
  if (picked_sample || !data->samples_lead) return sample_of(evaluator, *data, result);
  if (reversed && !reshaped) return view_after(evaluator, *data, ReverseChannelsStep{}, result);
  if (reversed || result.empty() || result.front() != shape->front())
    return part_of(evaluator, *data, at, "a selection of elements");
  return view_after(evaluator, *data, ReshapeStep{{result.begin() + 1, result.end()}}, result);
}

bool accept_order(Evaluator &evaluator, const Argument &argument) {
  if (const std::string *order = text_of(argument.value);
      order && (*order == "C" || *order == "A" || *order == "K"))
    return true;
  if (!is_poison(argument.value))
    evaluator.error(argument.at, fmt::format("order={} is not supported", repr(argument.value).substr(0, 40)),
                    "accepted is 'C'");
  return false;
}

namespace {

Value data_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  DataValue &data = *std::get<DataValue *>(native.receiver);
  for (const Argument &argument : arguments.items)
    if (is_poison(argument.value)) return Poison{};
  if (native.name == "astype") {
    const Bound bound = bind_arguments(evaluator, "astype", call_signature(evaluator, "astype"), arguments);
    if (!bound.ok()) return Poison{};
    const bool same_type = text_of(bound["dtype"]) && *text_of(bound["dtype"]) == data.array.dtype;
    if (evaluator.truth(bound["copy"]) == Evaluator::Truth::no && bound.has("copy") && same_type)
      return &data;
    return cast_data(evaluator, data, bound["dtype"], arguments.at);
  }
  if (native.name == "reshape") {
    std::vector<Value> sizes;
    for (const Argument &argument : arguments.items) {
      if (argument.name == "order") {
        if (!accept_order(evaluator, argument)) return Poison{};
        continue;
      }
      if (const auto *items = items_of(argument.value))
        sizes.insert(sizes.end(), items->begin(), items->end());
      else
        sizes.push_back(argument.value);
    }
    return reshape_data(evaluator, data, sizes, arguments.at);
  }
  if (native.name == "squeeze") return squeeze_data(evaluator, data, arguments.at);
  if (native.name == "copy") return copy_of(evaluator, data);
  // flatten and ravel: (n, 1) labels become (n,)
  const auto &shape = data.array.shape;
  if (shape && data.samples_lead && shape->size() == 2 && (*shape)[1] == 1)
    return squeeze_data(evaluator, native.name == "ravel" ? data : *copy_of(evaluator, data), arguments.at);
  if (shape && shape->size() == 1) return native.name == "ravel" ? &data : copy_of(evaluator, data);
  return evaluator.opaque(arguments.at, "data after flatten()");
}

Value data_result(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  Opaque *result = evaluator.new_opaque(arguments.at, fmt::format("{}() of data", native.name));
  if (native.name == "transpose") result->data = std::get<DataValue *>(native.receiver);
  return result;
}

}  // namespace

Value data_attribute(Evaluator &evaluator, DataValue *data, const std::string &name, Position at) {
  const auto &shape = data->array.shape;
  if (name == "shape") {
    if (!shape) return evaluator.opaque(at, "the shape of data");
    std::vector<Value> sizes;
    for (const std::int64_t size : *shape)
      sizes.push_back(size >= 0 ? Value(size) : evaluator.opaque(at, "the number of samples"));
    return evaluator.tuple(std::move(sizes));
  }
  if (name == "ndim" && shape) return static_cast<std::int64_t>(shape->size());
  if (name == "dtype" && !data->array.dtype.empty()) return evaluator.string(data->array.dtype);
  for (const char *method : {"astype", "reshape", "squeeze", "copy", "flatten", "ravel"})
    if (name == method) return evaluator.native(name, data_method, data);
  for (const char *method : {"min", "max", "mean", "std", "sum", "argmax", "argmin", "tolist", "item",
                             "transpose", "any", "all", "keys", "close"})
    if (name == method) return evaluator.native(name, data_result, data);
  if (name == "T" || name == "flat") return part_of(evaluator, *data, at, name);
  for (const char *attribute : {"ndim", "dtype", "size", "files", "nbytes"})
    if (name == attribute) return evaluator.opaque(at, fmt::format("the attribute '{}' of data", name));
  return evaluator.error(at, fmt::format("data arrays have no attribute '{}' that Sinter knows", name),
                         suggestion(name, {"shape", "ndim", "dtype", "astype", "reshape", "squeeze",
                                           "flatten", "ravel", "copy"}));
}

}  // namespace sinter::script

// Random graphs of ops. A step adds one op, or a pattern of ops that fusion, layouts or packing treat in a
// way of their own.
#include <algorithm>
#include <array>

#include "passes/rewrite.h"
#include "tests/campaign/graph_sketch.h"
#include "tests/campaign/random_model.h"

namespace sinter::campaign {

namespace {

using Ints = std::vector<int64_t>;
using Step = void (*)(GraphSketch &);

std::string pads_text(GraphSketch &s, int64_t limit) {
  Ints pads(4, 0);
  switch (s.random.below(3)) {
    case 0:
      break;
    case 1:
      pads = {limit / 2, limit - 1 - limit / 2, limit / 2, limit - 1 - limit / 2};
      break;
    default:
      for (int64_t &pad : pads) pad = s.random.below(limit);
  }
  for (int64_t &pad : pads) pad = std::max<int64_t>(pad, 0);
  return "pads=" + GraphSketch::list(pads);
}

int64_t some_step(GraphSketch &s) {
  return s.random.one_in(3) ? s.random.between(2, 3) : 1;
}

std::string strides_text(GraphSketch &s) {
  return "strides=" + GraphSketch::list({some_step(s), some_step(s)});
}

ValueId bias(GraphSketch &s, ValueId x) {
  return x < 0 ? x : s.add("add", "", {x, s.weight({s.channels(x)})});
}

void activation(GraphSketch &s) {
  if (s.random.one_in(2))
    s.add(s.random.of({"relu", "relu6", "sigmoid", "tanh", "leaky_relu", "relu", "softmax", "elu"}), "",
          {s.last});
}

ValueId convolve(GraphSketch &s, ValueId x, bool pointwise) {
  if (x < 0) return -1;
  const int64_t kh = pointwise ? 1 : s.random.between(1, 4), kw = pointwise ? 1 : s.random.between(1, 4);
  const int64_t in = s.channels(x);
  int64_t groups = 1, filters = s.some_channels();
  if (!pointwise && s.random.one_in(5)) {
    Ints divisors;
    for (int64_t g = 2; g <= in; ++g)
      if (in % g == 0) divisors.push_back(g);
    if (!divisors.empty()) {
      groups = s.random.of(divisors);
      filters = groups * s.random.between(1, 4);
    }
  }
  std::string attributes =
      pointwise && !s.random.one_in(4) ? "" : strides_text(s) + ", " + pads_text(s, std::max(kh, kw));
  if (groups > 1) attributes += ", groups=" + std::to_string(groups);
  if (!pointwise && s.random.one_in(6))
    attributes += ", dilations=" + GraphSketch::list({s.random.between(1, 3), s.random.between(1, 2)});
  return s.add("conv2d", attributes, {x, s.weight({kh, kw, in / groups, filters})}, kh * kw * in / groups);
}

ValueId depthwise(GraphSketch &s, ValueId x) {
  if (x < 0) return -1;
  const int64_t k = s.random.between(1, 4);
  std::string attributes = strides_text(s) + ", " + pads_text(s, k);
  if (s.random.one_in(6)) attributes += ", dilations=[2, 1]";
  return s.add("depthwise_conv2d", attributes,
               {x, s.weight({k, s.random.between(1, 3), s.channels(x), s.random.between(1, 2)})}, k * 3);
}

ValueId pool(GraphSketch &s, ValueId x) {
  if (x < 0) return -1;
  const int64_t kh = s.random.between(1, 4), kw = s.random.one_in(3) ? s.random.between(1, 3) : kh;
  const int64_t sh = s.random.one_in(3) ? kh : s.random.between(1, 4),
                sw = s.random.one_in(3) ? s.random.between(1, 3) : sh;
  std::string attributes = "size=" + GraphSketch::list({kh, kw}) + ", strides=" + GraphSketch::list({sh, sw});
  if (s.random.one_in(2)) attributes += ", " + pads_text(s, std::min(kh, kw));
  return s.add(s.random.of({"max_pool", "average_pool"}), attributes, {x}, kh * kw);
}

void conv2d(GraphSketch &s) {
  if (convolve(s, s.some(4), s.random.one_in(4)) < 0) return;
  if (s.random.one_in(2)) bias(s, s.last);
  activation(s);
  if (s.random.one_in(3)) pool(s, s.last);
}

void depthwise_conv2d(GraphSketch &s) {
  if (depthwise(s, s.some(4)) < 0) return;
  if (s.random.one_in(2)) bias(s, s.last);
  activation(s);
  if (s.random.one_in(2)) convolve(s, s.last, true);
}

void conv2d_global_pool(GraphSketch &s) {
  if (convolve(s, s.some(4), false) < 0) return;
  activation(s);
  s.add(s.random.of({"reduce_mean", "reduce_max"}),
        s.random.one_in(2) ? "axes=[1, 2]" : "axes=[1, 2], keep=true", {s.last});
}

void matmul(GraphSketch &s) {
  const ValueId x = s.some();
  const int64_t in = s.channels(x);
  if (in > 600 || s.add("matmul", "", {x, s.weight({in, s.some_channels()})}, in) < 0) return;
  if (s.random.one_in(2)) bias(s, s.last);
  if (s.random.one_in(3))
    s.add(s.random.of({"softmax", "log_softmax"}), "", {s.last});
  else
    activation(s);
}

void batch_norm(GraphSketch &s) {
  const ValueId x = s.some();
  const int64_t c = s.channels(x);
  s.add("batch_norm", s.random.of({"", "momentum=0.75", "epsilon=0.01"}),
        {x, s.weight({c}, true), s.weight({c}), s.weight({c}, false, ir::VariableKind::statistic),
         s.weight({c}, true, ir::VariableKind::statistic)});
  activation(s);
}

void pooling(GraphSketch &s) {
  pool(s, s.some(4));
}

void unary(GraphSketch &s) {
  static const std::vector<std::pair<const char *, const char *>> ops = {
      {"relu", ""},
      {"relu6", ""},
      {"leaky_relu", ""},
      {"leaky_relu", "slope=0.1"},
      {"threshold_relu", "threshold=0.25"},
      {"threshold_relu", "threshold=0.125, slope=0.5"},
      {"clip", "min=-0.5, max=0.75"},
      {"clip", "max=0.25"},
      {"elu", ""},
      {"elu", "alpha=0.5"},
      {"sigmoid", ""},
      {"tanh", ""},
      {"softplus", ""},
      {"softmax", ""},
      {"log_softmax", ""},
      {"dropout", "rate=0.25"},
      {"dropout", ""},
      {"affine", "scale=0.5, shift=0.25"},
      {"affine", "scale=-1.5"},
      {"neg", ""},
      {"identity", ""}};
  const auto &[op, attributes] = s.random.of(ops);
  s.add(op, attributes, {s.some()});
}

// Functions that need a range: exp of what is small, log and sqrt of what is above 0.
void bounded_unary(GraphSketch &s) {
  const ValueId x = s.some();
  switch (s.random.below(3)) {
    case 0:
      s.add("exp", "", {s.add("tanh", "", {x})});
      break;
    case 1:
      s.add("log", "", {s.add("affine", "shift=0.25", {s.add("softplus", "", {x})})});
      break;
    default:
      s.add("sqrt", "", {s.add("affine", "shift=0.125", {s.add("mul", "", {x, x})})});
  }
}

// What broadcasts to x: a value of its type, of it with size 1 along some axes, or a weight.
ValueId partner(GraphSketch &s, ValueId x) {
  if (const ValueId same = s.like(x); same >= 0 && !s.random.one_in(3)) return same;
  Dims dims(s.dims(x).begin() + 1, s.dims(x).end());
  for (ir::Dim &d : dims)
    if (s.random.one_in(3)) d = 1;
  if (s.random.one_in(3)) return s.weight({s.channels(x)});
  if (s.random.one_in(2)) return s.weight(dims);
  if (s.rank(x) < 3) return x;
  Ints axes;
  for (int d = 1; d + 1 < s.rank(x); ++d) axes.push_back(d);
  return s.add("reduce_mean", "axes=" + GraphSketch::list(axes) + ", keep=true", {x});
}

void binary(GraphSketch &s) {
  const ValueId x = s.some(), y = partner(s, x);
  const char *op = s.random.of({"add", "sub", "mul", "maximum", "minimum", "div", "average", "add"});
  if (std::string_view(op) == "div") {
    const ValueId positive =
        s.add("affine", "shift=0.5", {s.add("sigmoid", "", {y < 0 || !s.graph.type(y).has_batch() ? x : y})});
    s.add(op, "", {x, positive});
  } else if (std::string_view(op) == "average" && s.random.one_in(2)) {
    s.add(op, "", {x, y, x});
  } else {
    s.add(op, "", s.random.one_in(4) ? std::vector<ValueId>{y, x} : std::vector<ValueId>{x, y});
  }
  if (s.random.one_in(2)) activation(s);
}

void reduction(GraphSketch &s) {
  const ValueId x = s.some();
  if (s.rank(x) < 3) return;
  Ints axes;
  for (int64_t d = 1; d < s.rank(x); ++d)
    if (s.random.one_in(2)) axes.push_back(d);
  if (axes.empty()) axes = {1};
  const bool keep = s.random.one_in(3) || static_cast<int>(axes.size()) == s.rank(x) - 1;
  s.add(s.random.of({"reduce_sum", "reduce_mean", "reduce_max"}),
        "axes=" + GraphSketch::list(axes) + (keep ? ", keep=true" : ""), {x});
  if (s.last >= 0 && s.random.one_in(2)) s.add("affine", "scale=0.25", {s.last});
}

void pad(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  s.add("pad", pads_text(s, 4) + (s.random.one_in(4) ? ", value=0.5" : ""), {x});
  if (s.random.one_in(2)) convolve(s, s.last, false);
}

void crop(GraphSketch &s) {
  const ValueId x = s.some();
  Ints before, after;
  for (int d = 1; d < s.rank(x); ++d) {
    const int64_t most = s.random.one_in(2) ? std::min<int64_t>(s.dim(x, d) - 1, 4) : 0;
    const int64_t total = most > 0 ? s.random.between(0, most) : 0;
    before.push_back(s.random.one_in(2) ? 0 : s.random.between(0, total));
    after.push_back(total - before.back());
  }
  s.add("crop", "before=" + GraphSketch::list(before) + ", after=" + GraphSketch::list(after), {x});
  if (s.random.one_in(3) && s.rank(x) == 4) convolve(s, s.last, s.random.one_in(2));
}

// Along any axis: parts are other values that fit, or made to fit by a crop, a convolution or a dense layer.
void concat(GraphSketch &s) {
  const ValueId x = s.some();
  const int axis = s.random.one_in(2) ? s.rank(x) - 1 : static_cast<int>(s.random.between(1, s.rank(x) - 1));
  std::vector<ValueId> parts = {x};
  for (const ValueId other : s.values()) {
    bool fits = s.rank(other) == s.rank(x) && parts.size() < 4 && s.random.one_in(2);
    for (int d = 0; fits && d < s.rank(x); ++d)
      fits = d == axis || s.dims(other)[static_cast<size_t>(d)] == s.dims(x)[static_cast<size_t>(d)];
    if (fits) parts.push_back(other);
  }
  if (axis == s.rank(x) - 1 && s.random.one_in(2)) {
    const ValueId dense =
        s.add("matmul", "", {x, s.weight({s.channels(x), s.some_channels()})}, s.channels(x));
    if (s.random.one_in(2)) activation(s);
    if (dense >= 0) parts.push_back(s.last);
  } else if (s.dim(x, axis) > 1 && s.random.one_in(2)) {
    Ints before(static_cast<size_t>(s.rank(x) - 1), 0), after = before;
    (s.random.one_in(2) ? before : after)[static_cast<size_t>(axis - 1)] =
        s.random.between(1, s.dim(x, axis) - 1);
    parts.push_back(
        s.add("crop", "before=" + GraphSketch::list(before) + ", after=" + GraphSketch::list(after), {x}));
  }
  if (s.random.one_in(2)) std::swap(parts.front(), parts.back());
  s.add("concat", "axis=" + std::to_string(s.random.one_in(3) ? axis - s.rank(x) : axis), parts);
  activation(s);
}

void transpose(GraphSketch &s) {
  const ValueId x = s.some();
  Ints permutation;
  for (int64_t d = 0; d < s.rank(x); ++d) permutation.push_back(d);
  for (size_t d = 2; d < permutation.size(); ++d)
    std::swap(permutation[d], permutation[static_cast<size_t>(s.random.between(1, static_cast<int64_t>(d)))]);
  s.add("transpose", "permutation=" + GraphSketch::list(permutation), {x});
}

void upsample(GraphSketch &s) {
  s.add("upsample_nearest", "factors=" + GraphSketch::list({s.random.between(1, 3), s.random.between(1, 2)}),
        {s.some(4)});
}

void reshape(GraphSketch &s) {
  const ValueId x = s.some();
  int64_t rest = s.graph.type(x).elements_per_sample();
  Ints shape;
  while (shape.size() < 2 && s.random.one_in(2))
    for (const int64_t factor : {s.random.between(2, 5), int64_t{2}, int64_t{3}})
      if (rest % factor == 0 && rest > factor) {
        shape.push_back(factor);
        rest /= factor;
        break;
      }
  shape.push_back(s.random.one_in(4) ? -1 : rest);
  s.add("reshape", "shape=" + GraphSketch::list(shape), {x});
}

// ---- Patterns

// Branches of one value that are joined along the channels, activated after.
void inception(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  const int64_t in = s.channels(x);
  std::vector<ValueId> branches;
  for (int64_t i = s.random.between(2, 4); i > 0; --i) {
    ValueId branch = x;
    const int64_t k = s.random.of({1, 3, 5});
    if (s.random.one_in(4))
      branch = s.add(s.random.of({"max_pool", "average_pool"}),
                     "size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]", {x}, 9);
    if (branch >= 0 && !s.random.one_in(4))
      branch = s.add("conv2d", "pads=" + GraphSketch::list({k / 2, k / 2, k / 2, k / 2}),
                     {branch, s.weight({k, k, in, s.random.between(1, 20)})}, k * k * in);
    if (branch >= 0 && s.random.one_in(2)) branch = s.add("relu", "", {branch});
    if (branch >= 0) branches.push_back(branch);
  }
  if (branches.empty()) return;
  s.add("concat", "axis=3", branches);
  if (s.random.one_in(2)) s.add("relu", "", {s.last});
}

void residual(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  const int64_t c = s.channels(x);
  ValueId y = s.add("conv2d", "pads=[1, 1, 1, 1]", {x, s.weight({3, 3, c, c})}, 9 * c);
  if (y < 0) return;
  y = s.add("add", "", s.random.one_in(2) ? std::vector<ValueId>{y, x} : std::vector<ValueId>{x, y});
  s.add("relu", "", {y});
  if (s.random.one_in(2)) pool(s, s.last);
}

// Down, up again, and joined with what was there before.
void u_net(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0 || s.dim(x, 1) % 2 != 0 || s.dim(x, 2) % 2 != 0) return;
  if (s.add(s.random.of({"max_pool", "average_pool"}), "", {x}, 4) < 0) return;
  if (convolve(s, s.last, true) < 0) return;
  const ValueId up = s.add("upsample_nearest", "", {s.last});
  s.add("concat", "axis=3", s.random.one_in(2) ? std::vector<ValueId>{up, x} : std::vector<ValueId>{x, up});
  convolve(s, s.last, s.random.one_in(2));
}

void two_global_pools(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  const ValueId mean = s.add("reduce_mean", "axes=[1, 2]", {x}, 1),
                largest = s.add("reduce_max", "axes=[1, 2]", {x}, 1);
  s.add("concat", "",
        s.random.one_in(2) ? std::vector<ValueId>{mean, largest} : std::vector<ValueId>{largest, mean});
}

// A weight read twice, by ops of one kind or by two kinds.
void shared_weight(GraphSketch &s) {
  const ValueId x = s.some(2);
  if (x < 0) return;
  const int64_t c = s.channels(x);
  if (c > 40) return;
  const ValueId w = s.weight({c, c});
  const ValueId once = s.add("matmul", "", {x, w}, c);
  const ValueId twice = s.add("matmul", "", {s.add("tanh", "", {once}), w}, c);
  s.add("add", "", {once, twice});
}

// ---- Of predictions only: ops without a gradient, which a .graph file may hold.

void transposed_conv2d(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  const int64_t k = s.random.between(1, 4), sh = s.random.between(1, 3), sw = s.random.between(1, 3);
  const Ints size = {(s.dim(x, 1) - 1) * sh + k, (s.dim(x, 2) - 1) * sw + k};
  const std::string attributes =
      "strides=" + GraphSketch::list({sh, sw}) + ", input_size=" + GraphSketch::list(size);
  if (s.random.one_in(2))
    s.add("conv2d_input_gradient", attributes, {x, s.weight({k, k, s.random.between(1, 20), s.channels(x)})},
          k * k * s.channels(x));
  else
    s.add("depthwise_conv2d_input_gradient", attributes, {x, s.weight({k, k, s.channels(x), 1})}, k * k);
}

void matmul_input_gradient(GraphSketch &s) {
  const ValueId x = s.some();
  s.add("matmul_input_gradient", "", {x, s.weight({s.some_channels(), s.channels(x)})}, s.channels(x));
}

void pool_gradients(GraphSketch &s) {
  const ValueId x = s.some(4);
  if (x < 0) return;
  const int64_t k = s.random.between(1, 3), step = s.random.between(1, 3);
  if (s.dim(x, 1) < k || s.dim(x, 2) < k) return;
  const std::string window =
      "size=" + GraphSketch::list({k, k}) + ", strides=" + GraphSketch::list({step, step});
  const ValueId y = s.add("average_pool", window, {x}, k * k),
                winner = s.add("max_pool_index", window, {x}, k * k);
  if (y < 0 || winner < 0) return;
  const std::string attributes = window + ", input_size=" + GraphSketch::list({s.dim(x, 1), s.dim(x, 2)});
  if (s.random.one_in(2))
    s.add("average_pool_gradient", attributes, {y}, k * k);
  else
    s.add("max_pool_gradient", attributes, {winner, y}, k * k);
}

void binary_gradient(GraphSketch &s) {
  const ValueId x = s.some(), y = s.like(x);
  if (y < 0) return;
  const char *op =
      s.random.of({"clip_gradient", "leaky_relu_gradient", "elu_gradient", "sigmoid_gradient",
                   "tanh_gradient", "softmax_gradient", "log_softmax_gradient", "where_greater"});
  if (std::string_view(op) == "where_greater")
    s.add(op, s.random.of({"", "or_equal=true"}), {x, y, s.some()});
  else
    s.add(op, std::string_view(op) == "clip_gradient" ? "min=-0.5, max=0.5" : "", {x, y});
}

void other_without_gradient(GraphSketch &s) {
  const ValueId x = s.some();
  switch (s.random.below(4)) {
    case 0: {
      Ints before, after;
      for (int d = 1; d < s.rank(x); ++d) {
        before.push_back(s.random.below(3));
        after.push_back(s.random.below(3));
      }
      s.add("crop_gradient", "before=" + GraphSketch::list(before) + ", after=" + GraphSketch::list(after),
            {x});
      return;
    }
    case 1: {
      const ValueId y = s.add("reduce_max", "axes=[1], keep=true", {x});
      if (y >= 0) s.add("reduce_max_gradient", "axes=[1]", {x, y, s.add("tanh", "", {y})});
      return;
    }
    case 2: {
      Ints shape;
      for (int d = 1; d < s.rank(x); ++d) shape.push_back(s.dim(x, d));
      if (shape.empty()) return;
      const ValueId small = s.add("reduce_mean", "axes=[1], keep=true", {x});
      if (small >= 0)
        s.add("broadcast_to", "shape=" + GraphSketch::list(shape) + (s.random.one_in(2) ? ", mean=true" : ""),
              {small});
      return;
    }
    default:
      s.add("add", "", {x, s.add("fill", "value=0.5", {x})});
  }
}

struct NamedStep {
  Step step;
  int weight;
  std::vector<std::string_view> ops;  // that it may add
};

const std::vector<NamedStep> &steps() {
  static const std::vector<NamedStep> table = {
      {conv2d, 5, {"conv2d"}},
      {depthwise_conv2d, 3, {"depthwise_conv2d"}},
      {conv2d_global_pool, 2, {}},
      {matmul, 4, {"matmul"}},
      {batch_norm, 2, {"batch_norm"}},
      {pooling, 3, {"max_pool", "average_pool"}},
      {unary,
       4,
       {"relu", "relu6", "leaky_relu", "threshold_relu", "clip", "elu", "sigmoid", "tanh", "softplus",
        "softmax", "log_softmax", "dropout", "affine", "neg", "identity"}},
      {bounded_unary, 1, {"exp", "log", "sqrt"}},
      {binary, 4, {"add", "sub", "mul", "maximum", "minimum", "div", "average"}},
      {reduction, 2, {"reduce_sum", "reduce_mean", "reduce_max"}},
      {pad, 1, {"pad"}},
      {crop, 2, {"crop"}},
      {concat, 4, {"concat"}},
      {transpose, 1, {"transpose"}},
      {upsample, 1, {"upsample_nearest"}},
      {reshape, 2, {"reshape"}},
      {inception, 2, {}},
      {residual, 2, {}},
      {u_net, 2, {}},
      {two_global_pools, 1, {}},
      {shared_weight, 1, {}},
  };
  return table;
}

const std::vector<NamedStep> &steps_without_gradient() {
  static const std::vector<NamedStep> table = {
      {transposed_conv2d, 1, {"conv2d_input_gradient", "depthwise_conv2d_input_gradient"}},
      {matmul_input_gradient, 1, {"matmul_input_gradient"}},
      {pool_gradients, 1, {"max_pool_index", "average_pool_gradient", "max_pool_gradient"}},
      {binary_gradient,
       1,
       {"clip_gradient", "leaky_relu_gradient", "elu_gradient", "sigmoid_gradient", "tanh_gradient",
        "softmax_gradient", "log_softmax_gradient", "where_greater"}},
      {other_without_gradient, 1, {"crop_gradient", "reduce_max_gradient", "broadcast_to", "fill"}},
  };
  return table;
}

Step some_step_of(Random &random, const std::vector<NamedStep> &table) {
  int64_t total = 0;
  for (const NamedStep &step : table) total += step.weight;
  int64_t at = random.below(total);
  for (const NamedStep &step : table)
    if ((at -= step.weight) < 0) return step.step;
  return nullptr;
}

Dims some_input(GraphSketch &s) {
  Random &random = s.random;
  switch (random.below(6)) {
    case 0:
      return {ir::Dim::batch(), s.some_channels()};
    case 1:
      return {ir::Dim::batch(), random.between(1, 9), random.between(1, 12)};
    default: {
      const int64_t height = random.between(1, 11);
      return {ir::Dim::batch(), height, random.one_in(3) ? height : random.between(1, 11),
              random.one_in(5) ? s.some_channels() : random.between(1, 8)};
    }
  }
}

}  // namespace

RandomModel random_graph(Random &random, bool trainable) {
  GraphSketch sketch(random);
  sketch.graph.name = "random";
  sketch.input(some_input(sketch));
  if (random.one_in(4)) sketch.input(random.one_in(2) ? sketch.dims(sketch.last) : some_input(sketch));
  for (int64_t i = random.between(2, 9); i > 0; --i) {
    const bool gradient = trainable || !random.one_in(8);
    some_step_of(random, gradient ? steps() : steps_without_gradient())(sketch);
  }
  std::vector<ValueId> &outputs = sketch.graph.outputs;
  outputs.push_back(sketch.values().back());
  for (int64_t i = random.one_in(3) ? random.between(1, 2) : 0; i > 0; --i)
    if (const ValueId value = random.of(sketch.values());
        std::find(outputs.begin(), outputs.end(), value) == outputs.end())
      outputs.push_back(value);
  return {passes::without_dead_nodes(sketch.graph, false), {}, {}, {}};
}

std::vector<std::string_view> generated_ops() {
  std::vector<std::string_view> ops;
  for (const auto *table : {&steps(), &steps_without_gradient()})
    for (const NamedStep &step : *table) ops.insert(ops.end(), step.ops.begin(), step.ops.end());
  return ops;
}

}  // namespace sinter::campaign

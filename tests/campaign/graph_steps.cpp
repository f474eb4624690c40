#include "tests/campaign/graph_steps.h"

#include <algorithm>
#include <string>

namespace sinter::campaign {

namespace {

using Ints = std::vector<int64_t>;

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

}  // namespace

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

ValueId pool(GraphSketch &s, ValueId x) {
  if (x < 0) return -1;
  const int64_t kh = s.random.between(1, 4), kw = s.random.one_in(3) ? s.random.between(1, 3) : kh;
  const int64_t sh = s.random.one_in(3) ? kh : s.random.between(1, 4),
                sw = s.random.one_in(3) ? s.random.between(1, 3) : sh;
  std::string attributes = "size=" + GraphSketch::list({kh, kw}) + ", strides=" + GraphSketch::list({sh, sw});
  if (s.random.one_in(2)) attributes += ", " + pads_text(s, std::min(kh, kw));
  return s.add(s.random.of({"max_pool", "average_pool"}), attributes, {x}, kh * kw);
}

namespace {

ValueId bias(GraphSketch &s, ValueId x) {
  return x < 0 ? x : s.add("add", "", {x, s.weight({s.channels(x)})});
}

ValueId depthwise(GraphSketch &s, ValueId x) {
  if (x < 0) return -1;
  const int64_t k = s.random.between(1, 4);
  std::string attributes = strides_text(s) + ", " + pads_text(s, k);
  if (s.random.one_in(6)) attributes += ", dilations=[2, 1]";
  return s.add("depthwise_conv2d", attributes,
               {x, s.weight({k, s.random.between(1, 3), s.channels(x), s.random.between(1, 2)})}, k * 3);
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

}  // namespace

const std::vector<NamedStep> &op_steps() {
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
  };
  return table;
}

}  // namespace sinter::campaign

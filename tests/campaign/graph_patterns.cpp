// Patterns of ops, and ops without a gradient.
#include <string>

#include "tests/campaign/graph_steps.h"

namespace sinter::campaign {

namespace {

using Ints = std::vector<int64_t>;

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
  const char *op = s.random.of({"clip_gradient", "relu_gradient", "leaky_relu_gradient", "elu_gradient",
                                "sigmoid_gradient", "tanh_gradient", "softmax_gradient",
                                "log_softmax_gradient", "where_greater"});
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

}  // namespace

const std::vector<NamedStep> &pattern_steps() {
  static const std::vector<NamedStep> table = {
      {inception, 2, {}},        {residual, 2, {}},      {u_net, 2, {}},
      {two_global_pools, 1, {}}, {shared_weight, 1, {}},
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
       {"clip_gradient", "relu_gradient", "leaky_relu_gradient", "elu_gradient", "sigmoid_gradient",
        "tanh_gradient", "softmax_gradient", "log_softmax_gradient", "where_greater"}},
      {other_without_gradient, 1, {"crop_gradient", "reduce_max_gradient", "broadcast_to", "fill"}},
  };
  return table;
}

}  // namespace sinter::campaign

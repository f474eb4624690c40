// Where ops have kinks, and how far a point is from them.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>

#include "support/check.h"
#include "tests/campaign/rounding.h"

namespace sinter::campaign {

namespace {

constexpr double margin = 8;  // in units of the noise, which is about four roundings

// A node with the values of its operands and their noise.
struct Point {
  const ir::Node &node;
  std::vector<const ir::ReferenceTensor *> operands;
  std::vector<std::vector<double>> noise;

  ir::AttributeValue attribute(std::string_view name) const {
    for (size_t i = 0; i < node.op->fields.size(); ++i)
      if (node.op->fields[i].name == name) return node.op->attribute_values(node.attributes)[i];
    SINTER_CHECK(false, name);
  }
  double number(std::string_view name) const { return std::get<double>(attribute(name)); }
  std::vector<int64_t> ints(std::string_view name) const {
    return std::get<std::vector<int64_t>>(attribute(name));
  }
  double at(size_t operand, size_t i) const { return operands[operand]->data[i]; }
};

// Whether rounding may move a distance of 0 or more to the other side. What is equal to the last bit in
// double was computed in the same way, also by compiled code.
bool is_close(double distance, double noise) {
  return distance != 0 && std::abs(distance) <= margin * noise;
}

bool near_numbers(const Point &p, size_t operand, std::initializer_list<double> kinks) {
  for (size_t i = 0; i < p.noise[operand].size(); ++i)
    for (const double kink : kinks)
      if (is_close(p.at(operand, i) - kink, p.noise[operand][i])) return true;
  return false;
}

// Index into an operand of the element that broadcasts to element `flat` of the result.
size_t broadcast_index(const std::vector<int64_t> &dims, const std::vector<int64_t> &result, size_t flat) {
  size_t index = 0, stride = 1;
  for (size_t d = result.size(); d-- > 0;) {
    const auto size = static_cast<size_t>(result[d]), at = flat % size;
    flat /= size;
    const size_t missing = result.size() - dims.size();
    if (d < missing || dims[d - missing] == 1) continue;
    index += at * stride;
    stride *= size;
  }
  return index;
}

// Two operands that cross.
bool near_equal(const Point &p, size_t a, size_t b, const std::vector<int64_t> &result) {
  int64_t elements = 1;
  for (const int64_t dim : result) elements *= dim;
  for (size_t flat = 0; flat < static_cast<size_t>(elements); ++flat) {
    const size_t i = broadcast_index(p.operands[a]->dims, result, flat),
                 j = broadcast_index(p.operands[b]->dims, result, flat);
    if (is_close(p.at(a, i) - p.at(b, j), p.noise[a][i] + p.noise[b][j])) return true;
  }
  return false;
}

bool near_tie(const Point &p, const std::vector<size_t> &elements) {
  size_t largest = elements[0];
  for (const size_t i : elements)
    if (p.at(0, i) > p.at(0, largest)) largest = i;
  for (const size_t i : elements)
    if (i != largest && is_close(p.at(0, largest) - p.at(0, i), p.noise[0][largest] + p.noise[0][i]))
      return true;
  return false;
}

bool near_tie_in_window(const Point &p) {
  const std::vector<int64_t> size = p.ints("size"), strides = p.ints("strides"), pads = p.ints("pads");
  const std::vector<int64_t> &d = p.operands[0]->dims;
  for (int64_t n = 0; n < d[0]; ++n)
    for (int64_t top = -pads[0]; top + size[0] <= d[1] + pads[1]; top += strides[0])
      for (int64_t left = -pads[2]; left + size[1] <= d[2] + pads[3]; left += strides[1])
        for (int64_t c = 0; c < d[3]; ++c) {
          std::vector<size_t> elements;
          for (int64_t h = std::max<int64_t>(top, 0); h < std::min(top + size[0], d[1]); ++h)
            for (int64_t w = std::max<int64_t>(left, 0); w < std::min(left + size[1], d[2]); ++w)
              elements.push_back(static_cast<size_t>(((n * d[1] + h) * d[2] + w) * d[3] + c));
          if (!elements.empty() && near_tie(p, elements)) return true;
        }
  return false;
}

bool near_tie_along(const Point &p, const std::vector<int64_t> &axes) {
  const std::vector<int64_t> &dims = p.operands[0]->dims;
  std::map<size_t, std::vector<size_t>> groups;
  for (size_t i = 0; i < p.operands[0]->data.size(); ++i) {
    size_t rest = i, key = 0, stride = 1;
    for (size_t d = dims.size(); d-- > 0;) {
      const auto size = static_cast<size_t>(dims[d]);
      bool reduced = false;
      for (const int64_t axis : axes)
        reduced |= static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis) == d;
      if (!reduced) {
        key += rest % size * stride;
        stride *= size;
      }
      rest /= size;
    }
    groups[key].push_back(i);
  }
  for (const auto &[key, elements] : groups)
    if (near_tie(p, elements)) return true;
  return false;
}

// The same of rows: the largest prediction of each.
bool near_tie_in_row(const Point &p) {
  return near_tie_along(p, {-1});
}

// The prediction at the target's place, and another of the row.
bool near_target_in_row(const Point &p) {
  const auto classes = static_cast<size_t>(p.operands[0]->dims.back());
  for (size_t row = 0; row < p.operands[0]->data.size(); row += classes) {
    const auto first = p.operands[1]->data.begin() + static_cast<int64_t>(row);
    const size_t target =
        row + static_cast<size_t>(std::max_element(first, first + static_cast<int64_t>(classes)) - first);
    for (size_t i = row; i < row + classes; ++i)
      if (i != target && is_close(p.at(0, i) - p.at(0, target), p.noise[0][i] + p.noise[0][target]))
        return true;
  }
  return false;
}

bool near_hinge(const Point &p) {
  for (size_t i = 0; i < p.noise[0].size(); ++i)
    if (is_close(1 - p.at(0, i) * p.at(1, i), p.noise[0][i] * std::abs(p.at(1, i)))) return true;
  return false;
}

constexpr double epsilon = 1e-7f, one = 1 - 1e-7f;  // where losses clip

// Quotients of a row by its sum.
bool near_clipped_quotient(const Point &p) {
  const auto classes = static_cast<size_t>(p.operands[0]->dims.back());
  for (size_t row = 0; row < p.operands[0]->data.size(); row += classes) {
    double sum = 0, noise = 0;
    for (size_t i = row; i < row + classes; ++i) sum += p.at(0, i), noise += p.noise[0][i];
    for (size_t i = row; i < row + classes; ++i) {
      const double q = p.at(0, i) / sum, q_noise = (p.noise[0][i] + noise * std::abs(q)) / std::abs(sum);
      if (is_close(q - epsilon, q_noise) || is_close(q - one, q_noise + 0x1p-24)) return true;
    }
  }
  return false;
}

struct Entry {
  Kinks kind;
  std::function<bool(const Point &)> is_near;
};

const std::map<std::string_view, Entry> &table() {
  const auto zero = [](const Point &p) { return near_numbers(p, 0, {0}); };
  const auto bounds = [](const Point &p) { return near_numbers(p, 0, {p.number("min"), p.number("max")}); };
  const auto pairs = [](const Point &p) {
    std::vector<int64_t> result;
    for (const ir::ReferenceTensor *operand : p.operands) {  // as in numpy
      std::vector<int64_t> dims = operand->dims;
      if (dims.size() < result.size()) dims.insert(dims.begin(), result.size() - dims.size(), 1);
      if (result.size() < dims.size()) result.insert(result.begin(), dims.size() - result.size(), 1);
      for (size_t d = 0; d < dims.size(); ++d) result[d] = std::max(result[d], dims[d]);
    }
    return near_equal(p, 0, 1, result);
  };
  static const std::map<std::string_view, Entry> entries = {
      {"relu", {Kinks::corners, zero}},
      {"relu6", {Kinks::corners, [](const Point &p) { return near_numbers(p, 0, {0, 6}); }}},
      {"leaky_relu", {Kinks::corners, zero}},
      {"elu", {Kinks::corners, zero}},
      {"threshold_relu",
       {Kinks::jumps, [](const Point &p) { return near_numbers(p, 0, {p.number("threshold")}); }}},
      {"clip", {Kinks::corners, bounds}},
      {"maximum", {Kinks::corners, pairs}},
      {"minimum", {Kinks::corners, pairs}},
      {"max_pool", {Kinks::corners, near_tie_in_window}},
      {"reduce_max", {Kinks::corners, [](const Point &p) { return near_tie_along(p, p.ints("axes")); }}},
      {"max_pool_index", {Kinks::jumps, near_tie_in_window}},
      {"clip_gradient", {Kinks::jumps, bounds}},
      {"relu_gradient", {Kinks::jumps, zero}},
      {"relu6_gradient", {Kinks::jumps, [](const Point &p) { return near_numbers(p, 0, {0, 6}); }}},
      {"leaky_relu_gradient", {Kinks::jumps, zero}},
      {"threshold_relu_gradient",
       {Kinks::jumps, [](const Point &p) { return near_numbers(p, 0, {p.number("threshold")}); }}},
      {"elu_gradient", {Kinks::jumps, zero}},
      {"where_greater", {Kinks::jumps, pairs}},
      {"reduce_max_gradient",
       {Kinks::jumps, [](const Point &p) { return near_tie_along(p, p.ints("axes")); }}},
      {"mean_absolute_error",
       {Kinks::corners, [](const Point &p) { return near_equal(p, 0, 1, p.operands[0]->dims); }}},
      {"mean_absolute_percentage_error",
       {Kinks::corners, [](const Point &p) { return near_equal(p, 0, 1, p.operands[0]->dims); }}},
      {"mean_squared_logarithmic_error",
       {Kinks::corners, [](const Point &p) { return near_numbers(p, 0, {epsilon}); }}},
      {"hinge", {Kinks::corners, near_hinge}},
      {"kl_divergence", {Kinks::corners, [](const Point &p) { return near_numbers(p, 0, {epsilon, 1}); }}},
      {"binary_crossentropy",
       {Kinks::corners, [](const Point &p) { return near_numbers(p, 0, {epsilon, one}); }}},
      {"categorical_crossentropy", {Kinks::corners, near_clipped_quotient}},
      {"categorical_accuracy", {Kinks::jumps, near_tie_in_row}},
      {"sparse_categorical_accuracy", {Kinks::jumps, near_tie_in_row}},
      {"binary_accuracy",
       {Kinks::jumps, [](const Point &p) { return near_numbers(p, 0, {p.number("threshold")}); }}},
      {"top_k_accuracy", {Kinks::jumps, near_target_in_row}},
  };
  return entries;
}

}  // namespace

std::string kink(const ir::Graph &graph, const Evaluation &evaluation, const std::vector<bool> &considered,
                 Kinks kinks) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const ir::Node &node = graph.nodes[i];
    const auto entry = table().find(node.op->name);
    if (!considered[i] || entry == table().end() || entry->second.kind > kinks) continue;
    Point point{node, {}, {}};
    for (const ir::ValueId input : node.inputs) {
      point.operands.push_back(&evaluation.exact[static_cast<size_t>(input)]);
      point.noise.push_back(evaluation.element_noise(input));
    }
    if (entry->second.is_near(point)) return std::string(node.op->name);
  }
  return {};
}

}  // namespace sinter::campaign

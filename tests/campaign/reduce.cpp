#include "tests/campaign/reduce.h"

#include <algorithm>
#include <map>
#include <set>

#include "passes/rewrite.h"

namespace sinter::campaign {

namespace {

using ir::Graph;
using ir::ValueId;

// What to make of a graph; ids are those of the given one.
struct Change {
  std::vector<ValueId> outputs;                // if not empty
  ValueId cut = -1;                            // becomes an input
  std::pair<ValueId, ValueId> bypass{-1, -1};  // the first is read from the second
  int64_t size = 0, new_size = 0;              // of inputs and variables
  std::pair<ir::NodeId, ir::Attributes> attributes{-1, {}};
};

ir::TensorType resized(ir::TensorType type, const Change &change) {
  for (ir::Dim &dim : type.dims)
    if (change.size > 0 && dim == ir::Dim(change.size)) dim = change.new_size;
  return type;
}

// nullopt if some shape no longer fits.
std::optional<Graph> changed(const Graph &source, const Change &change) {
  Graph result;
  result.name = source.name;
  std::vector<ValueId> map(source.values.size(), -1);
  for (const ValueId input : source.inputs)
    map[static_cast<size_t>(input)] =
        result.add_input(source.value(input).name, resized(source.type(input), change));
  if (change.cut >= 0)
    map[static_cast<size_t>(change.cut)] =
        result.add_input(source.value(change.cut).name, resized(source.type(change.cut), change));
  for (const ir::Variable &v : source.variables)
    map[static_cast<size_t>(v.value)] =
        result.add_variable(source.value(v.value).name, resized(source.type(v.value), change), v.kind,
                            v.trainable, v.initializer);
  for (size_t i = 0; i < source.nodes.size(); ++i) {
    const ir::Node &node = source.nodes[i];
    if (node.outputs[0] == change.cut) continue;
    if (node.outputs[0] == change.bypass.first) {
      map[static_cast<size_t>(node.outputs[0])] = map[static_cast<size_t>(change.bypass.second)];
      continue;
    }
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(map[static_cast<size_t>(input)]);
    ir::Checker checker;
    const bool is_new = change.attributes.first == static_cast<ir::NodeId>(i);
    const ir::NodeId id =
        result.add_node(*node.op, is_new ? change.attributes.second : node.attributes, std::move(inputs),
                        source.value(node.outputs[0]).name, checker, node.layer);
    if (id < 0) return std::nullopt;
    for (size_t o = 0; o < node.outputs.size(); ++o)
      map[static_cast<size_t>(node.outputs[o])] = result.node(id).outputs[o];
  }
  for (const ValueId output : change.outputs.empty() ? source.outputs : change.outputs) {
    const ValueId value = map[static_cast<size_t>(output)];
    if (std::ranges::find(result.outputs, value) != result.outputs.end()) return std::nullopt;
    result.outputs.push_back(value);
  }
  result = passes::without_dead_nodes(result, false);
  const auto uses = result.uses();
  std::vector<ValueId> inputs;
  for (const ValueId input : result.inputs)
    if (!uses[static_cast<size_t>(input)].empty() || result.is_output(input)) inputs.push_back(input);
  if (inputs.empty()) return std::nullopt;
  if (inputs.size() == result.inputs.size()) return result;
  // An input that nobody reads is still a value; only rebuilding drops it.
  Graph rest;
  rest.name = result.name;
  std::vector<ValueId> kept(result.values.size(), -1);
  for (const ValueId input : inputs)
    kept[static_cast<size_t>(input)] = rest.add_input(result.value(input).name, result.type(input));
  for (const ir::Variable &v : result.variables)
    kept[static_cast<size_t>(v.value)] = rest.add_variable(result.value(v.value).name, result.type(v.value),
                                                           v.kind, v.trainable, v.initializer);
  for (const ir::Node &node : result.nodes) {
    std::vector<ValueId> operands;
    for (const ValueId input : node.inputs) operands.push_back(kept[static_cast<size_t>(input)]);
    ir::Checker checker;
    const ir::NodeId id = rest.add_node(*node.op, node.attributes, std::move(operands),
                                        result.value(node.outputs[0]).name, checker, node.layer);
    for (size_t o = 0; o < node.outputs.size(); ++o)
      kept[static_cast<size_t>(node.outputs[o])] = rest.node(id).outputs[o];
  }
  for (const ValueId output : result.outputs) rest.outputs.push_back(kept[static_cast<size_t>(output)]);
  return rest;
}

class Reducer {
 public:
  Reducer(Case c, const std::function<bool(const Case &)> &fails, int attempts)
      : best_(std::move(c)), fails_(fails), attempts_(attempts) {}

  Case run() {
    // All kinds of cuts again after a round in which one worked: it may have made others possible.
    while (attempts_ > 0 &&
           (simplify_run() | simplify_fit() | drop_outputs() | shorten() | drop_nodes() | shrink())) {
    }
    return std::move(best_);
  }

 private:
  bool try_case(Case c) {
    if (attempts_ <= 0) return false;
    --attempts_;
    if (!fails_(c)) return false;
    best_ = std::move(c);
    return true;
  }

  bool try_change(const Change &change) {
    std::optional<Graph> graph = changed(best_.graph, change);
    if (!graph) return false;
    Case c = best_;
    c.graph = *std::move(graph);
    if (c.fit && !change.outputs.empty()) follow_outputs(*c.fit, change.outputs);
    return try_case(std::move(c));
  }

  // Losses and metrics of the outputs that stay; a value that was none gets the first loss.
  void follow_outputs(Fit &fit, const std::vector<ValueId> &outputs) const {
    const Fit before = fit;
    fit.losses.clear();
    fit.metrics.clear();
    for (size_t o = 0; o < outputs.size(); ++o) {
      const auto found = std::ranges::find(best_.graph.outputs, outputs[o]);
      const auto old = static_cast<size_t>(found - best_.graph.outputs.begin());
      fit.losses.push_back(found == best_.graph.outputs.end() ? Loss{.name = "mean_squared_error"}
                                                              : before.losses[old]);
      for (Metric metric : before.metrics)
        if (found != best_.graph.outputs.end() && metric.output == static_cast<int>(old)) {
          metric.output = static_cast<int>(o);
          fit.metrics.push_back(metric);
        }
    }
  }

  template <class Edit>
  bool try_edit(Edit edit) {
    Case c = best_;
    edit(c);
    if (print(c) == print(best_)) return false;
    return try_case(std::move(c));
  }

  bool simplify_run() {
    bool any = try_edit([](Case &c) { c.interpreter = false; });
    any |= try_edit([](Case &c) { c.target = "native"; });
    any |= try_edit([](Case &c) { c.batches.resize(1); });
    any |= try_edit([](Case &c) {
      c.max_batch = 1;
      c.batches = {1};
    });
    any |= try_edit([](Case &c) {
      c.max_batch = 2;
      c.batches.assign(c.batches.size(), 2);
    });
    return any;
  }

  bool simplify_fit() {
    if (!best_.fit) return false;
    bool any = try_edit([](Case &c) { c.fit->metrics.clear(); });
    any |= try_edit([](Case &c) { c.fit->penalties.clear(); });
    any |= try_edit([](Case &c) { c.fit->constraints.clear(); });
    any |= try_edit([](Case &c) { c.fit->weighting = Weighting::none; });
    any |= try_edit([](Case &c) { c.fit->first_step = 0; });
    any |= try_edit([](Case &c) {
      c.fit->optimizer.clipnorm = c.fit->optimizer.clipvalue = c.fit->optimizer.global_clipnorm = 0;
    });
    any |= try_edit([](Case &c) {
      c.fit->optimizer = default_optimizer_config(Optimizer::sgd, c.fit->optimizer.keras3);
    });
    any |= try_edit([](Case &c) {
      for (Loss &loss : c.fit->losses) loss = {.name = loss.name};
    });
    any |= try_edit([](Case &c) {
      for (Loss &loss : c.fit->losses) loss = {.name = "mean_squared_error"};
    });
    any |= try_edit([](Case &c) {
      for (ir::Variable &variable : c.graph.variables)
        variable.trainable = variable.kind == ir::VariableKind::weight;
    });
    return any;
  }

  bool drop_outputs() {
    const std::vector<ValueId> outputs = best_.graph.outputs;
    if (outputs.size() < 2) return false;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (try_change({.outputs = {outputs[i]}})) return true;
      std::vector<ValueId> rest = outputs;
      rest.erase(rest.begin() + static_cast<int64_t>(i));
      if (try_change({.outputs = rest})) return true;
    }
    return false;
  }

  // An earlier value as the output, a later one as an input.
  bool shorten() {
    bool any = false;
    for (size_t i = 0; i + 1 < best_.graph.nodes.size(); ++i)
      if (const ValueId value = best_.graph.nodes[i].outputs[0];
          best_.graph.type(value).has_batch() && (!best_.fit || best_.graph.type(value).rank() >= 2) &&
          try_change({.outputs = {value}})) {
        any = true;
        break;
      }
    for (size_t i = best_.graph.nodes.size(); i-- > 0;)
      if (i < best_.graph.nodes.size())
        if (const ValueId value = best_.graph.nodes[i].outputs[0];
            best_.graph.type(value).has_batch() && best_.graph.nodes.size() > 1)
          any |= try_change({.cut = value});
    return any;
  }

  bool drop_nodes() {
    bool any = false;
    for (size_t i = best_.graph.nodes.size(); i-- > 0;) {
      if (i >= best_.graph.nodes.size()) continue;
      const ir::Node node = best_.graph.nodes[i];
      for (const ValueId input : node.inputs)
        if (best_.graph.type(input) == best_.graph.type(node.outputs[0]) &&
            try_change({.bypass = {node.outputs[0], input}})) {
          any = true;
          break;
        }
      if (any) break;
      any |= default_attributes(static_cast<ir::NodeId>(i));
      if (any) break;
    }
    return any;
  }

  bool default_attributes(ir::NodeId id) {
    const ir::Node node = best_.graph.node(id);
    for (size_t f = 0; f < node.op->fields.size(); ++f) {
      if (node.op->attribute_values(node.attributes)[f] == node.op->fields[f].default_value) continue;
      ir::Attributes attributes = node.attributes;
      if (node.op->with_attribute(attributes, f, node.op->fields[f].default_value) &&
          try_change({.attributes = {id, attributes}}))
        return true;
    }
    return false;
  }

  bool shrink() {
    std::set<int64_t, std::greater<>> sizes;
    for (const ir::Value &value : best_.graph.values)
      if (value.producer < 0)
        for (const ir::Dim dim : value.type.dims)
          if (dim.is_constant() && dim.value() > 1) sizes.insert(dim.value());
    bool any = false;
    for (const int64_t size : sizes)
      for (const int64_t smaller : {int64_t{1}, int64_t{2}, size / 2, size - 1})
        if (smaller > 0 && smaller < size && try_change({.size = size, .new_size = smaller})) {
          any = true;
          break;
        }
    return any;
  }

  Case best_;
  const std::function<bool(const Case &)> &fails_;
  int attempts_;
};

}  // namespace

Case reduce(Case c, const std::function<bool(const Case &)> &fails, int attempts) {
  return Reducer(std::move(c), fails, attempts).run();
}

}  // namespace sinter::campaign

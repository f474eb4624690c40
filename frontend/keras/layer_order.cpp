#include "frontend/keras/layer_order.h"

#include <algorithm>
#include <unordered_map>

namespace sinter::keras {
namespace {

// One call of one layer, and the walk's state of it.
struct CallState {
  bool visited = false;
  bool finished = false;
  int depth = 0;
};

struct Walk {
  ModelConfig &model;
  std::unordered_map<std::string, int> index;     // layer name -> position in model.layers
  std::vector<std::vector<CallState>> calls;      // per layer, per call
  std::vector<int> first_visit;                   // per layer, -1: not reached
  std::vector<std::pair<int, int>> finish_order;  // (layer, call)
  int visits = 0;

  explicit Walk(ModelConfig &m) : model(m), calls(m.layers.size()), first_visit(m.layers.size(), -1) {
    for (size_t i = 0; i < m.layers.size(); ++i) {
      index.emplace(m.layers[i].name, static_cast<int>(i));
      calls[i].resize(m.layers[i].calls.size());
    }
  }

  // The call that made `tensor`; {-1, -1} if there is none.
  std::pair<int, int> producer(const TensorRef &tensor) const {
    const auto found = index.find(tensor.layer);
    if (found == index.end() || tensor.node < 0 ||
        tensor.node >= static_cast<int>(calls[found->second].size()))
      return {-1, -1};
    return {found->second, tensor.node};
  }

  // Depth-first from one output, with a stack of our own: models may be thousands of layers deep.
  void visit(const TensorRef &from) {
    struct Frame {
      int layer, call;
      size_t next_input = 0;
    };
    std::vector<Frame> stack;
    const auto enter = [&](const TensorRef &tensor) {
      const auto [layer, call] = producer(tensor);
      if (layer < 0 || calls[layer][call].visited) return;
      calls[layer][call].visited = true;
      if (first_visit[layer] < 0) first_visit[layer] = visits++;
      stack.push_back({layer, call});
    };
    enter(from);
    while (!stack.empty()) {
      Frame &top = stack.back();
      const std::vector<TensorRef> &inputs = model.layers[top.layer].calls[top.call].inputs;
      if (top.next_input < inputs.size()) {
        enter(inputs[top.next_input++]);
      } else {
        finish_order.emplace_back(top.layer, top.call);
        stack.pop_back();
      }
    }
  }
};

}  // namespace

void order_by_depth(ModelConfig &model) {
  Walk walk(model);
  for (const TensorRef &output : model.outputs) walk.visit(output);

  const size_t count = model.layers.size();
  std::vector<int> layer_depth(count, 0);
  for (auto it = walk.finish_order.rbegin(); it != walk.finish_order.rend(); ++it) {
    const auto [layer, call] = *it;
    // A shared layer has the depth of its deepest call so far.
    const int depth = std::max(walk.calls[layer][call].depth, layer_depth[layer]);
    layer_depth[layer] = walk.calls[layer][call].depth = depth;
    for (const TensorRef &input : model.layers[layer].calls[call].inputs) {
      const auto [from, from_call] = walk.producer(input);
      if (from < 0) continue;
      int &input_depth = walk.calls[from][from_call].depth;
      input_depth = std::max(input_depth, depth + 1);
    }
  }
  for (const TensorRef &input : model.inputs) {
    const auto found = walk.index.find(input.layer);
    if (found != walk.index.end() && walk.first_visit[found->second] < 0)
      walk.first_visit[found->second] = walk.visits++;
  }

  std::vector<size_t> order;
  for (size_t i = 0; i < count; ++i)
    if (walk.first_visit[i] >= 0) order.push_back(i);
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return layer_depth[a] != layer_depth[b] ? layer_depth[a] > layer_depth[b]
                                            : walk.first_visit[a] < walk.first_visit[b];
  });
  std::vector<Layer> ordered;
  ordered.reserve(order.size());
  for (const size_t i : order) ordered.push_back(std::move(model.layers[i]));
  model.layers = std::move(ordered);
}

}  // namespace sinter::keras

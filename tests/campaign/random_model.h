// Random models: graphs of ops, and Keras models layer by layer. Sizes are odd more often than not, channels
// now and then many enough for several blocks of packed weights and a rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/campaign/case.h"
#include "tests/campaign/random.h"

namespace sinter::campaign {

struct RandomModel {
  ir::Graph graph;
  std::vector<std::string> layers;  // Keras's classes
  std::vector<Penalty> penalties;   // of Keras's regularizers
  std::vector<Constraint> constraints;
};

// trainable: every op has a gradient.
RandomModel random_graph(Random &random, bool trainable);
RandomModel random_keras_model(Random &random, bool keras3);

// Ops that random_graph() makes.
std::vector<std::string_view> generated_ops();

}  // namespace sinter::campaign

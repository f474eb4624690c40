// A case of the campaign: a model, what it is run on, and, if it is trained, how. Variables are named, so
// that a case stays whole when parts of its graph go.
//
// Its text is a .graph file whose first line is a comment with the rest as JSON:
//
//   # case {"seed": 7, "max_batch": 3, …}
//   graph "random_7" { … }
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "passes/pipeline.h"

namespace sinter::campaign {

struct Loss {
  std::string name;
  bool from_logits = false;
  double label_smoothing = 0, delta = 1, weight = 1;
};

struct Metric {
  std::string name;
  int output = 0;
  int64_t k = 5;
};

struct Penalty {
  std::string variable;
  double l1 = 0, l2 = 0;
};

struct Constraint {
  std::string variable;
  ir::ConstraintKind kind = ir::ConstraintKind::max_norm;
  std::vector<int64_t> axes = {0};
  double max_value = 2, min_value = 0, rate = 1;
};

enum class Weighting : uint8_t { none, samples, classes };

struct Fit {
  std::vector<Loss> losses;  // one an output of the graph
  std::vector<Metric> metrics;
  Weighting weighting = Weighting::none;
  std::vector<Penalty> penalties;
  std::vector<Constraint> constraints;
  OptimizerConfig optimizer;  // keras3: the semantics of the fit
  uint64_t first_step = 0;
};

struct Case {
  uint64_t seed = 0;  // of all data
  int64_t max_batch = 1;
  std::vector<int64_t> batches;   // samples of each run: of predictions, or of training steps
  std::string target = "native";  // codegen::parse_target
  bool interpreter = false;       // run the Kernel IR interpreter beside compiled code
  ir::Graph graph;
  std::optional<Fit> fit;
  std::vector<std::string> layers;  // Keras's classes that the graph came from, for the table
};

std::string print(const Case &c);
// nullopt (reported to stderr) for a text that print() did not make.
std::optional<Case> parse_case(const std::string &text);

// The fit in the compiler's terms.
passes::TrainingRequest request_of(const Case &c);

// The variable's index; -1 if there is none.
int variable_index(const ir::Graph &graph, const std::string &name);

// What the variables, the inputs and the targets hold. Weights have about the size that keeps activations
// near 1, those that start as ones are positive. All are exact in f32.
ir::ReferenceTensor variable_data(const Case &c, const ir::Variable &variable);
ir::ReferenceTensor input_data(const Case &c, ir::ValueId input, int64_t n, size_t run);
// `type`: of the input that attach_loss made for the output's targets.
ir::ReferenceTensor target_data(const Case &c, size_t output, const ir::TensorType &type, int64_t classes,
                                int64_t n, size_t run);
ir::ReferenceTensor weight_data(const Case &c, int64_t n, size_t run);

}  // namespace sinter::campaign

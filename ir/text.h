// The text form of graphs: `--emit graph`, `.graph` model files, pass tests. print and parse are inverse.
//
//   graph "mlp" {
//     input %x: f32[N, 784]
//     weight %dense_1.kernel: f32[784, 512] init=glorot_uniform
//     weight %dense_1.bias: f32[512] frozen init=zeros
//     statistic %bn.moving_mean: f32[16] init=zeros
//     %dense_1: f32[N, 512] = matmul(%x, %dense_1.kernel) layer="dense_1"
//     %c: f32[N, 14, 14, 8] = conv2d(%y, %w) {strides=[2, 2]} layer="conv"
//     output %c
//   }
//
// Types after a node are optional on input; when given they must equal the inferred ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "support/diagnostic.h"

namespace sinter::ir {

std::string print(const Graph &graph);
// All problems are reported with line and column. Accepts any identifier of [A-Za-z0-9_./:-] after %.
std::optional<Graph> parse_graph(std::string_view text, Diagnostics &diagnostics, std::string_view file = {});

}  // namespace sinter::ir

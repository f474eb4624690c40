// Graphs in tests are written as text.
#pragma once

#include <gtest/gtest.h>

#include "ir/text.h"

namespace sinter::test {

inline ir::Graph graph_of(std::string_view text) {
  Diagnostics diagnostics;
  std::optional<ir::Graph> graph = ir::parse_graph(text, diagnostics, "test.graph");
  if (!graph) ADD_FAILURE() << diagnostics.render_all();
  return graph ? *std::move(graph) : ir::Graph();
}

}  // namespace sinter::test

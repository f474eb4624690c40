// The constants of a program under construction.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "codegen/program.h"
#include "passes/pass.h"

namespace sinter::codegen {

// Each storage layout of a variable once: graphs of one program share them.
class ProgramConstants {
 public:
  // The variable's data packed in blocks (0: dense), which weights, indexed as the graph's variables, hold by
  // the time they are written. Returns the offset in bytes.
  int64_t offset_of(const ir::Graph &graph, const std::shared_ptr<const passes::Weights> &weights,
                    ir::VariableId variable, int64_t block);

  int64_t bytes() const { return end_; }
  std::vector<ConstantBlock> take() { return std::move(blocks_); }

 private:
  std::map<std::pair<ir::VariableKey, int64_t>, int64_t> offsets_;
  std::vector<ConstantBlock> blocks_;
  int64_t end_ = 0;
};

}  // namespace sinter::codegen

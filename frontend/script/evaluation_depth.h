// The guard that bounds the evaluator's own recursion. Private to the evaluator's sources.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/limits.h"

namespace sinter::script {

class Evaluator::Depth {
 public:
  Depth(Evaluator &evaluator, Position at) : evaluator_(evaluator) {
    if (evaluator.depth_ >= limits::evaluation_depth) {
      evaluator.diagnostics_.error(evaluator.source_.at(at),
                                   "the script's calls and expressions are nested too deeply",
                                   "check for a function that calls itself without end");
      throw Stopped{};
    }
    ++evaluator.depth_;
  }
  ~Depth() { --evaluator_.depth_; }
  Depth(const Depth &) = delete;
  Depth &operator=(const Depth &) = delete;

 private:
  Evaluator &evaluator_;
};

}  // namespace sinter::script

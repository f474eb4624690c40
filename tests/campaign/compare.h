// Runs a case through the whole compiler and compares with the reference interpreter.
//
// Predictions: an output may differ by 1e-5 of its largest element, or by what rounding does to it
// (rounding.h), if that is more. Compiled code gives the same bits when its chunks run in other orders and
// when a sample comes alone.
//
// Fits: ten steps, each from the state that compiled code left, so that roundings do not add up. An element
// of a weight, slot or statistic may differ by 1e-5 of the largest update of its tensor in this step (the net
// one, or what the gradient did to it: moving averages may hold still because the two sides of their update
// cancel), and by the rounding of its own storage (2^-23 of its old or new value; four times that if a
// constraint follows). Where gradients cancel, or are divided by their own size as Adam does, rounding does
// more than that: then by what the update does with the gradient moved by its noise, and by what rounding
// does to the element. How often that was the wider bound is counted, and limited by the tests. Where an
// operand of relu, max and the like is so close to the kink that rounding decides (kinks.cpp), the step is
// not compared; that is counted and limited too. Loss and metrics are compared likewise, and at the end
// evaluation and prediction.
#pragma once

#include <functional>
#include <string>

#include "codegen/cpu/jit.h"
#include "tests/campaign/case.h"
#include "tests/campaign/coverage.h"
#include "tests/campaign/rounding.h"

namespace sinter::campaign {

// Bounds: 1e-5 of the scale, or this many units of noise.
constexpr double bound_part = 1e-5, bound_noise = 8;

struct Verdict {
  bool is_valid = true;    // false: not a case to compare (numbers out of range, nothing to train)
  std::string difference;  // what is wrong; "": nothing
};

Verdict check(const Case &c, Coverage &coverage);
Verdict check_prediction(const Case &c, Coverage &coverage);
// torch: gets the steps that were compared.
class TorchExport;
Verdict check_fit(const Case &c, Coverage &coverage, TorchExport *torch = nullptr);

// What the two share.
std::vector<float> floats_of(const ir::ReferenceTensor &tensor);
// Whether all is finite and not so large that squares of it are out of range.
bool is_in_range(const std::vector<ir::ReferenceTensor> &values);
// "" or where `got` is further from `expected` than allowed (by element), with `what` in front. Counts the
// largest part of the bound that was needed.
std::string compare(const std::string &what, const std::vector<double> &got,
                    const std::vector<double> &expected, const std::vector<double> &allowed,
                    Coverage &coverage);
// Chunks backwards, and mixed.
codegen::ChunkOrder backwards();
codegen::ChunkOrder mixed(uint64_t seed);
// Of the compiler: the weights of a graph.
passes::Weights weights_of(const Case &c, bool constants_only);

}  // namespace sinter::campaign

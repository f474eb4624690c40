// Writes fits for check_with_torch.py: the model as a graph, the settings of the fit, and of each compared
// step the data, the state before it, and the state that compiled code left, with what it may be off.
//
// fit_N.json says it all; its arrays are [first, count] of the little-endian floats in fit_N.bin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/campaign/fit_runner.h"

namespace sinter::campaign {

struct ExportedTensor {
  std::string name;
  std::vector<double> after, allowed;
};

class TorchExport {
 public:
  TorchExport(const std::string &folder, const Case &c);
  ~TorchExport();  // writes the files

  // state: before the step.
  void add_step(const FitRunner &fit, const StepData &data, const Tensors &state, double loss,
                double loss_allowed, const std::vector<ExportedTensor> &tensors);

 private:
  struct Contents;
  std::string path_;
  std::unique_ptr<Contents> contents_;
};

}  // namespace sinter::campaign

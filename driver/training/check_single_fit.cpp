#include "driver/training/check_single_fit.h"

#include <fmt/format.h>

#include <map>
#include <vector>

namespace sinter::driver {

namespace {

using namespace script;

// "lines 12, 20 (3 times)"
std::string lines_of(const std::vector<int> &lines) {
  std::map<int, int> counts;
  for (const int line : lines) ++counts[line];
  std::string text;
  for (const auto &[line, count] : counts)
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", line,
                        count > 1 ? fmt::format(" ({} times)", count) : "");
  return (counts.size() == 1 ? "line " : "lines ") + text;
}

class FitChecker {
 public:
  FitChecker(const LoadedModel &loaded, bool has_weights, Diagnostics &diagnostics)
      : plan_(loaded.plan), main_(loaded.main_model), has_weights_(has_weights), diagnostics_(diagnostics) {}

  bool run() {
    std::vector<int> fits, compiles;
    const FitCall *second = nullptr;
    for (const TrainingAction &action : plan_.actions) {
      if (const auto *fit = std::get_if<FitCall>(&action); fit && fit->model == main_) {
        if (fits.size() == 1) second = fit;
        fits.push_back(fit->where.line);
      }
      if (const auto *compile = std::get_if<CompileCall>(&action); compile && compile->model == main_)
        compiles.push_back(compile->where.line);
    }
    if (second)
      fail(second->where,
           fmt::format("the script trains the model {} times: fit() in {}, compile() in {}", fits.size(),
                       lines_of(fits), compiles.empty() ? "no line" : lines_of(compiles)),
           "a trainer of this version runs a single fit(); leave the one that is wanted");
    const FitCall *first = plan_.first_fit(main_);
    if (first && !compiles.empty() && !plan_.last_compile(main_))
      fail(first->where, fmt::format("fit() stands before compile() ({})", lines_of(compiles)),
           "compile the model first");
    for (const TrainingAction &action : plan_.actions) {
      const auto *fit = std::get_if<FitCall>(&action);
      if (fit && fit == first) break;
      std::visit([&](const auto &call) { check(call); }, action);
    }
    for (const TrainingAction &action : plan_.actions)
      if (const auto *evaluate = std::get_if<EvaluateCall>(&action);
          evaluate && evaluate->model == main_ && evaluate->steps)
        fail(evaluate->where, "evaluate(steps=…) is not supported", "evaluate all data, or a slice of it");
    for (const UnsupportedCall *call : unsupported_) fail(call->where, call->what, call->hint);
    return ok_;
  }

 private:
  void fail(const Location &where, const std::string &message, const std::string &hint) {
    diagnostics_.error(where, message, hint);
    ok_ = false;
  }

  void check(const UnsupportedCall &call) {
    if (call.model < 0 || call.model == main_) unsupported_.push_back(&call);
  }
  // Starts anew with the model as it is then.
  void check(const CompileCall &compile) {
    if (compile.model == main_)
      std::erase_if(unsupported_, [](const UnsupportedCall *call) { return call->model >= 0; });
  }
  void check(const FitCall &fit) {
    if (plan_.are_related(main_, fit.model))
      fail(fit.where, "this fit() of another model trains layers that the model shares with it",
           "a trainer of this version runs the fit() of one model; train the other one first and give its "
           "weights with --weights FILE");
  }
  void check(const LoadWeightsCall &load) {
    if (!has_weights_ && plan_.are_related(main_, load.model))
      fail(
          load.where,
          fmt::format("'{}' is loaded into another model that shares layers with the trained one", load.path),
          "give weights of all layers with --weights FILE");
  }
  void check(const EvaluateCall &) {}
  void check(const SaveCall &) {}

  const TrainingPlan &plan_;
  int main_;
  bool has_weights_, ok_ = true;
  std::vector<const UnsupportedCall *> unsupported_;
  Diagnostics &diagnostics_;
};

}  // namespace

bool check_single_fit(const LoadedModel &loaded, bool has_weights, Diagnostics &diagnostics) {
  return FitChecker(loaded, has_weights, diagnostics).run();
}

}  // namespace sinter::driver

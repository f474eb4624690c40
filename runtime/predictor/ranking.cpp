#include "runtime/predictor/ranking.h"

#include <algorithm>
#include <cmath>

#include "formats/text.h"

namespace sinter::runtime {

std::vector<RankedClass> rank_classes(const TensorInfo &output, std::span<const std::string> labels,
                                      std::span<const float> scores, size_t top) {
  std::vector<RankedClass> classes;
  if (scores.size() == 1) {
    if (labels.size() == 2)
      classes = {{labels[0], 0, 1 - scores[0]}, {labels[1], 1, scores[0]}};
    else
      classes = {{output.name, 0, scores[0]}};
  } else {
    for (size_t i = 0; i < scores.size(); ++i) classes.push_back({{}, static_cast<int64_t>(i), scores[i]});
  }
  const auto better = [](const RankedClass &a, const RankedClass &b) {
    const bool a_is_nan = std::isnan(a.probability), b_is_nan = std::isnan(b.probability);
    if (a_is_nan != b_is_nan) return b_is_nan;
    if (!a_is_nan && a.probability != b.probability) return a.probability > b.probability;
    return a.index < b.index;
  };
  top = std::min(top, classes.size());
  std::partial_sort(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(top), classes.end(),
                    better);
  classes.resize(top);
  for (RankedClass &entry : classes)
    if (entry.label.empty())
      entry.label = labels.size() == scores.size() ? labels[static_cast<size_t>(entry.index)]
                                                   : format("%lld", static_cast<long long>(entry.index));
  return classes;
}

}  // namespace sinter::runtime

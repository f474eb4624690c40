#include <algorithm>
#include <limits>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct TopKAccuracy {
  static constexpr std::string_view name = "top_k_accuracy";
  static constexpr std::string_view doc =
      "1 if fewer than k of a row of p are above the one at the place of the largest t, else 0, NaN if one "
      "is NaN; mean over rows";
  static constexpr KerasObjective metrics[] = {
      {"top_k_categorical_accuracy, TopKCategoricalAccuracy", "k name dtype"},
      {"sparse_top_k_categorical_accuracy, SparseTopKCategoricalAccuracy", "k name dtype",
       Targets::ids_as_rows}};
  static constexpr std::string_view onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    int64_t k = 5;
    static constexpr auto fields = std::tuple{field("k", &Attrs::k, "how many places count")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::attribute("k", a.k, 1, check)) return std::nullopt;
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const std::vector<Dim> &shape = f.input_type(0).dims;
    const std::vector<int> row = rules::row_axis(f.input_type(0).rank());
    constexpr float lowest = std::numeric_limits<float>::lowest();
    const StageValue label = f.reduce(f.input(1), row, true, MonoidKind::max);
    const StageValue own = f.reduce(
        {f.input(0), f.input(1), label}, shape,
        [&](const std::vector<Expr> &v) {
          return rules::keep_nan(v[2], kernel::select(v[1] >= v[2], v[0], lowest));
        },
        row, true, MonoidKind::max);
    const StageValue above = f.reduce(
        {f.input(0), own}, shape,
        [](const std::vector<Expr> &v) {
          return rules::keep_nan(v[0], rules::keep_nan(v[1], kernel::select(v[0] > v[1], 1.0f, 0.0f)));
        },
        row, true, MonoidKind::sum);
    rules::lower_sample_sum(
        f, {above}, rules::rows_per_sample(f.input_type(0)), [&](const std::vector<Expr> &v) {
          const Expr is_right = kernel::select(v[0] < Expr(static_cast<float>(a.k)), 1.0f, 0.0f);
          return rules::keep_nan(v[0], is_right);
        });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_loss_reference(t, [&](std::span<const double> p, std::span<const double> target) {
      const double label = rules::largest_or_nan(target);
      double own = -std::numeric_limits<double>::infinity();
      for (size_t i = 0; i < p.size(); ++i)
        if (target[i] == label) own = std::max(own, p[i]);
      const double is_right = std::ranges::count_if(p, [&](double x) { return x > own; }) < a.k ? 1 : 0;
      return rules::keep_nan(label, rules::keep_nan(rules::largest_or_nan(p), is_right));
    });
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "k=1", "k=3"}, 0, 1); }
};

}  // namespace

OpInfo describe_top_k_accuracy() {
  return describe<TopKAccuracy>();
}

}  // namespace sinter::ir

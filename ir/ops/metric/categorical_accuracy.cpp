#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct CategoricalAccuracy {
  static constexpr std::string_view name = "categorical_accuracy";
  static constexpr std::string_view doc =
      "1 if the largest of p and of t are at the same place in a row (the first of equal ones), else 0, NaN "
      "if "
      "one is NaN; mean over rows";
  static constexpr KerasObjective metrics[] = {{"categorical_accuracy, CategoricalAccuracy"}};
  static constexpr std::string_view onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const auto largest = [&](int input) {
      return f.reduce(f.input(input), rules::row_axis(f.input_type(0).rank()), true, MonoidKind::value_index,
                      [](const std::vector<Expr> &v, const Expr &) { return rules::keep_nan(v[0], v[1]); });
    };
    const StageValue p = largest(0), t = largest(1);
    rules::lower_sample_sum(
        f, {p, t}, rules::rows_per_sample(f.input_type(0)), [](const std::vector<Expr> &v) {
          return rules::keep_nan(v[0] - v[1], kernel::select(kernel::equal(v[0], v[1]), 1.0f, 0.0f));
        });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::row_loss_reference(t, [](std::span<const double> p, std::span<const double> target) {
      const double is_right = rules::index_of_largest(p) == rules::index_of_largest(target) ? 1 : 0;
      return rules::keep_nan(rules::largest_or_nan(p),
                             rules::keep_nan(rules::largest_or_nan(target), is_right));
    });
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0, 1); }
};

}  // namespace

OpInfo describe_categorical_accuracy() {
  return describe<CategoricalAccuracy>();
}

}  // namespace sinter::ir

#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct SparseCategoricalAccuracy {
  static constexpr std::string_view name = "sparse_categorical_accuracy";
  static constexpr std::string_view doc =
      "1 if the largest of a row of p [N, .., C] is at the place that ids [N, .., 1] name (the first of "
      "equal ones), else 0, NaN if one is NaN; mean over rows";
  static constexpr KerasObjective metrics[] = {
      {.names = "sparse_categorical_accuracy, SparseCategoricalAccuracy", .targets = Targets::ids}};
  static constexpr std::string_view onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check)) return std::nullopt;
    TensorType ids = in[0];
    if (!ids.dims.empty()) ids.dims.back() = 1;
    const TensorType types[] = {ids, in[1]};
    return rules::loss_type(types, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &type = f.input_type(0);
    const StageValue largest =
        f.reduce(f.input(0), rules::row_axis(type.rank()), true, MonoidKind::value_index,
                 [](const std::vector<Expr> &v, const Expr &) { return rules::keep_nan(v[0], v[1]); });
    rules::lower_sample_sum(f, {largest, f.input(1)}, rules::rows_per_sample(type),
                            [](const std::vector<Expr> &v) {
                              const Expr distance = kernel::abs(v[0] - v[1]);
                              return rules::keep_nan(distance, kernel::select(distance < 0.5f, 1.0f, 0.0f));
                            });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::row_loss_reference(t, [](std::span<const double> p, std::span<const double> id) {
      const double distance = std::abs(static_cast<double>(rules::index_of_largest(p)) - id[0]);
      return rules::keep_nan(rules::largest_or_nan(p), rules::keep_nan(distance, distance < 0.5 ? 1 : 0));
    });
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 4}, TensorType{n, 1}}, -0.25f, 3.25f},
            {"", {TensorType{n, 3, 4, 5}, TensorType{n, 3, 4, 1}}, -0.25f, 4.25f},
            {"", {TensorType{7, 3}, TensorType{7, 1}}, -0.25f, 2.25f}};
  }
};

}  // namespace

OpInfo describe_sparse_categorical_accuracy() {
  return describe<SparseCategoricalAccuracy>();
}

}  // namespace sinter::ir

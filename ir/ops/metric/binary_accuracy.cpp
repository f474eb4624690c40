#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct BinaryAccuracy {
  static constexpr std::string_view name = "binary_accuracy";
  static constexpr std::string_view doc =
      "1 where t is 1 and p above the threshold or t is 0 and p is not, else 0, NaN of NaN; mean over a "
      "sample";
  static constexpr KerasObjective metrics[] = {{"binary_accuracy, BinaryAccuracy", "name dtype threshold"}};
  static constexpr std::string_view onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float threshold = 0.5f;
    static constexpr auto fields =
        std::tuple{field("threshold", &Attrs::threshold, "a prediction above it means 1")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("threshold", a.threshold, check)) return std::nullopt;
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_sample_sum(f, {f.input(0), f.input(1)}, rules::elements_per_sample(f.input_type(0)),
                            [&](const std::vector<Expr> &v) {
                              const Expr label = kernel::select(v[0] > a.threshold, 1.0f, 0.0f);
                              const Expr right = kernel::select(kernel::equal(v[1], label), 1.0f, 0.0f);
                              return rules::keep_nan(v[0], rules::keep_nan(v[1], right));
                            });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_loss_reference(t, [&](std::span<const double> p, std::span<const double> target) {
      double right = 0;
      for (size_t i = 0; i < p.size(); ++i) {
        const double is_right = target[i] == (p[i] > a.threshold ? 1 : 0) ? 1 : 0;
        right += rules::keep_nan(p[i], rules::keep_nan(target[i], is_right));
      }
      return right / static_cast<double>(p.size());
    });
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "threshold=0.25"}, 0, 1); }
};

}  // namespace

OpInfo describe_binary_accuracy() {
  return describe<BinaryAccuracy>();
}

}  // namespace sinter::ir

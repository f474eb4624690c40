#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct WhereGreater {
  static constexpr std::string_view
      name = "where_greater",
      doc = "y = 0 where a <= b, else x (of NaN too), with broadcasting; inputs a, b, x";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    bool or_equal = false;
    static constexpr auto fields = std::tuple{field("or_equal", &Attrs::or_equal, "also where a = b")};
  };

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 3)) return std::nullopt;
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &attrs, FormBuilder &f) {
    f.output(0,
             f.map({f.input(0), f.input(1), f.input(2)}, f.output_type(0), [&](const std::vector<Expr> &v) {
               return kernel::select(attrs.or_equal ? v[0] < v[1] : v[0] <= v[1], 0.0f, v[2]);
             }));
  }
  static void reference(const Attrs &attrs, ReferenceTensors &t) {
    ReferenceTensor &y = t.outputs[0];
    for (int64_t i = 0; i < y.elements(); ++i) {
      const double a = rules::broadcast_element(t.inputs[0], y.dims, i);
      const double b = rules::broadcast_element(t.inputs[1], y.dims, i);
      const bool stops = attrs.or_equal ? a < b : a <= b;
      y.data[static_cast<size_t>(i)] = stops ? 0 : rules::broadcast_element(t.inputs[2], y.dims, i);
    }
  }
  static std::vector<Case> examples() {
    const TensorType x = {Dim::batch(), 3, 5, 7};
    return {{"", {x, x, x}},
            {"or_equal=true", {x, x, x}},
            {"or_equal=true", {TensorType{7}, x, x}},
            {"", {x, TensorType{Dim::batch(), 1, 1, 7}, x}},
            {"", {TensorType{4}, TensorType{3, 1}, TensorType{3, 4}}}};
  }
};

}  // namespace

OpInfo describe_where_greater() {
  return describe<WhereGreater>();
}

}  // namespace sinter::ir

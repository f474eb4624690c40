#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/shared/nan.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

// Ids are whole numbers in f32; one outside 0 … classes - 1 gives a row of zeros, NaN one of NaN.
struct OneHot {
  static constexpr std::string_view name = "one_hot";
  static constexpr std::string_view doc =
      "ids [.., 1] -> [.., classes]: 1 at the place that the id names, else 0";
  static constexpr std::string_view keras = "to_categorical", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool non_negative = true;
  struct Attrs {
    int64_t classes = 2;
    static constexpr auto fields = std::tuple{field("classes", &Attrs::classes, "length of a row")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !rules::attribute("classes", a.classes, 1, check))
      return std::nullopt;
    if (in[0].rank() < 2 || !rules::same_dim(in[0].dims.back(), 1)) {
      check.fail("expected ids [N, .., 1], got " + print_shape(in[0].dims));
      return std::nullopt;
    }
    TensorType type = in[0];
    type.dims.back() = a.classes;
    return rules::result(std::move(type), check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &type = f.output_type(0);
    const int rank = type.rank();
    Form form;
    form.axes = type.dims;
    form.output_axes = rank;
    form.parameters = f.parameters_of({f.input(0)});
    Access access = identity_access(rank, rank);
    access.back() = axis(-1, rank);
    form.operands.push_back({0, std::move(access)});
    const Var place = kernel::make_var("class", {kernel::Base::index, 1});
    form.indices.push_back({place, axis(rank - 1, rank)});
    const Expr distance =
        kernel::abs(kernel::ref(form.parameters[0]) - kernel::convert(kernel::ref(place), kernel::Base::f32));
    form.body = rules::keep_nan(distance, kernel::select(distance < 0.5f, 1.0f, 0.0f));
    form.result = type;
    form.placement = identity_access(rank, rank);
    f.output(0, f.add(std::move(form)));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    for (size_t i = 0; i < t.outputs[0].data.size(); ++i) {
      const auto classes = static_cast<size_t>(a.classes);
      const double distance = std::abs(t.inputs[0].data[i / classes] - static_cast<double>(i % classes));
      t.outputs[0].data[i] = rules::keep_nan(distance, distance < 0.5 ? 1 : 0);
    }
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"classes=4", {TensorType{n, 1}}, -0.25f, 3.25f},
            {"classes=17", {TensorType{n, 3, 5, 1}}, -0.25f, 16.25f},
            {"", {TensorType{9, 1}}, -0.25f, 1.25f}};
  }
};

}  // namespace

OpInfo describe_one_hot() {
  return describe<OneHot>();
}

}  // namespace sinter::ir

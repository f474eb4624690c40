#include <fmt/format.h>

#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

// The gradient of sums and means.
struct BroadcastTo {
  static constexpr std::string_view
      name = "broadcast_to",
      doc = "x broadcast to `shape`; with `mean`, divided by the number of copies of an element";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    std::vector<int64_t> shape;
    bool batch = true;
    bool mean = false;
    static constexpr auto fields =
        std::tuple{field("shape", &Attrs::shape, "of the result, without the batch"),
                   field("batch", &Attrs::batch, "the result has the batch as its leading dimension"),
                   field("mean", &Attrs::mean, "divide by the number of copies")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check)) return std::nullopt;
    TensorType type;
    if (a.batch) type.dims.push_back(Dim::batch());
    for (const int64_t size : a.shape) {
      if (size < 1) {
        check.fail(fmt::format("shape [{}] must have positive sizes", fmt::join(a.shape, ", ")));
        return std::nullopt;
      }
      type.dims.push_back(size);
    }
    if (!rules::result(type, check)) return std::nullopt;
    const TensorType both[] = {in[0], type};
    Checker broadcasting;
    if (rules::broadcast_type(both, broadcasting) != type) {
      check.fail(fmt::format("cannot broadcast {} to {}", print_shape(in[0].dims), print_shape(type.dims)));
      return std::nullopt;
    }
    return type;
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(0), &y = f.output_type(0);
    f.output(0, f.map({f.input(0)}, y, [&](const std::vector<Expr> &v) {
      if (!a.mean) return v[0];
      // x has no more elements a sample than y; both counts are without the batch.
      const Expr copies = static_cast<float>(y.elements_per_sample() / x.elements_per_sample());
      return v[0] / (y.has_batch() && !x.has_batch() ? f.batch_size() * copies : copies);
    }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    ReferenceTensor &y = t.outputs[0];
    const double copies = static_cast<double>(y.elements()) / static_cast<double>(t.inputs[0].elements());
    for (int64_t i = 0; i < y.elements(); ++i)
      y.data[static_cast<size_t>(i)] =
          rules::broadcast_element(t.inputs[0], y.dims, i) / (a.mean ? copies : 1);
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"shape=[3, 5, 7]", {TensorType{n, 1, 5, 1}}},
            {"shape=[5, 7], mean=true", {TensorType{n, 1, 7}}},
            {"mean=true", {TensorType{}}},
            {"shape=[4, 9], mean=true", {TensorType{9}}},
            {"shape=[2, 3, 17]", {TensorType{3, 1}}},
            {"shape=[3, 4], batch=false, mean=true", {TensorType{3, 1}}}};
  }
};

}  // namespace

OpInfo describe_broadcast_to() {
  return describe<BroadcastTo>();
}

}  // namespace sinter::ir

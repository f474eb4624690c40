#include "ir/ops/shared/whole_tensor.h"

#include <fmt/format.h>

namespace sinter::ir::rules {

bool no_batch(const TensorType &type, Checker &check) {
  if (!type.has_batch()) return true;
  check.fail("expected a variable or its gradient, but " + print_shape(type.dims) + " has a batch");
  return false;
}

bool scalar(const TensorType &type, std::string_view what, Checker &check) {
  if (type.rank() == 0) return true;
  check.fail(fmt::format("{} must be f32[], got {}", what, print(type)));
  return false;
}

void lower_sum_of_all(FormBuilder &f, StageValue x, const std::function<Expr(const Expr &)> &body) {
  std::vector<int> axes;
  for (int a = 0; a < f.type(x).rank(); ++a) axes.push_back(a);
  f.output(0, f.reduce(
                  {x}, f.type(x).dims, [&](const std::vector<Expr> &v) { return body(v[0]); }, axes, false,
                  MonoidKind::sum));
}

}  // namespace sinter::ir::rules

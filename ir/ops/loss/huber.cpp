#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct Huber : rules::ElementwiseLoss<Huber> {
  static constexpr std::string_view name = "huber";
  static constexpr std::string_view doc =
      "(p - t)^2 / 2, beyond delta: delta (|p - t| - delta / 2); mean over a sample";
  static constexpr KerasObjective losses[] = {{"huber, Huber", "delta reduction name"}};
  struct Attrs {
    float delta = 1;
    static constexpr auto fields = std::tuple{field("delta", &Attrs::delta, "where the square ends")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("delta", a.delta, check) && check.require(a.delta > 0, "delta must be above 0");
  }
  template <class Real>
  static Real term(const Attrs &a, const Real &p, const Real &t) {
    const Real distance = abs(p - t);
    return select(distance <= a.delta, 0.5f * (distance * distance), a.delta * (distance - 0.5f * a.delta));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "delta=0.5"}, -2, 2); }
};

}  // namespace

OpInfo describe_huber() {
  return describe<Huber>();
}

}  // namespace sinter::ir

// The monoids of Reduce and Window, as Kernel IR expressions.
#include <limits>

#include "ir/form.h"
#include "support/check.h"

namespace sinter::ir {

std::string_view name(MonoidKind kind) {
  switch (kind) {
    case MonoidKind::none:
      return "none";
    case MonoidKind::sum:
      return "sum";
    case MonoidKind::max:
      return "max";
    case MonoidKind::min:
      return "min";
    case MonoidKind::value_index:
      return "value_index";
    case MonoidKind::max_sumexp:
      return "max_sumexp";
    case MonoidKind::welford:
      return "welford";
  }
  return "?";
}

int Monoid::width() const {
  switch (kind) {
    case MonoidKind::none:
      return 0;
    case MonoidKind::value_index:
    case MonoidKind::max_sumexp:
      return 2;
    case MonoidKind::welford:
      return 3;
    default:
      return 1;
  }
}

std::vector<float> Monoid::identity() const {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  switch (kind) {
    case MonoidKind::none:
      return {};
    case MonoidKind::sum:
      return {0};
    case MonoidKind::max:
      return {-infinity};
    case MonoidKind::min:
      return {infinity};
    case MonoidKind::value_index:
      return {-infinity, 0};
    case MonoidKind::max_sumexp:
      return {-std::numeric_limits<float>::max(), 0};  // finite: inf - inf is NaN
    case MonoidKind::welford:
      return {0, 0, 0};
  }
  return {};
}

std::vector<Expr> Monoid::lift(Expr x, Expr index) const {
  switch (kind) {
    case MonoidKind::value_index:
      return {x, index};
    case MonoidKind::max_sumexp:
      return {x, Expr(1.0f)};
    case MonoidKind::welford:
      return {Expr(1.0f), x, Expr(0.0f)};  // count, mean, sum of squared deviations
    default:
      return {x};
  }
}

std::vector<Expr> Monoid::combine(const std::vector<Expr> &a, const std::vector<Expr> &b) const {
  switch (kind) {
    case MonoidKind::none:
      break;
    case MonoidKind::sum:
      return {a[0] + b[0]};
    case MonoidKind::max:
      return {kernel::max(a[0], b[0])};
    case MonoidKind::min:
      return {kernel::min(a[0], b[0])};
    case MonoidKind::value_index: {
      // The first maximum wins, and NaN over all: a stays unless b is greater or NaN, or a is NaN.
      const Expr stays = b[0] <= a[0] || kernel::binary(kernel::BinaryOp::ne, a[0], a[0]);
      return {kernel::select(stays, a[0], b[0]), kernel::select(stays, a[1], b[1])};
    }
    case MonoidKind::max_sumexp: {
      const Expr m = kernel::max(a[0], b[0]);
      return {m, a[1] * kernel::exp(a[0] - m) + b[1] * kernel::exp(b[0] - m)};
    }
    case MonoidKind::welford: {
      // Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm" (1979), eq. 2.1.
      const Expr n = a[0] + b[0];
      const Expr delta = b[1] - a[1];
      const Expr share = kernel::select(Expr(0.0f) < n, b[0] / kernel::max(n, Expr(1.0f)), Expr(0.0f));
      return {n, a[1] + delta * share, a[2] + b[2] + delta * delta * a[0] * share};
    }
  }
  SINTER_CHECK(false);
  return {};
}

}  // namespace sinter::ir

// The prover of accesses: what schedules write down is proven; one element less and it is not. Random index
// expressions are tried out in full: what it calls inside is inside.
#include "ir/kernel/check_bounds.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(const std::string &statements, BufferExtent x, int64_t max_batch) {
  const std::string text =
      "kernel k(n) {\n buffer x: f32[1000] arena\n buffer y: f32[1] output written\n registers at: "
      "index[8]\n";
  return check_bounds(kernel_from(text + statements + "\n}\n"), {x, {1, 0}}, max_batch);
}

struct BoundsCase {
  const char *name;
  const char *statements;
  BufferExtent extent;  // the least that does
  int64_t max_batch = 4;
};

void PrintTo(const BoundsCase &c, std::ostream *out) {
  *out << c.name;
}

class ProvenAccess : public testing::TestWithParam<BoundsCase> {};

TEST_P(ProvenAccess, FitsExactly) {
  const BoundsCase &c = GetParam();
  EXPECT_THAT(problems_of(c.statements, c.extent, c.max_batch), IsEmpty());
  BufferExtent smaller = c.extent;
  --(smaller.fixed > 0 ? smaller.fixed : smaller.per_sample);
  EXPECT_THAT(problems_of(c.statements, smaller, c.max_batch),
              testing::Contains(HasSubstr("beyond its end")));
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, ProvenAccess,
    testing::Values(
        BoundsCase{"samples", "parallel i in 0..n { y[0] = x[i * 7 + 6] }", {0, 7}},
        BoundsCase{"chunks_of_rows_and_blocks",
                   "parallel chunk in 0..6 * n { let kc: index = chunk % 2 let rest: index = chunk / 2 let "
                   "row: index = rest % 3 * 4\n"
                   " let sample: index = rest / 3 serial r in 0..4 { y[0] = x[sample * 96 + (row + r) * 8 + "
                   "kc * 4 + 3] } }",
                   {0, 96}},
        BoundsCase{
            "chunks_of_samples",
            "parallel chunk in 0..(n + 15) / 16 { let first: index = chunk * 16 let count: index = min(16, n "
            "- first)\n"
            " serial i in 0..count / 6 * 6 step 6 { unrolled p in 0..6 { y[0] = x[(first + i + p) * 5] } }\n"
            " serial i in count / 6 * 6..count { y[0] = x[(first + i) * 5 + 4] } }",
            {0, 5},
            100},
        BoundsCase{"chunks_of_samples_and_blocks",
                   "parallel chunk in 0..(n + 55) / 56 * 2 { let kc: index = chunk % 2 let first: index = "
                   "chunk / 2 * 56\n"
                   " let count: index = min(56, n - first) serial i in 0..count / 14 * 14 step 14 { y[0] = "
                   "x[(first + i) * 5 + kc] }\n"
                   " serial i in count / 14 * 14..count { y[0] = x[(first + i) * 5 + kc * 4] } }",
                   {0, 5},
                   128},
        BoundsCase{
            "window_clipped_at_the_edges",
            "serial i in 0..8 { let from: index = max(0, 1 - i * 2) let to: index = min(3, 17 - i * 2)\n"
            " serial r in from..to { y[0] = x[(i * 2 + r - 1) * 10] } }",
            {151, 0}},
        BoundsCase{
            "dilated_window",
            "serial i in 0..9 { let first: index = i - 3 let from: index = max(0, max(2 - first, 0) / 3)\n"
            " let to: index = min(3, max(11 - first, 0) / 3) serial r in from..to { y[0] = x[i - 3 + r * 3] "
            "} }",
            {9, 0}},
        BoundsCase{"local_tile_of_a_clipped_region",
                   "parallel row in 0..8 { let begin: index = max(row * 2 - 1, 0) let rows: index = min(row "
                   "* 2 + 2, 16) - begin\n"
                   " serial i in 0..rows { y[0] = x[i * 4 + 3] }\n"
                   " let from: index = max(0, 1 - row * 2) let to: index = min(3, 17 - row * 2)\n"
                   " serial r in from..to { y[0] = x[(row * 2 - 1 + r - begin) * 4] } }",
                   {12, 0}},
        BoundsCase{"guarded_by_an_if",
                   "serial i in 0..10 { serial j in 0..10 { if 0 <= i * 2 + j - 4 && i * 2 + j - 4 < 12 { "
                   "y[0] = x[(i * 2 + j - 4) * 3 + 2] } } }",
                   {36, 0}},
        BoundsCase{"addresses_in_registers",
                   "serial p in 0..21 step 7 { unrolled q in 0..7 { at[q] = 2 + (p + q) / 7 * 20 + (p + q) % "
                   "7 * 2 }\n"
                   " serial r in 0..5 { unrolled q in 0..7 { y[0] = x[at[q] + r] } } }",
                   {59, 0}},
        BoundsCase{"vector_with_a_partial_one",
                   "serial k in 0..2 { y[0] = x[k * 8] } y[0] = horizontal_add(x[16 : 8 valid 3])",
                   {19, 0}}),
    [](const auto &info) { return info.param.name; });

TEST(CheckBounds, NamesWhatMayLieBeforeTheBegin) {
  EXPECT_THAT(
      problems_of("serial i in 0..4 { y[0] = x[i - 1] }", {10, 0}, 1),
      ElementsAre(AllOf(HasSubstr("a load from x of 1 elements at"), HasSubstr("may lie before its begin"))));
}

TEST(CheckBounds, AnAddressThatIsNotKnownIsNotProven) {
  EXPECT_THAT(problems_of("y[0] = x[index(x[0])]", {1000, 0}, 1), testing::SizeIs(2));
  EXPECT_THAT(problems_of("y[0] = x[at[0]]", {1000, 0}, 1), testing::SizeIs(2));
}

TEST(CheckBounds, AnAddressFromAnEarlierTurnIsNotBelieved) {
  const char *stale = "at[0] = 0 serial i in 0..4 { y[0] = x[at[0]]  at[0] = 2000 }";
  EXPECT_THAT(problems_of(stale, {1000, 0}, 1), testing::SizeIs(2));
  const char *branch = "at[0] = 0 serial i in 0..4 { if i == 2 { at[0] = 2000 } y[0] = x[at[0]] }";
  EXPECT_THAT(problems_of(branch, {1000, 0}, 1), testing::SizeIs(2));
}

// Random index expressions over two loops; all their values are found by trying.
class RandomIndex {
 public:
  explicit RandomIndex(uint32_t seed) : random_(seed) {}

  Expr expression(int depth) {
    if (depth == 0 || pick(5) == 0) return pick(4) == 0 ? Expr(pick(7) - 3) : ref(pick(2) == 0 ? i : j);
    Expr a = expression(depth - 1);
    switch (pick(8)) {
      case 0:
        return a + expression(depth - 1);
      case 1:
        return a - expression(depth - 1);
      case 2:
        return a * Expr(pick(7) - 3);
      case 3:
        return a / Expr(1 + pick(4));
      case 4:
        return a % Expr(1 + pick(4));
      case 5:
        return min(a, expression(depth - 1));
      case 6:
        return max(a, expression(depth - 1));
      default:
        return a + expression(depth - 1);
    }
  }
  Expr condition() {
    const Expr a = expression(1), b = expression(1);
    return pick(2) == 0 ? a < b : (a <= b && expression(1) <= Expr(pick(5)));
  }
  int64_t pick(int64_t limit) { return static_cast<int64_t>(random_() % static_cast<uint32_t>(limit)); }

  Var i = make_var("i", index_type), j = make_var("j", index_type);

 private:
  std::mt19937 random_;
};

// Smallest and largest value of index where the condition holds.
std::optional<std::pair<int64_t, int64_t>> range_of(const RandomIndex &random, const Expr &index,
                                                    const Expr &condition, int64_t rows,
                                                    const Expr &columns) {
  std::optional<std::pair<int64_t, int64_t>> range;
  for (int64_t i = 0; i < rows; ++i) {
    int64_t width = 0, value = 0;
    EXPECT_TRUE(is_constant(substitute(columns, {{random.i.id, Expr(i)}}), &width));
    for (int64_t j = 0; j < width; ++j) {
      const std::map<int, Expr> at = {{random.i.id, Expr(i)}, {random.j.id, Expr(j)}};
      const Expr holds = substitute(select(condition, Expr(1), Expr(0)), at);
      EXPECT_TRUE(is_constant(holds, &value));
      if (value == 0) continue;
      EXPECT_TRUE(is_constant(substitute(index, at), &value));
      if (!range) range = {value, value};
      range = {std::min(range->first, value), std::max(range->second, value)};
    }
  }
  return range;
}

TEST(CheckBounds, WhatItProvesOfRandomIndicesIsTrue) {
  int proven = 0, tried = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    RandomIndex random(seed);
    const int64_t rows = 1 + random.pick(5);
    const Expr columns = random.pick(2) == 0 ? Expr(1 + random.pick(5))
                                             : min(Expr(4), ref(random.i) + Expr(1 + random.pick(3)));
    const Expr index = random.expression(3);
    const Expr condition = random.pick(2) == 0 ? boolean_constant(true) : random.condition();
    const auto range = range_of(random, index, condition, rows, columns);
    if (!range) continue;
    const auto problems = [&](int64_t shift, int64_t size) {
      Kernel kernel;
      kernel.name = "random";
      kernel.n = make_var("n", index_type);
      kernel.buffers = {{"y", Base::f32, BufferKind::output, size, true}};
      const Body access = {if_then(condition, {store(0, index + Expr(shift), Expr(1.0f))})};
      kernel.body = {for_loop(random.i, 0, Expr(rows), LoopKind::serial,
                              {for_loop(random.j, 0, columns, LoopKind::serial, access)})};
      return check_bounds(kernel, {{size, 0}}, 1).size();
    };
    const int64_t size = range->second - range->first + 1;
    EXPECT_GT(problems(-range->first, size - 1), 0u) << "seed " << seed;
    EXPECT_GT(problems(-range->first - 1, size), 0u) << "seed " << seed;
    ++tried;
    if (problems(-range->first, size) == 0) ++proven;
  }
  EXPECT_GT(tried, 2000);
  EXPECT_GT(proven, tried / 3);  // it is no prover of everything
}

}  // namespace
}  // namespace sinter::kernel

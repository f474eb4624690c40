// A NaN is not lost: what depends on an operand is NaN where the operand is, in the reference and in the
// lowering.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/form_evaluate.h"
#include "tests/ir/gradient_check.h"
#include "tests/ir/nan_probes.h"

namespace sinter {
namespace {

using ir::ReferenceTensor;
using test::OpCase;

class NanConformance : public ::testing::TestWithParam<const ir::OpInfo *> {};

// Calls check(case, operand) for every example and operand of floats.
template <class Check>
void for_each_operand(const ir::OpInfo &op, const Check &check) {
  for (const OpCase &c : test::op_cases(op)) {
    SCOPED_TRACE(test::describe(c));
    for (size_t k = 0; k < c.example.inputs.size(); ++k) {
      SCOPED_TRACE("operand " + std::to_string(k));
      if (c.example.inputs[k].dtype == ir::DType::f32) check(c, k);
    }
  }
}

TEST_P(NanConformance, ReachesAllThatDependsOnIt) {
  for_each_operand(*GetParam(), [](const OpCase &c, size_t k) {
    if (test::is_selector(*c.op, k)) return;
    std::vector<ReferenceTensor> inputs = test::random_inputs(c, 2);
    const std::vector<ReferenceTensor> before = test::reference_outputs(c, inputs, 2);
    for (const size_t at : test::spread_indices(inputs[k].data.size(), 4)) {
      double &element = inputs[k].data[at];
      const double old = element;
      element = test::quiet_nan;
      const std::vector<ReferenceTensor> outputs = test::reference_outputs(c, inputs, 2);
      for (const double other :
           {double{c.example.low}, double{c.example.high}, (c.example.low + c.example.high) / 2.0}) {
        element = other;
        const std::vector<ReferenceTensor> changed = test::reference_outputs(c, inputs, 2);
        for (size_t o = 0; o < outputs.size(); ++o)
          for (size_t i = 0; i < outputs[o].data.size(); ++i) {
            if (changed[o].data[i] == before[o].data[i]) continue;
            ASSERT_TRUE(std::isnan(outputs[o].data[i]))
                << "element " << i << " of output " << o << " depends on element " << at << ", and is "
                << outputs[o].data[i] << " where that is NaN";
          }
      }
      element = old;
    }
  });
}

TEST_P(NanConformance, LoweringIsReference) {
  for_each_operand(*GetParam(), [](const OpCase &c, size_t k) {
    for (uint32_t seed = 0; seed < 3; ++seed) {
      std::vector<ReferenceTensor> inputs = test::random_inputs(c, 3);
      inputs[k] = test::with_nans(inputs[k], c.example.inputs[k].has_batch(), seed);
      const std::vector<ReferenceTensor> expected = test::reference_outputs(c, inputs, 3);
      const auto evaluated = ir::evaluate_lowering(*c.op, c.attributes, c.example.inputs, inputs, 3);
      for (size_t o = 0; o < expected.size(); ++o)
        for (size_t i = 0; i < expected[o].data.size(); ++i) {
          const double actual = evaluated[o].result.data[i];
          if (test::meets_padding(*c.op, k) && std::isnan(actual)) continue;
          ASSERT_EQ(std::isnan(actual), std::isnan(expected[o].data[i]))
              << "element " << i << " of output " << o << ": " << actual << ", expected "
              << expected[o].data[i];
        }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, NanConformance, ::testing::ValuesIn([] {
                           std::vector<const ir::OpInfo *> ops;
                           for (const ir::OpInfo &op : ir::all_ops()) ops.push_back(&op);
                           return ops;
                         }()),
                         [](const auto &info) { return std::string(info.param->name); });

double reference(std::string_view name, std::string_view attributes, const std::vector<double> &x,
                 size_t element = 0) {
  const ir::OpInfo &op = ir::op(name);
  std::string error;
  const auto parsed = ir::parse_attributes(op, attributes, &error);
  EXPECT_TRUE(parsed) << error;
  const bool is_window = op.name.starts_with("max_pool");
  const auto size = static_cast<int64_t>(x.size());
  const ir::TensorType type = is_window ? ir::TensorType{1, 1, size, 1} : ir::TensorType{1, size};
  const ReferenceTensor tensor{
      is_window ? std::vector<int64_t>{1, 1, size, 1} : std::vector<int64_t>{1, size}, x};
  return ir::interpret_op(op, *parsed, std::vector{type}, {tensor}, 1)[0].data[element];
}

TEST(Nan, ActivationsKeepIt) {
  for (const auto &[op, attributes] : {std::pair{"relu", ""},
                                       {"relu6", ""},
                                       {"clip", "min=0.0, max=1.0"},
                                       {"leaky_relu", ""},
                                       {"threshold_relu", "slope=0.0"},
                                       {"elu", ""},
                                       {"softplus", ""}})
    EXPECT_TRUE(std::isnan(reference(op, attributes, {test::quiet_nan}))) << op;
}

TEST(Nan, OneInAWindowIsItsMaximum) {
  for (size_t at = 0; at < 4; ++at) {
    std::vector<double> x = {1, INFINITY, -INFINITY, 0};
    x[at] = test::quiet_nan;
    EXPECT_TRUE(std::isnan(reference("max_pool", "size=[1, 4]", x))) << at;
    EXPECT_EQ(reference("max_pool_index", "size=[1, 4]", x), static_cast<double>(at));
    EXPECT_TRUE(std::isnan(reference("reduce_max", "axes=[1]", x))) << at;
  }
  EXPECT_EQ(reference("max_pool_index", "size=[1, 4]", {1, test::quiet_nan, 3, test::quiet_nan}), 1)
      << "the first";
  EXPECT_EQ(reference("max_pool", "size=[1, 4]", {-INFINITY, INFINITY, -INFINITY, 0}), INFINITY)
      << "infinities make no NaN";
}

}  // namespace
}  // namespace sinter

// Every op of the table, on every example: its hooks say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ir/form_evaluate.h"
#include "ir/graph.h"
#include "tests/ir/op_cases.h"

namespace sinter {
namespace {

using ir::Dim;
using ir::FormKind;
using ir::ReferenceTensor;
using ir::TensorType;
using test::OpCase;

class Conformance : public ::testing::TestWithParam<const ir::OpInfo *> {
 protected:
  // Calls check on every example, so that a failure says which.
  template <class Check>
  void for_each_case(const Check &check) {
    for (const OpCase &c : test::op_cases(*GetParam())) {
      SCOPED_TRACE(test::describe(c));
      check(c);
    }
  }
};

TEST_P(Conformance, IsDocumentedAndHasExamples) {
  EXPECT_FALSE(GetParam()->doc.empty());
  EXPECT_GE(GetParam()->examples().size(), 3u);
  for (const ir::AttributeField &field : GetParam()->fields) EXPECT_FALSE(field.doc.empty()) << field.name;
}

TEST_P(Conformance, AttributesSurviveTheirText) {
  for_each_case([](const OpCase &c) {
    const std::string text = ir::print_attributes(*c.op, c.attributes);
    EXPECT_EQ(text, c.example.attributes);
    std::string error;
    const std::optional<ir::Attributes> parsed = ir::parse_attributes(*c.op, text, &error);
    ASSERT_TRUE(parsed) << error;
    EXPECT_TRUE(ir::equal_attributes(*c.op, *parsed, c.attributes));
  });
}

TEST_P(Conformance, ReferenceIsFinite) {
  for_each_case([](const OpCase &c) {
    const std::vector<ReferenceTensor> outputs = test::reference_outputs(c, test::random_inputs(c, 3), 3);
    for (size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(static_cast<int64_t>(outputs[i].data.size()), c.outputs[i].elements(3));
      EXPECT_TRUE(std::ranges::all_of(outputs[i].data, [](double x) { return std::isfinite(x); }));
    }
  });
}

TEST_P(Conformance, LoweringIsReference) {
  for_each_case([](const OpCase &c) {
    for (const int64_t n : {1, 3}) {
      const std::vector<ReferenceTensor> inputs = test::random_inputs(c, n);
      const std::vector<ReferenceTensor> expected = test::reference_outputs(c, inputs, n);
      const auto evaluated = ir::evaluate_lowering(*c.op, c.attributes, c.example.inputs, inputs, n);
      ASSERT_EQ(evaluated.size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(evaluated[i].result.dims, expected[i].dims);
        EXPECT_TRUE(test::near(evaluated[i].result.data, expected[i].data, 1e-12));
        EXPECT_TRUE(std::ranges::all_of(evaluated[i].writes, [](int count) { return count == 1; }))
            << "every output element is written once";
      }
    }
  });
}

// What ir/form.h says of the five kinds.
void check_form(const ir::Form &form, const std::vector<TensorType> &sources) {
  const auto axes = form.axes.size();
  ASSERT_EQ(form.parameters.size(), form.operands.size());
  ASSERT_LE(form.output_axes, static_cast<int>(axes));
  const auto scalar = [](ir::DType dtype) {
    using kernel::Base;
    return kernel::Type{dtype == ir::DType::f32   ? Base::f32
                        : dtype == ir::DType::i32 ? Base::i32
                                                  : Base::u8,
                        1};
  };
  if (form.is_reduction()) {
    EXPECT_EQ(form.body.type(), scalar(ir::DType::f32));
  }
  EXPECT_EQ((form.finish ? form.finish : form.body).type(), scalar(form.result.dtype));
  for (const ir::IndexParameter &index : form.indices) {
    const bool is_integer =
        index.var.type.base == kernel::Base::index || index.var.type.base == kernel::Base::i32;
    EXPECT_TRUE(is_integer && index.var.type.lanes == 1);
    EXPECT_EQ(index.value.coefficients.size(), axes);
  }
  EXPECT_EQ(form.placement.size(), form.result.dims.size());
  for (const ir::Affine &index : form.placement) {
    ASSERT_EQ(index.coefficients.size(), axes);
    for (size_t a = static_cast<size_t>(form.output_axes); a < axes; ++a) EXPECT_EQ(index.coefficients[a], 0);
  }
  for (const ir::FormOperand &operand : form.operands) {
    ASSERT_LT(static_cast<size_t>(operand.source), sources.size());
    EXPECT_EQ(operand.access.size(), sources[static_cast<size_t>(operand.source)].dims.size());
    const auto k = static_cast<size_t>(&operand - form.operands.data());
    EXPECT_EQ(form.parameters[k].type, scalar(sources[static_cast<size_t>(operand.source)].dtype));
    for (const ir::Affine &index : operand.access) EXPECT_EQ(index.coefficients.size(), axes);
  }
  EXPECT_EQ(form.is_reduction(), form.monoid.kind != ir::MonoidKind::none);
  switch (form.kind) {
    case FormKind::map:
      EXPECT_FALSE(form.is_reduction());
      break;
    case FormKind::reduce:
      for (const ir::FormOperand &operand : form.operands) EXPECT_FALSE(operand.guarded);
      break;
    case FormKind::contract:
      EXPECT_EQ(form.operands.size(), 2u);
      EXPECT_FALSE(form.operands[1].guarded);
      EXPECT_EQ(form.operands[0].fill, 0);
      EXPECT_EQ(form.monoid.kind, ir::MonoidKind::sum);
      EXPECT_FALSE(form.finish);
      break;
    case FormKind::window:
      EXPECT_GE(form.operands.size(), 1u);
      break;
    case FormKind::move:
      EXPECT_EQ(form.operands.size(), 1u);
      EXPECT_FALSE(form.is_reduction());
      break;
  }
}

TEST_P(Conformance, LoweringKeepsTheRulesOfForms) {
  for_each_case([](const OpCase &c) {
    ir::FormBuilder builder(c.example.inputs, c.outputs);
    c.op->lower(c.attributes, builder);
    std::vector<TensorType> sources = c.example.inputs;
    std::vector<bool> defined(c.outputs.size(), false);
    for (size_t i = 0; i < c.outputs.size(); ++i) defined[i] = builder.alias_of(static_cast<int>(i)) >= 0;
    for (const ir::Form &form : builder.take_stages()) {
      check_form(form, sources);
      sources.push_back(form.result);
      if (form.output >= 0) defined[static_cast<size_t>(form.output)] = true;
    }
    EXPECT_TRUE(std::ranges::all_of(defined, [](bool is_defined) { return is_defined; }));
  });
}

TEST_P(Conformance, SamplesAreIndependent) {
  if (GetParam()->batch_dependent) return;
  for_each_case([](const OpCase &c) {
    if (!test::has_batch(c)) return;
    const int64_t n = 3;
    const std::vector<ReferenceTensor> inputs = test::random_inputs(c, n);
    const std::vector<ReferenceTensor> outputs = test::reference_outputs(c, inputs, n);
    const auto sample = [](const ReferenceTensor &tensor, const TensorType &type, int64_t i) {
      if (!type.has_batch()) return tensor;
      ReferenceTensor part = tensor;
      const int64_t size = tensor.elements() / tensor.dims[0];
      part.dims[0] = 1;
      part.data.assign(tensor.data.begin() + i * size, tensor.data.begin() + (i + 1) * size);
      return part;
    };
    for (int64_t i = 0; i < n; ++i) {
      std::vector<ReferenceTensor> parts;
      for (size_t k = 0; k < inputs.size(); ++k) parts.push_back(sample(inputs[k], c.example.inputs[k], i));
      const std::vector<ReferenceTensor> part = test::reference_outputs(c, parts, 1);
      for (size_t k = 0; k < outputs.size(); ++k)
        EXPECT_EQ(part[k].data, sample(outputs[k], c.outputs[k], i).data);
    }
  });
}

TEST_P(Conformance, ClaimsHold) {
  for_each_case([](const OpCase &c) {
    const std::vector<ReferenceTensor> inputs = test::random_inputs(c, 3);
    const std::vector<ReferenceTensor> outputs = test::reference_outputs(c, inputs, 3);
    if (c.op->non_negative) {
      for (const ReferenceTensor &output : outputs) EXPECT_GE(std::ranges::min(output.data), 0);
    }
    if (c.op->identity_in_inference) {
      EXPECT_EQ(c.outputs, c.example.inputs);
      EXPECT_EQ(outputs[0].data, inputs[0].data);
    }
  });
}

// Scaling the weight by a factor a channel, in the shape that channel_shape says, scales the output's
// channels.
TEST_P(Conformance, LinearWeightScalesChannels) {
  if (GetParam()->linear_weight < 0) return;
  const auto input = static_cast<size_t>(GetParam()->linear_weight);
  for_each_case([&](const OpCase &c) {
    const std::vector<int64_t> shape = c.op->channel_shape(c.attributes, c.example.inputs[input]);
    std::vector<ReferenceTensor> inputs = test::random_inputs(c, 3);
    std::vector<ReferenceTensor> outputs = test::reference_outputs(c, inputs, 3);
    const auto channels = static_cast<size_t>(outputs[0].dims.back());
    ReferenceTensor factor{shape, {}};
    ASSERT_EQ(factor.elements(), static_cast<int64_t>(channels));
    for (size_t i = 0; i < channels; ++i) factor.data.push_back(0.5 + static_cast<double>(i));

    const TensorType factor_type(std::vector<Dim>(shape.begin(), shape.end()));
    const std::vector<TensorType> types = {c.example.inputs[input], factor_type};
    inputs[input] =
        ir::interpret_op(ir::op("mul"), ir::Attributes(ir::NoAttrs{}), types, {inputs[input], factor}, 3)[0];
    ASSERT_EQ(inputs[input].elements(), c.example.inputs[input].elements(3));
    for (size_t i = 0; i < outputs[0].data.size(); ++i) outputs[0].data[i] *= factor.data[i % channels];
    EXPECT_TRUE(test::near(test::reference_outputs(c, inputs, 3)[0].data, outputs[0].data, 1e-12));
  });
}

TEST_P(Conformance, ScaleAndShiftAreTheOp) {
  if (!GetParam()->scale_shift) return;
  for_each_case([](const OpCase &c) {
    ir::Graph graph;
    std::vector<ir::ValueId> values;
    for (const TensorType &type : c.example.inputs) values.push_back(graph.add_input("x", type));
    const ir::ScaleShift channel = c.op->scale_shift(c.attributes, graph, values);
    const ir::ValueId product =
        graph.emit("mul", ir::Attributes(ir::NoAttrs{}), {values[0], channel.scale}, "product");
    graph.outputs = {graph.emit("add", ir::Attributes(ir::NoAttrs{}), {product, channel.shift}, "sum")};
    const std::vector<ReferenceTensor> inputs = test::random_inputs(c, 3);
    const std::vector<ReferenceTensor> expected = test::reference_outputs(c, inputs, 3);
    EXPECT_TRUE(test::near(ir::interpret(graph, inputs, {}, 3)[0].data, expected[0].data, 1e-12));
  });
}

// With open height and width, or any other open size, a shape rule still says a shape, and none that is
// wrong.
TEST_P(Conformance, UnknownSizesFlowThrough) {
  for_each_case([](const OpCase &c) {
    for (size_t open = 1; open < 8; ++open) {
      std::vector<TensorType> types = c.example.inputs;
      for (size_t d = 1; d < types[0].dims.size(); ++d)
        if ((open >> (d - 1)) & 1) types[0].dims[d] = Dim::unknown();
      ir::Checker checker;
      const auto inferred = c.op->infer(c.attributes, types, checker);
      ASSERT_TRUE(inferred) << checker.message();
      for (size_t i = 0; i < c.outputs.size(); ++i) {
        ASSERT_EQ((*inferred)[i].rank(), c.outputs[i].rank());
        for (size_t d = 0; d < c.outputs[i].dims.size(); ++d) {
          const Dim dim = (*inferred)[i].dims[d];
          EXPECT_TRUE(dim.is_unknown() || dim == c.outputs[i].dims[d]) << ir::print((*inferred)[i]);
        }
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, Conformance, ::testing::ValuesIn([] {
                           std::vector<const ir::OpInfo *> ops;
                           for (const ir::OpInfo &op : ir::all_ops()) ops.push_back(&op);
                           return ops;
                         }()),
                         [](const auto &info) { return std::string(info.param->name); });

}  // namespace
}  // namespace sinter

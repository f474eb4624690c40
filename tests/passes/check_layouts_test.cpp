// The checker of layouts on sound layouts and on planted mistakes.
#include "passes/check_layouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "ir/text.h"
#include "passes/check_plan.h"

namespace sinter::passes {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

ir::Graph graph_from(const char *text) {
  Diagnostics diagnostics;
  const auto graph = ir::parse_graph(text, diagnostics);
  EXPECT_TRUE(graph) << diagnostics.render_all();
  return *graph;
}

const char *const unet =
    R"(graph "g" { input %x: f32[N, 8, 8, 4]  weight %w1: f32[1, 1, 4, 6]  weight %w2: f32[1, 1, 4, 10]  weight %w3: f32[3, 3, 16, 5]
  %a = conv2d(%x, %w1)  %b = conv2d(%x, %w2)  %c = concat(%a, %b) {axis=3}
  %d = conv2d(%c, %w3) {pads=[1, 1, 1, 1]}  %e = relu(%a)  %r = reshape(%d) {shape=[320]}  %y = tanh(%r)  output %y, %e })";

struct Fixture {
  FusedGraph fused = fuse(graph_from(unet));
  LaidOutGraph graph = assign_layouts(fused);

  ir::ValueId value(const char *name) const { return fused.graph.find_value(name); }
  View &view(const char *name) { return graph.views[static_cast<size_t>(value(name))]; }
  BufferLayout &buffer(const char *name) { return graph.buffers[static_cast<size_t>(view(name).buffer)]; }
};

TEST(CheckLayouts, SoundOnesHaveNoProblems) {
  Fixture f;
  ASSERT_EQ(f.graph.placed.size(), 2u);
  EXPECT_THAT(check_layouts(f.fused, f.graph), IsEmpty());
}

struct Mistake {
  const char *name;
  std::function<void(Fixture &)> plant;
  const char *found;
};
void PrintTo(const Mistake &mistake, std::ostream *out) {
  *out << mistake.name;
}

class PlantedLayout : public testing::TestWithParam<Mistake> {};

TEST_P(PlantedLayout, IsFound) {
  Fixture f;
  GetParam().plant(f);
  EXPECT_THAT(check_layouts(f.fused, f.graph), Contains(HasSubstr(GetParam().found)));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, PlantedLayout,
    testing::Values(
        Mistake{"stride_off_by_one", [](Fixture &f) { f.view("b").strides[2] += 1; }, "%b: its halo reaches"},
        Mistake{"row_stride_too_small", [](Fixture &f) { f.view("x").strides[1] -= 4; },
                "%x: elements share places"},
        Mistake{"part_in_the_wrong_channels", [](Fixture &f) { f.view("b").offset -= 1; },
                "%b: does not lie where it belongs in %c"},
        Mistake{"parts_swapped", [](Fixture &f) { std::swap(f.view("a").offset, f.view("b").offset); },
                "%a: does not lie where it belongs"},
        Mistake{"part_in_another_buffer", [](Fixture &f) { f.view("a").buffer = f.view("x").buffer; },
                "%a: samples are"},
        Mistake{"batch_stride", [](Fixture &f) { f.view("e").strides[0] += 1; }, "%e: samples are 385 apart"},
        Mistake{"alias_elsewhere", [](Fixture &f) { f.view("r").offset = 1; }, "%r: reaches from 1 to 320"},
        Mistake{"halo_too_small", [](Fixture &f) { f.buffer("c").halo.bottom = 0; },
                "reads indices -1 to 8 of dimension 1, beyond its halo"},
        Mistake{"halo_beyond_the_buffer", [](Fixture &f) { f.buffer("c").halo.top = 2; }, "its halo reaches"},
        Mistake{"buffer_too_small", [](Fixture &f) { f.buffer("y").sample_elements = 319; },
                "%y: samples are 320 apart"},
        Mistake{"stage_dropped", [](Fixture &f) { f.graph.fused.groups[2].stages.pop_back(); },
                "a stage is left out that is no plain copy"},
        Mistake{"placement_forgotten", [](Fixture &f) { f.graph.placed.pop_back(); },
                "is left to be copied by nobody"}),
    [](const auto &info) { return info.param.name; });

// The rule that once took any copy to the start of a value for a part of a concatenation: a crop went into
// the memory of its result.
TEST(CheckLayouts, ACropIsNoPart) {
  const FusedGraph fused =
      fuse(graph_from(R"(graph "g" { input %x: f32[N, 6]  weight %w: f32[6, 6]  %d = matmul(%x, %w)
      %c = crop(%d) {after=[2]}  weight %v: f32[4, 3]  %y = matmul(%c, %v)  %z = tanh(%d)  output %y, %z })"));
  LaidOutGraph graph = assign_layouts(fused);
  EXPECT_THAT(graph.placed, IsEmpty());
  EXPECT_THAT(check_layouts(fused, graph), IsEmpty());
  const ir::ValueId whole = fused.graph.find_value("d"), cropped = fused.graph.find_value("c");
  std::erase_if(graph.fused.groups, [&](const Group &group) { return group.output == cropped; });
  graph.placed.emplace_back(whole, cropped);
  graph.views[static_cast<size_t>(cropped)] = graph.views[static_cast<size_t>(whole)];
  graph.views[static_cast<size_t>(cropped)].strides = {6, 1};
  EXPECT_THAT(check_layouts(fused, graph), Contains(HasSubstr("%d: a copy of a part of it is left out")));
}

TEST(CheckPlan, FindsAReadBeforeTheLastPart) {
  Fixture f;
  const MemoryPlan plan = plan_memory(f.graph, 2);
  ASSERT_THAT(check_plan(f.graph, plan, 2), IsEmpty());
  std::vector<Group> &groups = f.graph.fused.groups;
  const auto group_of = [&](const char *name) {
    return std::find_if(groups.begin(), groups.end(),
                        [&](const Group &g) { return g.output == f.value(name); });
  };
  std::iter_swap(group_of("b"), group_of("d"));
  EXPECT_THAT(check_plan(f.graph, plan_memory(f.graph, 2), 2),
              Contains(HasSubstr("reads %c before %b is written")));
}

TEST(CheckPlan, FindsAnOutputThatNobodyWrites) {
  Fixture f;
  const MemoryPlan plan = plan_memory(f.graph, 2);
  std::erase_if(f.graph.fused.groups, [&](const Group &group) { return group.output == f.value("e"); });
  EXPECT_THAT(check_plan(f.graph, plan, 2), Contains("the output %e ends without %e"));
}

// An update of w and its slot m in one group, after the gradient.
TEST(CheckPlan, FindsAStageThatReadsWhatAnEarlierOneOverwrote) {
  const ir::Graph graph = graph_from(R"(graph "g" { input %g: f32[6]  weight %w: f32[6]  slot %m: f32[6]
      %n = add(%m, %g)  %v = add(%n, %m)  %u = add(%w, %v)  output %n, %u })");
  FusionOptions options;
  options.has_state = true;
  FusedGraph fused = fuse(graph, options);
  fused.overwrites[static_cast<size_t>(graph.find_value("n"))] = graph.find_value("m");
  // One group of both: its second stage reads %m, which its first has written.
  std::vector<Group> &groups = fused.groups;
  ASSERT_EQ(groups.size(), 2u);
  Group joined = groups[0];
  joined.side_outputs = {graph.find_value("n")};
  joined.stages.insert(joined.stages.end(), groups[1].stages.begin(), groups[1].stages.end());
  joined.output = groups[1].output;
  joined.list_inputs();
  groups = {joined};
  const LaidOutGraph together = assign_layouts(fused);
  EXPECT_THAT(check_plan(together, plan_memory(together, 1), 1),
              Contains(HasSubstr("overwrites %m and reads it in a later stage")));
}

TEST(CheckPlan, FindsAnUpdateThatReadsItsVariableElsewhere) {
  const ir::Graph graph =
      graph_from(R"(graph "g" { weight %w: f32[6, 6]  %u = transpose(%w) {permutation=[1, 0]}  output %u })");
  FusionOptions options;
  options.has_state = true;
  options.updates = {{graph.find_value("u"), graph.find_value("w")}};
  const LaidOutGraph laid_out = assign_layouts(fuse(graph, options));
  EXPECT_THAT(check_plan(laid_out, plan_memory(laid_out, 1), 1),
              Contains(HasSubstr("overwrites %w and reads it in another place")));
}

}  // namespace
}  // namespace sinter::passes

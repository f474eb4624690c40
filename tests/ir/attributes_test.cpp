#include "ir/attributes.h"

#include <gmock/gmock.h>

#include "ir/op.h"

namespace sinter::ir {
namespace {

using testing::HasSubstr;

// An op with a field of every type; not in the table.
struct Sample {
  static constexpr std::string_view name = "sample", doc = "", keras = "", onnx = "";
  struct Attrs {
    bool flag = false;
    int64_t count = 1;
    float slope = 0.3f;
    std::string mode = "same";
    std::array<int64_t, 2> strides = {1, 1};
    std::vector<int64_t> shape;
    static constexpr auto fields = std::tuple{field("flag", &Attrs::flag, ""),
                                              field("count", &Attrs::count, ""),
                                              field("slope", &Attrs::slope, ""),
                                              field("mode", &Attrs::mode, ""),
                                              field("strides", &Attrs::strides, "of the window"),
                                              field("shape", &Attrs::shape, "")};
  };
  static constexpr bool differentiable = false;
  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &) { return in[0]; }
  static void lower(const Attrs &, FormBuilder &) {}
  static void reference(const Attrs &, ReferenceTensors &) {}
  static std::vector<Case> examples() { return {}; }
};

const OpInfo &sample() {
  static const OpInfo info = describe<Sample>();
  return info;
}

std::string round_trip(std::string_view text) {
  std::string error;
  const std::optional<Attributes> attributes = parse_attributes(sample(), text, &error);
  return attributes ? print_attributes(sample(), *attributes) : "error: " + error;
}

TEST(Attributes, PrintsWhatDiffersFromTheDefaults) {
  EXPECT_EQ(round_trip(""), "");
  EXPECT_EQ(round_trip("flag=false, count=1, slope=0.3, mode=\"same\", strides=[1, 1], shape=[]"), "");
  const std::string all =
      "flag=true, count=-7, slope=0.1, mode=\"a \\\"b\\\" \\\\\", strides=[2, 3], shape=[4, 5, 6]";
  EXPECT_EQ(round_trip(all), all);
}

TEST(Attributes, FloatsKeepTheirValue) {
  EXPECT_EQ(round_trip("slope=1"), "slope=1.0");
  EXPECT_EQ(round_trip("slope=1e-30"), "slope=1e-30");
  EXPECT_EQ(round_trip("slope=-inf"), "slope=-inf");
  EXPECT_EQ(round_trip("slope=16777217"), "slope=16777216.0");
}

TEST(Attributes, ParsesIntoTheStruct) {
  const auto attributes = parse_attributes(sample(), "count=3, strides=[2, 2,]", nullptr);
  ASSERT_TRUE(attributes);
  EXPECT_EQ(attributes->as<Sample::Attrs>().count, 3);
  EXPECT_EQ(attributes->as<Sample::Attrs>().strides[1], 2);
  EXPECT_EQ(attributes->as<Sample::Attrs>().mode, "same");
}

TEST(Attributes, Errors) {
  EXPECT_THAT(round_trip("bogus=1"), HasSubstr("sample has no attribute \"bogus\""));
  EXPECT_THAT(round_trip("count 1"), HasSubstr("expected = after count"));
  EXPECT_THAT(round_trip("count=1 flag=true"), HasSubstr("expected , after count"));
  EXPECT_THAT(round_trip("count=1.5"), HasSubstr("count: expected int, got 1.5"));
  EXPECT_THAT(round_trip("flag=1"), HasSubstr("flag: expected bool, got 1"));
  EXPECT_THAT(round_trip("mode=same"), HasSubstr("mode: expected a value"));
  EXPECT_THAT(round_trip("mode=\"same"), HasSubstr("mode: expected a value"));
  EXPECT_THAT(round_trip("strides=[1, 2, 3]"), HasSubstr("strides: expected ints[2], got [1, 2, 3]"));
  EXPECT_THAT(round_trip("strides=[1, 2"), HasSubstr("strides: expected a list of integers"));
  EXPECT_THAT(round_trip("count=99999999999999999999"), HasSubstr("count: expected a value"));
  EXPECT_THAT(round_trip("=1"), HasSubstr("expected an attribute name"));
}

TEST(Attributes, Equality) {
  const auto parse = [](std::string_view text) { return *parse_attributes(sample(), text, nullptr); };
  EXPECT_TRUE(equal_attributes(sample(), parse("count=2"), parse("count=2, flag=false")));
  EXPECT_FALSE(equal_attributes(sample(), parse("count=2"), parse("count=3")));
}

TEST(Attributes, TableOfFields) {
  ASSERT_EQ(sample().fields.size(), 6u);
  EXPECT_EQ(sample().fields[4].name, "strides");
  EXPECT_EQ(sample().fields[4].type, "ints[2]");
  EXPECT_EQ(sample().fields[4].doc, "of the window");
  EXPECT_EQ(print(sample().fields[3].default_value), "\"same\"");
}

TEST(Attributes, WithAttributeCopies) {
  const Attributes defaults = sample().default_attributes();
  Attributes changed = defaults;
  EXPECT_TRUE(sample().with_attribute(changed, 1, int64_t{9}));
  EXPECT_FALSE(sample().with_attribute(changed, 1, std::string("nine")));
  EXPECT_EQ(changed.as<Sample::Attrs>().count, 9);
  EXPECT_EQ(defaults.as<Sample::Attrs>().count, 1);
}

}  // namespace
}  // namespace sinter::ir

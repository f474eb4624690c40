#include "runtime/predictor/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fake_programs.h"
#include "runtime/predictor/ranking.h"

namespace sinter::runtime {
namespace {

double loss(const char *name, const std::vector<float> &prediction, const std::vector<float> &target) {
  return find_loss(name)->loss(prediction, target);
}

TEST(Losses, Categorical) {
  EXPECT_NEAR(loss("categorical_crossentropy", {0.25f, 0.75f}, {0, 1}), -std::log(0.75), 1e-12);
  EXPECT_NEAR(loss("sparse_categorical_crossentropy", {1, 3}, {0, 1}), -std::log(0.75), 1e-12)
      << "scaled to sum 1";
  EXPECT_NEAR(loss("categorical_crossentropy", {0, 1}, {1, 0}), -std::log(1e-7), 1e-9) << "clipped";
  EXPECT_NEAR(loss("categorical_crossentropy", {0.5f, 0.5f}, {0.5f, 0.5f}), std::log(2), 1e-12);
}

TEST(Losses, Others) {
  EXPECT_NEAR(loss("binary_crossentropy", {0.25f, 0.75f}, {1, 1}), -(std::log(0.25) + std::log(0.75)) / 2,
              1e-12);
  EXPECT_DOUBLE_EQ(loss("mse", {1, 2}, {3, 2}), 2);
  EXPECT_DOUBLE_EQ(loss("mean_squared_error", {1, 2}, {3, 2}), 2);
  EXPECT_DOUBLE_EQ(loss("mae", {1, 2}, {3, 2}), 1);
  EXPECT_NEAR(loss("kl_divergence", {0.5f, 0.5f}, {0.25f, 0.75f}),
              0.25 * std::log(0.5) + 0.75 * std::log(1.5), 1e-9);
  EXPECT_NEAR(loss("poisson", {1, 2}, {0, 1}), (1 + 2 - std::log(2)) / 2, 1e-6);
  EXPECT_EQ(find_loss("hinge_of_doors"), nullptr);
  EXPECT_EQ(find_loss(""), nullptr);
}

TEST(Accuracy, TiesGoToTheFirst) {
  EXPECT_EQ(categorical_accuracy(std::vector<float>{0.5f, 0.5f}, std::vector<float>{1, 0}), 1);
  EXPECT_EQ(categorical_accuracy(std::vector<float>{0.5f, 0.5f}, std::vector<float>{0, 1}), 0);
  EXPECT_EQ(binary_accuracy(std::vector<float>{0.4f, 0.6f}, std::vector<float>{0, 0}), 0.5);
}

TEST(Ranking, BestFirst) {
  const TensorInfo output{"y", {4}, {4}, {0}, 4};
  const std::vector<float> scores{0.1f, NAN, 0.6f, 0.1f};
  const auto classes = rank_classes(output, {}, scores, 4);
  ASSERT_EQ(classes.size(), 4u);
  EXPECT_EQ(classes[0].label, "2");
  EXPECT_EQ(classes[1].index, 0);
  EXPECT_EQ(classes[2].index, 3);
  EXPECT_EQ(classes[3].index, 1) << "NaN last";
  EXPECT_EQ(rank_classes(output, {}, scores, 2).size(), 2u);
  EXPECT_EQ(rank_classes(output, std::vector<std::string>{"a", "b", "c", "d"}, scores, 1)[0].label, "c");
}

TEST(Ranking, OneScore) {
  const TensorInfo output{"y", {1}, {1}, {0}, 1};
  const std::vector<float> score{0.25f};
  const auto two = rank_classes(output, std::vector<std::string>{"no", "yes"}, score, 5);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].label, "no");
  EXPECT_FLOAT_EQ(two[0].probability, 0.75f);
  EXPECT_EQ(rank_classes(output, {}, score, 5)[0].label, "y");
}

}  // namespace
}  // namespace sinter::runtime

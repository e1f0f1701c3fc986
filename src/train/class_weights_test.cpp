#include "train/class_weights.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(PosWeights, AreTextsWithoutByTextsWith) {
  TextSet set;
  set.num_labels = 3;
  set.multi_label = true;
  set.targets = {1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0};
  for (size_t i = 0; i < 4; ++i) set.texts.Append(std::vector<int32_t>{1, 2});
  const auto weights = BalancedPosWeights(set);
  EXPECT_FLOAT_EQ(weights[0], 0.01f);
  EXPECT_FLOAT_EQ(weights[1], 3.0f);
  EXPECT_FLOAT_EQ(weights[2], 1.0f);
}

TEST(ClassWeights, AreScikitLearnsBalancedOnes) {
  TextSet set;
  set.num_labels = 3;
  set.labels = {0, 0, 0, 1};
  for (size_t i = 0; i < 4; ++i) set.texts.Append(std::vector<int32_t>{1, 2});
  const auto weights = BalancedClassWeights(set.labels, set.num_labels);
  EXPECT_FLOAT_EQ(weights[0], 4.0f / 9);
  EXPECT_FLOAT_EQ(weights[1], 4.0f / 3);
  EXPECT_FLOAT_EQ(weights[2], 1.0f);
}

TEST(ClassWeights, TextsWithoutALabelDontCount) {
  TextSet set;
  set.num_labels = 2;
  set.labels = {0, -1, 1, -1, -1};
  for (const float weight : BalancedClassWeights(set.labels, set.num_labels)) EXPECT_FLOAT_EQ(weight, 1.0f);
}

}  // namespace
}  // namespace winnow

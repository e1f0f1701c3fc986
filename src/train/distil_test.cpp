#include "train/distil.h"

#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

TextSet Set(size_t texts, bool multi_label) {
  TextSet set;
  set.num_labels = 3;
  set.multi_label = multi_label;
  for (size_t t = 0; t < texts; ++t) {
    set.texts.Append(std::vector<int32_t>{1, 5, 2});
    if (multi_label) {
      set.targets.insert(set.targets.end(), {1, 0, 0});
    } else {
      set.labels.push_back(0);
    }
  }
  return set;
}

TEST(Distil, SoftLabelsAreTheSoftmaxOfLogitsAtTheTemperature) {
  const double logits[] = {2, 0, -1}, temperature = 3;
  std::vector<float> probabilities(3);
  double sum = 0, soft_sum = 0;
  for (const double z : logits) {
    sum += std::exp(z);
    soft_sum += std::exp(z / temperature);
  }
  for (size_t i = 0; i < 3; ++i) probabilities[i] = static_cast<float>(std::exp(logits[i]) / sum);
  TextSet set = Set(1, false);
  AddTeacher(probabilities, 0, {.temperature = temperature, .weight = 0.7}, set);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(set.soft[i], std::exp(logits[i] / temperature) / soft_sum, 1e-6);
  EXPECT_EQ(set.soft_weight, 0.7f);
  EXPECT_EQ(set.soft_temperature, 3.0f);
}

TEST(Distil, ACertainTeacherGivesNumbers) {
  TextSet set = Set(1, false);
  AddTeacher(std::vector<float>{1, 0, 0}, 0, {.temperature = 2}, set);
  EXPECT_NEAR(set.soft[0], 1, 1e-6);
  for (const float share : set.soft) EXPECT_TRUE(std::isfinite(share));
}

TEST(Distil, TargetsOfSeveralLabelsAreMeansAndTheTeachersAloneWithoutALabel) {
  TextSet set = Set(2, true);
  AddTeacher(std::vector<float>{.5f, .5f, 0, .2f, .9f, .1f}, 1, {.weight = 0.5}, set);
  const std::vector<float> expected = {.75f, .25f, 0, .2f, .9f, .1f};
  for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(set.targets[i], expected[i]);
}

}  // namespace
}  // namespace winnow

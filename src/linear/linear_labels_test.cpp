#include "linear/linear_labels.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(LinearLabels, TwoThatExcludeEachOtherHaveOneOutput) {
  const LinearLabels binary{.ids = {}, .labels = 2};
  EXPECT_TRUE(binary.binary());
  EXPECT_EQ(binary.outputs(), 1U);
  for (const size_t labels : {1, 2, 3}) {
    const LinearLabels several{.ids = {}, .labels = labels, .multi_label = true};
    EXPECT_FALSE(several.binary());
    EXPECT_EQ(several.outputs(), labels);
  }
  const LinearLabels three{.ids = {}, .labels = 3};
  EXPECT_FALSE(three.binary());
  EXPECT_EQ(three.outputs(), 3U);
}

}  // namespace
}  // namespace winnow

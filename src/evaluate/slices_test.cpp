#include "evaluate/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;

std::vector<std::string> Names(const std::vector<Slice>& slices) {
  std::vector<std::string> names;
  for (const Slice& slice : slices) names.push_back(slice.name);
  return names;
}

TEST(Slices, CountTheirTextsAndMarkThoseThatStandOut) {
  std::vector<std::string> keys(100, "a.tsv");
  std::vector<TextOutcome> outcomes(100, {.right = true});
  for (size_t i = 80; i < 100; ++i) {
    keys[i] = "b.tsv";
    outcomes[i] = {.right = i >= 90, .positive = i < 85, .called_positive = i >= 83 && i < 90};
  }
  const std::vector<Slice> slices = SlicesBy(keys, outcomes);
  ASSERT_THAT(Names(slices), ElementsAre("a.tsv", "b.tsv"));
  EXPECT_EQ(slices[0].count, 80);
  EXPECT_EQ(slices[0].right, 80);
  EXPECT_TRUE(slices[0].stands_out);  // .9 overall, [.954, 1]
  EXPECT_EQ(slices[1].count, 20);
  EXPECT_EQ(slices[1].right, 10);
  EXPECT_EQ(slices[1].positives, 5);
  EXPECT_EQ(slices[1].found, 2);
  EXPECT_EQ(slices[1].negatives, 15);
  EXPECT_EQ(slices[1].false_positives, 5);
  EXPECT_TRUE(slices[1].stands_out);
  EXPECT_NEAR(slices[1].accuracy.low, 0.2993, 1e-4);
}

TEST(Slices, ThatDifferByChanceDoNotStandOut) {
  std::vector<std::string> keys(200, "a.tsv");
  std::vector<TextOutcome> outcomes(200);
  for (size_t i = 0; i < 200; ++i) {
    if (i >= 100) keys[i] = "b.tsv";
    outcomes[i].right = i % 10 != 0 || i == 100;  // 90 and 91 of 100
  }
  for (const Slice& slice : SlicesBy(keys, outcomes)) EXPECT_FALSE(slice.stands_out) << slice.name;
}

TEST(Slices, HaveTheOrderThatIsAskedFor) {
  const std::vector<std::string> keys = {"long", "long", "long", "middle", "middle", "short"};
  const std::vector<std::string> order = {"short", "middle", "long"};
  EXPECT_THAT(Names(SlicesBy(keys, std::vector<TextOutcome>(6), order)), ElementsAre("short", "middle", "long"));
  EXPECT_THAT(Names(SlicesBy(keys, std::vector<TextOutcome>(6), {}, 3)), ElementsAre("long", "middle", "short"))
      << "as many as there may be";
}

TEST(Slices, ASingleValueMakesNoSlices) {
  EXPECT_TRUE(SlicesBy(std::vector<std::string>(3, "x"), std::vector<TextOutcome>(3)).empty());
  EXPECT_TRUE(SlicesBy({}, {}).empty());
}

TEST(Slices, PutTheSmallestTogether) {
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    for (int n = 0; n <= i; ++n) keys.push_back("source " + std::to_string(i));
  }
  const std::vector<Slice> slices = SlicesBy(keys, std::vector<TextOutcome>(keys.size()), {}, 3);
  EXPECT_THAT(Names(slices), ElementsAre("source 19", "source 18", "18 others"));
  EXPECT_EQ(slices[2].count, 18 * 19 / 2);
}

TEST(LengthKeys, AreQuartersInCodePoints) {
  const std::vector<std::string_view> texts = {"ab", "ä", "abcd", "abc", "жжжжж", "abcdef", "abcdefg", "abcdefgh"};
  std::vector<std::string> order;
  const std::vector<std::string> keys = LengthKeys(texts, order);
  EXPECT_THAT(order, ElementsAre("1 to 2 characters", "3 to 4 characters", "5 to 6 characters", "7 to 8 characters"));
  EXPECT_EQ(keys[1], order[0]);
  EXPECT_EQ(keys[4], order[2]);
}

TEST(LengthKeys, OfEqualLengthsAreOne) {
  std::vector<std::string> order;
  LengthKeys(std::vector<std::string_view>{"abc", "abd", "abe"}, order);
  EXPECT_THAT(order, ElementsAre("3 characters"));
  EXPECT_TRUE(LengthKeys({}, order).empty());
  LengthKeys(std::vector<std::string_view>{"a"}, order);
  EXPECT_THAT(order, ElementsAre("1 character"));
}

}  // namespace
}  // namespace winnow

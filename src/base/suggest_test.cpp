#include "base/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

TEST(Suggest, DistanceCountsInsertionsReplacementsAndSwapsAsOne) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("epohcs", "epochs"), 1u);
  EXPECT_EQ(EditDistance("ca", "abc"), 3u);  // optimal string alignment: no part is edited twice
}

TEST(Suggest, DistanceIsSymmetricOverAllShortWords) {
  std::vector<std::string> words = {""};
  for (size_t i = 0; i < words.size() && words[i].size() < 4; ++i) {
    for (const char c : {'a', 'b'}) words.push_back(words[i] + c);
  }
  for (const std::string& a : words) {
    for (const std::string& b : words) {
      EXPECT_EQ(EditDistance(a, b), EditDistance(b, a));
      EXPECT_EQ(EditDistance(a, b) == 0, a == b);
    }
  }
}

TEST(Suggest, ClosestFindsTyposAndUniqueBeginningsButNoStrangers) {
  const std::vector<std::string> names = {"epochs",     "eval-steps", "batch-size",
                                          "validation", "text-field", "test-size"};
  EXPECT_EQ(Closest("epoch", names), "epochs");
  EXPECT_EQ(Closest("EPOCHS", names), "epochs");
  EXPECT_EQ(Closest("bacth-szie", names), "batch-size");
  EXPECT_EQ(Closest("val", names), "validation");
  EXPECT_EQ(Closest("te", names), std::nullopt);  // begins two names
  EXPECT_EQ(Closest("frobnicate", names), std::nullopt);
  EXPECT_EQ(Closest("", names), std::nullopt);
  EXPECT_EQ(Closest(std::string(10'000, 'a'), names), std::nullopt);
}

TEST(Suggest, DidYouMeanFallsBackToTheGivenText) {
  const std::vector<std::string> names = {"train", "classify"};
  EXPECT_EQ(DidYouMean("trian", names, "see help"), "did you mean 'train'?");
  EXPECT_EQ(DidYouMean("trian", names, "see help", "--"), "did you mean '--train'?");
  EXPECT_EQ(DidYouMean("serve", names, "see help"), "see help");
}

}  // namespace
}  // namespace winnow

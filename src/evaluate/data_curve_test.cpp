#include "evaluate/data_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CurveSizes, AreHalvesUnlessGiven) {
  EXPECT_THAT(CurveSizes({}, 1000, 2).value(), ElementsAre(62, 125, 250, 500, 1000));
  EXPECT_THAT(CurveSizes({}, 1000, 77).value(), ElementsAre(250, 500, 1000));
  EXPECT_THAT(CurveSizes({}, 40, 2).value(), ElementsAre(40));
  EXPECT_EQ(CurveSizes({}, 1000000, 2)->size(), 7u);
  const std::vector<std::string> wanted = {"200", "0.5", "50", "1", "50"};
  EXPECT_THAT(CurveSizes(wanted, 1000, 2).value(), ElementsAre(50, 200, 500, 1000));
}

TEST(CurveSizes, ThatCanNotBeAreRefused) {
  for (const char* size : {"0", "-5", "1001", "12.5", "many", "", "nan", "1e300", "0.0001"}) {
    const std::vector<std::string> wanted = {size};
    const auto sizes = CurveSizes(wanted, 1000, 2);
    ASSERT_FALSE(sizes) << size;
    EXPECT_EQ(sizes.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(sizes.error().message, HasSubstr("1000"));
  }
}

TEST(Change, BeyondChanceIsMcNemars) {
  const std::vector<uint8_t> none(100, 0);
  std::vector<uint8_t> some(100, 0);
  for (size_t i = 0; i < 5; ++i) some[i] = 1;
  EXPECT_FALSE(ChangeBetween(none, some).beyond_chance);  // (5 - 1)^2 / 5 = 3.2
  some[5] = 1;
  EXPECT_TRUE(ChangeBetween(none, some).beyond_chance);  // 25 / 6
  EXPECT_EQ(ChangeBetween(none, some).better, 6);
  EXPECT_EQ(ChangeBetween(some, none).worse, 6);
  EXPECT_TRUE(ChangeBetween(some, none).beyond_chance);
  EXPECT_FALSE(ChangeBetween(some, some).beyond_chance);
}

TEST(Change, TheMostThatMayHaveBeenGainedShrinksWithTheTexts) {
  const auto of = [](size_t better, size_t worse, size_t texts) {
    std::vector<uint8_t> before(texts, 1), after(texts, 1);
    std::fill_n(before.begin(), better, 0);
    std::fill_n(after.begin() + static_cast<std::ptrdiff_t>(better), worse, 0);
    return ChangeBetween(before, after).most_gain;
  };
  // Agresti and Min: (6 - 2) / 102 + 1.96 * sqrt(9 - 16 / 102) / 102.
  EXPECT_NEAR(of(6, 2, 100), 4.0 / 102 + 1.96 * std::sqrt(9 - 16.0 / 102) / 102, 1e-12);
  EXPECT_NEAR(of(0, 0, 20), 1.96 / 22, 1e-12);
  EXPECT_LT(of(0, 0, 300), 0.01);
  EXPECT_GT(of(30, 30, 300), 0.05);
}

}  // namespace
}  // namespace winnow

#include "base/parse_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace winnow {
namespace {

TEST(ParseNumber, ReadsTextsThatAreNumbersEntirely) {
  EXPECT_EQ(ParseNumber<int>("17"), 17);
  EXPECT_EQ(ParseNumber<int>("-17"), -17);
  EXPECT_EQ(ParseNumber<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseNumber<double>("-2.5e3"), -2500);
  EXPECT_TRUE(std::isinf(*ParseNumber<double>("inf")));
}

TEST(ParseNumber, ReturnsNothingForOtherTexts) {
  for (const std::string_view text : {"", " 1", "1 ", "+1", "1x", "x1", "0x1", "1,000", "1.5", "-"}) {
    EXPECT_EQ(ParseNumber<int>(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseNumber<uint64_t>("-1"), std::nullopt);
  EXPECT_EQ(ParseNumber<double>("1.5 "), std::nullopt);
}

TEST(ParseNumber, ReturnsNothingForNumbersThatTheTypeCannotHold) {
  EXPECT_EQ(ParseNumber<int32_t>("2147483648"), std::nullopt);
  EXPECT_EQ(ParseNumber<uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ParseNumber<double>("1e999"), std::nullopt);
}

TEST(ParseNumber, ReadsOtherBasesWithoutTheirPrefix) {
  EXPECT_EQ(ParseNumber<uint64_t>("ffFF", 16), 0xffffu);
  EXPECT_EQ(ParseNumber<int>("0x1", 16), std::nullopt);
  EXPECT_EQ(ParseNumber<int>("fg", 16), std::nullopt);
  EXPECT_EQ(ParseNumber<int>("", 16), std::nullopt);
  EXPECT_EQ(ParseNumber<uint64_t>("10000000000000000", 16), std::nullopt);
}

}  // namespace
}  // namespace winnow

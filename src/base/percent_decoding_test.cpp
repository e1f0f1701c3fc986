#include "base/percent_decoding.h"

#include <gtest/gtest.h>

#include <optional>

namespace winnow {
namespace {

TEST(PercentDecoding, SequencesAreDecodedOrRefused) {
  EXPECT_EQ(PercentDecoded("a%2Fb%c3%a9"), "a/b\xc3\xa9");
  EXPECT_EQ(PercentDecoded("%"), std::nullopt);
  EXPECT_EQ(PercentDecoded("%4"), std::nullopt);
  EXPECT_EQ(PercentDecoded("%4g"), std::nullopt);
  EXPECT_EQ(PercentDecoded("a%00"), std::nullopt);
}

}  // namespace
}  // namespace winnow

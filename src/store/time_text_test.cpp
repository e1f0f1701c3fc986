#include "store/time_text.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(TimeText, ReadsWhatItWrites) {
  for (const int64_t milliseconds :
       {int64_t{0}, int64_t{1}, int64_t{1795896900125}, int64_t{-1}, int64_t{951782399999}}) {
    const StoreTime time{std::chrono::milliseconds(milliseconds)};
    EXPECT_EQ(ParseTimeText(TimeText(time)), time) << TimeText(time);
  }
  EXPECT_EQ(TimeText(StoreTime(std::chrono::milliseconds(1795896900125))), "2026-11-28T20:15:00.125Z");
}

TEST(TimeText, ReadsTheTimesOfPostgres) {
  const StoreTime time(std::chrono::milliseconds(1795896900000));
  EXPECT_EQ(ParseTimeText("2026-11-28 20:15:00+00"), time);
  EXPECT_EQ(ParseTimeText("2026-11-28 20:15:00.5+00"), time + std::chrono::milliseconds(500));
  EXPECT_EQ(ParseTimeText("2026-11-28 20:15:00.123456+00"), time + std::chrono::milliseconds(123));
}

TEST(TimeText, RefusesOtherTexts) {
  for (const char* text :
       {"", "2026", "2026-11-28", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-28T20:15:00",
        "2026-11-28T20:15:00+01", "2026-11-28T25:00:00Z", "-026-11-28T00:00:00Z", "2026-11-28T20:15:00.125Zx"})
    EXPECT_EQ(ParseTimeText(text), std::nullopt) << text;
}

}  // namespace
}  // namespace winnow

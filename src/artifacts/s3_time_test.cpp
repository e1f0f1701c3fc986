#include "artifacts/s3_time.h"

#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

const S3Time kExampleTime{std::chrono::seconds(1369353600)};  // 24 May 2013, 00:00:00 UTC

TEST(S3Time, DateOfSignature) {
  EXPECT_EQ(AmzDate(kExampleTime), "20130524T000000Z");
  EXPECT_EQ(AmzDate(kExampleTime + std::chrono::milliseconds(86'399'999)), "20130524T235959Z");
}

TEST(S3Time, IsoTimesAreRead) {
  EXPECT_EQ(ParseIsoTime("2013-05-24T00:00:00Z"), kExampleTime);
  EXPECT_EQ(ParseIsoTime("2013-05-24T00:00:00.5Z"), kExampleTime + std::chrono::milliseconds(500));
  EXPECT_EQ(ParseIsoTime("2013-05-24T00:00:01.123456+00:00"), kExampleTime + std::chrono::milliseconds(1123));
  for (const std::string text :
       {"", "2013", "2013-05-24", "2013-05-24T00:00:00", "2013-02-30T00:00:00Z", "2013-05-24T24:00:00Z",
        "2013-05-24T00:60:00Z", "-013-05-24T00:00:00Z", "2013-05-24T00:00:00Zjunk", "2013-05-24T-1:00:00Z"})
    EXPECT_EQ(ParseIsoTime(text), std::nullopt) << text;
}

TEST(S3Time, DatesOfHeadersAreRead) {
  EXPECT_EQ(ParseHttpDate("Fri, 24 May 2013 00:00:00 GMT"), kExampleTime);
  for (const std::string text :
       {"", "Fri, 24 May 2013", "Friday, 24-May-13 00:00:00 GMT", "Fri, 24 Mai 2013 00:00:00 GMT",
        "Fri, 24 May 2013 00:00:00 CET", "Fri, 4 May 2013 00:00:00 GMT"})
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
}

}  // namespace
}  // namespace winnow

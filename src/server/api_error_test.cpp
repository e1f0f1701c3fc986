#include "server/api_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/result.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(ApiError, BecomesAJsonResponseWithItsHeaders) {
  const HttpResponse response = TooManyRequests("Overloaded", "too many", std::chrono::seconds(3)).Response();
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"error":"too many","error_type":"Overloaded"})");
  EXPECT_THAT(response.headers, ElementsAre(Pair("Retry-After", "3")));
}

TEST(ApiError, CancelledWorkIsATimeoutALostFileIsUnavailableAndOtherErrorsAreInternal) {
  const ApiError late = ToApiError({ErrorCode::kCancelled, "its time was over", ""});
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.type, "Timeout");
  EXPECT_EQ(late.message, "its time was over");
  const ApiError lost = ToApiError({ErrorCode::kIo, "/models/spam/linear.bin: truncated", ""});
  EXPECT_EQ(lost.status, 503);
  EXPECT_EQ(lost.type, "Unavailable");
  EXPECT_THAT(lost.message, Not(HasSubstr("/models"))) << "clients learn no paths";
  const ApiError failed = ToApiError({ErrorCode::kInternal, "no", ""});
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.type, "Internal");
}

ApiResult<int> Twice(ApiResult<int> value) { return 2 * TRY(std::move(value)); }

TEST(ApiError, IsPassedOnByTry) {
  EXPECT_EQ(Twice(3).value(), 6);
  const ApiResult<int> rejected = Twice(Reject("no number"));
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().status, 422);
  EXPECT_EQ(rejected.error().type, "Validation");
  EXPECT_EQ(rejected.error().message, "no number");
}

}  // namespace
}  // namespace winnow

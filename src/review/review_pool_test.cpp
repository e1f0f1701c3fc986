#include "review/review_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(ReviewSettings, AreReadAsTheyWereWritten) {
  ReviewSettings settings;
  settings.set = "june";
  settings.data = "data.csv";
  settings.labels = {"ham", "spam"};
  settings.seeds = {{"spam", {"win", "prize"}}};
  settings.seed = 7;
  settings.removed = {2, 5};
  const ReviewSettings again = ReviewSettings::FromJson(settings.ToJson()).value();
  EXPECT_EQ(again.ToJson().dump(), settings.ToJson().dump());
}

TEST(ReviewSettings, FieldsOfAnotherTypeAreRefusedByName) {
  for (const std::string document :
       {R"({"labels": 1})", R"({"labels": {"a": 1}})", R"({"labels": [1]})", R"({"seeds": ["a"]})",
        R"({"seeds": {"spam": "win"}})", R"({"seeds": {"spam": [["win"]]}})", R"({"removed": 3})",
        R"({"removed": [3, 3]})", R"({"removed": [18446744073709551615]})", R"({"set": []})", R"({"seed": 1e99})"}) {
    const Json json = ParsedJson(document);
    const Error error = ErrorOf(ReviewSettings::FromJson(json));
    EXPECT_EQ(error.code, ErrorCode::kInvalidData) << document;
    EXPECT_THAT(error.message, HasSubstr("'" + json.items().front().first + "' must ")) << document;
  }
}

}  // namespace
}  // namespace winnow

#include "review/review_pool.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/files.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

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
        R"({"removed": [3, 3]})", R"({"removed": [18446744073709551615]})", R"({"set": []})", R"({"seed": 1e99})",
        R"({"created": -1})", R"({"created": 9223372036854775807})"}) {
    const Json json = ParsedJson(document);
    const Error error = ErrorOf(ReviewSettings::FromJson(json));
    EXPECT_EQ(error.code, ErrorCode::kInvalidData) << document;
    EXPECT_THAT(error.message, HasSubstr("'" + json.items().front().first + "' must ")) << document;
  }
}

TEST(ReadReview, RemovedTextsAreNumbersOfThePool) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory.path() / kPoolFile, "{\"text\": \"a\", \"row\": 2}\n"));
  for (const auto& [removed, valid] :
       {std::pair("[]", true), std::pair("[0, 2]", true), std::pair("[1]", true), std::pair("[2]", false),
        std::pair("[0, 3]", false), std::pair("[1000000]", false)}) {
    ASSERT_TRUE(WriteFileAtomically(directory.path() / kReviewFile, fmt::format("{{\"removed\": {}}}", removed)));
    EXPECT_EQ(ReadReview(directory.path()).has_value(), valid) << removed;
  }
}

}  // namespace
}  // namespace winnow

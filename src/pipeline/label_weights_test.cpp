#include "pipeline/label_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<LabelWeights> Read(const std::string& text) {
  const TemporaryDirectory dir;
  EXPECT_TRUE(WriteFileAtomically(dir.path() / "weights.json", text));
  return ReadLabelWeights(dir.path() / "weights.json");
}

TEST(LabelWeights, AreReadByName) {
  const auto weights = Read(R"({"spam": 5, "ham": 0.5})");
  ASSERT_TRUE(weights) << weights.error().Text();
  EXPECT_THAT(*weights, ElementsAre(Pair("ham", 0.5), Pair("spam", 5)));
}

TEST(LabelWeights, OtherFilesAreRefused) {
  for (const char* text : {"", "[1, 2]", "{}", "5", R"({"spam": "5"})", R"({"spam": 0})", R"({"spam": -1})",
                           R"({"spam": null})", R"({"spam": 1e-60})", R"({"spam": 1e60})", R"({"spam": [5]})"}) {
    const auto weights = Read(text);
    ASSERT_FALSE(weights) << text;
    EXPECT_EQ(weights.error().code, ErrorCode::kInvalidData) << text;
    EXPECT_THAT(weights.error().message, HasSubstr("weights.json")) << text;
  }
  EXPECT_EQ(ReadLabelWeights("/no/such/weights.json").error().code, ErrorCode::kNotFound);
}

TEST(LabelWeights, HaveTheOrderOfTheLabels) {
  const std::vector<std::string> labels = {"ham", "news", "spam"};
  EXPECT_THAT(WeightsOfLabels({{"spam", 5}, {"ham", 0.5}}, labels).value(), ElementsAre(0.5F, 1.0F, 5.0F));
  EXPECT_THAT(WeightsOfLabels({}, labels).value(), IsEmpty());
}

TEST(LabelWeights, OfALabelThatTheDataDoesNotHaveAreRefused) {
  const std::vector<std::string> labels = {"ham", "spam"};
  const auto weights = WeightsOfLabels({{"spma", 5}}, labels);
  ASSERT_FALSE(weights);
  EXPECT_EQ(weights.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(weights.error().message, HasSubstr("no label 'spma'"));
  EXPECT_THAT(weights.error().hint, HasSubstr("did you mean 'spam'?"));
}

}  // namespace
}  // namespace winnow

#include "drift/domain_classifier.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "support/error_of.h"

namespace winnow {
namespace {

/// Draws words of a list; with `extra`, one text in `every` has that word too.
std::vector<std::string> DrawTexts(size_t count, uint64_t seed, const std::string& extra = "", uint32_t every = 2) {
  const std::vector<std::string> words = {"meeting", "lunch", "invoice",  "parcel", "train", "garden",
                                          "prize",   "call",  "tomorrow", "window", "paper", "coffee"};
  Random random(seed, "texts of the domain classifier");
  std::vector<std::string> texts;
  for (size_t t = 0; t < count; ++t) {
    std::string text;
    for (int w = 0; w < 8; ++w) text += words[random.Below(static_cast<uint32_t>(words.size()))] + " ";
    if (!extra.empty() && random.Below(every) == 0) text += extra + " ";
    texts.push_back(text + std::to_string(t));
  }
  return texts;
}

class DomainClassifierTest : public testing::Test {
 protected:
  ThreadPool pool_{2};
};

TEST_F(DomainClassifierTest, DoesNotTellSamplesOfOneSourceApart) {
  const DomainClassifier fitted = FitDomainClassifier(DrawTexts(400, 1), DrawTexts(400, 2), {}, pool_).value();
  EXPECT_LE(fitted.interval.low, .5);
  EXPECT_LT(fitted.auc, .6);
  EXPECT_EQ(fitted.reference, 400U);
}

TEST_F(DomainClassifierTest, NamesTheWordsThatAreNew) {
  const DomainClassifier fitted =
      FitDomainClassifier(DrawTexts(300, 1), DrawTexts(300, 2, "bitcoin wallet"), {}, pool_).value();
  EXPECT_GT(fitted.auc, .65);
  EXPECT_GT(fitted.interval.low, .6);
  std::vector<std::string> first;
  for (size_t i = 0; i < 3; ++i) first.push_back(fitted.more[i].words);
  EXPECT_THAT(first, testing::IsSupersetOf({"bitcoin", "wallet", "bitcoin wallet"}));
  EXPECT_EQ(fitted.more.front().reference_share, 0);
  EXPECT_NEAR(fitted.more.front().current_share, .5, .1);
}

TEST_F(DomainClassifierTest, ACampaignCountsAsOneText) {
  std::vector<std::string> current = DrawTexts(300, 2);
  for (int i = 0; i < 3000; ++i) current.push_back("You won a CAR  today");
  const DomainClassifier fitted = FitDomainClassifier(DrawTexts(300, 1), current, {}, pool_).value();
  EXPECT_EQ(fitted.current, 301U);
  EXPECT_LT(fitted.auc, .6);
}

TEST_F(DomainClassifierTest, EqualSeedsGiveEqualResults) {
  const auto fit = [&](uint64_t seed) {
    return FitDomainClassifier(DrawTexts(200, 1), DrawTexts(200, 2, "wallet"), {.max_texts = 100, .seed = seed}, pool_)
        .value();
  };
  EXPECT_EQ(fit(1).auc, fit(1).auc);
  EXPECT_EQ(fit(1).reference, 100U);
}

TEST_F(DomainClassifierTest, FewTextsAreAnError) {
  const auto fitted = FitDomainClassifier(DrawTexts(3, 1), DrawTexts(100, 2), {}, pool_);
  EXPECT_EQ(ErrorOf(fitted).code, ErrorCode::kInvalidData);
  EXPECT_THAT(ErrorOf(fitted).message, testing::HasSubstr("3 different texts"));
}

}  // namespace
}  // namespace winnow

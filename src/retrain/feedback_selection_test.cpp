#include "retrain/feedback_selection.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// A text of words that no other number shares, so that two of them are no near-duplicates.
std::string Distinct(int number) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += fmt::format("word{}x{} ", number, i);
  return text;
}

JudgedText Judged(std::string text, std::string label, double weight = 0.1, int second = 0) {
  return {.text = std::move(text),
          .label = label,
          .weight = weight,
          .votes = {{label, weight}},
          .at = StoreTime(std::chrono::seconds(1'800'000'000 + second))};
}

std::vector<JudgedText> Many(int spam, int ham) {
  std::vector<JudgedText> texts;
  for (int i = 0; i < spam + ham; ++i) texts.push_back(Judged(Distinct(i), i < spam ? "spam" : "ham"));
  return texts;
}

KnownTexts Nothing() {
  return {.labels = {"ham", "spam"}, .label_of = [](std::string_view) { return std::nullopt; }};
}

TEST(FeedbackSelection, NeedsTwentyNewTextsOfEachLabel) {
  EXPECT_EQ(SelectFeedback(Many(20, 20), Nothing()).too_few, "");
  const FeedbackSelection few = SelectFeedback(Many(20, 19), Nothing());
  EXPECT_EQ(few.too_few, "a retraining needs 20 new texts of each of the labels; there are: ham 19, spam 20");
  EXPECT_EQ(SelectFeedback({}, Nothing()).too_few,
            "a retraining needs 20 new texts of each of the labels; there are: ham 0, spam 0");
}

TEST(FeedbackSelection, StoredLabelsAreThoseOfTheModelInItsCase) {
  EXPECT_EQ(LabelOfModel("spam", std::vector<std::string>{"Ham", "Spam"}), "Spam");
  EXPECT_EQ(LabelOfModel("spam", std::vector<std::string>{"Spam", "spam"}), "spam");
  EXPECT_EQ(LabelOfModel("Billing", std::vector<std::string>{"billing", "other"}), "Billing");
}

TEST(FeedbackSelection, CountsNewTextsBeforeTheMoreFrequentLabelIsCut) {
  const FeedbackSelection selection = SelectFeedback(Many(41, 3), Nothing());
  EXPECT_EQ(selection.too_few, "a retraining needs 20 new texts of each of the labels; there are: ham 3, spam 41");
  EXPECT_THAT(selection.fresh, ElementsAre(Pair("ham", 3), Pair("spam", 41)));
  EXPECT_THAT(selection.count, ElementsAre(Pair("ham", 3), Pair("spam", 9)));
}

TEST(FeedbackSelection, FeedbackThatTheFormerTrainingHadIsUsedButNotNew) {
  std::vector<JudgedText> texts = Many(30, 30);
  for (size_t i = 0; i < texts.size(); i += 2) texts[i].at += std::chrono::hours(1);
  KnownTexts known = Nothing();
  known.trained_until = Judged("", "").at;
  const FeedbackSelection selection = SelectFeedback(texts, known);
  EXPECT_EQ(selection.rows.size(), 60u);
  EXPECT_THAT(selection.fresh, ElementsAre(Pair("ham", 15), Pair("spam", 15)));
  EXPECT_THAT(selection.too_few, HasSubstr("ham 15, spam 15"));
  EXPECT_EQ(selection.until, texts[0].at);
}

TEST(FeedbackSelection, OneLabelHasAtMostThreeTimesTheTextsOfTheOther) {
  std::vector<JudgedText> texts = Many(100, 25);
  texts[99].weight = 0.5;
  texts[98].by_admin = true;
  const FeedbackSelection selection = SelectFeedback(texts, Nothing());
  EXPECT_THAT(selection.count, ElementsAre(Pair("ham", 25), Pair("spam", 75)));
  EXPECT_EQ(selection.surplus, 25u);
  EXPECT_THAT(selection.rows, testing::Contains(TrainingRow{texts[99].text, "spam"}));
  EXPECT_THAT(selection.rows, testing::Contains(TrainingRow{texts[98].text, "spam"}));
}

TEST(FeedbackSelection, ACampaignIsCapped) {
  std::vector<JudgedText> texts;
  for (int i = 0; i < 9; ++i)
    texts.push_back(
        Judged(fmt::format("win a free phone today call now or send us the word prize to collect it code {}", i),
               "spam", i == 4 ? 0.7 : 0.1, i));
  const FeedbackSelection selection = SelectFeedback(texts, Nothing(), {.least_new = 0});
  EXPECT_EQ(selection.rows.size(), 0u) << "no ham: nothing of the other label is balanced";
  texts.push_back(Judged(Distinct(1), "ham"));
  texts.push_back(Judged(Distinct(2), "ham"));
  const FeedbackSelection capped = SelectFeedback(texts, Nothing(), {.least_new = 0});
  EXPECT_THAT(capped.count, ElementsAre(Pair("ham", 2), Pair("spam", 5)));
  EXPECT_EQ(capped.near_duplicates, 4u);
  EXPECT_THAT(capped.rows, testing::Contains(TrainingRow{texts[4].text, "spam"})) << "the most trusted one stays";
}

TEST(FeedbackSelection, DisputedTextsAreForReview) {
  std::vector<JudgedText> texts = Many(3, 3);
  texts[0].votes = {{"spam", 0.3}, {"ham", 0.2}};
  texts[1].tied = true;
  texts[2].votes = {{"spam", 0.3}, {"ham", 0.15}};
  texts.push_back(Judged("please confirm your bank account at once here", "spam"));
  texts.push_back(Judged("please confirm your bank account at once here now", "ham"));
  texts.push_back(Judged("a text of the data", "spam"));
  texts.push_back(Judged("another text of the data", "ham"));
  KnownTexts known = Nothing();
  known.label_of = [](std::string_view text) {
    return text.ends_with("of the data") ? std::optional<std::string>("ham") : std::nullopt;
  };
  const FeedbackSelection selection = SelectFeedback(texts, known, {.least_new = 0});
  std::vector<std::string> why;
  for (const DisputedText& text : selection.disputed) why.push_back(text.why);
  EXPECT_THAT(why, testing::UnorderedElementsAre("users disagree about the label", "users disagree about the label",
                                                 "near-duplicates of the text have another label",
                                                 "near-duplicates of the text have another label",
                                                 "the data label the text 'ham', and feedback 'spam'"));
  EXPECT_EQ(selection.known, 1u);
  EXPECT_THAT(selection.count, ElementsAre(Pair("ham", 3), Pair("spam", 1)));
  EXPECT_EQ(selection.ToJson(2)["review"].size(), 2u);
}

TEST(FeedbackSelection, AnAdministratorDecidesForTheCampaign) {
  std::vector<JudgedText> texts = {Judged("please confirm your bank account at once here", "spam", 3),
                                   Judged("please confirm your bank account at once here now", "ham")};
  texts[1].by_admin = true;
  texts.push_back(Judged(Distinct(1), "spam"));
  const FeedbackSelection selection = SelectFeedback(texts, Nothing(), {.least_new = 0});
  EXPECT_THAT(selection.count, ElementsAre(Pair("ham", 1), Pair("spam", 1)));
  ASSERT_EQ(selection.disputed.size(), 1u);
  EXPECT_EQ(selection.disputed[0].text, texts[0].text);
}

TEST(FeedbackSelection, LightAndForeignLabelsAreCounted) {
  std::vector<JudgedText> texts = Many(2, 2);
  texts[0].weight = 0.9;
  texts[1].by_admin = true;
  texts[2].weight = 0.6;
  texts.push_back(Judged(Distinct(9), "junk", 2));
  const FeedbackSelection selection = SelectFeedback(texts, Nothing(), {.least_weight = 0.5, .least_new = 0});
  EXPECT_EQ(selection.light, 1u);
  EXPECT_EQ(selection.unknown_labels, 1u);
  EXPECT_THAT(selection.count, ElementsAre(Pair("ham", 1), Pair("spam", 2)));
}

TEST(FeedbackSelection, DoesNotDependOnTheOrderOfTheTexts) {
  std::vector<JudgedText> texts = Many(100, 30);
  for (int i = 0; i < 20; ++i)
    texts.push_back(Judged(fmt::format("call now to win the big prize number {}", i), "spam"));
  const std::vector<TrainingRow> rows = SelectFeedback(texts, Nothing()).rows;
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(texts.begin(), texts.end(), random);
    EXPECT_EQ(SelectFeedback(texts, Nothing()).rows, rows);
  }
}

TEST(FeedbackSelection, OfManyLabelsTwoMustHaveEnough) {
  KnownTexts known = Nothing();
  known.labels = {"bills", "jobs", "news"};
  std::vector<JudgedText> texts;
  for (int i = 0; i < 110; ++i) texts.push_back(Judged(Distinct(i), i < 80 ? "bills" : i < 100 ? "jobs" : "news"));
  const FeedbackSelection selection = SelectFeedback(texts, known);
  EXPECT_EQ(selection.too_few, "");
  EXPECT_THAT(selection.count, ElementsAre(Pair("bills", 60), Pair("jobs", 20), Pair("news", 10)));
  texts.resize(80);
  EXPECT_EQ(SelectFeedback(texts, known).too_few,
            "a retraining needs 20 new texts of each of at least two labels; there are: bills 80");
}

}  // namespace
}  // namespace winnow
